"""Usage lines per user and period (vendor's page, step 10).

A line is a resource with a plan and its prices in one calendar month (UTC). A longer period has lines for
each of its months; a part of a month has only the hours that start in it. Nothing is calculated in advance.
"""

from collections.abc import Collection, Iterator

import msgspec

from mock_solusio.domain import metering
from mock_solusio.domain.errors import Forbidden, Invalid
from mock_solusio.domain.records.user import FORMER_USERS, USERS, User
from mock_solusio.domain.spans import MeteredLine, MonthPart, UsageTotals
from mock_solusio.domain.world import World
from mock_solusio.moment import Micros, parse_moment

EARLIEST: Micros = 0
LONGEST = 1200
"""The most months in a period (assumed: every month has lines of its own, and nobody bills a century)."""


class UsageQuery(msgspec.Struct, frozen=True, kw_only=True):
    """Selects usage."""

    since: Micros
    until: Micros
    """The period is half-open: an hour that starts at this moment belongs to the next one."""
    as_of: Micros
    """Events and hours at or after this moment are left out.

    So usage that was read as of a moment stays true whatever happens at that moment, even on a frozen clock.
    In exchange, a server has no usage yet at the moment of its order.
    """
    user_ids: tuple[int, ...] | None = None
    """Only usage of these users; None: of all users."""

    @property
    def closed(self) -> bool:
        """Whether the period is over, so that its usage is final."""
        return self.as_of >= self.until

    @property
    def metered_until(self) -> Micros:
        """Until when usage is included."""
        return max(self.since, min(self.until, self.as_of))


class MeteredLines(msgspec.Struct, frozen=True, kw_only=True):
    """Some lines of a period, and the sums over all of them."""

    lines: list[MeteredLine]
    customers: dict[int, int | None]
    """The ids of their users in the billing system, by the ids of the users."""
    totals: UsageTotals


def period(since: str | None, until: str | None, now: Micros) -> tuple[Micros, Micros]:
    """Return the period between two RFC 3339 moments; by default the current calendar month.

    Without `since` it begins with the month in which it ends; without `until` it ends with the current month.

    Raises:
        Invalid: a moment is not valid or outside the years 1970 to 9999, or the period is empty or too long.
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
    """Return the moment as of which a request reads usage, at most now.

    Raises:
        Invalid: it is not an RFC 3339 moment of the years 1970 to 9999.
    """
    return min(now, _moment(name, text))


def _moment(name: str, text: str) -> Micros:
    if "T" in text.upper() and text[-6:-5] == " ":
        # The plus of an offset arrives as a space if it was not percent-encoded.
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
    """Return the users whose usage a request selects, including deleted ones; None for all users.

    Raises:
        Forbidden: it selects other users, and the actor may not see usage of `everybody`.
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


def preparation(world: World, query: UsageQuery) -> Iterator[None]:
    """List and add up the lines of a period, in short steps, so that `read` costs no more than its page.

    Every step needs a transaction, and anything may change between two of them. `read` returns what is true
    in its own transaction whether or not the steps are done: they decide only how long it takes.
    """
    yield from world.spans.entering(query.as_of, query.since, query.until)
    for part in _parts(world, query):
        yield from world.spans.summing(part)


def read(world: World, query: UsageQuery, offset: int, count: int) -> MeteredLines:
    """Return some lines of a period, by month and order of appearance, and the sums over all lines."""
    totals = UsageTotals()
    lines: list[MeteredLine] = []
    for part in _parts(world, query):
        known = world.spans.totals(part)
        start = offset - totals.lines
        missing = count - len(lines)
        if start < known.lines and missing:
            lines += world.spans.page(part, max(0, start), missing)
        totals += known
    customers = billing_user_ids(world, {line.user_id for line in lines})
    return MeteredLines(lines=lines, customers=customers, totals=totals)


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


def billing_user_ids(world: World, user_ids: Collection[int]) -> dict[int, int | None]:
    """Return the ids of users in the billing system: the present one, or a deleted user's last one (assumed).

    So an id that is set or corrected later applies to all of the user's usage.
    """
    found: dict[int, int | None] = dict.fromkeys(user_ids)
    present = world[USERS].values("billing_user_id", user_ids)
    gone = [user_id for user_id in user_ids if user_id not in present]
    for former in reversed(world[FORMER_USERS].find(user_id=gone)) if gone else ():
        found[former.user_id] = former.billing_user_id
    return found | present
