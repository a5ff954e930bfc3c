"""`mock-solusio certify`: run what is configured, and answer with the vendor's ten steps.

Only click and the standard library are imported here; the command imports the rest when it runs.
"""

import re
import threading
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from solusio_contracts.cli.config import DEFAULT_FILE
from solusio_contracts.cli.interrupt import interruptible
from solusio_contracts.cli.reporting import INTERRUPTED, require_writable
from solusio_contracts.cli.types import KINDS, ReportFile

if TYPE_CHECKING:
    from rich.console import Console

    from mock_solusio.certify.suites import Suite
    from mock_solusio.certify.summary import Summary
    from solusio_contracts.reporting.report import Report

_FILE = click.Path(exists=True, dir_okay=False, path_type=Path)
_NEW_FILE = click.Path(dir_okay=False, path_type=Path)


class _Steps(click.ParamType[tuple[int, ...]]):
    """Numbers of steps, such as 6,8,9,10."""

    name = "STEPS"

    def convert(
        self, value: Any, param: click.Parameter | None, ctx: click.Context | None
    ) -> tuple[int, ...]:
        """Return the numbers."""
        if isinstance(value, tuple):
            return value
        parts = [part.strip() for part in str(value).split(",")]
        if not all(re.fullmatch("[1-9]|10", part) for part in parts):
            self.fail(f"expected numbers from 1 to 10 such as 6,8,9,10, got {value!r}", param, ctx)
        return tuple(dict.fromkeys(map(int, parts)))


def _print_schema(ctx: click.Context, _: click.Parameter, wanted: bool) -> None:
    if wanted:
        from importlib import resources

        click.echo(resources.files(__package__).joinpath("summary.schema.json").read_text("utf-8"), nl=False)
        ctx.exit(0)


@click.command(context_settings={"help_option_names": ["-h", "--help"]})
@click.option(
    "--config",
    type=click.Path(path_type=Path),
    default=DEFAULT_FILE,
    show_default=True,
    metavar="FILE",
    help="The file with the tables [pricing], [preflight], [check], [users] and [invoices]. Each that it has "
    "is run, with the options of its command.",
)
@click.option(
    "--require",
    "required",
    type=_Steps(),
    default=(),
    help="Steps that must be judged, such as 6,8,9,10: one that is not judged fails the run.",
)
@click.option(
    "--summary",
    "summaries",
    type=_NEW_FILE,
    multiple=True,
    metavar="FILE",
    help="Write the conformance summary, to pass on: FILE.json or FILE.md. It has counts and reasons, no "
    "findings and no secrets.",
)
@click.option(
    "--badge", "badge_file", type=_NEW_FILE, metavar="FILE.svg", help="Write a badge of the summary."
)
@click.option(
    "--from",
    "from_",
    type=_FILE,
    metavar="SUMMARY",
    help="Run nothing: write --summary and --badge from an earlier summary (JSON).",
)
@click.option(
    "--verify",
    type=_FILE,
    metavar="SUMMARY",
    help="Run again and say what differs from an earlier summary (JSON).",
)
@click.option(
    "--report",
    "reports",
    type=ReportFile(),
    multiple=True,
    help=f"Write one report about everything to a file; kinds: {', '.join(KINDS)}.",
)
@click.option("-v", "--verbose", is_flag=True, help="Also show what passed, and whole exchanges.")
@click.option("-q", "--quiet", is_flag=True, help="Show only the verdict.")
@click.option(
    "--schema",
    is_flag=True,
    is_eager=True,
    expose_value=False,
    callback=_print_schema,
    help="Print the JSON Schema of the summary and exit.",
)
@click.pass_context
def certify(ctx: click.Context, /, **options: Any) -> None:
    """Run every check that mock-solusio.toml configures, and answer with the vendor's ten steps.

    A step is conformant only if its own suite judged it and decided everything: what was not tested never
    passes. Steps without a table in the file are not judged; the answer says what to configure.

    \b
    Exit codes: 0 conformant in all that was judged, 1 not conformant (or a
    required step was not judged, or --verify found a difference), 2 wrong
    usage, 3 inconclusive.
    """  # noqa: D301 - click's \b must be a real backspace
    _check(options)
    if options["from_"] is not None:
        _write(_read(options["from_"], "--from"), options)
        ctx.exit(0)
    before = None if options["verify"] is None else _read(options["verify"], "--verify")
    suites = _prepared(options)
    from rich.console import Console

    console = Console(highlight=False)
    with interruptible() as interrupted:
        reports, unrun, seconds, date = _run(suites, console, options, interrupted)
    summary = _summary(reports, unrun, options, date=date, seconds=seconds)
    _write(summary, options)
    _write_reports(summary, reports, options)
    _show(summary, console, options)
    if interrupted.is_set():
        ctx.exit(INTERRUPTED)
    if before is not None:
        ctx.exit(_compared(before, summary))
    ctx.exit(summary.exit_code)


