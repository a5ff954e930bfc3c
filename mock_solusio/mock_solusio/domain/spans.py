"""Spans: for how long which resource had which plan. What usage is reckoned from, and never deleted.

A span is an interval in which one resource of one server had one plan at one price. A resource that gets
another plan ends a span and begins the next one. Spans outlive their server and their user: what was used is
owed (assumed; DESIGN 7).
"""

from collections.abc import Iterable, Sequence
from typing import Protocol

import msgspec

from mock_solusio.moment import Micros

SERVER = "server"
ADDITIONAL_IP = "additional_ip"
BACKUP = "backup"
ISO_IMAGE = "iso_image"

RESOURCES = (SERVER, ADDITIONAL_IP, BACKUP, ISO_IMAGE)
"""What is metered: servers, each additional address, backups of a server, an ISO image in a server."""


class Span(msgspec.Struct, frozen=True, kw_only=True):
    """An interval in which a resource had a plan. `id` and `line` are given by the store.

    Nothing here is looked up later: a plan that is deleted or gets other prices changes no span. The name of
    the server follows when it is renamed.
    """

    id: int = 0
    line: int = 0
    """Id of the first span of the same resource, plan and prices: in a month they are one usage line."""
    resource: str
    """One of `RESOURCES`."""
    resource_id: int
    """Id of the server, of the address, or of the ISO image; of backups that of their server."""
    server_id: int
    server_name: str
    user_id: int
    """Whose server it is."""
    plan_id: int
    plan_name: str
    tokens_per_hour: int
    tokens_per_month: int
    anchor: Micros
    """When the resource came to be: its hours are counted from there, whatever its plans."""
    started_at: Micros
    """When it got this plan. An hour belongs to the span in which it starts."""
    ended_at: Micros | None = None
    """When it got another plan, or was deleted; None while it goes on."""


class LineSpans(msgspec.Struct, frozen=True, kw_only=True):
    """The spans that make up one usage line of a month."""

    id: int
    """Of the line in its month: grows in the order in which lines appear, and is never used again."""
    spans: tuple[Span, ...]
    """The first one names the resource and its prices; not all of them lie in the month."""


class UsageTotals(msgspec.Struct, frozen=True, kw_only=True):
    """All lines of a selection together."""

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
    """Which lines: those that have an hour that starts in `[since, until)`, inside of one calendar month."""

    month: int
    """As `metering.month_of` counts."""
    since: Micros
    until: Micros
    user_ids: tuple[int, ...] | None = None
    """Whose; None: everybody's."""


class Spans(Protocol):
    """All spans, and the lists of usage lines by calendar month."""

    def add(self, span: Span) -> Span:
        """Store a new span; return it with its id and line."""

    def load(self, spans: Iterable[Span]) -> int:
        """Store many new spans, within a transaction, with flat memory; return how many."""

    def open_of(self, server_id: int) -> list[Span]:
        """Return the spans of a server that go on, by id."""

    def close(self, span: Span, at: Micros) -> None:
        """End a span."""

    def rename(self, server_id: int, name: str) -> None:
        """Give all spans of a server another name."""

    def renumber(self, server_id: int, resource: str, old: int, new: int) -> None:
        """Let all spans of a resource of a server be those of another one."""

    def enter(self, now: Micros, since: Micros = 0, until: Micros = ...) -> None:
        """List the lines whose first hour of a month has started before now; within a transaction.

        At least those of months between `since` and `until`; by default all.

        They are listed in the order of those hours, and what is listed stays where it is. So a list only
        grows at its end, whatever happens to servers meanwhile.
        """

    def months(self, since: Micros, until: Micros) -> list[int]:
        """Return the months between two moments (half-open) of which lines are listed."""

    def totals(self, part: MonthPart) -> UsageTotals:
        """Return the sums over all lines of a part of a month; known ones cost nothing."""

    def page(self, part: MonthPart, offset: int, count: int) -> Sequence[LineSpans]:
        """Return some lines of a part of a month, in the order in which they appeared."""
