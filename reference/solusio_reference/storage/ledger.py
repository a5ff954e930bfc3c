"""Invoices: numbered without gaps, made once, never changed."""

from collections import defaultdict
from collections.abc import Iterator, Sequence
from dataclasses import asdict
from typing import Any

from sqlalchemy import Connection, Row, func, insert, select, update

from solusio_reference.invoicing import Adjustment, Invoice, UsageLine
from solusio_reference.period import Period
from solusio_reference.pricing import Currency
from solusio_reference.storage import queue
from solusio_reference.storage.database import Database
from solusio_reference.storage.tables import adjustments, invoice_number, invoices
from solusio_reference.storage.usage import UsageStore

CHUNK = 500
"""Invoices in memory at a time."""

# Built once: building a statement takes SQLAlchemy longer than it takes the database to do what it says.
_ADD_INVOICE = insert(invoices)
_ADD_ADJUSTMENT = insert(adjustments)
_NEXT_NUMBER = update(invoice_number).values(last=invoice_number.c.last + 1).returning(invoice_number.c.last)


class Ledger:
    """The invoices, and in ``collected`` the usage they are made of. Methods raise StoreError on trouble.

    Those that take a connection are steps of one transaction of the caller (see ``billing_run``).
    """

    def __init__(self, database: Database) -> None:
        self.database = database
        self.collected = UsageStore(database)
        database.create_tables()

    def invoices(self, period: Period | None = None, customer_id: int | None = None) -> Iterator[Invoice]:
        """Read invoices in the order of their numbers, a chunk at a time."""
        chosen = select(invoices).order_by(invoices.c.number).limit(CHUNK)
        if period is not None:
            chosen = chosen.where(invoices.c.period == str(period))
        if customer_id is not None:
            chosen = chosen.where(invoices.c.customer_id == customer_id)
        last = 0
        while True:
            # Read in full, and only then handed out: the caller may well use the database himself.
            with self.database.reading() as connection:
                found = _load(connection, connection.execute(chosen.where(invoices.c.number > last)).all())
            if not found:
                return
            yield from found
            last = found[-1].number

    def invoice(self, number: int) -> Invoice | None:
        """Return one invoice, None if there is no such number."""
        with self.database.reading() as connection:
            rows = connection.execute(select(invoices).where(invoices.c.number == number)).all()
            return next(iter(_load(connection, rows)), None)

    def count(self, period: Period) -> int:
        """Return how many invoices a period has."""
        counted = select(func.count()).select_from(invoices).where(invoices.c.period == str(period))
        with self.database.reading() as connection:
            return int(connection.execute(counted).scalar_one())

    def lines(self, invoice: Invoice) -> Iterator[UsageLine]:
        """Read the lines of an invoice, a chunk at a time."""
        return self.collected.lines(invoice.period, invoice.customer_id)

    def unbilled(self, period: Period) -> tuple[queue.UnbilledUsage, ...]:
        """Return the usage of a collected period that no known customer stands for, by user."""
        with self.database.reading() as connection:
            return queue.find_unbilled(connection, period)

    def next_number(self, connection: Connection) -> int:
        """Take the next number. Until the transaction ends, whoever wants one waits: take it late."""
        return int(connection.execute(_NEXT_NUMBER).scalar_one())

    def add(self, connection: Connection, invoice: Invoice) -> None:
        """Store an invoice; its customer waits no longer."""
        connection.execute(_ADD_INVOICE, _invoice_row(invoice))
        if invoice.adjustments:
            connection.execute(_ADD_ADJUSTMENT, _adjustment_rows(invoice))
        queue.wait_no_longer(connection, invoice.period, invoice.customer_id)


def _invoice_row(invoice: Invoice) -> dict[str, Any]:
    currency = invoice.currency
    return {
        "number": invoice.number,
        "customer_id": invoice.customer_id,
        "period": str(invoice.period),
        "currency_code": currency.code,
        "display_prefix": currency.display_prefix,
        "display_suffix": currency.display_suffix,
        "thousands_separator": currency.thousands_separator,
        "decimals_separator": currency.decimals_separator,
        "base_token_unit_cost": invoice.base_token_unit_cost,
        "user_token_unit_cost": invoice.user_token_unit_cost,
        "tokens": invoice.tokens,
        "lines_count": invoice.lines_count,
        "subtotal": invoice.subtotal,
        "rounding": invoice.rounding,
        "total": invoice.total,
        "issued_at": invoice.issued_at,
    }


def _adjustment_rows(invoice: Invoice) -> list[dict[str, Any]]:
    return [
        {**asdict(one), "number": invoice.number, "position": position}
        for position, one in enumerate(invoice.adjustments)
    ]


def _load(connection: Connection, rows: Sequence[Row[Any]]) -> list[Invoice]:
    numbers = [row.number for row in rows]
    chosen = select(adjustments).where(adjustments.c.number.in_(numbers))
    found = defaultdict(list)
    for number, _, *columns in connection.execute(
        chosen.order_by(adjustments.c.number, adjustments.c.position)
    ):
        found[number].append(Adjustment(*columns))
    return [_invoice(row, tuple(found[row.number])) for row in rows]


def _invoice(row: Row[Any], adjusted: tuple[Adjustment, ...]) -> Invoice:
    return Invoice(
        number=row.number,
        customer_id=row.customer_id,
        period=Period.parse(row.period),
        currency=Currency(
            row.currency_code,
            display_prefix=row.display_prefix,
            display_suffix=row.display_suffix,
            thousands_separator=row.thousands_separator,
            decimals_separator=row.decimals_separator,
        ),
        base_token_unit_cost=row.base_token_unit_cost,
        user_token_unit_cost=row.user_token_unit_cost,
        tokens=row.tokens,
        lines_count=row.lines_count,
        subtotal=row.subtotal,
        adjustments=adjusted,
        rounding=row.rounding,
        total=row.total,
        issued_at=row.issued_at,
    )
