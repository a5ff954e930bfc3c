"""Usage: what whom was metered in a period, as lines (DESIGN 7; vendor's page, step 10).

A line is a resource with a plan and its prices in one calendar month (UTC). A longer period has lines of each
of its months; a part of a month has only the hours that start in it. Nothing is reckoned in advance.
"""

from collections.abc import Iterator

import msgspec

from mock_solusio.domain import metering
from mock_solusio.domain.errors import Forbidden, Invalid
from mock_solusio.domain.records.user import FORMER_USERS, USERS, User
from mock_solusio.domain.spans import LineSpans, MonthPart, Span, UsageTotals
from mock_solusio.domain.world import World
from mock_solusio.moment import Micros, parse_moment

EARLIEST: Micros = 0
LONGEST = 1200
"""Months that a period may have (assumed: nobody bills a century, and every month has lines of its own)."""


class UsageQuery(msgspec.Struct, frozen=True, kw_only=True):
    """Which usage is asked for."""

    since: Micros
    until: Micros
    """The period is half-open: what starts at this moment belongs to the next one."""
    as_of: Micros
    """What happens from then on is left out, hours that start at this very moment, too.

    So whatever is done at a moment, what was read as of that moment stays true, also on a clock that stands
    still. In exchange a server has no usage yet at the very moment of its order.
    """
    user_ids: tuple[int, ...] | None = None
    """Whose; None: everybody's."""

    @property
    def closed(self) -> bool:
        """Whether the period is over, so that nothing will be added."""
        return self.as_of >= self.until

    @property
    def metered_until(self) -> Micros:
        """Until when the use is counted in."""
        return max(self.since, min(self.until, self.as_of))


class MeteredLine(msgspec.Struct, frozen=True, kw_only=True):
    """A usage line."""

    id: int
    span: Span
    """What names the resource and its prices."""
    billing_user_id: int | None
    use: metering.Use
    cost: metering.Cost


class MeteredLines(msgspec.Struct, frozen=True, kw_only=True):
    """Some lines, and the sums over all."""

    lines: list[MeteredLine]
    totals: UsageTotals


def period(since: str | None, until: str | None, now: Micros) -> tuple[Micros, Micros]:
    """Return the period that two texts name; by default the current calendar month.

    Without `since` it begins with the month in which it ends; without `until` it ends with the current month.

    Raises:
        Invalid: a text is no moment of the years 1970 to 9999, or the period is empty or too long.
    """
    month = metering.month_of(now)
    end = metering.month_start(month + 1) if until is None else _moment("to", until)
    if since is not None:
        start = _moment("from", since)
    else:
        start = metering.month_start(metering.month_of(max(EARLIEST, end - 1)))
    if start >= end:
        raise Invalid.field("to", "The to must be after from.")
    if metering.month_of(end - 1) - metering.month_of(start) >= LONGEST:
        raise Invalid.field("from", f"The period must not have more than {LONGEST} months.")
    return start, end


def moment_of(name: str, text: str, now: Micros) -> Micros:
    """Return the moment as of which usage is asked for, never a later one than now.

    Raises:
        Invalid: it is no moment of the years 1970 to 9999.
    """
    return min(now, _moment(name, text))


def _moment(name: str, text: str) -> Micros:
    if "T" in text.upper() and text[-6:-5] == " ":
        # The plus of an offset that was not percent-encoded arrives as a blank.
        text = f"{text[:-6]}+{text[-5:]}"
    try:
        moment = parse_moment(text)
    except ValueError:
        moment = -1
    if not EARLIEST <= moment <= metering.LATEST:
        raise Invalid.field(name, f"The {name} must be a moment such as 2026-03-01T00:00:00Z.")
    return moment


def readable_users(
    world: World,
    actor: User,
    *,
    everybody: bool,
    user_id: int | None = None,
    billing_user_id: int | None = None,
) -> tuple[int, ...] | None:
    """Return the users whose usage is asked for; None for all. Users who were deleted count, too.

    Raises:
        Forbidden: it is that of others, and the actor may not see `everybody`'s.
    """
    wanted: set[int] | None = None
    if user_id is not None:
        wanted = {user_id}
    if billing_user_id is not None:
        found = {one.id for one in world[USERS].find(billing_user_id=billing_user_id)}
        found |= {one.user_id for one in world[FORMER_USERS].find(billing_user_id=billing_user_id)}
        wanted = found if wanted is None else wanted & found
    if everybody:
        return None if wanted is None else tuple(sorted(wanted))
    if (user_id is not None and user_id != actor.id) or (
        billing_user_id is not None and billing_user_id != actor.billing_user_id
    ):
        raise Forbidden
    return (actor.id,)


def read(world: World, query: UsageQuery, offset: int, count: int) -> MeteredLines:
    """Return some lines of a period, by month and then in the order in which they appeared, and all sums."""
    totals = UsageTotals()
    lines: list[MeteredLine] = []
    customers: dict[int, int | None] = {}
    for part in _parts(world, query):
        known = world.spans.totals(part)
        start = offset - totals.lines
        missing = count - len(lines)
        if start < known.lines and missing:
            entries = world.spans.page(part, max(0, start), missing)
            lines += [_line(world, entry, part, customers) for entry in entries]
        totals += known
    return MeteredLines(lines=lines, totals=totals)


def _parts(world: World, query: UsageQuery) -> Iterator[MonthPart]:
    until = min(query.until, query.as_of)
    if until <= query.since:
        return
    for month in world.spans.months(query.since, until):
        yield MonthPart(
            month=month,
            since=max(query.since, metering.month_start(month)),
            until=min(until, metering.month_start(month + 1)),
            user_ids=query.user_ids,
        )


def _line(world: World, entry: LineSpans, part: MonthPart, customers: dict[int, int | None]) -> MeteredLine:
    span = entry.spans[0]
    if span.user_id not in customers:
        customers[span.user_id] = billing_user_id(world, span.user_id)
    use = metering.use(entry.spans, part.since, part.until)
    return MeteredLine(
        id=entry.id,
        span=span,
        billing_user_id=customers[span.user_id],
        use=use,
        cost=metering.cost(use.hours, span.tokens_per_hour, span.tokens_per_month),
    )


def billing_user_id(world: World, user_id: int) -> int | None:
    """Return what the billing system calls a user: now, or when he was deleted (assumed).

    So an id that is given or corrected later holds for all of his usage, and no line is lost to an old one.
    """
    user = world[USERS].get(user_id)
    if user is not None:
        return user.billing_user_id
    former = world[FORMER_USERS].first(user_id=user_id)
    return None if former is None else former.billing_user_id
