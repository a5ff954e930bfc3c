"""What is stored of a user. What is done with users is in `users`; apart, so that no import is circular."""

import msgspec

from mock_solusio.domain.world import Kind, Record
from mock_solusio.moment import Micros

ACTIVE = "active"
LOCKED = "locked"
SUSPENDED = "suspended"
STATUSES = (ACTIVE, LOCKED, SUSPENDED)
"""The states of a user (facts, section 3).

What they mean is assumed. Locked: he cannot log in, his access tokens and sessions are refused, his
servers go on. Suspended: likewise, and his servers are suspended with him; they are resumed when he leaves
that state.
"""


class User(Record, frozen=True, kw_only=True):
    """A user of SolusIO: an operator or a customer."""

    email: str
    email_key: str
    """The address in a form that is the same whatever the case of its letters."""
    status: str = ACTIVE
    password_hash: str | None = None
    """None: he cannot log in by password."""
    billing_user_id: int | None = None
    """His id in the billing system (step 8)."""
    billing_token: str | None = None
    roles: list[int] = msgspec.field(default_factory=list)
    limit_group_id: int | None = None
    language_id: int | None = None
    """None: the default language."""
    created_at: Micros = 0
    updated_at: Micros = 0
    email_verified_at: Micros | None = None


USERS = Kind(
    "users",
    User,
    index=("email", "status", "limit_group_id", "language_id"),
    unique=("email_key", "billing_user_id"),
    search=("email", "billing_user_id"),
)


def email_key(email: str) -> str:
    """Return what two spellings of the same address have in common."""
    return email.casefold()


class FormerUser(Record, frozen=True, kw_only=True):
    """A user who was deleted: whom his usage still belongs to."""

    user_id: int
    billing_user_id: int | None = None
    """What he had when he was deleted."""


FORMER_USERS: Kind[FormerUser] = Kind("former_users", FormerUser, index=("user_id", "billing_user_id"))
