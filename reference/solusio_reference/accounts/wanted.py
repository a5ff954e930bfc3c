"""The SolusIO user that each customer should have, stored before we ask SolusIO for any change.

If the program is killed in between, the change stays pending; `Accounts.sync` applies it later.
"""

import re
from collections.abc import Callable, Collection, Iterable
from dataclasses import asdict, dataclass, replace

from sqlalchemy import Connection, delete, insert, select, update
from sqlalchemy.exc import IntegrityError

from solusio_reference.pricing import Customer
from solusio_reference.solusio.responses import User
from solusio_reference.storage.customers import CustomerStore
from solusio_reference.storage.database import Database
from solusio_reference.storage.tables import solusio_accounts

STATUSES = ("active", "locked", "suspended")
"""The statuses of a SolusIO user, from the mildest to the strictest."""

_EMAIL = re.compile(r"[^@\s\x00-\x1f\x7f\ud800-\udfff]{1,64}@[^@\s\x00-\x1f\x7f\ud800-\udfff]{1,255}")


@dataclass(frozen=True, slots=True)
class Profile:
    """What the billing system knows about the SolusIO user of a customer."""

    email: str
    language_id: int | None = None
    """Id in SolusIO; None leaves the choice to SolusIO."""
    limit_group_id: int | None = None
    """Id in SolusIO; None leaves the choice to SolusIO."""


@dataclass(frozen=True, slots=True)
class Account:
    """The SolusIO user that a customer should have.

    A lock is the first step against a customer who does not pay, a suspension the next. SolusIO has one
    status for both. Here they are separate, so that a lock remains when a suspension ends.
    """

    customer_id: int
    email: str
    language_id: int | None = None
    limit_group_id: int | None = None
    solusio_user_id: int | None = None
    """Id of the user when we last looked; None if there was none. Only a hint."""
    locked: bool = False
    suspended: bool = False
    removed: bool = False
    strictest_status: str = "active"
    """The strictest status that we asked for since SolusIO last showed the wanted one."""
    solusio_status: str | None = None
    """The status that SolusIO showed when we last looked; None if there was no user."""

    @property
    def status(self) -> str:
        """``active``, ``locked`` or ``suspended`` as in SolusIO, or ``removed``."""
        if self.removed:
            return "removed"
        if self.suspended:
            return "suspended"
        return "locked" if self.locked else "active"

    @property
    def restricted_by_others(self) -> bool:
        """Whether somebody has locked or suspended the user in SolusIO itself, as staff may do."""
        return self.solusio_status is not None and self.is_stricter_than_ours(self.solusio_status)

    def is_stricter_than_ours(self, status: str) -> bool:
        """Return whether a status of the user is stricter than any that we asked for."""
        return max(_strictness(self.status), _strictness(self.strictest_status)) < _strictness(status)

    def same_request(self, other: "Account") -> bool:
        """Return whether both ask SolusIO for the same, whatever it showed."""
        return self._request() == other._request()

    def _request(self) -> tuple[object, ...]:
        return self.customer_id, self.profile, self.locked, self.suspended, self.removed

    @property
    def profile(self) -> Profile:
        """What the user is created from."""
        return Profile(self.email, self.language_id, self.limit_group_id)

    def with_profile(self, profile: Profile) -> "Account":
        """Return the account with this profile; a removed one becomes active again."""
        if self.removed:
            return Account(self.customer_id, **asdict(profile), solusio_user_id=self.solusio_user_id)
        return replace(self, **asdict(profile))

    def asking_for(self, status: str) -> "Account":
        """Return the account after we ask for a status, perhaps the strictest so far."""
        if status not in STATUSES:
            return self
        return replace(self, strictest_status=max(status, self.strictest_status, key=_strictness))

    def as_found(self, user: User | None) -> "Account":
        """Return the account with what SolusIO shows now."""
        if user is None:
            return replace(self, solusio_user_id=None, solusio_status=None, strictest_status="active")
        found = replace(self, solusio_user_id=user.id, solusio_status=user.status)
        return replace(found, strictest_status=user.status) if user.status == self.status else found


def _strictness(status: str) -> int:
    # A status that we do not know is not ours to lift.
    return STATUSES.index(status) if status in STATUSES else len(STATUSES)


Change = Callable[[Account | None], Account]
"""Turns the stored account, or None, into the one that is wanted from now on."""


