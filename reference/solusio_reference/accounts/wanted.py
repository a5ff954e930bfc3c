"""What the billing system wants each customer's SolusIO user to be, noted before SolusIO is asked for it.

A program that is killed in between leaves a wish that is not fulfilled yet; `Accounts.sync` fulfils it later.
"""

import re
from collections.abc import Callable, Iterable
from dataclasses import dataclass, replace

from sqlalchemy import BigInteger, Boolean, Column, Connection, String, Table, delete, insert, select, update
from sqlalchemy.exc import IntegrityError

from solusio_reference.storage.database import Database, metadata

solusio_accounts = Table(
    "solusio_accounts",
    metadata,
    Column("customer_id", BigInteger, primary_key=True, autoincrement=False),
    Column("email", String, nullable=False),
    Column("solusio_user_id", BigInteger),
    Column("locked", Boolean, nullable=False),
    Column("suspended", Boolean, nullable=False),
    Column("removed", Boolean, nullable=False),
)

_EMAIL = re.compile(r"[^@\s\x00-\x1f\x7f\ud800-\udfff]{1,64}@[^@\s\x00-\x1f\x7f\ud800-\udfff]{1,255}")


@dataclass(frozen=True, slots=True)
class Account:
    """A customer's user of SolusIO as he is wanted.

    SolusIO has one status. Here a lock and a suspension, the next step against a customer who does not pay,
    are noted separately: the suspension wins, and a lock from before it remains when it ends.
    """

    customer_id: int
    email: str
    solusio_user_id: int | None = None
    """Where he was last found; None if he has not been made yet, or is gone. Only a hint."""
    locked: bool = False
    suspended: bool = False
    removed: bool = False

    @property
    def status(self) -> str:
        """``active``, ``locked`` or ``suspended`` as SolusIO calls them, or ``removed``."""
        if self.removed:
            return "removed"
        if self.suspended:
            return "suspended"
        return "locked" if self.locked else "active"

    def wants_the_same(self, other: "Account") -> bool:
        """Tell whether both ask the same of SolusIO, wherever the user was found."""
        return replace(self, solusio_user_id=None) == replace(other, solusio_user_id=None)

    def at(self, email: str) -> "Account":
        """Return the account with this address, and alive if it was removed."""
        if self.removed:
            return Account(self.customer_id, email, self.solusio_user_id)
        return replace(self, email=email)


def check_email(text: str) -> str:
    """Return an address unchanged. Raises ValueError for what SolusIO cannot take for one."""
    if not _EMAIL.fullmatch(text):
        raise ValueError(f"expected an e-mail address such as ann@example.com, got {text!r}")
    return text


class WantedAccounts:
    """The notes in the database. Every method is one transaction, and raises StoreError on trouble."""

    def __init__(self, database: Database) -> None:
        self._database = database
        database.create_tables()

    def get(self, customer_id: int) -> Account | None:
        """Return the note of a customer; None if there is none."""
        with self._database.reading() as connection:
            return _read(connection, customer_id)

    def all(self) -> list[Account]:
        """Return all notes, also those of customers who were removed, by customer."""
        with self._database.reading() as connection:
            rows = connection.execute(select(solusio_accounts).order_by(solusio_accounts.c.customer_id))
            return [Account(**row) for row in rows.mappings()]

    def change(
        self, customer_id: int, wanted: Callable[[Account | None], Account]
    ) -> tuple[Account | None, Account]:
        """Note what is wanted from now on; return the note before and the one after."""
        with self._database.writing() as connection:
            return _change(connection, customer_id, wanted)

    def want(self, addresses: Iterable[tuple[int, str]]) -> None:
        """Note that these customers are to have a user with this address: all of them, or none on an error.

        Raises ValueError for what is no e-mail address.
        """
        # In the order of their ids: two programs that want the same cannot wait for each other.
        changes = [(customer_id, wanted_at(customer_id, email)) for customer_id, email in sorted(addresses)]
        with self._database.writing() as connection:
            for customer_id, wanted in changes:
                _change(connection, customer_id, wanted)

    def found(self, account: Account, solusio_user_id: int | None) -> Account:
        """Note where the user of a customer is, and return what is wanted by now."""
        with self._database.writing() as connection:
            now = _read(connection, account.customer_id, for_change=True)
            noted = replace(now or account, solusio_user_id=solusio_user_id)
            if now is None:
                _insert(connection, noted)
            elif noted != now:
                _write(connection, noted)
            return noted

    def take_back(self, before: Account | None, after: Account) -> None:
        """Note again what was wanted before, unless somebody has noted something else meanwhile."""
        with self._database.writing() as connection:
            if _read(connection, after.customer_id, for_change=True) != after:
                return
            if before is not None:
                _write(connection, before)
            else:
                which = solusio_accounts.c.customer_id == after.customer_id
                connection.execute(delete(solusio_accounts).where(which))


def wanted_at(customer_id: int, email: str) -> Callable[[Account | None], Account]:
    """Return the change that gives a customer a user with this address."""
    check_email(email)
    return lambda noted: (noted or Account(customer_id, email)).at(email)


def _change(
    connection: Connection, customer_id: int, wanted: Callable[[Account | None], Account]
) -> tuple[Account | None, Account]:
    before = _read(connection, customer_id, for_change=True)
    after = wanted(before)
    if before is None and not _insert(connection, after):
        # Somebody else has noted this customer in this very moment.
        before = _read(connection, customer_id, for_change=True)
        after = wanted(before)
    if before is not None:
        _write(connection, after)
    return before, after


def _read(connection: Connection, customer_id: int, *, for_change: bool = False) -> Account | None:
    query = select(solusio_accounts).where(solusio_accounts.c.customer_id == customer_id)
    if for_change:
        query = query.with_for_update()  # on PostgreSQL; SQLite has one writer at a time anyhow
    row = connection.execute(query).mappings().one_or_none()
    return None if row is None else Account(**row)


def _columns(account: Account) -> dict[str, object]:
    return {column.name: getattr(account, column.name) for column in solusio_accounts.columns}


def _insert(connection: Connection, account: Account) -> bool:
    try:
        with connection.begin_nested():
            connection.execute(insert(solusio_accounts).values(_columns(account)))
    except IntegrityError:
        return False
    return True


def _write(connection: Connection, account: Account) -> None:
    which = solusio_accounts.c.customer_id == account.customer_id
    connection.execute(update(solusio_accounts).where(which).values(_columns(account)))