def _check(options: dict[str, Any]) -> None:
    """Refuse options that exclude each other, and files that cannot be written, before anything runs."""
    if options["quiet"] and options["verbose"]:
        raise click.UsageError("--quiet and --verbose exclude each other")
    if options["from_"] is not None and options["verify"] is not None:
        raise click.UsageError("--from and --verify exclude each other")
    if options["from_"] is not None and not (options["summaries"] or options["badge_file"]):
        raise click.UsageError("--from needs --summary or --badge: what to write")
    if options["from_"] is not None and options["reports"]:
        raise click.UsageError("--from and --report exclude each other: a summary has no findings")
    if options["from_"] is not None and options["required"]:
        raise click.UsageError("--from and --require exclude each other: nothing is judged again")
    badge_file = options["badge_file"]
    if badge_file is not None and badge_file.suffix.lower() != ".svg":
        raise click.BadParameter(f"expected FILE.svg, got {badge_file}", param_hint="'--badge'")
    for file in options["summaries"]:
        if file.suffix.lower() not in (".json", ".md"):
            raise click.BadParameter(f"expected FILE.json or FILE.md, got {file}", param_hint="'--summary'")
    require_writable([*options["summaries"], badge_file, *(file for _, file in options["reports"])])


def _prepared(options: dict[str, Any]) -> "list[Suite]":
    from mock_solusio.certify.suites import prepare, tables

    file = options["config"]
    if not file.is_file():
        raise click.BadParameter(
            f"{file} is not a file in {Path.cwd()}. Run this in the folder of your project, or name it; "
            "`mock-solusio init` writes one.",
            param_hint="'--config'",
        )
    found = tables(file)
    if not found:
        raise click.BadParameter(
            f"{file}: expected at least one of the tables [pricing], [preflight], [check], [users], "
            "[invoices]",
            param_hint="'--config'",
        )
    return [prepare(file, name, found, quiet=options["quiet"]) for name in found]


def _run(
    suites: "Sequence[Suite]", console: "Console", options: dict[str, Any], interrupted: threading.Event
) -> "tuple[dict[str, Report], dict[str, str], float, str]":
    """Run the suites one after the other; return the reports, what did not run, the time and the date.

    An interrupted suite still returns a report, so `interrupted` says whether to continue.
    """
    import datetime
    import time

    from rich.console import Console as Quiet

    from mock_solusio.certify.console import show_suite
    from solusio_contracts.escaping import visible

    reports: dict[str, Report] = {}
    unrun: dict[str, str] = {}
    began, date = time.monotonic(), datetime.datetime.now(datetime.UTC)
    progress = Quiet(stderr=True, quiet=True) if options["quiet"] else console
    try:
        for suite in suites:
            if not options["quiet"]:
                click.echo(f"{suite.name} ...", err=True)
            try:
                report = suite.reporting.judged(suite.prepared.on(progress))
            except click.ClickException as error:
                unrun[suite.name] = visible(error.format_message())
                continue
            suite.reporting.write(report)
            reports[suite.name] = report
            if not options["quiet"]:
                show_suite(suite.name, report, console, verbose=options["verbose"])
            if interrupted.is_set():
                break
    except KeyboardInterrupt:
        pass
    for suite in suites:
        if suite.name not in reports:
            unrun.setdefault(suite.name, "interrupted")
    text = date.isoformat(timespec="seconds").removesuffix("+00:00") + "Z"
    return reports, unrun, time.monotonic() - began, text


def _summary(
    reports: "dict[str, Report]", unrun: dict[str, str], options: dict[str, Any], *, date: str, seconds: float
) -> "Summary":
    from importlib import metadata

    from mock_solusio.certify.summary import summarise
    from solusio_contracts.contract.documents import contract_digest

    return summarise(
        reports,
        unrun,
        required=options["required"],
        date=date,
        tool_version=metadata.version("mock-solusio"),
        contract=contract_digest(),
        seconds=seconds,
    )


def _read(file: Path, option: str) -> "Summary":
    from mock_solusio.certify.summary import Summary
    from solusio_contracts.decoding import DecodingError, from_json, read_text

    try:
        summary = from_json(read_text(file), Summary, str(file))
    except DecodingError as error:
        raise click.BadParameter(str(error), param_hint=f"'{option}'") from error
    return summary


def _write(summary: "Summary", options: dict[str, Any]) -> None:
    from mock_solusio.certify.badge import badge
    from mock_solusio.certify.summary import to_json, to_markdown

    texts = {
        file: to_json(summary) if file.suffix.lower() == ".json" else to_markdown(summary)
        for file in options["summaries"]
    }
    if options["badge_file"] is not None:
        texts[options["badge_file"]] = badge(summary)
    _write_texts(texts)


def _write_reports(summary: "Summary", reports: "dict[str, Report]", options: dict[str, Any]) -> None:
    if options["reports"]:
        from mock_solusio.certify.report import render

        _write_texts({file: render(kind, summary, reports) for kind, file in options["reports"]})


def _write_texts(texts: dict[Path, str]) -> None:
    for file, text in texts.items():
        try:
            file.parent.mkdir(parents=True, exist_ok=True)
            file.write_bytes(text.encode())
        except OSError as error:
            raise click.UsageError(f"cannot write {error.filename}: {error.strerror}") from error


def _show(summary: "Summary", console: "Console", options: dict[str, Any]) -> None:
    from mock_solusio.certify.console import show
    from solusio_contracts.escaping import visible

    if options["quiet"]:
        click.echo(visible(summary.statement))
    else:
        show(summary, console)


def _compared(before: "Summary", now: "Summary") -> int:
    """Say what differs from an earlier summary; return the exit code."""
    from mock_solusio.certify.summary import differences
    from solusio_contracts.escaping import visible

    found = differences(before, now)
    click.echo(f"\nCompared with the summary of {before.date}: " + ("" if found else "it says the same."))
    for one in found:
        click.echo(visible(f"- {one}"))
    return 1 if found else 0
