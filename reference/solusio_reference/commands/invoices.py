"""``mock-solusio reference invoices``: list invoices, or export them.

Only click and the standard library are imported here; the command imports the rest when it runs.
"""

from typing import TYPE_CHECKING

import click

from solusio_reference.commands.options import open_database, parse_month, store_option
from solusio_reference.commands.table import print_table

if TYPE_CHECKING:
    from collections.abc import Iterable

    from solusio_reference.invoicing import Invoice


@click.command(context_settings={"help_option_names": ["-h", "--help"]})
@click.argument("period", required=False)
@store_option
@click.option(
    "--customer",
    "customer_id",
    type=click.IntRange(1, 10**18 - 1),
    help="Only invoices of this customer.",
)
@click.option(
    "--format",
    "form",
    type=click.Choice(["table", "json", "csv"]),
    default="table",
    show_default=True,
    help="table for people; json: the invoices document, with all lines; csv: one row for each invoice.",
)
@click.option("--json", "form", flag_value="json", help="The same as --format json.")
def invoices(period: str | None, place: str, customer_id: int | None, form: str) -> None:
    """List the invoices of PERIOD, a month such as 2026-03. Default: all invoices."""
    from solusio_reference import invoices_csv, invoices_document
    from solusio_reference.storage.ledger import Ledger

    month = None if period is None else parse_month(period)
    with open_database(place) as database:
        ledger = Ledger(database)
        chosen = ledger.invoices(month, customer_id)
        if form == "json":
            for chunk in invoices_document.write(ledger, chosen):
                click.echo(chunk, nl=False)
        elif form == "csv":
            for row in invoices_csv.write(chosen):
                click.echo(row, nl=False)
        else:
            print_invoices(chosen)


def print_invoices(chosen: "Iterable[Invoice]") -> None:
    """Print a table of invoices."""
    from solusio_reference.display import format_amount, format_invoice_number, printable
    from solusio_reference.invoicing import CREDIT_NOTE

    rows = [
        (
            format_invoice_number(one.number),
            "credit note" if one.kind == CREDIT_NOTE else "invoice",
            str(one.period),
            str(one.customer_id),
            str(one.lines_count),
            str(one.tokens),
            printable(format_amount(one.total, one.currency)),
            str(one.due_on),
        )
        for one in chosen
    ]
    if not rows:
        click.echo("There are no invoices.")
        return
    header = ("number", "kind", "period", "customer", "lines", "tokens", "total", "due")
    print_table(rows, "<<>>>>><", header=header)
