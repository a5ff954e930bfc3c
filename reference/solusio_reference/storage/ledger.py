"""Invoices and credit notes: numbered without gaps, created once, never changed."""

from collections import defaultdict
from collections.abc import Iterator, Sequence
from dataclasses import asdict
from typing import Any

from sqlalchemy import ColumnElement, Connection, RowMapping, func, insert, select, update

from solusio_reference.invoicing import CREDIT_NOTE, Adjustment, Invoice, UsageLine
from solusio_reference.period import Period
from solusio_reference.storage import queue
from solusio_reference.storage.customers import is_number, matching
from solusio_reference.storage.database import Database
from solusio_reference.storage.tables import (
    adjustments,
    currency_from,
    currency_values,
    customers,
    invoice_number,
    invoices,
)
from solusio_reference.storage.usage import UsageStore

CHUNK = 500
"""Invoices in memory at a time."""

# Built once: SQLAlchemy takes longer to build a statement than the database takes to run it.
_ADD_INVOICE = insert(invoices)
_ADD_ADJUSTMENT = insert(adjustments)
_LAST_NUMBER = select(invoice_number.c.last)
_NEXT_NUMBER = update(invoice_number).values(last=invoice_number.c.last + 1).returning(invoice_number.c.last)

_PLAIN_COLUMNS = (
    "number",
    "kind",
    "customer_id",
    "batch",
    "version",
    "corrects",
    "base_token_unit_cost",
    "user_token_unit_cost",
    "tokens",
    "lines_count",
    "subtotal",
    "rounding",
    "total",
    "issued_at",
    "due_on",
)
"""Columns that hold the field of an invoice with the same name."""


class Ledger:
    """The invoices, and in ``usage`` what they are based on. Every method raises StoreError.

    Methods that take a connection are steps of the caller's transaction (see ``billing_run``).
    """

    def __init__(self, database: Database) -> None:
        self.database = database
        self.usage = UsageStore(database)

    def invoices(
        self,
        period: Period | None = None,
        customer_id: int | None = None,
        search: str = "",
        *,
        offset: int = 0,
    ) -> Iterator[Invoice]:
        """Read invoices by number, a chunk at a time, after skipping ``offset`` of them.

        ``search``: only the invoice with this number, and those of customers it finds in `CustomerStore.all`.
        """
        chosen = select(invoices).order_by(invoices.c.number).limit(CHUNK)
        if search:
            chosen = chosen.where(_matching(search))
        if period is not None:
            chosen = chosen.where(invoices.c.period == str(period))
        if customer_id is not None:
            chosen = chosen.where(invoices.c.customer_id == customer_id)
        last = 0
        while True:
            # Hold no connection between chunks: the caller may use the database, too.
            with self.database.reading() as connection:
                following = chosen.where(invoices.c.number > last).offset(offset)
                chunk = _load(connection, connection.execute(following).mappings().all())
            if not chunk:
                return
            yield from chunk
            last, offset = chunk[-1].number, 0

    def invoice(self, number: int) -> Invoice | None:
        """Return one invoice, or None if there is no such number."""
        with self.database.reading() as connection:
            rows = connection.execute(select(invoices).where(invoices.c.number == number)).mappings().all()
            return next(iter(_load(connection, rows)), None)

    def count(self, period: Period | None = None, search: str = "") -> int:
        """Return the number of invoices, credit notes included; the arguments as in `invoices`."""
        counted = select(func.count()).select_from(invoices)
        if period is not None:
            counted = counted.where(invoices.c.period == str(period))
        if search:
            counted = counted.where(_matching(search))
        with self.database.reading() as connection:
            return connection.execute(counted).scalar_one()

    def neighbours(self, number: int) -> tuple[int | None, int | None]:
        """Return the numbers before and after an invoice's."""
        before = select(func.max(invoices.c.number)).where(invoices.c.number < number)
        after = select(func.min(invoices.c.number)).where(invoices.c.number > number)
        with self.database.reading() as connection:
            return connection.execute(before).scalar_one(), connection.execute(after).scalar_one()

    def lines(self, invoice: Invoice) -> Iterator[UsageLine]:
        """Read the lines of an invoice by server, a chunk at a time."""
        return self.usage.lines(invoice.period, queue.Entry(invoice.customer_id, invoice.batch))

    def unbilled(self, *periods: Period) -> tuple[queue.UnbilledUsage, ...]:
        """Return the usage of collected periods that belongs to no known customer, by user."""
        with self.database.reading() as connection:
            return tuple(one for period in periods for one in queue.find_unbilled(connection, period))

    def last_number(self) -> int:
        """Return the last number taken; 0 before the first."""
        with self.database.reading() as connection:
            return int(connection.execute(_LAST_NUMBER).scalar_one())

    def next_number(self, connection: Connection) -> int:
        """Take the next number. Take it late: others wait for theirs until the transaction ends."""
        return int(connection.execute(_NEXT_NUMBER).scalar_one())

    def continue_numbers_of(self, other: "Ledger") -> None:
        """Number the next invoice after the last one of another ledger."""
        last = other.last_number()
        with self.database.writing() as connection:
            connection.execute(update(invoice_number).values(last=last))

    def add(self, connection: Connection, invoice: Invoice) -> None:
        """Store an invoice and remove its usage from the queue."""
        values = {name: getattr(invoice, name) for name in _PLAIN_COLUMNS}
        row = {**values, "period": str(invoice.period), **currency_values(invoice.currency)}
        connection.execute(_ADD_INVOICE, row)
        if invoice.adjustments:
            adjusted = enumerate(invoice.adjustments)
            rows = [{**asdict(one), "number": invoice.number, "position": place} for place, one in adjusted]
            connection.execute(_ADD_ADJUSTMENT, rows)
        queue.remove(connection, invoice.period, queue.Entry(invoice.customer_id, invoice.batch))

    def correction_of(self, connection: Connection, number: int) -> int | None:
        """Return the number of the credit note that cancels an invoice, or None."""
        chosen = select(invoices.c.number).where(
            invoices.c.corrects == number, invoices.c.kind == CREDIT_NOTE
        )
        return connection.execute(chosen).scalar_one_or_none()


def _matching(search: str) -> ColumnElement[bool]:
    found = invoices.c.customer_id.in_(select(customers.c.id).where(matching(search)))
    return found | (invoices.c.number == int(search)) if is_number(search) else found


def _load(connection: Connection, rows: Sequence[RowMapping]) -> list[Invoice]:
    numbers = [row["number"] for row in rows]
    chosen = select(adjustments).where(adjustments.c.number.in_(numbers))
    by_number = defaultdict(list)
    for number, _, *columns in connection.execute(
        chosen.order_by(adjustments.c.number, adjustments.c.position)
    ):
        by_number[number].append(Adjustment(*columns))
    return [_invoice(row, tuple(by_number[row["number"]])) for row in rows]


def _invoice(row: RowMapping, adjusted: tuple[Adjustment, ...]) -> Invoice:
    values: dict[str, Any] = {name: row[name] for name in _PLAIN_COLUMNS}
    period, currency = Period.parse(row["period"]), currency_from(row)
    return Invoice(period=period, currency=currency, adjustments=adjusted, **values)
