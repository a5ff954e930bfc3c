"""`mock-solusio check`: options in, one run, reports out, exit code."""

import os
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from solusio_contracts.cli.config import config_option
from solusio_contracts.cli.reporting import report_options
from solusio_contracts.cli.types import Header, Seconds, UserId, settings_from
from solusio_contracts.http.masking import TOKEN_VARIABLE

if TYPE_CHECKING:
    from rich.console import Console

    from solusio_contracts.checking.rule import Rule
    from solusio_contracts.checking.target import TargetSettings
    from solusio_contracts.reporting.baseline import Baseline
    from solusio_contracts.reporting.report import Report

INTERRUPTED = 130
"""Exit code after Ctrl-C, as shells have it: neither conformant nor not."""


def _list_rules(ctx: click.Context, _: click.Parameter, wanted: bool) -> None:
    if wanted:
        from solusio_contracts.catalogue.rules import print_rules

        print_rules()
        ctx.exit(0)


def _explain(ctx: click.Context, _: click.Parameter, name: str | None) -> None:
    if name is not None:
        from solusio_contracts.catalogue.rules import UnknownRuleError, print_explanation

        try:
            print_explanation(name)
        except UnknownRuleError as error:
            raise click.UsageError(str(error)) from error
        ctx.exit(0)


@click.command(short_help="Check a billing endpoint against the contract.")
@click.argument("url")
@click.option(
    "--token",
    envvar=TOKEN_VARIABLE,
    metavar="T",
    help="The authorization token that SolusIO would send; wrong ones must then be refused. Better given by "
    f"the environment variable {TOKEN_VARIABLE}, which stays out of the shell's history.",
)
@click.option(
    "--user-id",
    "user_ids",
    type=UserId(1),
    multiple=True,
    required=True,
    metavar="N",
    help="The billing system's id of a customer who exists. Give several, best with different discounts, "
    "taxes and currencies: what no answer shows cannot be checked.",
)
@click.option(
    "--unknown-user-id",
    type=UserId(1),
    default=987_654_321,
    show_default=True,
    metavar="X",
    help="An id that no customer has.",
)
@click.option(
    "--only", multiple=True, metavar="SELECTOR", help="Only these rules, areas or clauses; * and ? match."
)
@click.option("--skip", multiple=True, metavar="SELECTOR", help="Not these rules, areas or clauses.")
@click.option("--fuzz/--no-fuzz", default=True, show_default=True, help="Send generated data as well.")
@click.option(
    "--fuzz-examples",
    type=click.IntRange(1),
    default=150,
    show_default=True,
    metavar="N",
    help="How many generated requests to send.",
)
@click.option(
    "--fuzz-seconds",
    type=Seconds(0.1),
    default=10.0,
    show_default=True,
    metavar="S",
    help="How long to send generated requests at the most.",
)
@click.option(
    "--seed",
    type=click.IntRange(0),
    default=None,
    metavar="N",
    help="Repeat the generated data of an earlier run; its report names the seed.  [default: random]",
)
@click.option(
    "--timeout",
    type=Seconds(0.1, 300),
    default=5.0,
    show_default=True,
    metavar="S",
    help="Seconds in which each answer must be complete.",
)
@click.option(
    "--header",
    "headers",
    type=Header(),
    multiple=True,
    help="Send this header as well, for a test server behind a password, say. Reports mask its value.",
)
@click.option("--insecure", is_flag=True, help="Do not verify the certificate of an https URL.")
@click.option(
    "--cacert",
    type=click.Path(exists=True, dir_okay=False, path_type=Path),
    metavar="FILE",
    help="Trust the authorities of this PEM file for an https URL.",
)
@report_options(verbose="Show passed rules and whole exchanges as well.")
@config_option(section="check")
@click.option(
    "--list-rules",
    is_flag=True,
    is_eager=True,
    expose_value=False,
    callback=_list_rules,
    help="List all rules and exit.",
)
@click.option(
    "--explain",
    metavar="RULE",
    is_eager=True,
    expose_value=False,
    callback=_explain,
    help="Explain a rule or clause and exit.",
)
@click.pass_context
def check(ctx: click.Context, /, url: str, **options: Any) -> None:
    """Check whether SolusIO will get along with the billing endpoint at URL.

    Sends what SolusIO sends, then what the endpoint should survive, and says what to change. No request asks
    for anything to be stored, but there are several hundred of them: use a test system.

    \b
    Exit codes: 0 conformant, 1 not conformant, 2 wrong usage,
    3 inconclusive (not reachable, or nothing could be checked).
    """
    if options["quiet"] and options["verbose"]:
        raise click.UsageError("--quiet and --verbose contradict each other")
    settings = settings_from(url, options)
    rules = _selected(options)
    baseline = baseline_of(options["baseline_file"])
    require_writable([file for _, file in options["reports"]] + [options["write_baseline"]])
    console = _console()
    try:
        report = _run(settings, rules, console, quiet=options["quiet"])
    except KeyboardInterrupt:
        click.echo("Interrupted: nothing was decided.", err=True)
        ctx.exit(INTERRUPTED)
    if baseline is not None:
        from solusio_contracts.reporting.baseline import apply

        report = apply(report, baseline)
    write_files(report, baseline, options)
    show(report, console, options)
    ctx.exit(int(report.exit))


