"""The queue of a period: customers with usage and without an invoice, and who gets one next.

Workers share the queue without talking to each other: the database gives each of them a different row.
"""

from dataclasses import dataclass

from sqlalchemy import BindParameter, Connection, bindparam, delete, exists, func, insert, or_, select

from solusio_reference.period import Period
from solusio_reference.storage.tables import customers, invoice_queue, usage_lines

_PERIOD: BindParameter[str] = bindparam("period")
_ID: BindParameter[int] = bindparam("customer_id")
_IS_KNOWN = exists().where(customers.c.id == invoice_queue.c.customer_id)
_NEXT = (
    select(invoice_queue.c.customer_id)
    .where(invoice_queue.c.period == _PERIOD, _IS_KNOWN)
    .order_by(invoice_queue.c.customer_id)
    .limit(1)
)
# SQLite has no FOR UPDATE and needs none: it allows only one writer.
_CLAIM_AND_WAIT = _NEXT.with_for_update()
_CLAIM = _NEXT.with_for_update(skip_locked=True)
_REMOVE = delete(invoice_queue).where(invoice_queue.c.period == _PERIOD, invoice_queue.c.customer_id == _ID)


@dataclass(frozen=True, slots=True)
class UnbilledUsage:
    """Usage of a SolusIO user that is not on any invoice."""

    billing_user_id: int | None
    """The id of an unknown customer; None if SolusIO has no billing_user_id for the user."""
    user_id: int
    lines: int
    tokens: int


def fill(connection: Connection, period: Period) -> None:
    """Queue every customer with usage in a period, known or not."""
    with_usage = (
        select(usage_lines.c.period, usage_lines.c.billing_user_id)
        .where(usage_lines.c.period == str(period), usage_lines.c.billing_user_id.is_not(None))
        .distinct()
    )
    connection.execute(insert(invoice_queue).from_select(["period", "customer_id"], with_usage))


def claim(connection: Connection, period: Period, *, wait: bool) -> int | None:
    """Return the next known customer, reserved for this transaction; None if there is none.

    Others may have claimed customers in their transactions. ``wait``: wait for those, since the transactions
    may fail; otherwise skip them.
    """
    statement = _CLAIM_AND_WAIT if wait else _CLAIM
    return connection.execute(statement, {"period": str(period)}).scalar_one_or_none()


def remove(connection: Connection, period: Period, customer_id: int) -> None:
    """Remove a customer from the queue."""
    connection.execute(_REMOVE, {"period": str(period), "customer_id": customer_id})


def find_unbilled(connection: Connection, period: Period) -> tuple[UnbilledUsage, ...]:
    """Return the usage that belongs to no known customer, by user."""
    billing_user_id, user_id = usage_lines.c.billing_user_id, usage_lines.c.user_id
    unknown = select(invoice_queue.c.customer_id).where(invoice_queue.c.period == str(period), ~_IS_KNOWN)
    rows = connection.execute(
        select(billing_user_id, user_id, func.count(), func.sum(usage_lines.c.tokens))
        .where(
            usage_lines.c.period == str(period),
            or_(billing_user_id.is_(None), billing_user_id.in_(unknown)),
        )
        .group_by(billing_user_id, user_id)
        .order_by(billing_user_id.nulls_first(), user_id)
    )
    # On PostgreSQL, the sum of integers is a decimal.
    return tuple(UnbilledUsage(customer, user, lines, int(tokens)) for customer, user, lines, tokens in rows)
