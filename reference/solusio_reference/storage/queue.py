"""The queue of a period: batches of a customer's usage without an invoice, and which gets one next.

Workers share the queue without talking to each other: the database gives each of them a different row.
"""

from dataclasses import dataclass
from typing import NamedTuple

from sqlalchemy import (
    BindParameter,
    Connection,
    bindparam,
    delete,
    exists,
    func,
    insert,
    null,
    select,
    tuple_,
)

from solusio_reference.period import Period
from solusio_reference.storage.tables import customer_lines, customers, invoice_queue, invoices, usage_lines

_PERIOD: BindParameter[str] = bindparam("period")
_IS_KNOWN = exists().where(customers.c.id == invoice_queue.c.customer_id)
_NEXT = (
    select(invoice_queue.c.customer_id, invoice_queue.c.batch)
    .where(invoice_queue.c.period == _PERIOD, _IS_KNOWN)
    .order_by(invoice_queue.c.customer_id, invoice_queue.c.batch)
)
# SQLite has no FOR UPDATE and needs none: it allows only one writer.
_CLAIM_AND_WAIT = _NEXT.limit(1).with_for_update()
_CLAIM = _NEXT.limit(1).with_for_update(skip_locked=True)
_REMOVE = delete(invoice_queue).where(
    invoice_queue.c.period == _PERIOD,
    invoice_queue.c.customer_id == bindparam("customer_id"),
    invoice_queue.c.batch == bindparam("batch"),
)
_USER = usage_lines.c.user_id
_OF_NOBODY = (
    select(null(), _USER, func.count(), func.sum(usage_lines.c.tokens))
    .where(usage_lines.c.period == _PERIOD, usage_lines.c.billing_user_id.is_(None))
    .group_by(_USER)
    .order_by(_USER)
)
_UNKNOWN = select(invoice_queue.c.customer_id, invoice_queue.c.batch).where(
    invoice_queue.c.period == _PERIOD, ~_IS_KNOWN
)
_OF_UNKNOWN = (
    select(customer_lines.c.customer_id, _USER, func.count(), func.sum(customer_lines.c.tokens))
    .where(
        customer_lines.c.period == _PERIOD,
        tuple_(customer_lines.c.customer_id, customer_lines.c.batch).in_(_UNKNOWN),
        usage_lines.c.period == customer_lines.c.period,
        usage_lines.c.id == customer_lines.c.line_id,
    )
    .group_by(customer_lines.c.customer_id, _USER)
    .order_by(customer_lines.c.customer_id, _USER)
)


class Entry(NamedTuple):
    """A batch of a customer's usage that must be invoiced."""

    customer_id: int
    batch: int


@dataclass(frozen=True, slots=True)
class UnbilledUsage:
    """Usage of a SolusIO user that is not on any invoice."""

    period: str
    """The month, such as ``2026-03``."""
    billing_user_id: int | None
    """The id of an unknown customer; None if SolusIO has no billing_user_id for the user."""
    user_id: int
    lines: int
    tokens: int


def fill(connection: Connection, period: Period) -> None:
    """Queue all usage of a period without an invoice, whether its customer is known or not."""
    connection.execute(delete(invoice_queue).where(invoice_queue.c.period == str(period)))
    used = (
        select(customer_lines.c.period, customer_lines.c.customer_id, customer_lines.c.batch)
        .where(customer_lines.c.period == str(period))
        .distinct()
        .subquery()
    )
    invoiced = exists().where(
        invoices.c.period == used.c.period,
        invoices.c.customer_id == used.c.customer_id,
        invoices.c.batch == used.c.batch,
    )
    connection.execute(
        insert(invoice_queue).from_select(["period", "customer_id", "batch"], select(used).where(~invoiced))
    )


def periods(connection: Connection) -> list[Period]:
    """Return the periods with usage of known customers that must be invoiced, the earliest first."""
    found = connection.execute(select(invoice_queue.c.period).where(_IS_KNOWN).distinct())
    return sorted(Period.parse(period) for period in found.scalars())


def entries(connection: Connection, period: Period) -> list[Entry]:
    """Return what must be invoiced to known customers, in the order in which one worker does it."""
    return [Entry(*row) for row in connection.execute(_NEXT, {"period": str(period)})]


def claim(connection: Connection, period: Period, *, wait: bool) -> Entry | None:
    """Return the next entry of a known customer, reserved for this transaction; None if there is none.

    Others may have claimed entries in their transactions. ``wait``: wait for those, since the transactions
    may fail; otherwise skip them.
    """
    statement = _CLAIM_AND_WAIT if wait else _CLAIM
    row = connection.execute(statement, {"period": str(period)}).one_or_none()
    return None if row is None else Entry(*row)


def lock(connection: Connection, period: Period) -> None:
    """Wait for invoices of a period in progress, and let nobody begin one until the transaction ends."""
    connection.execute(select(invoice_queue).where(invoice_queue.c.period == str(period)).with_for_update())


def has(connection: Connection, period: Period, entry: Entry) -> bool:
    """Return whether an entry is still to be invoiced."""
    found = select(invoice_queue.c.period).where(
        invoice_queue.c.period == str(period),
        invoice_queue.c.customer_id == entry.customer_id,
        invoice_queue.c.batch == entry.batch,
    )
    return connection.execute(found).first() is not None


def remove(connection: Connection, period: Period, entry: Entry) -> None:
    """Remove an entry from the queue."""
    connection.execute(_REMOVE, {"period": str(period), **entry._asdict()})


def find_unbilled(connection: Connection, period: Period) -> tuple[UnbilledUsage, ...]:
    """Return the usage that belongs to no known customer, by user."""
    parameters = {"period": str(period)}
    # On PostgreSQL, the sum of integers is a decimal.
    return tuple(
        UnbilledUsage(str(period), customer, user, lines, int(tokens))
        for statement in (_OF_NOBODY, _OF_UNKNOWN)
        for customer, user, lines, tokens in connection.execute(statement, parameters)
    )
