"""`mock-solusio invoices`: check a billing system's invoices; show the scenarios and schemas.

Only click and the standard library are imported here; each command imports the rest when it runs.
"""

import os
from collections.abc import Callable
from decimal import Decimal, InvalidOperation
from typing import TYPE_CHECKING, Any, TypeVar

import click

from mock_solusio.adapter_options import (
    access_token_of,
    adapter_steps,
    jobs_of,
    jobs_option,
    meeting_point,
    run_options,
)
from mock_solusio.option_types import listen_error
from solusio_contracts.cli.config import config_option
from solusio_contracts.cli.overlay import overlay_option
from solusio_contracts.cli.reporting import PreparedRun, report_options, run_and_report

if TYPE_CHECKING:
    from mock_solusio.invoices.scenario_run import BillingSystem, NumberedScenario
    from solusio_contracts.reporting.report import Report


F = TypeVar("F", bound=Callable[..., Any])
METHOD = ("rounding", "tax_on", "total", "lines", "cash_rounding", "prices")
"""The options about the method of rounding."""


class _Step(click.ParamType[Decimal]):
    """An amount such as 0.05."""

    name = "AMOUNT"

    def convert(self, value: Any, param: click.Parameter | None, ctx: click.Context | None) -> Decimal:
        """Return the amount."""
        try:
            step = value if isinstance(value, Decimal) else Decimal(str(value))
        except InvalidOperation:
            step = Decimal(0)
        if not (step.is_finite() and Decimal("0.0001") <= step <= 1000):
            self.fail(f"expected an amount such as 0.05, got {value!r}", param, ctx)
        return step


def _method_options(command: F) -> F:
    """Add the options about how amounts are rounded, which [invoices.method] takes too."""
    choices = {
        "rounding": (("half-up", "half-even", "half-down", "floor", "ceiling", "truncate"), "How to round."),
        "tax-on": (("exact", "rounded-net", "rounded-lines"), "What taxes are calculated on."),
        "total": (("exact", "sum-of-parts", "sum-of-lines"), "How the total is calculated."),
        "lines": (("base", "final"), "Prices of lines: without or with discounts and taxes."),
        "prices": (("net", "tax-inclusive"), "Whether taxes are added, or taken out of the total."),
    }
    command = click.option(
        "--numbers",
        type=click.Choice(("unique", "gapless")),
        default="unique",
        show_default=True,
        help="Whether invoice numbers may have gaps.",
    )(command)
    for name, (values, text) in reversed(choices.items()):
        found = f"{text}  [default: what explains all invoices]"
        command = click.option(f"--{name}", type=click.Choice(values), help=found)(command)
    return click.option(
        "--cash-rounding",
        type=_Step(),
        help="Totals are multiples of this amount.  [default: what explains all invoices]",
    )(command)


@click.group(context_settings={"help_option_names": ["-h", "--help"]})
def invoices() -> None:
    """Check what a billing system puts on its invoices, to the cent.

    A scenario is a short timeline of servers with the invoices it must lead to, worked out by hand.
    """


@invoices.command(short_help="Have a billing system bill every scenario, and compare its invoices.")
@click.option(
    "--bill",
    required=True,
    metavar="COMMAND|URL",
    help="Bills a period that has ended, for all customers. A URL gets a POST with period, from, to, "
    "solusio_url and access_token as JSON.",
)
@click.option(
    "--invoices",
    "invoices_",
    required=True,
    metavar="COMMAND|URL",
    help="Prints the invoices of a period as JSON (see `mock-solusio invoices schema invoices`). A URL gets "
    "a GET.",
)
@click.option(
    "--prepare",
    metavar="COMMAND|URL",
    help="Before a scenario: imports its customers and their prices (see `mock-solusio invoices schema "
    "customers`), and deletes their invoices from an earlier run. A URL gets a POST with them as JSON.",
)
@_method_options
@jobs_option(", and each in a database of its own: name it by {job} in commands and URLs")
@run_options
@overlay_option("what it settled is cited so, and what does not hold there fails nothing.")
@report_options(verbose="Also show passed scenarios and whole invoices.")
@config_option(section="invoices")
@click.pass_context
def check(ctx: click.Context, /, **options: Any) -> None:
    """Have a billing system bill every scenario, and compare its invoices to the cent.

    A mock SolusIO plays each scenario on its own clock. An hour after the end of each period, commands or
    URLs of the billing system bill the period and return its invoices; then once more, when nothing may
    change. Use a test database.

    In commands and URLs, {period} is a month such as 2026-03, {from} and {to} are its bounds, {customers} is
    a file with the customers, {solusio_url} is the URL of the mock, and {job} is a number from 1 to that of
    --jobs. Commands run without a shell, with SOLUSIO_URL, SOLUSIO_ACCESS_TOKEN, SOLUSIO_PERIOD,
    SOLUSIO_CUSTOMERS and SOLUSIO_JOB in their environment.

    \b
    mock-solusio invoices check \\
      --prepare 'php artisan solus:customers {customers}' \\
      --bill 'php artisan solus:bill {period}' \\
      --invoices 'php artisan solus:invoices {period} --json'

    \b
    Exit codes: 0 conformant, 1 not conformant, 2 wrong usage,
    3 inconclusive (not reachable, or nothing could be judged).
    """  # noqa: D301 - click's \b must be a real backspace
    run_and_report(ctx, options, prepared(options))


