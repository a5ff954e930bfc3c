"""Customers and their prices, in the database."""

from collections.abc import Collection
from dataclasses import asdict
from typing import Self

from sqlalchemy import (
    BindParameter,
    ColumnElement,
    Connection,
    RowMapping,
    bindparam,
    delete,
    func,
    insert,
    select,
    update,
)

from solusio_reference.demo_customers import DEMO_CUSTOMERS
from solusio_reference.money import MAX_DIGITS
from solusio_reference.pricing import Customer, Discount, Tax
from solusio_reference.storage.database import Database
from solusio_reference.storage.tables import (
    currency_from,
    currency_values,
    customers,
    discounts,
    solusio_accounts,
    taxes,
)

# Built once: SQLAlchemy takes twice as long to build a statement as SQLite takes to run it.
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
    """The customers of the billing system. Every method raises StoreError."""

    def __init__(self, database: Database) -> None:
        self.database = database

    @classmethod
    def in_memory(cls) -> Self:
        """Open an empty store in memory."""
        return cls(Database.in_memory())

    def close(self) -> None:
        """Close the database."""
        self.database.close()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *exc_info: object) -> None:
        self.close()

    def get(self, customer_id: int) -> Customer | None:
        """Return one customer, or None if there is no such id."""
        with self.database.reading() as connection:
            return self.find(connection, customer_id)

    def find(self, connection: Connection, customer_id: int) -> Customer | None:
        """Do the same as ``get``, within the caller's transaction."""
        row = connection.execute(_CUSTOMER, {"customer_id": customer_id}).mappings().one_or_none()
        return None if row is None else _load(connection, row)

    def all(self, *, search: str = "", offset: int = 0, limit: int | None = None) -> list[Customer]:
        """Return customers by id: all, or ``limit`` of them after skipping ``offset``.

        ``search``: only the customer with this id, and those with this text in their name or e-mail address.
        """
        chosen = _ALL_CUSTOMERS.where(matching(search)) if search else _ALL_CUSTOMERS
        with self.database.reading() as connection:
            rows = connection.execute(chosen.offset(offset).limit(limit)).mappings().all()
            return [_load(connection, row) for row in rows]

    def count(self, search: str = "") -> int:
        """Return the number of customers; ``search`` as in `all`."""
        counted = select(func.count()).select_from(customers)
        with self.database.reading() as connection:
            return connection.execute(counted.where(matching(search)) if search else counted).scalar_one()

    def neighbours(self, customer_id: int) -> tuple[int | None, int | None]:
        """Return the ids before and after a customer's."""
        before = select(func.max(customers.c.id)).where(customers.c.id < customer_id)
        after = select(func.min(customers.c.id)).where(customers.c.id > customer_id)
        with self.database.reading() as connection:
            return connection.execute(before).scalar_one(), connection.execute(after).scalar_one()

    def names(self, ids: Collection[int]) -> dict[int, str]:
        """Return the names of customers by id, without the ids that do not exist."""
        chosen = select(customers.c.id, customers.c.name).where(customers.c.id.in_(ids))
        with self.database.reading() as connection:
            return {row.id: row.name for row in connection.execute(chosen)}

    def save(self, *changed: Customer) -> None:
        """Add customers, replacing those with the same ids: all of them, or none if there is an error."""
        with self.database.writing() as connection:
            for customer in changed:
                _save(connection, customer)


def matching(search: str) -> ColumnElement[bool]:
    """Return the condition for customers with an id, or with a text in their name or e-mail address."""
    addressed = select(solusio_accounts.c.customer_id).where(
        solusio_accounts.c.email.icontains(search, autoescape=True)
    )
    found = customers.c.name.icontains(search, autoescape=True) | customers.c.id.in_(addressed)
    return found | (customers.c.id == int(search)) if is_number(search) else found


def is_number(text: str) -> bool:
    """Return whether a text can be an id or the number of an invoice, leading zeros included."""
    return text.isascii() and text.isdecimal() and len(text) <= MAX_DIGITS


def seed_demo(store: CustomerStore) -> None:
    """Save the demo customers, replacing those with ids 1 to 10."""
    store.save(*DEMO_CUSTOMERS)


def _load(connection: Connection, row: RowMapping) -> Customer:
    key = {"customer_id": row["id"]}
    discount_rows = connection.execute(_DISCOUNTS, key)
    tax_rows = connection.execute(_TAXES, key)
    return Customer(
        id=row["id"],
        name=row["name"],
        base_token_unit_cost=row["base_token_unit_cost"],
        currency=currency_from(row),
        discounts=tuple(Discount(*columns) for columns in discount_rows),
        taxes=tuple(Tax(*columns) for columns in tax_rows),
        taxes_compound=row["taxes_compound"],
    )


def _save(connection: Connection, customer: Customer) -> None:
    values = {
        "name": customer.name,
        "base_token_unit_cost": customer.base_token_unit_cost,
        "taxes_compound": customer.taxes_compound,
        **currency_values(customer.currency),
    }
    # Update rather than delete and insert: other tables may refer to the row.
    updated = connection.execute(update(customers).where(customers.c.id == customer.id).values(values))
    if updated.rowcount == 0:
        connection.execute(insert(customers).values(id=customer.id, **values))
    connection.execute(delete(discounts).where(discounts.c.customer_id == customer.id))
    connection.execute(delete(taxes).where(taxes.c.customer_id == customer.id))
    for position, discount in enumerate(customer.discounts):
        row = {"customer_id": customer.id, "position": position, **asdict(discount)}
        connection.execute(insert(discounts).values(row))
    for position, tax in enumerate(customer.taxes):
        row = {"customer_id": customer.id, "position": position, **asdict(tax)}
        connection.execute(insert(taxes).values(row))
