"""`mock-solusio invoices`: check a billing system's invoices; show the scenarios and schemas.

Only click and the standard library are imported here; each command imports the rest when it runs.
"""

import shlex
import signal
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any, NoReturn

import click

from solusio_contracts.cli.config import config_option
from solusio_contracts.cli.reporting import report_options, run_and_report
from solusio_contracts.cli.types import Header, Seconds, UserId

if TYPE_CHECKING:
    from types import FrameType

    from mock_solusio.invoices.run import BillingSystem, NumberedScenario
    from solusio_contracts.http.masking import Mask
    from solusio_contracts.reporting.report import Report

ACCESS_TOKEN = "MOCK_SOLUSIO_ADMIN_TOKEN"  # noqa: S105 - the name of a variable
STEPS = ("prepare", "bill", "invoices")


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
@click.option(
    "--only", multiple=True, metavar="SELECTOR", help="Only these scenarios, areas or clauses; * and ? match."
)
@click.option("--skip", multiple=True, metavar="SELECTOR", help="Skip these scenarios, areas or clauses.")
@click.option(
    "--first-customer-id",
    type=UserId(1, 9_000_000_000_000_000),
    default=700_001,
    show_default=True,
    metavar="N",
    help="The billing_user_id of the first customer; the others follow. A new one avoids the invoices of an "
    "earlier run.",
)
@click.option(
    "--port",
    type=click.IntRange(0, 65535),
    default=0,
    metavar="PORT",
    help="Port of 127.0.0.1 on which the mock SolusIO listens.  [default: a free one]",
)
@click.option(
    "--access-token",
    envvar=ACCESS_TOKEN,
    show_envvar=True,
    metavar="T",
    help="Access token of the administrator of the mock SolusIO.  [default: a new one]",
)
@click.option(
    "--timeout",
    type=Seconds(0.1, 3600),
    default=60.0,
    show_default=True,
    metavar="S",
    help="Seconds after which a command or call is ended.",
)
@click.option(
    "--header",
    "headers",
    type=Header(),
    multiple=True,
    help="Send this header to the URLs too. Reports mask its value.",
)
@report_options(verbose="Also show passed scenarios and whole invoices.")
@config_option(section="invoices")
@click.pass_context
def check(ctx: click.Context, /, **options: Any) -> None:
    """Have a billing system bill every scenario, and compare its invoices to the cent.

    A mock SolusIO plays each scenario on its own clock. An hour after the end of each period, commands or
    URLs of the billing system bill the period and return its invoices; then once more, when nothing may
    change. Use a test database.

    In commands and URLs, {period} is a month such as 2026-03, {from} and {to} are its bounds, {customers} is
    a file with the customers, and {solusio_url} is the URL of the mock. Commands run without a shell, with
    SOLUSIO_URL, SOLUSIO_ACCESS_TOKEN, SOLUSIO_PERIOD and SOLUSIO_CUSTOMERS in their environment.

    \b
    mock-solusio invoices check \\
      --prepare 'php artisan solus:customers {customers}' \\
      --bill 'php artisan solus:bill {period}' \\
      --invoices 'php artisan solus:invoices {period} --json'

    \b
    Exit codes: 0 conformant, 1 not conformant, 2 wrong usage,
    3 inconclusive (not reachable, or nothing could be judged).
    """  # noqa: D301 - click's \b must be a real backspace
    access_token = _access_token(options["access_token"])
    system, curl_of = _system(options, access_token)
    chosen, judge_numbers = _selected(options)

    def run(console: Any) -> "Report":
        with _sigterm_as_interrupt():
            return _run(system, chosen, console, options, access_token, judge_numbers, curl_of)

    run_and_report(ctx, options, run)


