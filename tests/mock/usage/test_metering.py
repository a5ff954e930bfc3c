"""The rules of metering by themselves: hours, months, tokens (DESIGN 7; clauses US-010 to US-025)."""

from datetime import UTC, datetime
from itertools import pairwise

import pytest
from hypothesis import assume, given
from hypothesis import strategies as st

from mock_solusio.domain import metering
from mock_solusio.domain.metering import Charge, Cost, cost, hours, months
from mock_solusio.moment import DAY, HOUR, MINUTE, SECOND, micros, parse_moment, utc

FIRST = parse_moment("1972-01-01T00:00:00Z")
LAST = parse_moment("2100-01-01T00:00:00Z")

moments = st.integers(FIRST, LAST)
lifetimes = st.one_of(st.integers(0, 3 * HOUR), st.integers(0, 800 * DAY))
prices = st.one_of(st.just(0), st.integers(1, 100_000))


# Hours


@pytest.mark.parametrize(
    ("life", "expected"),
    [(0, 0), (1, 1), (5 * MINUTE, 1), (HOUR - 1, 1), (HOUR, 1), (HOUR + 1, 2), (744 * HOUR, 744)],
)
def test_an_hour_that_has_started_counts_whole(life, expected):
    created = parse_moment("2026-03-04T05:06:07Z")
    assert hours(created, created, created + life, FIRST, LAST) == expected


def test_created_in_the_last_second_of_a_month():
    """The first hour starts in January and counts there alone, though it ends in February."""
    created = parse_moment("2026-01-31T23:59:59Z")
    january, february = parse_moment("2026-01-01T00:00:00Z"), parse_moment("2026-02-01T00:00:00Z")
    for gone, expected in ((created + HOUR, (1, 0)), (created + HOUR + SECOND, (1, 1)), (None, (1, 672))):
        assert (
            hours(created, created, gone, january, february),
            hours(created, created, gone, february, parse_moment("2026-03-01T00:00:00Z")),
        ) == expected


@pytest.mark.parametrize(
    ("year", "month", "expected"),
    [(2023, 2, 672), (2024, 2, 696), (2000, 2, 696), (2100, 2, 672), (2026, 3, 744), (2026, 4, 720)],
)
def test_a_whole_month_has_the_hours_of_its_days(year, month, expected):
    number = 12 * year + month - 1
    since, until = metering.month_start(number), metering.month_start(number + 1)
    long_ago = parse_moment("1990-06-15T12:34:56.789Z")
    assert hours(long_ago, long_ago, None, since, until) == expected


