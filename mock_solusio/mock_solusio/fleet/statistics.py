"""Statistics of a fleet: lifetimes, hours and tokens, summed server by server. Pure, with flat memory."""

from collections import Counter, defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field

from mock_solusio.domain.metering import cost, hours, months, use
from mock_solusio.domain.spans import SERVER, Span
from mock_solusio.moment import DAY, HOUR, MINUTE, Micros

DECILES = (10, 20, 30, 40, 50, 60, 70, 80, 90, 95, 99)


@dataclass
class Subtotal:
    """The usage of a plan or a kind of resource."""

    items: int = 0
    hours: int = 0
    tokens: int = 0


@dataclass
class FleetStatistics:
    """Statistics of the servers of a time. Lifetimes are those within the time."""

    begin: Micros
    end: Micros
    servers: int = 0
    living: int = 0
    span: Micros = 0
    """Sum of all lifetimes."""
    minutes: Counter[int] = field(default_factory=Counter)
    """Number of servers by whole minutes of their life."""
    owners: set[int] = field(default_factory=set)
    plans: dict[str, Subtotal] = field(default_factory=lambda: defaultdict(Subtotal))
    """By name of the plan; only servers."""
    resources: dict[str, Subtotal] = field(default_factory=lambda: defaultdict(Subtotal))
    days: list[int] = field(default_factory=list)
    """Tokens of each day: the price of each hour that starts on it, up to the monthly price."""

    def add(self, spans: Sequence[Span]) -> None:
        """Add a server, by its spans."""
        first = spans[0]
        ended = [span for span in spans if span.resource == SERVER][-1].ended_at
        since, until = max(first.started_at, self.begin), self.end if ended is None else min(ended, self.end)
        if until <= since:
            return
        self.servers += 1
        self.living += ended is None or ended >= self.end
        self.span += until - since
        self.minutes[(until - since) // MINUTE] += 1
        self.owners.add(first.user_id)
        for line in _lines(spans):
            self._add_line(line)

    @property
    def mean_hours(self) -> float:
        """Mean hours per server."""
        return self.span / HOUR / self.servers if self.servers else 0.0

    @property
    def tokens(self) -> int:
        """All tokens."""
        return sum(part.tokens for part in self.resources.values())

    @property
    def hours(self) -> int:
        """All charged hours, including addresses and backups."""
        return sum(part.hours for part in self.resources.values())

    def quantile(self, percent: int) -> Micros:
        """Return the lifetime that `percent` of the servers do not exceed, to the minute."""
        wanted = self.servers * percent / 100
        reached = 0
        for minutes in sorted(self.minutes):
            reached += self.minutes[minutes]
            if reached >= wanted:
                return minutes * MINUTE
        return 0

    def longest(self) -> Micros:
        """Return the longest lifetime, to the minute."""
        return max(self.minutes, default=0) * MINUTE

    def share_of_longest(self, percent: float) -> float:
        """Return the share of all hours, 0 to 1, that the longest-lived `percent` of the servers have."""
        left = self.servers * percent / 100
        total = share = 0.0
        for minutes in sorted(self.minutes, reverse=True):
            count = self.minutes[minutes]
            total += minutes * count
            share += minutes * min(count, max(0.0, left))
            left -= count
        return share / total if total else 0.0

    def _add_line(self, line: Sequence[Span]) -> None:
        first = line[0]
        total_hours = total_tokens = 0
        for _, since, until in months(self.begin, self.end):
            used = use(line, since, until)
            if not used.hours:
                continue
            charged = cost(used.hours, first.tokens_per_hour, first.tokens_per_month)
            total_hours += used.hours
            total_tokens += charged.tokens
            self._spread(line, used.since, used.until, since, charged.tokens)
        if total_hours:
            parts = [self.resources[first.resource]]
            if first.resource == SERVER:
                parts.append(self.plans[first.plan_name])
            for part in parts:
                part.items += 1
                part.hours += total_hours
                part.tokens += total_tokens

    def _spread(self, line: Sequence[Span], used: Micros, until: Micros, month: Micros, tokens: int) -> None:
        """Add the tokens of a line in a month to the days that they fall on."""
        if not self.days:
            self.days = [0] * -((self.begin - self.end) // DAY)
        first, last = (used - self.begin) // DAY, (until - 1 - self.begin) // DAY
        if first == last:
            self.days[first] += tokens
            return
        before = 0
        for day in range(first, last + 1):
            by = min(self.begin + (day + 1) * DAY, until)
            count = sum(hours(span.anchor, span.started_at, span.ended_at, month, by) for span in line)
            reached = cost(count, line[0].tokens_per_hour, line[0].tokens_per_month).tokens
            self.days[day] += reached - before
            before = reached


def _lines(spans: Sequence[Span]) -> Iterable[Sequence[Span]]:
    """Group spans into usage lines: those of one resource, plan and price."""
    if len(spans) == 1:
        return (spans,)
    found: dict[tuple[object, ...], list[Span]] = {}
    for span in spans:
        key = (
            *(span.resource, span.resource_id, span.plan_id),
            *(span.tokens_per_hour, span.tokens_per_month),
        )
        found.setdefault(key, []).append(span)
    return found.values()