def _run(
    system: "BillingSystem",
    chosen: "Sequence[NumberedScenario]",
    console: Any,
    options: dict[str, Any],
    access_token: str,
    judge_numbers: bool,
    curl_of: Callable[[str], str],
) -> "Report":
    from mock_solusio.invoices.run import run
    from mock_solusio.server.uvicorn_server import ListenError
    from solusio_contracts.reporting.progress import live

    try:
        with live(console, len(chosen)) as progress:
            return run(
                system,
                chosen,
                access_token=access_token,
                port=options["port"],
                judge_numbers=judge_numbers,
                curl_of=curl_of,
                progress=progress,
            )
    except ListenError as error:
        raise click.UsageError(str(error)) from error


@contextmanager
def _sigterm_as_interrupt() -> Iterator[None]:
    """Let SIGTERM end a run like Ctrl-C, so that a running command of the billing system ends too."""

    def end(_: int, __: "FrameType | None") -> NoReturn:
        raise KeyboardInterrupt

    before = signal.signal(signal.SIGTERM, end)
    try:
        yield
    finally:
        signal.signal(signal.SIGTERM, before)


def _access_token(given: str | None) -> str:
    import re
    import secrets

    if given is None:
        return secrets.token_urlsafe(30)
    if not re.fullmatch("[!-~]+", given):
        # Not repeated: it is a secret.
        raise click.BadParameter(
            "expected ASCII letters, digits and signs, without spaces", param_hint="--access-token"
        )
    return given


def _system(options: dict[str, Any], access_token: str) -> "tuple[BillingSystem, Callable[[str], str]]":
    from mock_solusio.invoices.run import BillingSystem
    from solusio_contracts.adapter.steps import AdapterError, adapter_of, hide_password
    from solusio_contracts.http.masking import Mask
    from solusio_contracts.invoices.job import PLACEHOLDERS

    mask = Mask()
    mask.hide(access_token, f"${{{ACCESS_TOKEN}}}")
    for _, value in options["headers"]:
        mask.hide(value, "***")
    templates = {"bill": options["bill"], "invoices": options["invoices_"], "prepare": options["prepare"]}
    steps: dict[str, Any] = {"prepare": None}
    for name, template in templates.items():
        if template is None:
            continue
        hide_password(template, mask)
        try:
            steps[name] = adapter_of(
                name,
                template,
                placeholders=PLACEHOLDERS,
                timeout=options["timeout"],
                headers=options["headers"],
                mask=mask,
            )
        except AdapterError as error:
            raise click.BadParameter(str(error), param_hint=f"--{name}") from error
    urls = [name for name, step in steps.items() if step is not None and hasattr(step, "url")]
    if options["headers"] and not urls:
        raise click.UsageError("--header is for URLs, and there are only commands")
    return BillingSystem(described=mask(options["bill"]), **steps), _alone(templates, options, mask)


def _alone(templates: dict[str, Any], options: dict[str, Any], mask: "Mask") -> Callable[[str], str]:
    """Return a function for the command line that runs a single scenario."""
    words = ["mock-solusio", "invoices", "check"]
    for name in STEPS:
        if templates[name] is not None:
            words += [f"--{name}", mask(templates[name])]
    for name, _ in options["headers"]:
        words += ["--header", f"{name}: ***"]

    def line(scenario: str) -> str:
        return shlex.join([*words, "--only", scenario] if scenario else words)

    return line


def _selected(options: dict[str, Any]) -> "tuple[list[NumberedScenario], bool]":
    from mock_solusio.invoices.run import NUMBERS, numbered
    from solusio_contracts.checking.selection import SelectionError, select
    from solusio_contracts.invoices.scenario import load_scenarios

    everything = numbered(load_scenarios(), options["first_customer_id"])
    try:
        chosen = select(
            everything,
            lambda one: (one.scenario.id, one.scenario.area, *one.scenario.clauses),
            options["only"],
            # What is checked across all scenarios can be skipped too.
            [pattern for pattern in options["skip"] if pattern != NUMBERS],
            kind="scenario",
            listing="mock-solusio invoices list",
        )
    except SelectionError as error:
        raise click.UsageError(str(error)) from error
    return chosen, NUMBERS not in options["skip"]


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
