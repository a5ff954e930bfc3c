"""Who waits for an invoice: the customers with usage who have none yet, and who gets one next.

Several workers share this list without a word to each other: the database gives each another row.
"""

from dataclasses import dataclass

from sqlalchemy import BindParameter, Connection, bindparam, delete, exists, func, insert, or_, select

from solusio_reference.period import Period
from solusio_reference.storage.customers import customers
from solusio_reference.storage.tables import usage_lines, waiting

_PERIOD: BindParameter[str] = bindparam("period")
_ID: BindParameter[int] = bindparam("customer_id")
_KNOWN = exists().where(customers.c.id == waiting.c.customer_id)
_NEXT = (
    select(waiting.c.customer_id)
    .where(waiting.c.period == _PERIOD, _KNOWN)
    .order_by(waiting.c.customer_id)
    .limit(1)
)
# SQLite has no FOR UPDATE, and needs none: there, who writes is alone.
_CLAIM_PATIENTLY = _NEXT.with_for_update()
_CLAIM = _NEXT.with_for_update(skip_locked=True)
_DONE = delete(waiting).where(waiting.c.period == _PERIOD, waiting.c.customer_id == _ID)


@dataclass(frozen=True, slots=True)
class UnbilledUsage:
    """What a user of SolusIO has used and nobody is billed for."""

    billing_user_id: int | None
    """The customer whom the billing system does not know; None if SolusIO knows of none."""
    user_id: int
    lines: int
    tokens: int


def wait_for_invoices(connection: Connection, period: Period) -> None:
    """Let everybody wait who has usage in a period, whether he is known or not."""
    whoever = select(usage_lines.c.period, usage_lines.c.billing_user_id).distinct()
    used = whoever.where(usage_lines.c.period == str(period), usage_lines.c.billing_user_id.is_not(None))
    connection.execute(insert(waiting).from_select(["period", "customer_id"], used))


def claim(connection: Connection, period: Period, *, patient: bool) -> int | None:
    """Return a known customer who waits, None if there is none; nobody else gets him in this transaction.

    Customers whom others have claimed are passed over. Who is ``patient`` waits for them instead: what the
    others are doing may fail.
    """
    statement = _CLAIM_PATIENTLY if patient else _CLAIM
    return connection.execute(statement, {"period": str(period)}).scalar_one_or_none()


def wait_no_longer(connection: Connection, period: Period, customer_id: int) -> None:
    """Take a customer off the list."""
    connection.execute(_DONE, {"period": str(period), "customer_id": customer_id})


def find_unbilled(connection: Connection, period: Period) -> tuple[UnbilledUsage, ...]:
    """Return the usage that no known customer stands for, by user."""
    billing_user_id, user_id = usage_lines.c.billing_user_id, usage_lines.c.user_id
    unknown = select(waiting.c.customer_id).where(waiting.c.period == str(period), ~_KNOWN)
    rows = connection.execute(
        select(billing_user_id, user_id, func.count(), func.sum(usage_lines.c.tokens))
        .where(
            usage_lines.c.period == str(period),
            or_(billing_user_id.is_(None), billing_user_id.in_(unknown)),
        )
        .group_by(billing_user_id, user_id)
        .order_by(billing_user_id.nulls_first(), user_id)
    )
    # PostgreSQL adds up integers to a decimal.
    return tuple(UnbilledUsage(customer, user, lines, int(tokens)) for customer, user, lines, tokens in rows)
