"""Keeps the SolusIO user of each customer in sync with what the billing system wants (step 8).

Each change is stored first, then applied in SolusIO, then compared with what is stored by now. So whatever is
killed, lost or done twice, the next call finds out what is missing:

- the ``billing_user_id`` identifies a user. We store the SolusIO id, but check it before we rely on it;
- we look for a user before we create one, and again if the response to the creation is lost;
- a change that SolusIO refuses (a taken address, a user who still has servers) is reverted;
- staff may lock or suspend a user in SolusIO itself: `unlock` and `unsuspend` lift that, and nothing else;
- a change that SolusIO did not process stays pending until `sync`, or the same call, succeeds.
"""

from collections import defaultdict
from collections.abc import Iterator
from dataclasses import asdict, replace
from typing import Any

from solusio_reference.accounts.users import ATTEMPTS, REFUSED, AccountError, CustomerUsers, single_user
from solusio_reference.accounts.wanted import (
    Account,
    Change,
    Profile,
    WantedAccounts,
    check_email,
    set_profile,
)
from solusio_reference.solusio.client import LostResponse, SolusioClient, SolusioError
from solusio_reference.solusio.responses import User
from solusio_reference.storage.database import Database

MAX_ROUNDS = 100
"""How often to start over because another program has changed the account in the meantime."""


class Accounts:
    """The customers' SolusIO users.

    Every method raises SolusioError or StoreError, may be repeated, and may be called by several programs at
    the same time.
    """

    def __init__(self, database: Database, solusio: SolusioClient) -> None:
        self._wanted = WantedAccounts(database)
        self._solusio = solusio
        self._users = CustomerUsers(solusio)

    def find(self, customer_id: int) -> Account | None:
        """Return the stored account of a customer, or None if they never had one."""
        return self._wanted.get(customer_id)

    def ensure(self, customer_id: int, profile: Profile, *, adopt: bool = False) -> Account:
        """Give a customer a user with this profile, even if they were removed.

        ``adopt``: take over a SolusIO user who has the address and no billing_user_id. Check first that they
        are this customer. Raises ValueError for an invalid address.
        """
        return self._change(customer_id, set_profile(customer_id, profile), adopt=adopt)

    def edit(self, customer_id: int, profile: Profile) -> Account:
        """Change a customer's profile. Raises ValueError for an invalid address."""
        check_email(profile.email)
        return self._set(customer_id, **asdict(profile))

    def look(self, customer_id: int) -> Account:
        """Return a customer's account with what SolusIO shows now. Changes nothing in SolusIO."""
        account = _known(customer_id, self._wanted.get(customer_id))
        return self._wanted.record_user(account, self._users.find(account))

    def apply(self, customer_id: int, *, adopt: bool = False) -> Account:
        """Apply the pending changes of a customer. ``adopt`` as in `ensure`."""
        return self._apply(_known(customer_id, self._wanted.get(customer_id)), adopt=adopt)

    def lock(self, customer_id: int) -> Account:
        """Lock a customer who does not pay: no new servers in SolusIO, but the old ones keep running."""
        return self._set(customer_id, locked=True)

    def unlock(self, customer_id: int) -> Account:
        """Unlock a customer, also if staff locked them; a suspension stays in place."""
        return self._set(customer_id, lift="locked", locked=False)

    def suspend(self, customer_id: int) -> Account:
        """Suspend a customer who still does not pay, and their servers. The servers still cost tokens."""
        return self._set(customer_id, suspended=True)

    def unsuspend(self, customer_id: int) -> Account:
        """End a suspension, also if staff made it; a lock stays in place."""
        return self._set(customer_id, lift="suspended", suspended=False)

    def remove(self, customer_id: int) -> Account:
        """Delete a customer's user, whose servers must be gone. Their usage stays, and is billed."""
        return self._change(customer_id, lambda stored: replace(_known(customer_id, stored), removed=True))

    def login_link(self, customer_id: int) -> str:
        """Return a URL that logs a customer in to SolusIO, once (step 9).

        Locked and suspended customers get one, too: SolusIO shows them that they are.
        """
        attempt = 1
        while True:
            account = _existing(customer_id, self._wanted.get(customer_id))
            try:
                user = self._users.update(account)
                self._wanted.record_user(account, user)
                return self._solusio.login_link(user.id)
            except SolusioError as error:
                # A lost link does no harm: nobody has seen it.
                repeatable = isinstance(error, LostResponse) or error.status == 404
                if not repeatable or attempt == ATTEMPTS:
                    raise
            self._solusio.pause(attempt)
            attempt += 1

    def sync(self, *, adopt: bool = False) -> Iterator[tuple[Account, SolusioError | None]]:
        """Apply all pending changes; yield each account, with the conflict if a person has to resolve one.

        One pass over SolusIO's users shows which of them differ, so only those cost further requests.
        """
        users: dict[int, list[User]] = defaultdict(list)
        for one in self._solusio.users():
            if one.billing_user_id is not None:
                users[one.billing_user_id].append(one)
        for stored in self._wanted.all():
            account, problem = stored, None
            try:
                user = single_user(stored.customer_id, users[stored.customer_id])
                if stored.removed and user is None:
                    account = self._wanted.record_user(stored, None)
                else:
                    account = self._apply(stored, user, adopt=adopt)
            except SolusioError as error:
                if not isinstance(error, AccountError) and error.status not in REFUSED:
                    raise  # the next customer would fail in the same way
                problem = error
            if problem is None and account.restricted_by_others:
                problem = AccountError(
                    f"the user is {account.solusio_status} in SolusIO, where somebody else did that: do the "
                    "same here, or lift it with `unlock` or `unsuspend`"
                )
            yield account, problem

    def _set(self, customer_id: int, *, lift: str | None = None, **fields: Any) -> Account:
        def change(stored: Account | None) -> Account:
            return replace(_existing(customer_id, stored), **fields)

        return self._change(customer_id, change, lift=lift)

    def _change(
        self, customer_id: int, change: Change, *, adopt: bool = False, lift: str | None = None
    ) -> Account:
        before, after = self._wanted.change(customer_id, change)
        try:
            return self._apply(after, adopt=adopt, lift=lift)
        except SolusioError as error:
            if error.status in REFUSED:
                self._wanted.revert(before, after)
            raise

    def _apply(
        self, account: Account, user: User | None = None, *, adopt: bool = False, lift: str | None = None
    ) -> Account:
        for _ in range(MAX_ROUNDS):
            if account.removed:
                self._users.delete(account, user)
                user = None
            else:
                user = self._users.update(account, user, adopt=adopt, lift=lift)
            stored = self._wanted.record_user(account, user)
            if stored.same_request(account):
                return stored
            # Another program has changed the account in the meantime, and we may have undone its change.
            account, user = stored, None
        raise AccountError(f"other programs keep changing customer {account.customer_id}")


def _known(customer_id: int, stored: Account | None) -> Account:
    if stored is None:
        raise AccountError(f"customer {customer_id} has never had a SolusIO user")
    return stored


def _existing(customer_id: int, stored: Account | None) -> Account:
    account = _known(customer_id, stored)
    if account.removed:
        raise AccountError(f"the SolusIO user of customer {customer_id} was removed")
    return account
