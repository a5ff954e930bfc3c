"""``mock-solusio reference bill`` and ``reference invoices``.

Only click and the standard library are imported here; each command imports the rest when it runs.
"""

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING

import click

if TYPE_CHECKING:
    from solusio_reference.billing_run import RunResult
    from solusio_reference.period import Period
    from solusio_reference.storage.database import Database
    from solusio_reference.storage.queue import UnbilledUsage

UNBILLED_SHOWN = 20

_store = click.option(
    "--store",
    "place",
    required=True,
    metavar="FILE-or-URL",
    help="Database of the billing system: an SQLite file, or a URL such as postgresql://user@host/name. "
    "A password is better kept in PGPASSWORD.",
)


@click.command(context_settings={"help_option_names": ["-h", "--help"]})
@click.argument("period", required=False)
@_store
@click.option(
    "--solusio-url",
    required=True,
    envvar=["SOLUSIO_URL", "MOCK_SOLUSIO_URL"],  # the first is that of `mock-solusio invoices check`
    show_envvar=True,
    metavar="URL",
    help="Address of SolusIO, without /api/v1.",
)
@click.option(
    "--access-token",
    required=True,
    envvar=["SOLUSIO_ACCESS_TOKEN", "MOCK_SOLUSIO_ADMIN_TOKEN"],
    show_envvar=True,
    help="Access token of an administrator of SolusIO.",
)
@click.option(
    "--workers",
    type=click.IntRange(1, 64),
    default=1,
    show_default=True,
    help="Threads that make invoices at the same time; more than one needs PostgreSQL.",
)
def bill(period: str | None, place: str, solusio_url: str, access_token: str, workers: int) -> None:
    """Make the invoices of PERIOD, a month such as 2026-03. Default: the last one that has ended.

    May be stopped and run again at any time: each invoice is made once. Usage of customers who are not
    known here is kept, and listed on standard error; bill again when they are.
    """
    from solusio_reference.billing_run import BillingRunError
    from solusio_reference.billing_run import bill as run
    from solusio_reference.errors import StoreError
    from solusio_reference.solusio.client import SolusioClient
    from solusio_reference.storage.customers import CustomerStore
    from solusio_reference.storage.ledger import Ledger

    month = _period(period) or _last_month()
    with _open(place) as database:
        if workers > 1 and database.engine.dialect.name == "sqlite":
            raise click.BadParameter(
                "More than 1 needs PostgreSQL: SQLite lets one write at a time.", param_hint="--workers"
            )
        try:
            solusio = SolusioClient(solusio_url, access_token)
        except ValueError as error:
            raise click.BadParameter(f"{error}.", param_hint="--solusio-url or --access-token") from None
        try:
            with solusio:
                result = run(month, solusio, CustomerStore(database), Ledger(database), workers=workers)
        except (BillingRunError, StoreError) as error:
            raise click.ClickException(f"{month} is not billed: {str(error).rstrip('.')}.") from error
    _report(result)


@click.command(context_settings={"help_option_names": ["-h", "--help"]})
@click.argument("period", required=False)
@_store
@click.option("--customer", "customer_id", type=click.IntRange(1, 10**18 - 1), help="Only of this customer.")
@click.option("--json", "as_json", is_flag=True, help="Print the invoices document, with all lines.")
def invoices(period: str | None, place: str, customer_id: int | None, as_json: bool) -> None:
    """List the invoices of PERIOD, a month such as 2026-03. Default: all of them."""
    from solusio_reference.display import format_amount, format_invoice_number, printable
    from solusio_reference.invoices_document import write
    from solusio_reference.storage.ledger import Ledger

    month = _period(period)
    with _open(place) as database:
        ledger = Ledger(database)
        chosen = ledger.invoices(month, customer_id)
        if as_json:
            for piece in write(ledger, chosen):
                click.echo(piece, nl=False)
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
    for line in _table([("number", "period", "customer", "lines", "tokens", "total"), *rows]):
        click.echo(line)


@contextmanager
def _open(place: str) -> "Iterator[Database]":
    from solusio_reference.errors import StoreError
    from solusio_reference.storage.database import Database

    # SQLite would make the file: a slip of the finger must not begin a second set of books.
    if "://" not in place and not Path(place).is_file():
        raise click.BadParameter(f"There is no file {place}.", param_hint="--store")
    try:
        with Database.at(place) as database:
            database.create_tables()
            yield database
    except StoreError as error:
        # Not the place itself: a URL may have a password.
        raise click.BadParameter(f"Cannot use the database: {error}.", param_hint="--store") from error


def _period(text: str | None) -> "Period | None":
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
    rows = [
        ("invoices made", str(result.invoices_made)),
        ("made before", str(result.invoices_before)),
        ("usage lines", str(result.lines)),
        ("tokens", str(result.tokens)),
    ]
    for line in _table(rows):
        click.echo(f"  {line}")
    if result.unbilled:
        _complain(result.unbilled)


def _complain(unbilled: "tuple[UnbilledUsage, ...]") -> None:
    click.echo("\nNot billed, since no such customers are known here:", err=True)
    rows = [("billing_user_id", "SolusIO user", "lines", "tokens")]
    for one in unbilled[:UNBILLED_SHOWN]:
        customer = "none" if one.billing_user_id is None else str(one.billing_user_id)
        rows.append((customer, str(one.user_id), str(one.lines), str(one.tokens)))
    for line in _table(rows):
        click.echo(f"  {line}", err=True)
    if len(unbilled) > UNBILLED_SHOWN:
        click.echo(f"  ... and {len(unbilled) - UNBILLED_SHOWN} more", err=True)


def _table(rows: Sequence[tuple[str, ...]]) -> list[str]:
    """Line up columns: the first to the left, figures to the right."""
    widths = [max(map(len, column)) for column in zip(*rows, strict=True)]
    return [
        "  ".join(
            [row[0].ljust(widths[0])]
            + [cell.rjust(width) for cell, width in zip(row[1:], widths[1:], strict=True)]
        )
        for row in rows
    ]
