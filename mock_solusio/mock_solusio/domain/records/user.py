"""Users, and what remains of deleted ones."""

import msgspec

from mock_solusio.domain.world import Kind, Record
from mock_solusio.moment import Micros

ACTIVE = "active"
LOCKED = "locked"
SUSPENDED = "suspended"
STATUSES = (ACTIVE, LOCKED, SUSPENDED)
"""The states of a user (observed).

The vendor's page Locking and Suspending User Accounts says what they mean. Locked: the user cannot create
servers, projects or invitations; they keep the rest and can log in. Suspended: the same, and until
they leave this state their servers are suspended and scheduled backups stop.
"""


class User(Record, frozen=True, kw_only=True):
    """A user of SolusIO: an operator or a customer."""

    email: str
    email_key: str
    """The address in a form that ignores upper and lower case."""
    status: str = ACTIVE
    password_hash: str | None = None
    """None: the user cannot log in with a password."""
    billing_user_id: int | None = None
    """The user's id in the billing system (step 8)."""
    billing_token: str | None = None
    roles: list[int] = msgspec.field(default_factory=list)
    limit_group_id: int | None = None
    language_id: int | None = None
    """None: the default language."""
    allowed_ips: list[str] = msgspec.field(default_factory=list)
    """Addresses and networks from which the user may log in and call the API; empty: from any."""
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
    """Return an address in a form that ignores upper and lower case."""
    return email.casefold()


class FormerUser(Record, frozen=True, kw_only=True):
    """A deleted user, who still owns their past usage."""

    user_id: int
    billing_user_id: int | None = None
    """The value at the time of the deletion."""


FORMER_USERS: Kind[FormerUser] = Kind("former_users", FormerUser, index=("user_id", "billing_user_id"))
