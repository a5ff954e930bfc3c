"""SolusIO's responses, as far as a billing system needs them; other members are ignored.

Types are strict: ``"7"`` and ``7.0`` are not integers. A malformed figure must never reach an invoice.
"""

from dataclasses import dataclass
from datetime import datetime
from typing import Annotated, Generic, TypeVar

import msgspec
from msgspec import Meta, Struct, field

from solusio_reference.invoicing import UsageLine

T = TypeVar("T")

_MAX = 2**63 - 1  # of integers in a database

Id = Annotated[int, Meta(ge=1, le=_MAX)]
Count = Annotated[int, Meta(ge=0, le=_MAX)]
Timestamp = Annotated[datetime, Meta(tz=True)]

ADMINISTRATORS = "ADMIN"
CUSTOMERS = "CLIENT"
"""Names of the two built-in roles (page "User Access Control"). Their ids differ between installations."""


class Envelope(Struct, Generic[T], frozen=True):
    """The envelope of a single object."""

    data: T


class Links(Struct, frozen=True):
    """Links of a list; ``next`` is null on the last page."""

    next: str | None


class Role(Struct, frozen=True):
    """A role: what a user may do. Source: Go SDK roles.go."""

    id: Id
    name: str


class RolesResponse(Struct, frozen=True):
    """A page of roles."""

    data: list[Role]
    links: Links


class Reference(Struct, frozen=True):
    """Another object, of which only the id matters here."""

    id: Id


class User(Struct, frozen=True):
    """A user of SolusIO. Source: Go SDK users.go; language and limit group: its async Python client."""

    id: Id
    email: str
    status: str
    """``active``, ``locked`` (cannot create servers) or ``suspended`` (their servers are suspended, too)."""
    billing_user_id: int | None = None
    roles: tuple[Role, ...] | None = None
    language: Reference | None = None
    limit_group: Reference | None = None

    @property
    def is_administrator(self) -> bool:
        """Whether this is an account of staff, which no customer may have."""
        return any(role.name == ADMINISTRATORS for role in self.roles or ())


class UsersResponse(Struct, frozen=True):
    """A page of users."""

    data: list[User]
    links: Links


class AccessToken(Struct, frozen=True):
    """A new access token, which SolusIO shows only once."""

    access_token: Annotated[str, Meta(min_length=1)]


class UsageTotals(Struct, frozen=True):
    """Sums over all pages of a period's usage."""

    lines: Count
    hours: Count
    tokens: Count


class UsagePlan(Struct, frozen=True):
    """The plan of a usage line."""

    id: Id
    name: str


class UsageItem(Struct, frozen=True):
    """A usage line in a response (its shape is assumed: no public client shows it)."""

    id: Id
    user_id: Id
    billing_user_id: int | None
    server_id: Id
    server_name: str
    resource: str
    resource_id: Id
    plan: UsagePlan
    from_: Timestamp = field(name="from")
    to: Timestamp
    hours: Count
    tokens_per_hour: Count
    tokens_per_month: Count
    charge: str
    tokens: Count

    def usage_line(self) -> UsageLine:
        """Return the line as the rest of the program uses it."""
        return UsageLine(
            self.id,
            self.user_id,
            self.billing_user_id,
            self.server_id,
            self.server_name,
            self.resource,
            self.resource_id,
            self.plan.id,
            self.plan.name,
            self.from_,
            self.to,
            self.hours,
            self.tokens_per_hour,
            self.tokens_per_month,
            self.charge,
            self.tokens,
        )


class UsagePeriod(Struct, frozen=True):
    """A period: from a moment up to, but not including, another."""

    from_: Timestamp = field(name="from")
    to: Timestamp


class UsageMeta(Struct, frozen=True):
    """Facts about the period as a whole."""

    period: UsagePeriod
    closed: bool
    metered_until: Timestamp
    totals: UsageTotals


class UsageResponse(Struct, frozen=True):
    """A page of usage in a response."""

    data: list[UsageItem]
    links: Links
    meta: UsageMeta


@dataclass(frozen=True, slots=True)
class UsagePage:
    """A page of a period's usage."""

    lines: tuple[UsageLine, ...]
    next: str | None
    """URL of the next page; None on the last one."""
    closed: bool
    """SolusIO will not add lines to the period any longer."""
    metered_until: datetime
    totals: UsageTotals
    """Of all pages together."""


def error_details(status: int, body: bytes) -> str:
    """Return the details of an error response, to be appended to its status.

    ``message``, and ``errors`` by field (Go SDK errors.go). Either may be missing, and the body may not be
    JSON.
    """
    if 300 <= status < 400:
        return ": it redirects, so SolusIO must have another URL"
    try:
        document = msgspec.json.decode(body)
    except (msgspec.DecodeError, UnicodeDecodeError):
        return ""
    if not isinstance(document, dict):
        return ""
    details = [document["message"]] if isinstance(document.get("message"), str) else []
    errors = document.get("errors")
    if isinstance(errors, dict):
        for name, value in errors.items():
            messages = value if isinstance(value, list) else [value]
            details.append(f"{name}: {' '.join(str(message) for message in messages)}")
    return f": {'; '.join(details)}" if details else ""
