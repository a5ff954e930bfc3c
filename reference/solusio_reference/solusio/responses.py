"""What SolusIO answers, as far as a billing system reads it: what is there beyond that is ignored.

The types are strict, with one meaning each: ``"7"`` and ``7.0`` are no integers. A figure that is not what it
should be must not end up on an invoice.
"""

from dataclasses import dataclass
from datetime import datetime
from typing import Annotated, Generic, TypeVar

import msgspec
from msgspec import Meta, Struct, field

from solusio_reference.invoicing import UsageLine

T = TypeVar("T")

_LARGEST = 2**63 - 1  # of a database's integers

Id = Annotated[int, Meta(ge=1, le=_LARGEST)]
Count = Annotated[int, Meta(ge=0, le=_LARGEST)]
Timestamp = Annotated[datetime, Meta(tz=True)]


class User(Struct, frozen=True):
    """A user of SolusIO. Source: Go SDK users.go."""

    id: Id
    email: str
    status: str
    """``active``, ``locked`` (creates no servers) or ``suspended`` (their servers are suspended, too)."""
    billing_user_id: int | None = None


class Envelope(Struct, Generic[T], frozen=True):
    """The envelope of whatever is not a list."""

    data: T


class Links(Struct, frozen=True):
    """Where to go on reading; ``next`` is null on the last page."""

    next: str | None


class UsersResponse(Struct, frozen=True):
    """A page of users."""

    data: list[User]
    links: Links


class AccessToken(Struct, frozen=True):
    """A new access token; it is shown this once."""

    access_token: Annotated[str, Meta(min_length=1)]


class UsageTotals(Struct, frozen=True):
    """Sums over all pages of the usage of a period."""

    lines: Count
    hours: Count
    tokens: Count


class UsagePlan(Struct, frozen=True):
    """The plan of a usage line."""

    id: Id
    name: str


class UsageItem(Struct, frozen=True):
    """A usage line as it comes (shape assumed: no public client shows it)."""

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
        """Return the line as invoices are made of it."""
        return UsageLine(
            id=self.id,
            user_id=self.user_id,
            billing_user_id=self.billing_user_id,
            server_id=self.server_id,
            server_name=self.server_name,
            resource=self.resource,
            resource_id=self.resource_id,
            plan_id=self.plan.id,
            plan_name=self.plan.name,
            from_=self.from_,
            to=self.to,
            hours=self.hours,
            tokens_per_hour=self.tokens_per_hour,
            tokens_per_month=self.tokens_per_month,
            charge=self.charge,
            tokens=self.tokens,
        )


class UsagePeriod(Struct, frozen=True):
    """From a moment on, and before another."""

    from_: Timestamp = field(name="from")
    to: Timestamp


class UsageMeta(Struct, frozen=True):
    """What is said of the period as a whole."""

    period: UsagePeriod
    closed: bool
    metered_until: Timestamp
    totals: UsageTotals


class UsageResponse(Struct, frozen=True):
    """A page of usage as it comes."""

    data: list[UsageItem]
    links: Links
    meta: UsageMeta


@dataclass(frozen=True, slots=True)
class UsagePage:
    """A page of the usage of a period. ``next`` is the URL of the page after it; None on the last one."""

    lines: tuple[UsageLine, ...]
    next: str | None
    closed: bool
    """Nothing will be added to the period any more."""
    metered_until: datetime
    totals: UsageTotals
    """Of all pages together."""


def reason(status: int, body: bytes) -> str:
    """Return what an error answer says for itself, to be put behind its status.

    ``message``, and ``errors`` by field (Go SDK errors.go): both may be missing, and so may the JSON.
    """
    if 300 <= status < 400:
        return ": it redirects, so the URL of SolusIO must be another one"
    try:
        said = msgspec.json.decode(body)
    except (msgspec.DecodeError, UnicodeDecodeError):
        return ""
    if not isinstance(said, dict):
        return ""
    parts = [said["message"]] if isinstance(said.get("message"), str) else []
    errors = said.get("errors")
    if isinstance(errors, dict):
        for name, texts in errors.items():
            listed = texts if isinstance(texts, list) else [texts]
            parts.append(f"{name}: {' '.join(str(text) for text in listed)}")
    return "".join(f": {part}" for part in parts[:1]) + "".join(f"; {part}" for part in parts[1:])
