"""Finds, creates, changes and deletes the SolusIO user of a customer, so that there is never a second one."""

from collections.abc import Iterable, Iterator

from solusio_reference.accounts.wanted import Account
from solusio_reference.solusio.client import LostResponse, SolusioClient, SolusioError
from solusio_reference.solusio.responses import User

REFUSED = (409, 422)
"""Statuses by which SolusIO says that a request cannot be fulfilled (422 observed, 409 assumed)."""
ATTEMPTS = 4
"""How often to try while responses get lost, or somebody else deletes the user."""


class AccountError(SolusioError):
    """A conflict that a person has to resolve; the message says how."""


class CustomerUsers:
    """The customers' users in SolusIO. Every method raises SolusioError."""

    def __init__(self, solusio: SolusioClient) -> None:
        self._solusio = solusio

    def update(
        self, account: Account, user: User | None = None, *, adopt: bool = False, lift: str | None = None
    ) -> User:
        """Make the customer's user match the account; create one if there is none.

        A restriction that somebody else made in SolusIO stays. ``lift``: a status that ends, by staff too.
        ``user``: the user, if the caller has just read them. ``adopt``: take over a user who has the address
        and no billing_user_id.
        """
        for _ in range(ATTEMPTS):
            found = user or self.find(account) or self._create(account, adopt=adopt)
            changes = _differences(found, account, lift)
            if not changes:
                return found
            try:
                updated = self._solusio.update_user(found.id, changes)
            except SolusioError as error:
                if error.status == 404:
                    user = None  # somebody has just deleted the user
                    continue
                if "email" in changes and error.status in REFUSED:
                    self._raise_if_taken(account, error)
                raise
            if _differences(updated, account, lift).keys() & changes.keys():
                raise SolusioError(f"SolusIO accepted the change of user {updated.id}, but did not apply it")
            return updated
        raise AccountError(f"somebody keeps deleting the SolusIO user of customer {account.customer_id}")

    def delete(self, account: Account, user: User | None = None) -> None:
        """Delete the customer's user, if there is one."""
        user = user or self.find(account)
        if user is None:
            return
        try:
            self._solusio.delete_user(user.id)
        except SolusioError as error:
            if error.status != 409:
                raise
            raise AccountError(
                f"SolusIO refuses to delete the user of customer {account.customer_id}. If they have "
                f"servers, delete those first, and suspend the customer until then. {error.message}",
                error.status,
            ) from error

    def find(self, account: Account) -> User | None:
        """Return the customer's user, by the stored SolusIO id or else by billing_user_id.

        Raises AccountError if there are two, or if the user is an administrator.
        """
        if account.solusio_user_id is not None:
            user = self._solusio.user(account.solusio_user_id)
            if user is not None and user.billing_user_id == account.customer_id:
                return single_user(account.customer_id, [user])
        return single_user(account.customer_id, self._candidates(account.customer_id))

    def _candidates(self, customer_id: int) -> Iterator[User]:
        # A SolusIO that ignores the filter lists all users, which serves as well.
        try:
            yield from self._solusio.users(billing_user_id=customer_id)
        except SolusioError as error:
            if error.status not in (400, 422):
                raise
            yield from self._solusio.users()  # it refuses a filter that it does not know

    def _create(self, account: Account, *, adopt: bool) -> User:
        attempt = 1
        while True:
            try:
                return self._solusio.create_user(
                    account.email, account.customer_id, account.status, **_choices(account)
                )
            except LostResponse:
                # Created or not? If another program created the user, that is fine, too.
                user = self.find(account)
                if user is not None:
                    return user
                if attempt == ATTEMPTS:
                    raise
            except SolusioError as error:
                if error.status not in REFUSED:
                    raise
                user = self.find(account) or (self._adopt(account) if adopt else None)
                if user is not None:
                    return user
                self._raise_if_taken(account, error)
                raise
            self._solusio.pause(attempt)
            attempt += 1

    def _adopt(self, account: Account) -> User | None:
        owner = self._user_with(account.email)
        if owner is None or owner.billing_user_id is not None or owner.is_administrator:
            return None
        return self._solusio.update_user(owner.id, {"billing_user_id": account.customer_id})

    def _raise_if_taken(self, account: Account, error: SolusioError) -> None:
        """Raise AccountError if SolusIO refused because another user has the address."""
        owner = self._user_with(account.email)
        if owner is None or owner.billing_user_id == account.customer_id:
            return
        taken = f"SolusIO user {owner.id} has the address {account.email} of customer {account.customer_id}"
        if owner.is_administrator:
            advice = "and is an administrator: change one of the addresses"
        elif owner.billing_user_id is None:
            advice = "and no billing_user_id: adopt the user if they are this customer, or change one address"
        else:
            advice = (
                f"and belongs to customer {owner.billing_user_id}. Addresses are unique in SolusIO: change "
                "one of them"
            )
        raise AccountError(f"{taken}, {advice}", error.status) from error

    def _user_with(self, email: str) -> User | None:
        # The search also finds similar addresses.
        for user in self._solusio.users(search=email):
            if user.email.casefold() == email.casefold():
                return user
        return None


def single_user(customer_id: int, users: Iterable[User]) -> User | None:
    """Return the user who belongs to a customer, or None.

    Raises AccountError if there are two, or if the user is an administrator: a mistake there would lock staff
    out, or log a customer in as staff.
    """
    found = {user.id: user for user in users if user.billing_user_id == customer_id}
    if len(found) > 1:
        ids = " and ".join(str(user_id) for user_id in sorted(found))
        raise AccountError(
            f"the SolusIO users {ids} all have the billing_user_id {customer_id}: remove it from all but one"
        )
    user = next(iter(found.values()), None)
    if user is not None and user.is_administrator:
        raise AccountError(
            f"SolusIO user {user.id} has the billing_user_id {customer_id} and is an administrator: remove "
            "one of the two"
        )
    return user


def _differences(user: User, account: Account, lift: str | None) -> dict[str, str | int]:
    changes: dict[str, str | int] = {}
    if user.email != account.email:
        changes["email"] = account.email
    made_by_others = user.status != lift and account.is_stricter_than_ours(user.status)
    if user.status != account.status and not made_by_others:
        changes["status"] = account.status
    shown = {"language_id": user.language, "limit_group_id": user.limit_group}
    for name, wanted in _choices(account).items():
        current = shown[name]
        if current is None or current.id != wanted:
            changes[name] = wanted
    return changes


def _choices(account: Account) -> dict[str, int]:
    """Return what SolusIO would otherwise choose itself."""
    choices = {"language_id": account.language_id, "limit_group_id": account.limit_group_id}
    return {name: value for name, value in choices.items() if value is not None}
