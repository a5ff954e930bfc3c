"""`mock-solusio users`: check how a billing system manages users and logs them in; show the scenarios.

Only click and the standard library are imported here; each command imports the rest when it runs.
"""

from collections.abc import Callable
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
    from mock_solusio.users.run import CustomerSystem, NumberedScenario, Settings
    from solusio_contracts.reporting.report import Report

STEPS = {
    "prepare": "Before a scenario: creates or replaces the customers of the customers document (see "
    "docs/users.md). A URL gets a POST with it as JSON.",
    "create": "Makes the SolusIO user of a customer. This and the other URLs get a POST with event, "
    "customer, solusio_url and access_token as JSON.",
    "update": "Takes over what changed about a customer: mail address, language or limit group.",
    "suspend": "Suspends the user of a customer.",
    "unsuspend": "Takes a suspension back.",
    "lock": "Locks the user of a customer.",
    "unlock": "Takes a lock back.",
    "delete": "Deletes the user of a customer who is gone.",
    "login": "Prints the link that logs a customer in to SolusIO.",
}
"""The steps of an adapter, with what each does."""

F = TypeVar("F", bound=Callable[..., Any])


def step_options(command: F) -> F:
    """Add an option for each step of the adapter."""
    for name, text in reversed(STEPS.items()):
        command = click.option(f"--{name}", required=name == "create", metavar="COMMAND|URL", help=text)(
            command
        )
    return command


@click.group(context_settings={"help_option_names": ["-h", "--help"]})
def users() -> None:
    """Check how a billing system manages users and logs them in.

    A scenario is what happens to a few customers, with the users that SolusIO must have in the end.
    """


@users.command(short_help="Tell a billing system what happens to its customers, and judge what it does.")
@step_options
@jobs_option("")
@click.option(
    "--tls",
    is_flag=True,
    help="The mock SolusIO serves https with a certificate of its own authority, and the check tests whether "
    "the billing system verifies it.",
)
@run_options
@overlay_option("what it settled is cited so, and what does not hold there fails nothing.")
@report_options(verbose="Also show passed scenarios and whole exchanges.")
@config_option(section="users")
@click.pass_context
def check(ctx: click.Context, /, **options: Any) -> None:
    """Tell a billing system what happens to its customers, and judge what it does in SolusIO.

    A mock SolusIO has users of customers, of others and of staff. For each thing that happens to a customer,
    a command or URL of the billing system runs; then the users are compared with what they must be, and
    every request is judged. What the adapter does not offer is skipped. Use a test database.

    In commands and URLs, {customer} is the customer's id in the billing system, {email} is their mail
    address, {customers} is a file with all customers, {solusio_url} is the URL of the mock, and {ca_file} is
    the certificate of its authority with --tls. Commands run without a shell, with SOLUSIO_URL,
    SOLUSIO_ACCESS_TOKEN, SOLUSIO_CUSTOMER, SOLUSIO_EMAIL, SOLUSIO_CUSTOMERS and SOLUSIO_CA_FILE in their
    environment.

    \b
    mock-solusio users check \\
      --create 'php artisan solus:user {customer}' \\
      --suspend 'php artisan solus:suspend {customer}' \\
      --login 'php artisan solus:login {customer}'

    \b
    Exit codes: 0 conformant, 1 not conformant, 2 wrong usage,
    3 inconclusive (not reachable, or nothing could be judged).
    """  # noqa: D301 - click's \b must be a real backspace
    run_and_report(ctx, options, prepared(options))


def prepared(options: dict[str, Any]) -> PreparedRun:
    """Return the run that the options of `users check` describe.

    Raises:
        click.UsageError: an option is wrong.
    """
    jobs_of(options)
    access_token = access_token_of(options["access_token"])
    system, curl_of = _system(options, access_token)
    chosen, others = _selected(options)
    settings = _settings(options, access_token, others, curl_of)

    def run(progress: Callable[..., None]) -> "Report":
        from mock_solusio.meeting_point import MeetingPointError
        from mock_solusio.server.uvicorn_server import ListenError
        from mock_solusio.users.run import run

        try:
            return run(system, chosen, settings, progress)
        except ListenError as error:
            raise listen_error(error) from error
        except MeetingPointError as error:
            raise click.UsageError(str(error)) from error

    from mock_solusio.users.run import all_items

    names = {one.rule for one in all_items()}
    return PreparedRun(item="scenario", names=names, total=len(chosen), run=run)


def _system(options: dict[str, Any], access_token: str) -> "tuple[CustomerSystem, Callable[[str], str]]":
    from mock_solusio.users.run import CustomerSystem
    from solusio_contracts.users.job import PLACEHOLDERS, PREPARE_PLACEHOLDERS

    adapter = adapter_steps(
        {name: options[name] for name in STEPS},
        options,
        access_token,
        command=("users", "check"),
        placeholders={**dict.fromkeys(STEPS, PLACEHOLDERS), "prepare": PREPARE_PLACEHOLDERS},
        follows=("login",),
    )
    return CustomerSystem(steps=adapter.steps, described=adapter.mask(options["create"])), adapter.alone


def _selected(options: dict[str, Any]) -> "tuple[list[NumberedScenario], frozenset[str]]":
    from mock_solusio.users.run import all_items, numbered
    from solusio_contracts.checking.selection import SelectionError, select
    from solusio_contracts.users.scenario import load_scenarios

    scenarios = {one.scenario.id: one for one in numbered(load_scenarios(), options["first_customer_id"])}
    try:
        chosen = select(
            all_items(),
            lambda one: (one.rule, one.area, *one.clauses),
            options["only"],
            options["skip"],
            kind="scenario",
            listing="mock-solusio users list",
        )
    except SelectionError as error:
        raise click.UsageError(str(error)) from error
    others = frozenset(one.rule for one in chosen if one.rule not in scenarios)
    played = [scenarios[one.rule] for one in chosen if one.rule in scenarios]
    if not played:
        # Conduct shows only while something happens.
        played = list(scenarios.values())
    return played, others


def _settings(
    options: dict[str, Any], access_token: str, others: frozenset[str], curl_of: Callable[[str], str]
) -> "Settings":
    from mock_solusio.users.certificate import CERTIFICATE
    from mock_solusio.users.run import IDS_PER_SCENARIO, Settings
    from solusio_contracts.users.scenario import load_scenarios

    authority = None
    if options["tls"]:
        from mock_solusio.server.tls import Authority

        authority = Authority()
    return Settings(
        access_token=access_token,
        meeting=meeting_point(options),
        jobs=jobs_of(options),
        authority=authority,
        spare_id=options["first_customer_id"] + IDS_PER_SCENARIO * len(load_scenarios()),
        certificate=CERTIFICATE.rule in others,
        conduct=frozenset(one.upper() for one in others if one != CERTIFICATE.rule),
        curl_of=curl_of,
    )


@users.command(name="list", short_help="List all scenarios.")
def list_() -> None:
    """List all scenarios with what each one checks."""
    from mock_solusio.users.catalogue import print_scenarios

    print_scenarios()


@users.command(name="show", short_help="Show a scenario: what happens, and what must be so in the end.")
@click.argument("scenario", metavar="ID")
def show_(scenario: str) -> None:
    """Show a scenario: what happens, what must be so in the end, and what it assumes."""
    from mock_solusio.users.catalogue import UnknownScenarioError, print_scenario

    try:
        print_scenario(scenario)
    except UnknownScenarioError as error:
        raise click.UsageError(str(error)) from error