@given(created=moments, life=lifetimes)
def test_the_hours_of_all_months_are_the_hours_of_the_life(created, life):
    """Conservation: nothing is lost and nothing is counted twice."""
    gone = created + life
    by_month = [
        hours(created, created, gone, since, until) for _, since, until in months(created, gone + DAY)
    ]
    assert sum(by_month) == -(-life // HOUR)


@given(created=moments, life=lifetimes, cuts=st.lists(lifetimes, max_size=6))
def test_changes_of_plan_neither_add_hours_nor_lose_any(created, life, cuts):
    """Also several resizes in one hour: an hour belongs to the plan that there is when it starts."""
    gone = created + life
    bounds = [created, *sorted(created + cut for cut in cuts if cut < life), gone]
    spans = list(pairwise(bounds))
    counts = [hours(created, start, end, FIRST, LAST + 1000 * DAY) for start, end in spans]
    assert sum(counts) == -(-life // HOUR)


def test_resized_twice_within_one_hour():
    created = parse_moment("2026-03-01T00:00:00Z")
    first, second = created + 10 * MINUTE, created + 50 * MINUTE
    gone = created + 3 * HOUR
    counts = [
        hours(created, start, end, FIRST, LAST)
        for start, end in ((created, first), (first, second), (second, gone))
    ]
    assert counts == [1, 0, 2]


def test_a_resize_on_the_hour_counts_from_that_hour():
    created = parse_moment("2026-03-01T00:00:00Z")
    resized = created + 372 * HOUR
    until = parse_moment("2026-04-01T00:00:00Z")
    assert hours(created, created, resized, created, until) == 372
    assert hours(created, resized, None, created, until) == 372


@given(created=moments, moment=moments)
def test_the_first_hour_after_a_moment(created, moment):
    assume(moment >= created)
    found = metering.first_hour(created, moment)
    assert moment <= found < moment + HOUR
    assert (found - created) % HOUR == 0


# Months


@given(moments)
def test_a_moment_lies_in_its_month(moment):
    number = metering.month_of(moment)
    assert metering.month_start(number) <= moment < metering.month_start(number + 1)
    start = utc(metering.month_start(number))
    assert (start.year, start.month) == (utc(moment).year, utc(moment).month)
    assert (start.day, start.hour, start.minute, start.microsecond) == (1, 0, 0, 0)


@given(since=moments, length=st.integers(0, 1000 * DAY))
def test_months_cut_a_period_without_gap(since, length):
    parts = list(months(since, since + length))
    assert sum(until - start for _, start, until in parts) == length
    assert all(metering.month_of(start) == metering.month_of(until - 1) == n for n, start, until in parts)
    assert [before[2] for before in parts[:-1]] == [after[1] for after in parts[1:]]


def test_the_last_month_of_all_ends():
    last = micros(datetime(9999, 12, 31, 23, 59, 59, 999_999, tzinfo=UTC))
    assert metering.month_start(metering.month_of(last) + 1) == last + 1


# Tokens

VENDOR = [(7, 5000, 5208), (14, 10_000, 10_416), (21, 15_000, 15_624), (28, 20_000, 20_832)]
"""Step 2: tokens per hour, tokens per month, and what 744 hours would cost."""


@pytest.mark.parametrize(("per_hour", "per_month", "aggregated"), VENDOR)
def test_the_four_plans_of_the_vendors_page(per_hour, per_month, aggregated):
    assert cost(744, per_hour, 0) == Cost(aggregated, Charge.HOURLY)
    assert cost(744, per_hour, per_month) == Cost(per_month, Charge.MONTHLY)
    assert cost(700, per_hour, per_month) == Cost(700 * per_hour, Charge.HOURLY)
    assert cost(730, per_hour, per_month) == Cost(per_month, Charge.MONTHLY)
    assert cost(1, per_hour, per_month) == Cost(per_hour, Charge.HOURLY)


@pytest.mark.parametrize(
    ("count", "per_hour", "per_month", "expected"),
    [
        (700, 7, 5000, Cost(4900, Charge.HOURLY)),
        (730, 7, 5000, Cost(5000, Charge.MONTHLY)),
        (1, 7, 5000, Cost(7, Charge.HOURLY)),
        (714, 7, 5000, Cost(4998, Charge.HOURLY)),
        (715, 7, 5000, Cost(5000, Charge.MONTHLY)),
        (500, 10, 5000, Cost(5000, Charge.HOURLY)),
        (744, 7, 0, Cost(5208, Charge.HOURLY)),
        (1, 0, 5000, Cost(5000, Charge.MONTHLY)),
        (744, 0, 5000, Cost(5000, Charge.MONTHLY)),
        (0, 0, 5000, Cost(0, Charge.HOURLY)),
        (744, 0, 0, Cost(0, Charge.HOURLY)),
    ],
)
def test_which_price_applies(count, per_hour, per_month, expected):
    assert cost(count, per_hour, per_month) == expected


@given(st.integers(0, 744), st.integers(0, 744), prices, prices)
def test_longer_use_never_costs_less(one, other, per_hour, per_month):
    shorter, longer = sorted((one, other))
    assert cost(shorter, per_hour, per_month).tokens <= cost(longer, per_hour, per_month).tokens


@given(st.integers(0, 744), st.integers(1, 100_000), st.integers(1, 10_000_000))
def test_a_line_never_exceeds_its_cap(count, per_hour, per_month):
    found = cost(count, per_hour, per_month)
    assert found.tokens <= per_month
    assert found.tokens <= count * per_hour
    assert found.tokens in (per_month, count * per_hour)
    assert (found.charge == Charge.MONTHLY) == (count * per_hour > per_month)