def _selected(options: dict[str, Any]) -> "list[Rule]":
    from solusio_contracts.checking.selection import SelectionError, select
    from solusio_contracts.rules import all_rules

    rules = [rule for rule in all_rules() if options["fuzz"] or rule.area != "fuzz"]
    try:
        return select(
            rules,
            lambda rule: rule.selectors,
            options["only"],
            options["skip"],
            kind="rule",
            listing="mock-solusio check --list-rules",
        )
    except SelectionError as error:
        raise click.UsageError(str(error)) from error


def baseline_of(file: Path | None) -> "Baseline | None":
    """Read the baseline that an option names, if it names one."""
    if file is None:
        return None
    from solusio_contracts.decoding import DecodingError
    from solusio_contracts.reporting.baseline import load

    try:
        return load(file)
    except DecodingError as error:
        raise click.BadParameter(str(error), param_hint="--baseline") from error


def require_writable(files: Sequence[Path | None]) -> None:
    """Refuse before the run what would only fail after it."""
    for file in files:
        if file is None:
            continue
        folder = next(parent for parent in file.absolute().parents if parent.exists())
        writable = os.access(file if file.exists() else folder, os.W_OK)
        if file.is_dir() or not folder.is_dir() or not writable:
            raise click.UsageError(f"{file} cannot be written")


def _console() -> "Console":
    from rich.console import Console

    return Console(highlight=False)


def _run(settings: "TargetSettings", rules: "list[Rule]", console: "Console", *, quiet: bool) -> "Report":
    from rich.console import Console

    from solusio_contracts.checking.runner import run
    from solusio_contracts.checking.target import Target
    from solusio_contracts.reporting.progress import live

    watched = Console(stderr=True, quiet=True) if quiet else console
    with live(watched, len(rules)) as progress:
        return run(Target(settings), rules, progress=progress)


def write_files(report: "Report", baseline: "Baseline | None", options: dict[str, Any]) -> None:
    """Write the file reports and the baseline that the options ask for."""
    from solusio_contracts.reporting import writers

    try:
        for kind, file in options["reports"]:
            writers.write(report, kind, file)
        if options["write_baseline"] is not None:
            from solusio_contracts.reporting.baseline import write
            from solusio_contracts.reporting.report import Exit

            if report.exit is Exit.INCONCLUSIVE:
                click.echo("No baseline was written: nothing was decided.", err=True)
                return

            kept: Path = options["write_baseline"]
            kept.parent.mkdir(parents=True, exist_ok=True)
            kept.write_text(write(report, baseline), encoding="utf-8")
    except OSError as error:
        raise click.UsageError(f"{error.filename} cannot be written: {error.strerror}") from error


def show(report: "Report", console: "Console", options: dict[str, Any]) -> None:
    """Print the report, as short or long as the options say."""
    from solusio_contracts.reporting.console import render
    from solusio_contracts.reporting.view import verdict_line

    if options["quiet"]:
        click.echo(verdict_line(report))
    else:
        render(report, console, verbose=options["verbose"])