def check_email(text: str) -> str:
    """Return the address unchanged. Raises ValueError for what SolusIO would not accept."""
    if not _EMAIL.fullmatch(text):
        raise ValueError(f"expected an e-mail address such as ann@example.com, got {text!r}")
    return text


def set_profile(customer_id: int, profile: Profile) -> Change:
    """Return the change that gives a customer a user with this profile. Raises ValueError."""
    check_email(profile.email)
    return lambda stored: (stored or Account(customer_id, profile.email)).with_profile(profile)


class WantedAccounts:
    """The wanted accounts in the database. Every method is one transaction, and raises StoreError."""

    def __init__(self, database: Database) -> None:
        self._database = database

    def get(self, customer_id: int) -> Account | None:
        """Return the account of a customer, or None."""
        with self._database.reading() as connection:
            return _read(connection, customer_id)

    def all(self) -> list[Account]:
        """Return all accounts by customer, including removed ones."""
        with self._database.reading() as connection:
            rows = connection.execute(select(solusio_accounts).order_by(solusio_accounts.c.customer_id))
            return [Account(**row) for row in rows.mappings()]

    def change(self, customer_id: int, change: Change) -> tuple[Account | None, Account]:
        """Store a change; return the account before and after it."""
        with self._database.writing() as connection:
            return _change(connection, customer_id, change)

    def set_profiles(self, profiles: Iterable[tuple[int, Profile]]) -> None:
        """Give each customer a user with this profile: all of them, or none if there is an error.

        Raises ValueError for an invalid address.
        """
        # Sorted by id, so that two programs which change the same customers cannot deadlock.
        ordered = sorted(profiles, key=lambda one: one[0])
        changes = [(customer_id, set_profile(customer_id, profile)) for customer_id, profile in ordered]
        with self._database.writing() as connection:
            for customer_id, change in changes:
                _change(connection, customer_id, change)

    def record_user(self, account: Account, user: User | None) -> Account:
        """Store what SolusIO shows of a customer's user; return the account that is wanted by now."""
        with self._database.writing() as connection:
            stored = _read(connection, account.customer_id, for_update=True)
            after = (stored or account).as_found(user)
            if user is not None and user.status == account.status:
                after = after.asking_for(account.status)  # we just did; what is stored may be of later
            if stored is None:
                _insert(connection, after)
            elif after != stored:
                _update(connection, after)
            return after

    def revert(self, before: Account | None, after: Account) -> None:
        """Undo a change, unless another program has changed the account in the meantime."""
        with self._database.writing() as connection:
            if _read(connection, after.customer_id, for_update=True) != after:
                return
            if before is not None:
                _update(connection, before)
            else:
                of_customer = solusio_accounts.c.customer_id == after.customer_id
                connection.execute(delete(solusio_accounts).where(of_customer))


def save_customers(database: Database, customers: Collection[tuple[Customer, Profile]]) -> None:
    """Save customers with their profiles. SolusIO gets the profiles with the next change or `sync`.

    Raises StoreError.
    """
    CustomerStore(database).save(*(customer for customer, _ in customers))
    WantedAccounts(database).set_profiles((customer.id, profile) for customer, profile in customers)


def _change(connection: Connection, customer_id: int, change: Change) -> tuple[Account | None, Account]:
    before = _read(connection, customer_id, for_update=True)
    after = _asking(change(before))
    if before is None and not _insert(connection, after):
        # Another program has just inserted this customer.
        before = _read(connection, customer_id, for_update=True)
        after = _asking(change(before))
    if before is not None:
        _update(connection, after)
    return before, after


def _asking(account: Account) -> Account:
    return account.asking_for(account.status)


def _read(connection: Connection, customer_id: int, *, for_update: bool = False) -> Account | None:
    query = select(solusio_accounts).where(solusio_accounts.c.customer_id == customer_id)
    if for_update:
        query = query.with_for_update()  # on PostgreSQL; SQLite allows only one writer
    row = connection.execute(query).mappings().one_or_none()
    return None if row is None else Account(**row)


def _insert(connection: Connection, account: Account) -> bool:
    try:
        with connection.begin_nested():
            connection.execute(insert(solusio_accounts).values(asdict(account)))
    except IntegrityError:
        return False
    return True


def _update(connection: Connection, account: Account) -> None:
    of_customer = solusio_accounts.c.customer_id == account.customer_id
    connection.execute(update(solusio_accounts).where(of_customer).values(asdict(account)))
