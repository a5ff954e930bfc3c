"""The users that SolusIO has at one moment, and what has changed between two moments. Pure."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, fields
from typing import Final

ADMIN: Final = "ADMIN"
"""The role of administrators."""


@dataclass(frozen=True, slots=True, kw_only=True)
class SolusioUser:
    """A user, with what belongs to them."""

    id: int
    email: str
    status: str
    billing_user_id: int | None
    roles: tuple[str, ...]
    language: str
    """Locale."""
    limit_group: str
    """Name; empty: none."""
    servers: tuple[tuple[str, str], ...] = ()
    """Name and state of each: running, stopped or suspended."""
    password: str = ""
    """Differs when the password does; empty: none."""
    access_tokens: int = 0
    """How many are valid."""

    @property
    def is_staff(self) -> bool:
        """Whether they administer SolusIO."""
        return ADMIN in self.roles

    @property
    def described(self) -> str:
        """The user in a few words."""
        if self.is_staff:
            whose = "an administrator"
        elif self.billing_user_id is None:
            whose = "no billing_user_id"
        else:
            whose = f"billing_user_id {self.billing_user_id}"
        return f"{self.email} (id {self.id}, {whose})"


Users = Mapping[int, SolusioUser]
"""All users of SolusIO, by id."""

_WORDS: Final = {
    "email": "the mail address",
    "status": "the status",
    "billing_user_id": "billing_user_id",
    "roles": "the roles",
    "language": "the language",
    "limit_group": "the limit group",
    "servers": "the servers",
    "password": "the password",
    "access_tokens": "the number of access tokens",
}


def changes(before: SolusioUser, after: SolusioUser | None) -> Iterator[str]:
    """Yield what has changed about a user, in words; None: they are gone."""
    if after is None:
        yield "they were deleted"
        return
    for field in fields(before):
        old, new = getattr(before, field.name), getattr(after, field.name)
        if old == new:
            continue
        words = _WORDS[field.name]
        if field.name == "password":
            yield f"{words} changed"
        else:
            yield f"{words} changed from {_text(old)} to {_text(new)}"


def _text(value: object) -> str:
    if isinstance(value, tuple):
        parts = (" ".join(one) if isinstance(one, tuple) else str(one) for one in value)
        return ", ".join(parts) or "none"
    return "none" if value in (None, "") else str(value)
