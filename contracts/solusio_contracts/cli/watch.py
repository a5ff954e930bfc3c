"""`check --watch`: check again and again, what failed first."""

import os
from collections.abc import Callable, Collection, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any, Protocol

import click

from solusio_contracts.cli.file_changes import FileChanges, WatchError
from solusio_contracts.cli.interrupt import interruptible
from solusio_contracts.cli.reporting import INTERRUPTED, Reporting

if TYPE_CHECKING:
    from rich.console import Console

    from solusio_contracts.reporting.report import Report


class Check(Protocol):
    """Runs the rules of these names, or all, and shows its progress on a console."""

    def __call__(self, console: "Console", only: Collection[str] | None = None) -> "Report":
        """Run them; after Ctrl-C, the report has what was decided before."""


def require_repeatable(options: dict[str, Any]) -> None:
    """Refuse the options of `report_options` that make no sense for several runs.

    Raises:
        click.UsageError: one of them is set.
    """
    if options["write_baseline"] is not None:
        raise click.UsageError("--watch and --write-baseline exclude each other: a baseline is for one run")
    for kind, file in options["reports"]:
        if file.exists() and (not file.is_file() or os.path.samestat(file.stat(), os.fstat(1))):
            raise click.UsageError(
                f"--watch writes its reports after each run, so --report expects a file, got {kind}={file}"
            )


def watch_and_report(
    folder: Path, reporting: Reporting, check: Check, rules: Collection[str], written: Sequence[Path] = ()
) -> int:
    """Check whenever a file in the folder changes or Enter is pressed, until Ctrl-C; return the exit code.

    What failed runs first; once it passes, everything does. Only whole runs are written to the files
    (`written`, whose changes do not count).

    Raises:
        click.UsageError: the folder cannot be watched.
    """
    changes = FileChanges(folder, written)
    last: Report | None = None

    def run(only: Collection[str] | None = None) -> "Report":
        report = reporting.judged(check(reporting.progress, only))
        if interrupted.is_set():
            raise KeyboardInterrupt
        return report

    with interruptible() as interrupted, changes.open():
        try:
            while True:
                last = _again(last, run, reporting, rules)
                click.echo(f"\nWatching {folder} for changes. Enter checks again, Ctrl-C ends.", err=True)
                happened = changes.wait()
                reporting.clear()
                click.echo(f"{happened}\n", err=True)
        except KeyboardInterrupt:
            if last is None:
                click.echo("Interrupted: nothing was decided.", err=True)
        except WatchError as error:
            raise click.UsageError(str(error)) from error
    return INTERRUPTED if last is None else int(last.exit)


def _again(
    last: "Report | None",
    run: "Callable[[Collection[str] | None], Report]",
    reporting: Reporting,
    rules: Collection[str],
) -> "Report":
    """Run what failed last time and then, if it passes now, everything; return the report that was shown."""
    first = open_rules(last) & set(rules) if last else set()
    if first and first != set(rules):
        report = run(first)
        if report.exit:
            count = "1 rule that" if len(first) == 1 else f"{len(first)} rules that"
            click.echo(f"Only the {count} did not pass before.\n", err=True)
            reporting.show(report)
            return report
    report = run(None)
    reporting.write(report)
    reporting.show(report)
    return report


def open_rules(report: "Report") -> set[str]:
    """Return the names of the rules that keep a report from being conformant."""
    from solusio_contracts.reporting.report import Outcome

    counted = [*report.failed, *report.with_outcome(Outcome.ERROR)]
    if report.fail_on == "should":
        counted += report.with_outcome(Outcome.WARN)
    return {result.rule for result in counted}
