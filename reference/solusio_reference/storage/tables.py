"""All tables, and the column types and currency columns that several of them share."""

from datetime import UTC, datetime
from decimal import Decimal
from functools import lru_cache
from typing import Any

from sqlalchemy import (
    BigInteger,
    Boolean,
    Column,
    Connection,
    Date,
    Dialect,
    ForeignKey,
    Integer,
    MetaData,
    RowMapping,
    String,
    Table,
    UniqueConstraint,
    event,
    insert,
)
from sqlalchemy.types import TypeDecorator

from solusio_reference.pricing import ISO_4217, Currency

metadata = MetaData()


class ExactDecimal(TypeDecorator[Decimal]):
    """A decimal stored as text. SQLite has no decimal type: it would turn 0.95 into a float."""

    impl = String
    cache_ok = True

    def process_bind_param(self, value: Decimal | None, dialect: Dialect) -> str | None:  # noqa: ARG002
        """Write all digits."""
        return None if value is None else str(value)

    def process_result_value(self, value: str | None, dialect: Dialect) -> Decimal | None:  # noqa: ARG002
        """Read all digits."""
        return None if value is None else Decimal(value)


@lru_cache(maxsize=1024)  # many usage lines begin and end with their month
def utc_text(moment: datetime) -> str:
    """Write a time in UTC, to the microsecond: ``2026-03-31T22:00:00.000000+00:00``."""
    return moment.astimezone(UTC).isoformat(timespec="microseconds")


class UtcDateTime(TypeDecorator[datetime]):
    """A time stored as text in UTC. SQLite has no type for it; in this format, text sorts by time."""

    impl = String
    cache_ok = True

    def process_bind_param(self, value: datetime | None, dialect: Dialect) -> str | None:  # noqa: ARG002
        """Write a time."""
        return None if value is None else utc_text(value)

    def process_result_value(self, value: str | None, dialect: Dialect) -> datetime | None:  # noqa: ARG002
        """Read a time."""
        return None if value is None else datetime.fromisoformat(value)


def _currency_columns() -> list[Column[Any]]:
    return [
        Column("currency_code", String(3), nullable=False),
        Column("display_prefix", String, nullable=False),
        Column("display_suffix", String, nullable=False),
        Column("thousands_separator", String, nullable=False),
        Column("decimals_separator", String, nullable=False),
        # Earlier versions had no choice but ISO 4217.
        Column("decimals", Integer, nullable=False, server_default=str(ISO_4217)),
    ]


def currency_values(currency: Currency) -> dict[str, str | int]:
    """Return the values of the currency columns."""
    return {
        "currency_code": currency.code,
        "display_prefix": currency.display_prefix,
        "display_suffix": currency.display_suffix,
        "thousands_separator": currency.thousands_separator,
        "decimals_separator": currency.decimals_separator,
        "decimals": currency.decimals,
    }


def currency_from(row: RowMapping) -> Currency:
    """Build a currency from the currency columns."""
    return Currency(
        row["currency_code"],
        display_prefix=row["display_prefix"],
        display_suffix=row["display_suffix"],
        thousands_separator=row["thousands_separator"],
        decimals_separator=row["decimals_separator"],
        decimals=row["decimals"],
    )


customers = Table(
    "customers",
    metadata,
    Column("id", BigInteger, primary_key=True, autoincrement=False),
    Column("name", String, nullable=False),
    Column("base_token_unit_cost", ExactDecimal, nullable=False),
    *_currency_columns(),
    Column("taxes_compound", Boolean, nullable=False),
)

# "position" keeps the order in which discounts apply and compound taxes build up.
discounts = Table(
    "discounts",
    metadata,
    Column("customer_id", ForeignKey(customers.c.id), primary_key=True),
    Column("position", Integer, primary_key=True),
    Column("name", String, nullable=False),
    Column("description", String, nullable=False),
    Column("multiplier", ExactDecimal, nullable=False),
)

taxes = Table(
    "taxes",
    metadata,
    Column("customer_id", ForeignKey(customers.c.id), primary_key=True),
    Column("position", Integer, primary_key=True),
    Column("label", String, nullable=False),
    Column("rate", ExactDecimal, nullable=False),
)