def prepared(options: dict[str, Any]) -> PreparedRun:
    """Return the run that the options of `invoices check` describe.

    Raises:
        click.UsageError: an option is wrong.
    """
    jobs = jobs_of(options)
    access_token = access_token_of(options["access_token"])
    system, curl_of = _system(options, access_token)
    chosen, left_out, spare_id = _selected(options)
    meeting = meeting_point(options)

    def run(progress: Callable[..., None]) -> "Report":
        from mock_solusio.invoices.run import SharedDatabaseError, run
        from mock_solusio.meeting_point import MeetingPointError
        from mock_solusio.server.uvicorn_server import ListenError

        try:
            return run(
                system,
                chosen,
                access_token=access_token,
                meeting=meeting,
                jobs=jobs,
                spare_id=spare_id,
                skip=left_out,
                gapless=options["numbers"] == "gapless",
                declared={name: options[name] for name in METHOD if options[name] is not None},
                curl_of=curl_of,
                progress=progress,
            )
        except ListenError as error:
            raise listen_error(error) from error
        except MeetingPointError as error:
            raise click.UsageError(str(error)) from error
        except SharedDatabaseError as error:
            advice = "Give each job its own by {job} or SOLUSIO_JOB, or use --jobs 1."
            raise click.UsageError(f"{error} {advice}") from error

    from mock_solusio.invoices.run import METHOD as ROUNDING
    from mock_solusio.invoices.run import NUMBERS
    from solusio_contracts.invoices.scenario import load_scenarios

    names = {ROUNDING, NUMBERS, *(scenario.id for scenario in load_scenarios())}
    return PreparedRun(item="scenario", names=names, total=len(chosen), run=run)


def _system(options: dict[str, Any], access_token: str) -> "tuple[BillingSystem, Callable[[str], str]]":
    from mock_solusio.invoices.run import ZONES
    from mock_solusio.invoices.scenario_run import BillingSystem
    from solusio_contracts.adapter.steps import CommandAdapter
    from solusio_contracts.invoices.job import PLACEHOLDERS

    # In the order in which they run.
    templates = {"prepare": options["prepare"], "bill": options["bill"], "invoices": options["invoices_"]}
    adapter = adapter_steps(
        templates, options, access_token, command=("invoices", "check"), placeholders=PLACEHOLDERS
    )
    runs_here = isinstance(adapter.steps["bill"].step, CommandAdapter) and os.name == "posix"
    system = BillingSystem(
        prepare=adapter.steps.get("prepare"),
        bill=adapter.steps["bill"],
        invoices=adapter.steps["invoices"],
        described=adapter.mask(options["bill"]),
        # Without --prepare, what was billed cannot be billed again; Windows ignores TZ.
        zones=ZONES if runs_here and "prepare" in adapter.steps else (),
    )
    return system, adapter.alone


def _selected(options: dict[str, Any]) -> "tuple[list[NumberedScenario], set[str], int]":
    """Return the chosen scenarios, what of the checks over all invoices is left out, and a spare id."""
    from mock_solusio.invoices.run import METHOD, NUMBERS, numbered
    from solusio_contracts.checking.selection import SelectionError, select
    from solusio_contracts.invoices.scenario import load_scenarios

    overall = {METHOD, NUMBERS}
    everything = numbered(load_scenarios(), options["first_customer_id"])
    try:
        chosen = select(
            everything,
            lambda one: (one.scenario.id, one.scenario.area, *one.scenario.clauses),
            options["only"],
            # What is checked across all invoices can be skipped too.
            [pattern for pattern in options["skip"] if pattern not in overall],
            kind="scenario",
            listing="mock-solusio invoices list",
        )
    except SelectionError as error:
        raise click.UsageError(str(error)) from error
    spare_id = 1 + max(number for one in everything for number in one.ids.values())
    return chosen, overall & set(options["skip"]), spare_id


@invoices.command(name="list", short_help="List all scenarios.")
def list_() -> None:
    """List all scenarios with what each one checks."""
    from mock_solusio.invoices.catalogue import print_scenarios

    print_scenarios()


@invoices.command(name="show", short_help="Show a scenario: its events and its invoices.")
@click.argument("scenario", metavar="ID")
def show_(scenario: str) -> None:
    """Show a scenario: its events, its expected invoices, and what it assumes."""
    from mock_solusio.invoices.catalogue import UnknownScenarioError, print_scenario

    try:
        print_scenario(scenario)
    except UnknownScenarioError as error:
        raise click.UsageError(str(error)) from error


@invoices.command(short_help="Print the JSON Schema of a document.")
@click.argument("document", type=click.Choice(["invoices", "customers"]))
def schema(document: str) -> None:
    """Print the JSON Schema of the invoices that --invoices prints, or of the customers for --prepare."""
    from importlib import resources

    folder = "adapter" if document == "customers" else "invoices"
    file = resources.files("solusio_contracts").joinpath(folder, f"{document}.schema.json")
    click.echo(file.read_text("utf-8"), nl=False)
