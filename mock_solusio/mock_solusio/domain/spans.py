"""Spans: for how long which resource had which plan. Usage is calculated from them; they are never deleted.

A span is an interval in which one resource of one server had one plan at one price. A resource that gets
another plan ends a span and starts the next one. Spans outlive their server and their user, since past usage
still has to be paid for (assumed).
"""

from collections.abc import Iterable, Iterator, Sequence
from typing import Protocol

import msgspec

from mock_solusio.moment import Micros

SERVER = "server"
ADDITIONAL_IP = "additional_ip"
BACKUP = "backup"
ISO_IMAGE = "iso_image"

RESOURCES = (SERVER, ADDITIONAL_IP, BACKUP, ISO_IMAGE)
"""What is metered: a server, each additional address, the backups of a server, an ISO image in it."""


class Span(msgspec.Struct, frozen=True, kw_only=True, gc=False):
    """An interval in which a resource had a plan. The store assigns `id` and `line`.

    A span has copies of all its values, so that a change or deletion of the plan changes no span. Only the
    name of the server follows when it is renamed.
    """

    id: int = 0
    line: int = 0
    """Id of the first span of the same resource, plan and prices; these spans are one usage line a month."""
    resource: str
    """One of `RESOURCES`."""
    resource_id: int
    """Id of the server, the address or the ISO image; for backups that of their server."""
    server_id: int
    server_name: str
    user_id: int
    """The owner of the server."""
    plan_id: int
    plan_name: str
    tokens_per_hour: int
    tokens_per_month: int
    anchor: Micros
    """When the resource was created: its hours are counted from there, under any plan."""
    started_at: Micros
    """When it got this plan. An hour belongs to the span in which it starts."""
    ended_at: Micros | None = None
    """When it got another plan or was deleted; None while the span continues."""


class MeteredLine(msgspec.Struct, frozen=True, gc=False):
    """A usage line of a part of a month. Millions are made, so the members are in the order of the store."""

    id: int
    """Id of the line in its month; ascending in order of appearance, and never reused."""
    user_id: int
    server_id: int
    server_name: str
    resource: str
    resource_id: int
    plan_id: int
    plan_name: str
    tokens_per_hour: int
    tokens_per_month: int
    hours: int
    tokens: int
    charge: str
    """Which price applied: a `metering.Charge`."""
    since: Micros
    """When the use begins, not before the part."""
    until: Micros
    """When it ends, not after the part."""


class UsageTotals(msgspec.Struct, frozen=True, kw_only=True):
    """The sums over some usage lines."""

    lines: int = 0
    hours: int = 0
    tokens: int = 0

    def __add__(self, other: "UsageTotals") -> "UsageTotals":
        """Return the sum."""
        return UsageTotals(
            lines=self.lines + other.lines,
            hours=self.hours + other.hours,
            tokens=self.tokens + other.tokens,
        )


class MonthPart(msgspec.Struct, frozen=True, kw_only=True):
    """Selects the usage lines with an hour that starts in `[since, until)`, within one calendar month."""

    month: int
    """The month, as a number of `metering.month_of`."""
    since: Micros
    until: Micros
    user_ids: tuple[int, ...] | None = None
    """Only lines of these users; None: of all users."""


class Spans(Protocol):
    """All spans, and the usage lines of each calendar month."""

    def add(self, span: Span) -> Span:
        """Store a new span; return it with its id and line."""

    def load(self, spans: Iterable[Span]) -> int:
        """Store many new spans in constant memory, within a transaction; return their number."""

    def open_of(self, server_id: int) -> list[Span]:
        """Return the spans of a server that continue, by id."""

    def of_server(self, server_id: int) -> list[Span]:
        """Return all spans of a server, by id."""

    def close(self, span: Span, at: Micros) -> None:
        """End a span."""

    def rename(self, server_id: int, name: str) -> None:
        """Change the server name of all spans of a server."""

    def renumber(self, server_id: int, resource: str, old: int, new: int) -> None:
        """Change the resource id of all spans of a server's resource."""

    def enter(self, now: Micros, since: Micros = 0, until: Micros = ...) -> None:
        """List the lines whose first hour of a month started before now, within a transaction.

        Covers at least the months between `since` and `until`; by default all. Lines are listed in the order
        of those hours and keep their place: whatever happens to servers, a list only grows at its end.
        """

    def entering(self, now: Micros, since: Micros = 0, until: Micros = ...) -> Iterator[None]:
        """Do what `enter` does, in short steps, each within a transaction."""

    def months(self, since: Micros, until: Micros) -> list[int]:
        """Return the months in a half-open period that have listed lines."""

    def summing(self, part: MonthPart) -> Iterator[None]:
        """Calculate the sums over all selected lines, in short steps, each within a transaction."""

    def totals(self, part: MonthPart) -> UsageTotals:
        """Return the sums over all selected lines; known sums cost nothing."""

    def page(self, part: MonthPart, offset: int, count: int) -> Sequence[MeteredLine]:
        """Return some of the selected lines, in order of appearance."""
