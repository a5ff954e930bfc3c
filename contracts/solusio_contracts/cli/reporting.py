"""What `check`, `invoices check` and `users check` share: options about reports, and runs with them."""

import os
from collections.abc import Callable, Collection, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any, NoReturn, TypeVar

import click

from solusio_contracts.cli.interrupt import interruptible
from solusio_contracts.cli.types import KINDS, ReportFile

if TYPE_CHECKING:
    from rich.console import Console

    from solusio_contracts.reporting.baseline import Baseline
    from solusio_contracts.reporting.report import Report

INTERRUPTED = 130
"""The exit code after Ctrl-C or SIGTERM, as in shells: neither conformant nor not."""

F = TypeVar("F", bound=Callable[..., Any])


def report_options(*, verbose: str) -> Callable[[F], F]:
    """Add `--baseline`, `--write-baseline`, `--report`, `-v` and `-q`; `verbose` is the help text of `-v`."""
    options = (
        click.option(
            "--baseline",
            "baseline_file",
            type=click.Path(exists=True, dir_okay=False, path_type=Path),
            metavar="FILE",
            help="Accept the failures and warnings in this file; fail when one of them no longer occurs.",
        ),
        click.option(
            "--write-baseline",
            type=click.Path(dir_okay=False, path_type=Path),
            metavar="FILE",
            help="Write the failures and warnings of this run to a baseline file; then add your reasons.",
        ),
        click.option(
            "--report",
            "reports",
            type=ReportFile(),
            multiple=True,
            help=f"Write a report to a file; kinds: {', '.join(KINDS)}.",
        ),
        click.option(
            "--fail-on",
            type=click.Choice(["must", "should"]),
            default="must",
            show_default=True,
            metavar="LEVEL",
            help="The weakest level that fails the run: must, or should, with which warnings do too.",
        ),
        click.option("-v", "--verbose", is_flag=True, help=verbose),
        click.option("-q", "--quiet", is_flag=True, help="Show only the verdict."),
    )

    def add(command: F) -> F:
        # click lists options in the order of the decorators from top to bottom, and applies them upwards.
        for option in reversed(options):
            command = option(command)
        return command

    return add


@dataclass(frozen=True, slots=True, kw_only=True)
class PreparedRun:
    """A run whose options were checked, so that it only has to start."""

    item: str
    """What has an outcome: `rule`, `scenario` or `judgement`."""
    names: Collection[str]
    """The names of all of them: a baseline may name no others."""
    total: int
    """How many of them run."""
    run: "Callable[[Callable[..., None]], Report]"
    """Runs, and calls what it is given before each item, with the item, its position and their number.

    After Ctrl-C, the report has what was decided before. Raises click.UsageError: it cannot start.
    """

    def on(self, console: "Console") -> "Report":
        """Run with a progress bar on a console."""
        from solusio_contracts.reporting.progress import live

        with live(console, self.total) as progress:
            return self.run(progress)


class Reporting:
    """What becomes of a report, by the options of `report_options`."""

    def __init__(self, options: dict[str, Any], *, item: str, names: Collection[str]) -> None:
        """Check the options. `names` are those of every `item` (`rule` or `scenario`).

        Raises:
            click.UsageError: they exclude each other, a file cannot be written, or the baseline cannot be
                read or names something else.
        """
        if options["quiet"] and options["verbose"]:
            raise click.UsageError("--quiet and --verbose exclude each other")
        self._options = options
        self._baseline = _baseline_of(options["baseline_file"], item, names)
        require_writable([file for _, file in options["reports"]] + [options["write_baseline"]])
        from rich.console import Console

        self._console = Console(highlight=False)
        self.progress = Console(stderr=True, quiet=True) if options["quiet"] else self._console
        """The console for the progress of a run; it prints nothing with `--quiet`."""

    def judged(self, report: "Report") -> "Report":
        """Return the report as overlay, baseline and `--fail-on` judge it."""
        if self._options.get("overlay") is not None and report.command != "preflight":
            # preflight looks through the overlay itself.
            from solusio_contracts.reporting.overlaid import overlaid

            report = overlaid(report, self._options["overlay"])
        if self._baseline is not None:
            from solusio_contracts.reporting.baseline import apply

            report = apply(report, self._baseline)
        if self._options["fail_on"] != report.fail_on:
            from msgspec.structs import replace

            report = replace(report, fail_on=self._options["fail_on"])
        return report

    def clear(self) -> None:
        """Clear the screen, if there is one."""
        if self._console.is_terminal and not self._console.is_dumb_terminal:
            self._console.clear()

    def write(self, report: "Report") -> None:
        """Write the files."""
        _write_files(report, self._baseline, self._options)

    def show(self, report: "Report") -> None:
        """Print it."""
        _show(report, self._console, self._options)


def run_and_report(ctx: click.Context, options: dict[str, Any], prepared: PreparedRun) -> NoReturn:
    """Run, report as the options of `report_options` ask, and exit with the code of the report."""
    reporting = Reporting(options, item=prepared.item, names=prepared.names)
    with interruptible() as interrupted:
        try:
            report = prepared.on(reporting.progress)
        except KeyboardInterrupt:
            click.echo("Interrupted: nothing was decided.", err=True)
            ctx.exit(INTERRUPTED)
    report = reporting.judged(report)
    reporting.write(report)
    reporting.show(report)
    ctx.exit(INTERRUPTED if interrupted.is_set() else int(report.exit))


def _baseline_of(file: Path | None, item: str, names: Collection[str]) -> "Baseline | None":
    if file is None:
        return None
    from solusio_contracts.decoding import DecodingError
    from solusio_contracts.reporting.baseline import load, require_names

    try:
        baseline = load(file)
        require_names(baseline, names, item, str(file))
        return baseline
    except DecodingError as error:
        raise click.BadParameter(str(error), param_hint="--baseline") from error


def require_writable(files: Sequence[Path | None]) -> None:
    """Refuse before the run what would fail after it."""
    for file in files:
        if file is None:
            continue
        folder = next(parent for parent in file.absolute().parents if parent.exists())
        writable = os.access(file if file.exists() else folder, os.W_OK)
        if file.is_dir() or not folder.is_dir() or not writable:
            raise click.UsageError(f"cannot write {file}")


def _write_files(report: "Report", baseline: "Baseline | None", options: dict[str, Any]) -> None:
    from solusio_contracts.reporting import writers

    try:
        for kind, file in options["reports"]:
            writers.write(report, kind, file)
        if options["write_baseline"] is not None:
            _write_baseline(options["write_baseline"], report, baseline)
    except OSError as error:
        raise click.UsageError(f"cannot write {error.filename}: {error.strerror}") from error


def _write_baseline(file: Path, report: "Report", previous: "Baseline | None") -> None:
    from solusio_contracts.reporting.baseline import unexplained, write
    from solusio_contracts.reporting.report import Exit

    if report.exit is Exit.INCONCLUSIVE:
        click.echo("No baseline was written: the run is inconclusive.", err=True)
        return
    text = write(report, previous)
    file.parent.mkdir(parents=True, exist_ok=True)
    file.write_text(text, encoding="utf-8")
    if missing := unexplained(text):
        entries = f"{missing} entry needs" if missing == 1 else f"{missing} entries need"
        click.echo(f"{file}: {entries} a reason; add it before you use --baseline.", err=True)


def _show(report: "Report", console: "Console", options: dict[str, Any]) -> None:
    from solusio_contracts.reporting.console import render
    from solusio_contracts.reporting.sentences import verdict_line

    if options["quiet"]:
        click.echo(verdict_line(report))
    else:
        render(report, console, verbose=options["verbose"])
