"""Metering: how many hours a resource was used, and how many tokens they cost. Pure, and in closed form.

The rules are the clauses US-010 to US-025 (vendor's page, step 2; the rest is assumed). Moments are
microseconds since 1970 UTC; periods are half-open; tokens and hours are integers.
"""

from collections.abc import Iterator, Sequence
from datetime import UTC, datetime
from enum import StrEnum

import msgspec

from mock_solusio.domain.spans import Span
from mock_solusio.moment import HOUR, Micros, micros, utc


class Charge(StrEnum):
    """Which price applied to a line."""

    HOURLY = "hourly"
    MONTHLY = "monthly"


class Cost(msgspec.Struct, frozen=True):
    """What a line costs."""

    tokens: int
    charge: Charge


class Use(msgspec.Struct, frozen=True, kw_only=True):
    """How long the resource of a line was used within a period."""

    hours: int
    since: Micros
    """When the use begins, not before the period; undefined without hours."""
    until: Micros
    """When it ends, not after the period."""


def hours(anchor: Micros, started_at: Micros, ended_at: Micros | None, since: Micros, until: Micros) -> int:
    """Count the hours that start in a span and in a period `[since, until)`.

    Hour k starts at `anchor` + k x 3600 s; a started hour counts whole (vendor's page, step 2: 5 minutes are
    an hour). It belongs to the span and the period in which it starts, so nothing is counted twice.
    """
    first = max(started_at, since)
    end = until if ended_at is None else min(ended_at, until)
    if end <= first:
        return 0
    return -((anchor - end) // HOUR) + (anchor - first) // HOUR


def first_hour(anchor: Micros, moment: Micros) -> Micros:
    """Return the start of a resource's first hour at or after a moment."""
    return anchor - (anchor - moment) // HOUR * HOUR


def cost(hours: int, tokens_per_hour: int, tokens_per_month: int) -> Cost:
    """Return what a number of hours in a calendar month costs (vendor's page, steps 2 and 3).

    With both prices it is the hourly price, capped at the monthly one. Without a monthly price it is the
    hourly one; without an hourly price, the monthly one, however short the use. No hours cost nothing.
    """
    by_hour = hours * tokens_per_hour
    if hours and tokens_per_month and (not tokens_per_hour or by_hour > tokens_per_month):
        return Cost(tokens_per_month, Charge.MONTHLY)
    return Cost(by_hour, Charge.HOURLY)


def use(spans: Sequence[Span], since: Micros, until: Micros) -> Use:
    """Return how long the spans of one line were used within a period."""
    total, first, last = 0, until, since
    for span in spans:
        count = hours(span.anchor, span.started_at, span.ended_at, since, until)
        if count:
            total += count
            first = min(first, max(span.started_at, since))
            last = max(last, until if span.ended_at is None else min(span.ended_at, until))
    return Use(hours=total, since=first, until=last)


def month_of(moment: Micros) -> int:
    """Return the calendar month (UTC) of a moment, as the number of months since the year 0."""
    day = utc(moment)
    return 12 * day.year + day.month - 1


def month_start(month: int) -> Micros:
    """Return when a month of `month_of` begins; January 10000 begins where the clock ends."""
    year, zero_based = divmod(month, 12)
    if year > 9999:
        return micros(datetime(9999, 12, 31, 23, tzinfo=UTC)) + HOUR
    return micros(datetime(year, zero_based + 1, 1, tzinfo=UTC))


LATEST: Micros = month_start(12 * 10_000)
"""The end of the year 9999, where the clock ends."""


def months(since: Micros, until: Micros) -> Iterator[tuple[int, Micros, Micros]]:
    """Split a period into calendar months; yield each with the part of it that is in the period."""
    if until <= since:
        return
    for month in range(month_of(since), month_of(until - 1) + 1):
        yield month, max(since, month_start(month)), min(until, month_start(month + 1))
