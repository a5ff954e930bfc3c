"""Keeps the SolusIO user of each customer in step with what the billing system wants (step 8).

First the wish is noted, then SolusIO is asked for it, then the note is read again. So whatever is killed,
lost or done twice on the way, the next call finds out what is missing:

- a user is known by his ``billing_user_id``. His SolusIO id is remembered, and never believed unseen;
- nobody is made before he was looked for; when the answer is lost, he is looked for again;
- what SolusIO refuses (an address that is taken, a user who still has servers) is not wanted any more;
- what it could not be asked for stays noted, until `sync` or the same call succeeds.
"""

from collections import defaultdict
from collections.abc import Callable, Iterator
from dataclasses import replace

from solusio_reference.accounts.users import ATTEMPTS, REFUSED, AccountError, CustomerUsers, only
from solusio_reference.accounts.wanted import Account, WantedAccounts, check_email, wanted_at
from solusio_reference.solusio.client import LostResponse, SolusioClient, SolusioError, User
from solusio_reference.storage.database import Database

__all__ = ["Account", "AccountError", "Accounts"]

MOST_ROUNDS = 100
"""How often something is done anew since somebody else has wanted something else meanwhile."""


class Accounts:
    """The SolusIO users of the customers.

    Everything raises SolusioError or StoreError, may be repeated, and be called by several programs at once.
    """

    def __init__(self, database: Database, solusio: SolusioClient) -> None:
        self._notes = WantedAccounts(database)
        self._solusio = solusio
        self._users = CustomerUsers(solusio)

    def find(self, customer_id: int) -> Account | None:
        """Return the account of a customer as it is noted; None if he never had one."""
        return self._notes.get(customer_id)

    def ensure(self, customer_id: int, email: str, *, adopt: bool = False) -> Account:
        """Give a customer a user with this address, also one who was removed.

        Whoever has the address in SolusIO without belonging to a customer becomes his user if ``adopt`` says
        so: that may be somebody else, or an administrator. Raises ValueError for what is no e-mail address.
        """
        return self._wish(customer_id, wanted_at(customer_id, email), adopt=adopt)

    def edit(self, customer_id: int, email: str) -> Account:
        """Change a customer's address. Raises ValueError for what is none."""
        check_email(email)
        return self._wish(customer_id, lambda noted: replace(_live(customer_id, noted), email=email))

    def lock(self, customer_id: int) -> Account:
        """Lock a customer who does not pay: no new servers, projects, invitations. The rest keeps running."""
        return self._wish(customer_id, lambda noted: replace(_live(customer_id, noted), locked=True))

    def unlock(self, customer_id: int) -> Account:
        """Take a lock back; who is suspended stays so."""
        return self._wish(customer_id, lambda noted: replace(_live(customer_id, noted), locked=False))

    def suspend(self, customer_id: int) -> Account:
        """Suspend a customer who still does not pay, with their servers, which still cost tokens."""
        return self._wish(customer_id, lambda noted: replace(_live(customer_id, noted), suspended=True))

    def unsuspend(self, customer_id: int) -> Account:
        """Take a suspension back; who is locked stays so."""
        return self._wish(customer_id, lambda noted: replace(_live(customer_id, noted), suspended=False))

    def remove(self, customer_id: int) -> Account:
        """Delete the user of a customer. His servers must be gone; his usage remains, and is billed."""
        return self._wish(customer_id, lambda noted: replace(_known(customer_id, noted), removed=True))

    def login_link(self, customer_id: int) -> str:
        """Return a URL that logs a customer in to SolusIO, once (step 9).

        Locked and suspended customers get one too: SolusIO tells them what they can no longer do.
        """
        attempt = 1
        while True:
            account = _live(customer_id, self._notes.get(customer_id))
            try:
                user = self._users.bring(account)
                self._notes.found(account, user.id)
                return self._solusio.login_link(user.id)
            except SolusioError as error:
                # A link that was lost on the way does no harm: nobody has seen it.
                again = isinstance(error, LostResponse) or error.status == 404
                if not again or attempt == ATTEMPTS:
                    raise
            self._solusio.pause(attempt)
            attempt += 1

    def sync(self, *, adopt: bool = False) -> Iterator[tuple[Account, SolusioError | None]]:
        """Bring all customers in step; yield each, with the reason if somebody must decide something.

        One walk over all users of SolusIO tells who differs, so that a request is made for those only.
        """
        users: dict[int, list[User]] = defaultdict(list)
        for one in self._solusio.users():
            if one.billing_user_id is not None:
                users[one.billing_user_id].append(one)
        for noted in self._notes.all():
            account, problem = noted, None
            try:
                user = only(noted.customer_id, users[noted.customer_id])
                if noted.removed and user is None:
                    account = self._notes.found(noted, None)
                else:
                    account = self._in_step(noted, user, adopt=adopt)
            except SolusioError as error:
                if not isinstance(error, AccountError) and error.status not in REFUSED:
                    raise  # the next customer would fare no better
                problem = error
            yield account, problem

    def _wish(
        self, customer_id: int, wanted: Callable[[Account | None], Account], *, adopt: bool = False
    ) -> Account:
        before, after = self._notes.change(customer_id, wanted)
        try:
            return self._in_step(after, adopt=adopt)
        except SolusioError as error:
            if error.status in REFUSED:
                self._notes.take_back(before, after)
            raise

    def _in_step(self, account: Account, seen: User | None = None, adopt: bool = False) -> Account:
        for _ in range(MOST_ROUNDS):
            if account.removed:
                self._users.delete(account, seen)
                user_id = None
            else:
                user_id = self._users.bring(account, seen, adopt=adopt).id
            now = self._notes.found(account, user_id)
            if now.wants_the_same(account):
                return now
            # Somebody wanted something else meanwhile, and we may have undone what he did.
            account, seen = now, None
        raise AccountError(f"customer {account.customer_id} is being changed all the time by somebody else")


def _known(customer_id: int, noted: Account | None) -> Account:
    if noted is None:
        raise AccountError(f"customer {customer_id} has no SolusIO user, and never had one")
    return noted


def _live(customer_id: int, noted: Account | None) -> Account:
    if _known(customer_id, noted).removed:
        raise AccountError(f"the SolusIO user of customer {customer_id} was removed")
    return _known(customer_id, noted)
