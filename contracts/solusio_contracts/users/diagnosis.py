"""Explains what a billing system probably did, from what became of the users. Pure."""

from collections.abc import Collection, Iterable, Sequence
from typing import Final

from solusio_contracts.adapter.verdict import PROBABLY
from solusio_contracts.users.customers import UserCustomer
from solusio_contracts.users.state import SolusioUser

DEAD_LINK: Final = (
    f"{PROBABLY} print a link that was made earlier, or that your own check has used up. POST"
    " /users/{id}/tokens with is_one_time true for each click, and print the link at once."
)
FIRST_ROW: Final = (
    f"{PROBABLY} take the first user that filter[search] finds. It also finds similar addresses: compare"
    " billing_user_id before you use a user."
)
MAIL_ALONE: Final = (
    f"{PROBABLY} look users up by mail address alone. Two people may share an address: look with"
    " filter[billing_user_id], and leave a user alone who is somebody else's."
)
IDS: Final = (
    f"{PROBABLY} mix up the two ids. The id in /users/{{id}} is SolusIO's; billing_user_id is your customer's"
    " number."
)
ALL: Final = (
    f"{PROBABLY} address users by something that others share. Send requests to /users/{{id}} only for the id"
    " that belongs to the customer's billing_user_id."
)
NO_NUMBER: Final = f"{PROBABLY} do not send billing_user_id. Send it with POST /users."
ANOTHER: Final = (
    f"{PROBABLY} create a user without a look whether there is one. Look with filter[billing_user_id] first,"
    " and again after a response was lost."
)
NEW_MAIL: Final = (
    f"{PROBABLY} look for the user with the new mail address, which SolusIO does not know yet. Look with"
    " filter[billing_user_id]."
)
ENCODING: Final = (
    f"{PROBABLY} encode or escape the address on its way. Send JSON in UTF-8 (PHP: json_encode) without"
    " htmlspecialchars or addslashes."
)


def no_user(other: SolusioUser | None, bystanders: Collection[int]) -> str:
    """Return why a customer probably has no user, although `other` has their mail address."""
    if other is None:
        return ""
    return MAIL_ALONE if other.id in bystanders else NO_NUMBER


def wrong_user(customer: UserCustomer, user: SolusioUser) -> str:
    """Return why another user was probably taken for the customer's."""
    if user.email.casefold() == customer.email.casefold():
        return MAIL_ALONE
    if customer.email.casefold() in user.email.casefold() or _number_in(customer, user):
        return FIRST_ROW
    return ALL


def bystander(before: SolusioUser, customers: Iterable[UserCustomer]) -> str:
    """Return why somebody else was probably changed."""
    hints = [wrong_user(one, before) for one in customers]
    for hint in (MAIL_ALONE, FIRST_ROW):
        if hint in hints:
            return hint
    if before.billing_user_id is not None and before.billing_user_id < 1000:
        return IDS
    return ALL


def strange(users: Sequence[SolusioUser]) -> str:
    """Return why there are probably users too many."""
    return NO_NUMBER if all(user.billing_user_id is None for user in users) else ANOTHER


def mail(expected: str, actual: str) -> str:
    """Return why a mail address probably did not arrive as it is; nothing if it is just another one."""
    damaged = ("&#", "&amp;", "\\", "%", "?", "\ufffd", "Ã", " ")
    if any(sign in actual and sign not in expected for sign in damaged):
        return ENCODING
    return ""


def link(printed: str, url: str) -> str:
    """Return what is probably wrong with a login link."""
    if "/auth/by_token/" in printed and not printed.startswith(url):
        return "Begin the link with the URL of the user area, which is {solusio_url} in this check."
    if printed.startswith(f"{url}/api/"):
        return "The link leads to the API. The user area is at {solusio_url}/auth/by_token/{access_token}."
    if "\n" in printed:
        return "Print nothing but the link to standard output; write messages to standard error."
    return ""


def _number_in(customer: UserCustomer, user: SolusioUser) -> bool:
    number = str(customer.billing_user_id)
    return user.billing_user_id is not None and number in str(user.billing_user_id)
