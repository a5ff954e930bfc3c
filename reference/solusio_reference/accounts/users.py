"""Finds, makes, changes and deletes the SolusIO user of a customer, so that there is never a second one."""

from collections.abc import Iterable, Iterator

from solusio_reference.accounts.wanted import Account
from solusio_reference.solusio.client import LostResponse, SolusioClient, SolusioError, User

REFUSED = (409, 422)
"""Statuses by which SolusIO says that this very thing cannot be done (422 observed, 409 assumed)."""
ATTEMPTS = 4
"""How often something is tried while answers are lost, or users deleted behind our back."""


class AccountError(SolusioError):
    """Something that a person has to decide; the text says what."""


class CustomerUsers:
    """What `Accounts` does to SolusIO. Everything raises SolusioError."""

    def __init__(self, solusio: SolusioClient) -> None:
        self._solusio = solusio

    def bring(self, account: Account, seen: User | None = None, *, adopt: bool = False) -> User:
        """Make the user of a customer what the account says, and him himself if there is none.

        ``seen`` is the user if somebody has just seen him; then he is not looked for.
        """
        for _ in range(ATTEMPTS):
            user = seen or self.find(account) or self._make(account, adopt=adopt)
            changes = _differences(user, account)
            if not changes:
                return user
            try:
                user = self._solusio.update_user(user.id, changes)
            except SolusioError as error:
                if error.status == 404:
                    seen = None  # he was deleted in this moment
                    continue
                if "email" in changes and error.status in REFUSED:
                    self._explain(account, error)
                raise
            if user.status != account.status or user.email.casefold() != account.email.casefold():
                raise SolusioError(f"SolusIO took the change of user {user.id}, and has not made it")
            return user
        raise AccountError(f"the SolusIO user of customer {account.customer_id} is deleted all the time")

    def delete(self, account: Account, seen: User | None = None) -> None:
        """Delete the user of a customer, if there is one."""
        user = seen or self.find(account)
        if user is None:
            return
        try:
            self._solusio.delete_user(user.id)
        except SolusioError as error:
            if error.status != 409:
                raise
            raise AccountError(
                f"SolusIO does not delete the user of customer {account.customer_id}. If he has servers, "
                f"delete those first, and suspend him until then. {error.message}",
                error.status,
            ) from error

    def find(self, account: Account) -> User | None:
        """Return the user of a customer: by the SolusIO id that is remembered, or by his billing_user_id.

        Raises AccountError if there are two.
        """
        customer_id = account.customer_id
        if account.solusio_user_id is not None:
            user = self._solusio.user(account.solusio_user_id)
            if user is not None and user.billing_user_id == customer_id:
                return user
        return only(customer_id, self._candidates(customer_id))

    def _candidates(self, customer_id: int) -> Iterator[User]:
        # A server that ignores the filter lists everybody, which is the second way to find him.
        try:
            yield from self._solusio.users(billing_user_id=customer_id)
        except SolusioError as error:
            if error.status not in (400, 422):
                raise
            yield from self._solusio.users()  # it does not know the filter, and says so

    def _make(self, account: Account, *, adopt: bool) -> User:
        attempt = 1
        while True:
            try:
                return self._solusio.create_user(account.email, account.customer_id, account.status)
            except LostResponse:
                # Made or not? Somebody else may have made him, too, and that is as good.
                user = self.find(account)
                if user is not None:
                    return user
                if attempt == ATTEMPTS:
                    raise
            except SolusioError as error:
                if error.status not in REFUSED:
                    raise
                user = self.find(account) or self._adopted(account, adopt)
                if user is not None:
                    return user
                self._explain(account, error)
                raise
            self._solusio.pause(attempt)
            attempt += 1

    def _adopted(self, account: Account, adopt: bool) -> User | None:
        holder = self._holder(account.email)
        if not adopt or holder is None or holder.billing_user_id is not None:
            return None
        return self._solusio.update_user(holder.id, {"billing_user_id": account.customer_id})

    def _explain(self, account: Account, error: SolusioError) -> None:
        """Raise an AccountError if the reason of a refusal is that somebody else has the address."""
        holder = self._holder(account.email)
        if holder is None or holder.billing_user_id == account.customer_id:
            return
        whose = f"SolusIO user {holder.id} has the address {account.email} of customer {account.customer_id}"
        if holder.billing_user_id is None:
            advice = "and no billing_user_id: adopt him if he is this customer, or give one another address"
        else:
            advice = (
                f"and belongs to customer {holder.billing_user_id}. SolusIO has each address once: "
                "give one of them another"
            )
        raise AccountError(f"{whose}, {advice}", error.status) from error

    def _holder(self, email: str) -> User | None:
        # The search also finds what is only similar.
        for user in self._solusio.users(search=email):
            if user.email.casefold() == email.casefold():
                return user
        return None


def only(customer_id: int, users: Iterable[User]) -> User | None:
    """Return the one of these users who belongs to a customer. Raises AccountError if there are two."""
    found = {user.id: user for user in users if user.billing_user_id == customer_id}
    if len(found) > 1:
        ids = " and ".join(str(user_id) for user_id in sorted(found))
        raise AccountError(
            f"the SolusIO users {ids} all have the billing_user_id {customer_id}: take it from all but one"
        )
    return next(iter(found.values()), None)


def _differences(user: User, account: Account) -> dict[str, str | int]:
    changes: dict[str, str | int] = {}
    if user.email != account.email:
        changes["email"] = account.email
    if user.status != account.status:
        changes["status"] = account.status
    return changes
