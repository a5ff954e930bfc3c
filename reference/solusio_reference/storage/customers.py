"""Customers and what their tokens cost, in the database."""

from pathlib import Path
from typing import Self

from sqlalchemy import (
    BigInteger,
    BindParameter,
    Boolean,
    Column,
    Connection,
    ForeignKey,
    Integer,
    RowMapping,
    String,
    Table,
    bindparam,
    delete,
    insert,
    select,
    update,
)

from solusio_reference.demo_customers import DEMO_CUSTOMERS
from solusio_reference.errors import StoreError
from solusio_reference.pricing import Currency, Customer, Discount, Tax
from solusio_reference.storage.database import Database, ExactDecimal, metadata

customers = Table(
    "customers",
    metadata,
    Column("id", BigInteger, primary_key=True, autoincrement=False),
    Column("name", String, nullable=False),
    Column("base_token_unit_cost", ExactDecimal, nullable=False),
    Column("currency_code", String(3), nullable=False),
    Column("display_prefix", String, nullable=False),
    Column("display_suffix", String, nullable=False),
    Column("thousands_separator", String, nullable=False),
    Column("decimals_separator", String, nullable=False),
    Column("taxes_compound", Boolean, nullable=False),
)

# "position" keeps the order, in which discounts are applied and compound taxes build up.
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

# Built once: building a statement takes SQLAlchemy twice as long as SQLite takes to answer it.
_ID: BindParameter[int] = bindparam("customer_id")
_ALL_CUSTOMERS = select(customers).order_by(customers.c.id)
_CUSTOMER = select(customers).where(customers.c.id == _ID)
_DISCOUNTS = (
    select(discounts.c.name, discounts.c.description, discounts.c.multiplier)
    .where(discounts.c.customer_id == _ID)
    .order_by(discounts.c.position)
)
_TAXES = select(taxes.c.label, taxes.c.rate).where(taxes.c.customer_id == _ID).order_by(taxes.c.position)


class CustomerStore:
    """The customers of the billing system. Every method raises StoreError on trouble."""

    def __init__(self, database: Database) -> None:
        self.database = database
        try:
            database.create_tables()
        except StoreError:
            database.close()
            raise

    @classmethod
    def in_memory(cls) -> Self:
        """Open an empty store that is gone when it is closed."""
        return cls(Database.in_memory())

    @classmethod
    def in_file(cls, path: Path) -> Self:
        """Open the store in an SQLite file, which is made if there is none."""
        return cls(Database.in_file(path))

    def close(self) -> None:
        """Close the database."""
        self.database.close()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *exc_info: object) -> None:
        self.close()

    def get(self, customer_id: int) -> Customer | None:
        """Return one customer, None if there is no such id."""
        with self.database.reading() as connection:
            return self.find(connection, customer_id)

    def find(self, connection: Connection, customer_id: int) -> Customer | None:
        """The same as ``get``, within a transaction of the caller."""
        row = connection.execute(_CUSTOMER, {"customer_id": customer_id}).mappings().one_or_none()
        return None if row is None else _load(connection, row)

    def all(self) -> list[Customer]:
        """Return all customers in the order of their ids."""
        with self.database.reading() as connection:
            rows = connection.execute(_ALL_CUSTOMERS).mappings().all()
            return [_load(connection, row) for row in rows]

    def save(self, *changed: Customer) -> None:
        """Add customers, or replace those with the same id: all of them, or none on an error."""
        with self.database.writing() as connection:
            for customer in changed:
                _save(connection, customer)


def seed_demo(store: CustomerStore) -> None:
    """Save the demo customers, ids 1 to 10; customers with these ids are replaced."""
    store.save(*DEMO_CUSTOMERS)


def _load(connection: Connection, row: RowMapping) -> Customer:
    key = {"customer_id": row["id"]}
    discount_rows = connection.execute(_DISCOUNTS, key)
    tax_rows = connection.execute(_TAXES, key)
    return Customer(
        id=row["id"],
        name=row["name"],
        base_token_unit_cost=row["base_token_unit_cost"],
        currency=Currency(
            code=row["currency_code"],
            display_prefix=row["display_prefix"],
            display_suffix=row["display_suffix"],
            thousands_separator=row["thousands_separator"],
            decimals_separator=row["decimals_separator"],
        ),
        discounts=tuple(Discount(*columns) for columns in discount_rows),
        taxes=tuple(Tax(*columns) for columns in tax_rows),
        taxes_compound=row["taxes_compound"],
    )


def _save(connection: Connection, customer: Customer) -> None:
    currency = customer.currency
    values = {
        "name": customer.name,
        "base_token_unit_cost": customer.base_token_unit_cost,
        "currency_code": currency.code,
        "display_prefix": currency.display_prefix,
        "display_suffix": currency.display_suffix,
        "thousands_separator": currency.thousands_separator,
        "decimals_separator": currency.decimals_separator,
        "taxes_compound": customer.taxes_compound,
    }
    # Updated, not deleted and inserted again: other tables may point to the row.
    known = connection.execute(update(customers).where(customers.c.id == customer.id).values(values))
    if known.rowcount == 0:
        connection.execute(insert(customers).values(id=customer.id, **values))
    connection.execute(delete(discounts).where(discounts.c.customer_id == customer.id))
    connection.execute(delete(taxes).where(taxes.c.customer_id == customer.id))
    for position, discount in enumerate(customer.discounts):
        connection.execute(
            insert(discounts).values(
                customer_id=customer.id,
                position=position,
                name=discount.name,
                description=discount.description,
                multiplier=discount.multiplier,
            )
        )
    for position, tax in enumerate(customer.taxes):
        connection.execute(
            insert(taxes).values(customer_id=customer.id, position=position, label=tax.label, rate=tax.rate)
        )
