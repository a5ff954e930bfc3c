"""The tables of billing: usage that was read, who waits for an invoice, invoices and their numbers."""

from sqlalchemy import (
    BigInteger,
    Boolean,
    Column,
    Connection,
    ForeignKey,
    Index,
    Integer,
    String,
    Table,
    UniqueConstraint,
    event,
    insert,
)

from solusio_reference.storage.database import ExactDecimal, UtcDateTime, metadata

# One row for each period: where collecting stands, and the sums of what was stored so far.
runs = Table(
    "runs",
    metadata,
    Column("period", String(7), primary_key=True),
    Column("attempt", Integer, nullable=False),
    Column("pages", Integer, nullable=False),
    Column("next_page", String),
    Column("collected", Boolean, nullable=False),
    Column("lines", BigInteger, nullable=False),
    Column("hours", BigInteger, nullable=False),
    Column("tokens", BigInteger, nullable=False),
)

usage_lines = Table(
    "usage_lines",
    metadata,
    Column("period", String(7), primary_key=True),
    Column("id", BigInteger, primary_key=True, autoincrement=False),
    Column("user_id", BigInteger, nullable=False),
    Column("billing_user_id", BigInteger),
    Column("server_id", BigInteger, nullable=False),
    Column("server_name", String, nullable=False),
    Column("resource", String, nullable=False),
    Column("resource_id", BigInteger, nullable=False),
    Column("plan_id", BigInteger, nullable=False),
    Column("plan_name", String, nullable=False),
    Column("from_time", UtcDateTime, key="from_", nullable=False),
    Column("to_time", UtcDateTime, key="to", nullable=False),
    Column("hours", BigInteger, nullable=False),
    Column("tokens_per_hour", BigInteger, nullable=False),
    Column("tokens_per_month", BigInteger, nullable=False),
    Column("charge", String, nullable=False),
    Column("tokens", BigInteger, nullable=False),
    Index("usage_lines_of_customer", "period", "billing_user_id", "id"),
)

# Who has usage and no invoice yet: filled when a period has been collected, an invoice takes its row away.
waiting = Table(
    "waiting_for_invoice",
    metadata,
    Column("period", String(7), primary_key=True),
    Column("customer_id", BigInteger, primary_key=True, autoincrement=False),
)

# Every figure is kept: an invoice stays as it was sent, whatever becomes of prices and of the customer.
invoices = Table(
    "invoices",
    metadata,
    Column("number", BigInteger, primary_key=True, autoincrement=False),
    Column("customer_id", BigInteger, nullable=False),
    Column("period", String(7), nullable=False),
    Column("currency_code", String(3), nullable=False),
    Column("display_prefix", String, nullable=False),
    Column("display_suffix", String, nullable=False),
    Column("thousands_separator", String, nullable=False),
    Column("decimals_separator", String, nullable=False),
    Column("base_token_unit_cost", ExactDecimal, nullable=False),
    Column("user_token_unit_cost", ExactDecimal, nullable=False),
    Column("tokens", BigInteger, nullable=False),
    Column("lines_count", BigInteger, nullable=False),
    Column("subtotal", ExactDecimal, nullable=False),
    Column("rounding", ExactDecimal, nullable=False),
    Column("total", ExactDecimal, nullable=False),
    Column("issued_at", UtcDateTime, nullable=False),
    UniqueConstraint("period", "customer_id"),
)

adjustments = Table(
    "adjustments",
    metadata,
    Column("number", ForeignKey(invoices.c.number), primary_key=True),
    Column("position", Integer, primary_key=True),
    Column("kind", String, nullable=False),
    Column("label", String, nullable=False),
    Column("rate", ExactDecimal, nullable=False),
    Column("amount", ExactDecimal, nullable=False),
)

# One row. Sequences and automatic keys leave a gap when a transaction fails; a row goes back with it.
invoice_number = Table("invoice_number", metadata, Column("last", BigInteger, nullable=False))


@event.listens_for(invoice_number, "after_create")
def _first_number(table: Table, connection: Connection, **_options: object) -> None:
    connection.execute(insert(table).values(last=0))
