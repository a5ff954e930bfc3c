"""Mistakes in the period for which a billing system requests usage. Pure.

They are read from its requests, not guessed from what it billed.
"""

from collections.abc import Iterable, Iterator, Sequence
from datetime import UTC, datetime, timedelta
from typing import Final

from solusio_contracts.adapter.verdict import Mistake

Requested = Sequence[tuple[str, str]]
"""`from` and `to` of the requests for usage, as sent; empty texts for those that were absent."""

_HALF_OPEN = (
    "Periods are half-open: request from=2026-03-01T00:00:00Z and to=2026-04-01T00:00:00Z, the first moment "
    "that is not billed (US-002, US-012)."
)
_AS_GIVEN = "Pass {from} and {to} on to /usage as they are (US-002)."

NO_PERIOD = Mistake(
    "no-period", "request usage without `from` and `to`, which is that of the current month", _AS_GIVEN
)
DAY_SHORT = Mistake(
    "day-short", "end the period at the start of the last day, which is then not billed", _HALF_OPEN
)
END_SHORT = Mistake("end-short", "end the period a moment too early", _HALF_OPEN)
INCLUSIVE_END = Mistake("inclusive-end", "take the end of the period as inclusive", _HALF_OPEN)
THIRTY_DAYS = Mistake(
    "thirty-days",
    "count every month as 30 days",
    "Months have 672 to 744 hours. Copy `hours` and `tokens` of each line of /usage instead. " + _AS_GIVEN,
)
THIRTY_ONE_DAYS = Mistake("thirty-one-days", "count every month as 31 days", _AS_GIVEN)
FEBRUARY = Mistake("february", "count February as 28 days in a leap year, too", _AS_GIVEN)
TIME_ZONE = Mistake(
    "time-zone",
    "use a time zone other than UTC for the month",
    "Months are UTC: request from and to at midnight UTC, ending in Z (US-012).",
)
LOCAL_TIME = Mistake(
    "local-time",
    "calculate the month in the machine's local time",
    "Months are UTC (US-012). Pass {from} and {to} on, or calculate in UTC: `new DateTimeZone('UTC')` in "
    "PHP, `datetime.now(UTC)` in Python, `Date.UTC` in Node.",
)
PARTS = Mistake(
    "partial-periods",
    "add up the usage of parts of the month",
    "The monthly price caps a whole month (US-020): request the month at once.",
)
OTHER_PERIOD = Mistake("other-period", "request another period than the month that is billed", _AS_GIVEN)

PERIODS: Final = (
    NO_PERIOD,
    FEBRUARY,
    DAY_SHORT,
    END_SHORT,
    INCLUSIVE_END,
    THIRTY_DAYS,
    THIRTY_ONE_DAYS,
    TIME_ZONE,
    PARTS,
    OTHER_PERIOD,
)
"""All that can be read from requests, the most specific first."""

_DAY: Final = timedelta(days=1)
_FAR: Final = timedelta(hours=15)
"""More than any local time is away from UTC, with summer time."""


def found_in(requested: Requested, since: datetime, until: datetime) -> Iterator[Mistake]:
    """Yield the mistakes that led to these periods, the most specific first.

    There is none if the month itself is among them.
    """
    periods = [_moments(one) for one in requested]
    if not periods or (since, until) in periods:
        return
    if all(not start and not end for start, end in requested):
        yield NO_PERIOD
        return
    known = [(start, end) for start, end in periods if start is not None and end is not None]
    found = list(_of_one(*known[0], since, until)) if len(known) == 1 else []
    if len(known) > 1 and _tile(known, since, until):
        found = [PARTS]
    yield from found or [OTHER_PERIOD]


def shows_in(mistake: Mistake, since: datetime, until: datetime) -> bool:
    """Tell whether a billing system with a mistake would have requested another period than this month.

    A local time may be UTC for a part of the year, so it need not show.
    """
    days = (until - since) // _DAY
    if mistake in {TIME_ZONE, OTHER_PERIOD}:
        return False
    same = {THIRTY_DAYS.name: days == 30, THIRTY_ONE_DAYS.name: days == 31, FEBRUARY.name: days != 29}
    return not same.get(mistake.name, False)


def _of_one(start: datetime, end: datetime, since: datetime, until: datetime) -> Iterator[Mistake]:
    missing = until - end
    if start == since:
        if end - start == timedelta(days=28) and until - since == timedelta(days=29):
            yield FEBRUARY
        if timedelta(hours=1) <= missing <= _DAY:
            yield DAY_SHORT
        if timedelta() < missing < timedelta(hours=1):
            yield END_SHORT
        if -_DAY <= missing < timedelta():
            yield INCLUSIVE_END
        if end - start == timedelta(days=30):
            yield THIRTY_DAYS
        if end - start == timedelta(days=31):
            yield THIRTY_ONE_DAYS
    elif abs(start - since) < _FAR and abs(missing) < _FAR:
        yield TIME_ZONE


def _tile(periods: Iterable[tuple[datetime, datetime]], since: datetime, until: datetime) -> bool:
    """Tell whether periods follow each other from the start of the month to its end."""
    reached = since
    for start, end in sorted(periods):
        if abs(start - reached) > timedelta(seconds=1):
            return False
        reached = end
    return abs(until - reached) <= timedelta(seconds=1)


def _moments(requested: tuple[str, str]) -> tuple[datetime | None, datetime | None]:
    start, end = (_moment(text) for text in requested)
    return start, end


def _moment(text: str) -> datetime | None:
    try:
        # A plus sign that is not escaped arrives as a space.
        moment = datetime.fromisoformat(text.replace(" ", "+"))
    except ValueError:
        return None
    return moment.replace(tzinfo=UTC) if moment.tzinfo is None else moment


def windows(requested: Requested, until: datetime) -> list[tuple[datetime, datetime]]:
    """Return the requested periods; without bounds, that is the month after the one that ends `until`."""
    current = (until, (until + 31 * _DAY).replace(day=1))
    found = [current if not any(one) else _moments(one) for one in requested]
    return [(start, end) for start, end in found if start is not None and end is not None]
