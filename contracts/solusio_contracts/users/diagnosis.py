"""Explains what a billing system probably did, from what became of the users. Pure."""

import re
from collections.abc import Collection, Iterable, Sequence
from typing import Final
from urllib.parse import unquote

from solusio_contracts.adapter.verdict import Mistake
from solusio_contracts.users.customers import UserCustomer
from solusio_contracts.users.state import SolusioUser

SMALL: Final = 10_000
"""Numbers of customers in a scenario are larger; ids in SolusIO are not."""

DEAD_LINK: Final = Mistake(
    "old-link",
    "print a link that was made earlier, or that your own check has used up",
    "POST /users/{id}/tokens with is_one_time true for each click, and print the link at once.",
)
FIRST_ROW: Final = Mistake(
    "first-row",
    "take the first user that filter[search] finds",
    "It also finds similar addresses: compare billing_user_id before you use a user.",
)
MAIL_ALONE: Final = Mistake(
    "mail-alone",
    "look users up by mail address alone",
    "Two people may share an address: look with filter[billing_user_id], and leave a user alone who belongs"
    " to somebody else.",
)
IDS: Final = Mistake(
    "two-ids",
    "mix up the two ids",
    "The id in /users/{id} is SolusIO's; billing_user_id is your customer's number.",
)
OTHERS: Final = Mistake(
    "others",
    "address users by something that others share",
    "Send requests to /users/{id} only for the id that belongs to the customer's billing_user_id.",
)
NO_NUMBER: Final = Mistake("no-billing-user-id", "do not send billing_user_id", "Send it with POST /users.")
ANOTHER: Final = Mistake(
    "created-again",
    "create a user without a look whether there is one",
    "Look with filter[billing_user_id] first, and again after a response was lost.",
)
REFUSED: Final = Mistake(
    "refusal-is-success",
    "take a refused POST /users for a success",
    "After 422, look with filter[billing_user_id] whether the user exists, and report a failure if not.",
)
NEW_MAIL: Final = Mistake(
    "new-mail",
    "look for the user with the new mail address, which SolusIO does not know yet",
    "Look with filter[billing_user_id].",
)
ENCODING: Final = Mistake(
    "encoding",
    "encode or escape the address on its way",
    "Send JSON in UTF-8 (PHP: json_encode) without htmlspecialchars or addslashes.",
)


def no_user(other: SolusioUser | None, bystanders: Collection[int], exchanges: str) -> tuple[Mistake, ...]:
    """Return why a customer probably has no user after all; `other` has their mail address."""
    posted = "POST /api/v1/users " in exchanges
    if posted and other is not None and other.id not in bystanders and other.billing_user_id is None:
        return (NO_NUMBER,)
    if posted:
        return (REFUSED,) if other is not None or "-> 4" in exchanges else ()
    if _searched(exchanges):
        return (FIRST_ROW,) if other is None else (MAIL_ALONE, FIRST_ROW)
    return ()


def not_found(step: str, exchanges: str) -> tuple[Mistake, ...]:
    """Return why a user who is there was probably not found."""
    if not _searched(exchanges):
        return ()
    return (NEW_MAIL, MAIL_ALONE) if step == "update" else (MAIL_ALONE,)


def conduct(clause: str, text: str) -> tuple[Mistake, ...]:
    """Return the mistake behind a violation of a clause of conduct, if it shows in users as well."""
    if clause == "CL-022" and "who is another user" in text:
        return (FIRST_ROW,)
    return (MAIL_ALONE, FIRST_ROW) if clause in ("CL-022", "CL-054") else ()


def wrong_user(customer: UserCustomer, user: SolusioUser) -> tuple[Mistake, ...]:
    """Return why another user was probably taken for the customer's."""
    if user.email.casefold() == customer.email.casefold():
        return (MAIL_ALONE, FIRST_ROW)
    if customer.email.casefold() in user.email.casefold() or _number_in(customer, user):
        return (FIRST_ROW,)
    return (OTHERS,)


def bystander(before: SolusioUser, customers: Iterable[UserCustomer]) -> tuple[Mistake, ...]:
    """Return why somebody else was probably changed."""
    found = {mistake for one in customers for mistake in wrong_user(one, before)} - {OTHERS}
    if found:
        return tuple(one for one in (MAIL_ALONE, FIRST_ROW) if one in found)
    if before.billing_user_id is not None and before.billing_user_id < SMALL:
        return (IDS, OTHERS)
    return (OTHERS,)


def strange(users: Sequence[SolusioUser]) -> tuple[Mistake, ...]:
    """Return why there are probably users too many."""
    return (NO_NUMBER if all(user.billing_user_id is None for user in users) else ANOTHER,)


def mail(expected: str, actual: str) -> tuple[Mistake, ...]:
    """Return why a mail address probably did not arrive as it is; nothing if it is just another one."""
    damaged = ("&#", "&amp;", "\\", "%", "?", "\ufffd", "Ã", " ")
    if any(sign in actual and sign not in expected for sign in damaged):
        return (ENCODING,)
    return ()


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


def _searched(exchanges: str) -> bool:
    """Return whether users were searched by mail address."""
    return re.search(r"filter\[search\]=[^& ]*@", unquote(exchanges)) is not None
