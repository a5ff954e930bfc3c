"""Rules about what a client gives to a user: a password, and a role."""

import hashlib
from typing import Any, Final

from solusio_contracts.users.conduct.exchange import ClientExchange
from solusio_contracts.users.conduct.rule import Problem, Recent, conduct_rule

PASSWORDS: Final = 1024
"""How many passwords are remembered, as digests."""
ADMINISTRATOR: Final = "ADMIN"
"""The built-in role that may do everything (page User Access Control)."""

WRITES: Final = frozenset({"createUser", "replaceUser", "updateUser"})


@conduct_rule("CL-041", applies=lambda operation: operation.id in WRITES)
def guessable_password(exchange: ClientExchange) -> Problem | None:
    """Anyone can guess it."""
    password = exchange.fields.get("password")
    if not isinstance(password, str):
        return None
    if not password.strip():
        return Problem("the password is empty")
    known = {"email": "email address", "billing_user_id": "id in the billing system"}
    for name, what in known.items():
        if password.casefold() == str(exchange.fields.get(name) or "").casefold():
            return Problem(f"the password is the user's {what}")
    return None


@conduct_rule("CL-042", applies=lambda operation: operation.id in WRITES)
class SamePassword:
    """Anyone who knows their own password knows the others'."""

    def __init__(self) -> None:
        self._owners: Recent[bytes, tuple[object, int]] = Recent(PASSWORDS)

    def __call__(self, exchange: ClientExchange) -> Problem | None:
        """Compare a customer's password with those of the others."""
        password = exchange.fields.get("password")
        if not isinstance(password, str) or not password.strip() or not exchange.accepted:
            return None
        owner = exchange.users[0].billing_user_id if exchange.users else None
        if owner is None:
            return None  # not a customer
        digest = hashlib.blake2b(password.encode("utf-8", "surrogatepass"), digest_size=16).digest()
        known = self._owners.get(digest)
        self._owners.put(digest, (owner, exchange.number))
        if known is None or known[0] == owner:
            return None
        return Problem("two customers got the same password", (known[1],))


@conduct_rule("CL-043", applies=lambda operation: operation.id in WRITES)
def administrators_role(exchange: ClientExchange) -> Problem | None:
    """An administrator sees and deletes the servers of everybody."""
    if not exchange.fields.get("roles") or not exchange.accepted:
        return None
    user = exchange.users[0] if exchange.users else None
    if user is None or user.billing_user_id is None or not is_administrator(user.roles):
        return None
    return Problem(f"the customer {user.billing_user_id} got the role {ADMINISTRATOR}")


def is_administrator(roles: Any) -> bool:
    """Return whether the roles of a user, as the API shows them, include that of administrators."""
    return isinstance(roles, list) and any(
        isinstance(role, dict) and role.get("name") == ADMINISTRATOR for role in roles
    )