# The SolusIO user that each customer should have, and where we last found it.
solusio_accounts = Table(
    "solusio_accounts",
    metadata,
    Column("customer_id", BigInteger, primary_key=True, autoincrement=False),
    Column("email", String, nullable=False),
    Column("language_id", BigInteger),
    Column("limit_group_id", BigInteger),
    Column("solusio_user_id", BigInteger),
    Column("locked", Boolean, nullable=False),
    Column("suspended", Boolean, nullable=False),
    Column("removed", Boolean, nullable=False),
    Column("strictest_status", String, nullable=False),
    Column("solusio_status", String),
)

# One row per period: how far its usage is collected, and the sums of what is stored so far.
collections = Table(
    "collections",
    metadata,
    Column("period", String(7), primary_key=True),
    Column("attempt", Integer, nullable=False),
    Column("pages", Integer, nullable=False),
    Column("next_page", String),
    Column("complete", Boolean, nullable=False),
    Column("lines", BigInteger, nullable=False),
    Column("hours", BigInteger, nullable=False),
    Column("tokens", BigInteger, nullable=False),
)

# Usage as SolusIO reported it. Only `billing_user_id` may change, once SolusIO names the customer.
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
    sqlite_with_rowid=False,  # SQLite stores the rows by their primary key, with no second index to keep
)


@event.listens_for(usage_lines, "after_create")
def _index_lines_of_nobody(_table: Table, connection: Connection, **_options: object) -> None:
    # As SQL: `Index(postgresql_where=...)` would load SQLAlchemy's PostgreSQL parts for SQLite, too.
    connection.exec_driver_sql(
        "CREATE INDEX usage_lines_of_nobody ON usage_lines (period, user_id) WHERE billing_user_id IS NULL"
    )


# The customers of a complete period with their lines, and all that the sum of an invoice needs. An index of
# `usage_lines` would slow down the collection: lines arrive in no order of customers, so each would change
# another page of the file. Here they are inserted once, in order.
customer_lines = Table(
    "customer_lines",
    metadata,
    Column("period", String(7), primary_key=True),
    Column("customer_id", BigInteger, primary_key=True, autoincrement=False),
    # 0, or more for lines that found their customer after that customer's invoice (see corrections).
    Column("batch", Integer, primary_key=True, autoincrement=False),
    Column("server_id", BigInteger, primary_key=True, autoincrement=False),
    Column("line_id", BigInteger, primary_key=True, autoincrement=False),
    Column("tokens", BigInteger, nullable=False),
    sqlite_with_rowid=False,
)

# Customers with usage and without an invoice: filled once a period is collected; an invoice removes its row.
invoice_queue = Table(
    "invoice_queue",
    metadata,
    Column("period", String(7), primary_key=True),
    Column("customer_id", BigInteger, primary_key=True, autoincrement=False),
    Column("batch", Integer, primary_key=True, autoincrement=False),
)

# Every figure is stored: an invoice never changes, whatever happens to prices and to the customer.
invoices = Table(
    "invoices",
    metadata,
    Column("number", BigInteger, primary_key=True, autoincrement=False),
    Column("kind", String, nullable=False),
    Column("customer_id", BigInteger, nullable=False),
    Column("period", String(7), nullable=False),
    Column("batch", Integer, nullable=False),
    # How often the batch was corrected before: the invoice that replaces version 0 is version 1.
    Column("version", Integer, nullable=False),
    Column("corrects", ForeignKey("invoices.number")),
    *_currency_columns(),
    Column("base_token_unit_cost", ExactDecimal, nullable=False),
    Column("user_token_unit_cost", ExactDecimal, nullable=False),
    Column("tokens", BigInteger, nullable=False),
    Column("lines_count", BigInteger, nullable=False),
    Column("subtotal", ExactDecimal, nullable=False),
    Column("rounding", ExactDecimal, nullable=False),
    Column("total", ExactDecimal, nullable=False),
    Column("issued_at", UtcDateTime, nullable=False),
    Column("due_on", Date, nullable=False),
    UniqueConstraint("period", "customer_id", "batch", "version", "kind"),
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

# One row. A sequence or an automatic key leaves a gap when a transaction fails; a row is rolled back with it.
invoice_number = Table("invoice_number", metadata, Column("last", BigInteger, nullable=False))


@event.listens_for(invoice_number, "after_create")
def _insert_first_number(table: Table, connection: Connection, **_options: object) -> None:
    connection.execute(insert(table).values(last=0))
