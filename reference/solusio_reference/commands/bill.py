"""``mock-solusio reference bill``, ``recollect`` and ``correct``.

Only click and the standard library are imported here; each command imports the rest when it runs.
"""

import sys
from typing import TYPE_CHECKING

import click

from solusio_reference.commands.options import (
    SolusioPlace,
    open_database,
    open_solusio,
    parse_month,
    solusio_options,
    store_option,
)
from solusio_reference.commands.table import print_table
from solusio_reference.commands.time_limit import TimeIsUp, time_limit

if TYPE_CHECKING:
    from collections.abc import Iterable

    from solusio_reference.billing_run import RunResult
    from solusio_reference.period import Period
    from solusio_reference.storage.queue import UnbilledUsage

UNBILLED_SHOWN = 20

UNBILLED = 4
"""Exit code of a run that billed all it could, and left usage without a known customer."""

due_days_option = click.option(
    "--due-days",
    type=click.IntRange(0, 365),
    default=14,
    show_default=True,
    help="Number of days after which an invoice is due.",
)


@click.command(context_settings={"help_option_names": ["-h", "--help"]})
@click.argument("period", required=False)
@store_option
@solusio_options()
@click.option(
    "--workers",
    type=click.IntRange(1, 64),
    default=1,
    show_default=True,
    help="Number of invoices to create at the same time. More than 1 needs PostgreSQL.",
)
@due_days_option
@click.option(
    "--dry-run",
    is_flag=True,
    help="Print the invoices that the run would create, and create none. The usage is collected as usual.",
)
@click.option(
    "--allow-unbilled", is_flag=True, help="End with exit code 0 even if usage of unknown customers remains."
)
@click.option(
    "--max-seconds",
    type=click.FloatRange(min=0, min_open=True),
    help="Stop a run that takes longer; another run continues from there.",
)
def bill(
    period: str | None,
    place: str,
    solusio: SolusioPlace,
    workers: int,
    due_days: int,
    dry_run: bool,
    allow_unbilled: bool,
    max_seconds: float | None,
) -> None:
    """Create the invoices of PERIOD, a month such as 2026-03. Default: the last complete month.

    You can stop it and run it again at any time: each invoice is created once. Usage of unknown customers is
    kept and listed on standard error. Add the customers, then bill again: the next run of any later month
    creates their invoices, too.

    Exit codes: 0 all usage is billed, 4 all but that of unknown customers, 1 the run did not finish, 2 wrong
    options.
    """
    from solusio_reference.billing_run import BillingRunError, preview
    from solusio_reference.billing_run import bill as run
    from solusio_reference.commands.invoices import print_invoices
    from solusio_reference.errors import StoreError
    from solusio_reference.storage.customers import CustomerStore
    from solusio_reference.storage.ledger import Ledger

    month = _last_month() if period is None else parse_month(period)
    with open_database(place) as database, open_solusio(solusio) as client:
        if workers > 1 and database.engine.dialect.name == "sqlite":
            raise click.BadParameter(
                "More than 1 needs PostgreSQL: SQLite allows one writer at a time.", param_hint="--workers"
            )
        store, ledger = CustomerStore(database), Ledger(database)
        try:
            with time_limit(max_seconds):
                if dry_run:
                    print_invoices(preview(month, client, store, ledger, due_days=due_days))
                    return
                result = run(month, client, store, ledger, workers=workers, due_days=due_days)
        except (BillingRunError, StoreError, TimeIsUp) as error:
            raise click.ClickException(f"{month} is not billed: {str(error).rstrip('.')}.") from error
    _report(result)
    if result.unbilled and not allow_unbilled:
        sys.exit(UNBILLED)


@click.command(context_settings={"help_option_names": ["-h", "--help"]})
@click.argument("period")
@store_option
@solusio_options()
def recollect(period: str, place: str, solusio: SolusioPlace) -> None:
    """Read the usage of PERIOD again, for users who had no billing_user_id when it was collected.

    Their usage finds its customer, and the next `bill` invoices it. Nothing else may have changed; what is on
    an invoice stays as it is.
    """
    from solusio_reference.billing_run import BillingRunError
    from solusio_reference.corrections import recollect as run
    from solusio_reference.errors import StoreError
    from solusio_reference.storage.ledger import Ledger

    month = parse_month(period)
    with open_database(place) as database, open_solusio(solusio) as client:
        try:
            changed = run(month, client, Ledger(database))
        except (BillingRunError, StoreError) as error:
            message = f"{month} is not collected again: {str(error).rstrip('.')}."
            raise click.ClickException(message) from error
    click.echo(f"{month}: {changed} usage lines found their customer.")
    if changed:
        click.echo(f"Next: mock-solusio reference bill {month}")


@click.command(context_settings={"help_option_names": ["-h", "--help"]})
@click.argument("number", type=click.IntRange(1, 10**18 - 1))
@store_option
@due_days_option
def correct(number: int, place: str, due_days: int) -> None:
    """Cancel invoice NUMBER with a credit note, and replace it by one at the customer's current prices.

    The invoice itself stays as it is.
    """
    from solusio_reference.commands.invoices import print_invoices
    from solusio_reference.corrections import CorrectionError
    from solusio_reference.corrections import correct as run
    from solusio_reference.errors import StoreError
    from solusio_reference.storage.customers import CustomerStore
    from solusio_reference.storage.ledger import Ledger

    with open_database(place) as database:
        try:
            correction = run(number, CustomerStore(database), Ledger(database), due_days=due_days)
        except (CorrectionError, StoreError) as error:
            message = f"Invoice {number} is not corrected: {str(error).rstrip('.')}."
            raise click.ClickException(message) from error
    print_invoices([correction.credit_note, correction.invoice])


def _last_month() -> "Period":
    from datetime import UTC, datetime

    from solusio_reference.period import Period

    return Period.before(datetime.now(UTC))


def _report(result: "RunResult") -> None:
    if result.lines:
        click.echo(f"{result.period} is billed.")
    else:
        click.echo(f"{result.period} is billed: SolusIO has no usage for it.")
    figures = {
        "new invoices": result.invoices_made,
        "earlier invoices": result.invoices_before,
        "invoices of earlier months": result.invoices_late,
        "usage lines": result.lines,
        "tokens": result.tokens,
    }
    print_table([(label, str(number)) for label, number in figures.items()], "<>", indent="  ")
    if result.unbilled:
        _report_unbilled(result.unbilled)


def _report_unbilled(unbilled: "Iterable[UnbilledUsage]") -> None:
    click.echo("\nNot billed, because these customers are not known here:", err=True)
    rows = [
        (
            one.period,
            "none" if one.billing_user_id is None else str(one.billing_user_id),
            str(one.user_id),
            str(one.lines),
            str(one.tokens),
        )
        for one in unbilled
    ]
    header = ("period", "billing_user_id", "SolusIO user", "lines", "tokens")
    print_table(rows, "<<>>>", header=header, indent="  ", limit=UNBILLED_SHOWN, err=True)
