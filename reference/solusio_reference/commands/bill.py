"""``mock-solusio reference bill`` and ``reference invoices``.

Only click and the standard library are imported here; each command imports the rest when it runs.
"""

from typing import TYPE_CHECKING

import click

from solusio_reference.commands.options import (
    SolusioPlace,
    open_database,
    open_solusio,
    solusio_options,
    store_option,
)
from solusio_reference.commands.table import print_table

if TYPE_CHECKING:
    from solusio_reference.billing_run import RunResult
    from solusio_reference.period import Period

UNBILLED_SHOWN = 20


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
def bill(period: str | None, place: str, solusio: SolusioPlace, workers: int) -> None:
    """Create the invoices of PERIOD, a month such as 2026-03. Default: the last complete month.

    You can stop it and run it again at any time: each invoice is created once. Usage of unknown customers is
    kept and listed on standard error. Add the customers, then bill again.
    """
    from solusio_reference.billing_run import BillingRunError
    from solusio_reference.billing_run import bill as run
    from solusio_reference.errors import StoreError
    from solusio_reference.storage.customers import CustomerStore
    from solusio_reference.storage.ledger import Ledger

    month = _parse(period) or _last_month()
    with open_database(place) as database, open_solusio(solusio) as client:
        if workers > 1 and database.engine.dialect.name == "sqlite":
            raise click.BadParameter(
                "More than 1 needs PostgreSQL: SQLite allows one writer at a time.", param_hint="--workers"
            )
        try:
            result = run(month, client, CustomerStore(database), Ledger(database), workers=workers)
        except (BillingRunError, StoreError) as error:
            raise click.ClickException(f"{month} is not billed: {str(error).rstrip('.')}.") from error
    _report(result)


@click.command(context_settings={"help_option_names": ["-h", "--help"]})
@click.argument("period", required=False)
@store_option
@click.option(
    "--customer",
    "customer_id",
    type=click.IntRange(1, 10**18 - 1),
    help="Only invoices of this customer.",
)
@click.option("--json", "as_json", is_flag=True, help="Print the invoices document, with all lines.")
def invoices(period: str | None, place: str, customer_id: int | None, as_json: bool) -> None:
    """List the invoices of PERIOD, a month such as 2026-03. Default: all invoices."""
    from solusio_reference.display import format_amount, format_invoice_number, printable
    from solusio_reference.invoices_document import write
    from solusio_reference.storage.ledger import Ledger

    month = _parse(period)
    with open_database(place) as database:
        ledger = Ledger(database)
        chosen = ledger.invoices(month, customer_id)
        if as_json:
            for chunk in write(ledger, chosen):
                click.echo(chunk, nl=False)
            return
        rows = [
            (
                format_invoice_number(one.number),
                str(one.period),
                str(one.customer_id),
                str(one.lines_count),
                str(one.tokens),
                printable(format_amount(one.total, one.currency)),
            )
            for one in chosen
        ]
    if not rows:
        click.echo("There are no invoices.")
        return
    print_table(rows, "<>>>>>", header=("number", "period", "customer", "lines", "tokens", "total"))


def _parse(text: str | None) -> "Period | None":
    from solusio_reference.period import Period

    try:
        return None if text is None else Period.parse(text)
    except ValueError as error:
        raise click.BadParameter(f"{error}.", param_hint="PERIOD") from None


def _last_month() -> "Period":
    from datetime import UTC, datetime

    from solusio_reference.period import Period

    return Period.before(datetime.now(UTC))


def _report(result: "RunResult") -> None:
    click.echo(f"{result.period} is billed.")
    figures = {
        "new invoices": result.invoices_made,
        "earlier invoices": result.invoices_before,
        "usage lines": result.lines,
        "tokens": result.tokens,
    }
    print_table([(label, str(number)) for label, number in figures.items()], "<>", indent="  ")
    if not result.unbilled:
        return
    click.echo("\nNot billed, because these customers are not known here:", err=True)
    rows = [
        (
            "none" if one.billing_user_id is None else str(one.billing_user_id),
            str(one.user_id),
            str(one.lines),
            str(one.tokens),
        )
        for one in result.unbilled
    ]
    header = ("billing_user_id", "SolusIO user", "lines", "tokens")
    print_table(rows, "<>>>", header=header, indent="  ", limit=UNBILLED_SHOWN, err=True)
