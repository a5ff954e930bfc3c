"""What a billing system requested, and the mistake that led to it."""

from datetime import UTC, datetime
from itertools import pairwise

import pytest

from solusio_contracts.invoices.period_mistakes import found_in
from solusio_contracts.invoices.usage import month_bounds

MARCH = ("2026-03-01T00:00:00Z", "2026-04-01T00:00:00Z")


def names(*requested, period="2026-03"):
    return [one.name for one in found_in(requested, *month_bounds(period))]


def test_the_bounds_of_a_month():
    assert month_bounds("2026-12") == (datetime(2026, 12, 1, tzinfo=UTC), datetime(2027, 1, 1, tzinfo=UTC))


@pytest.mark.parametrize(
    "period",
    [MARCH, ("2026-03-01T00:00:00+00:00", "2026-04-01T02:00:00 02:00"), ("2026-03-01", "2026-04-01")],
)
def test_the_month_itself_is_right_however_it_is_written(period):
    assert names(period) == []
    assert names(("2026-02-01", "2026-03-01"), period) == []


def test_nothing_is_known_without_requests():
    assert names() == []


@pytest.mark.parametrize(
    ("since", "until", "found"),
    [
        ("", "", ["no-period"]),
        # 31 days: thirty days end a day early, too.
        ("2026-03-01T00:00:00Z", "2026-03-31T00:00:00Z", ["day-short", "thirty-days"]),
        ("2026-03-01T00:00:00Z", "2026-03-30T23:59:59Z", ["other-period"]),
        ("2026-03-01T00:00:00Z", "2026-03-31T23:59:59Z", ["end-short"]),
        ("2026-03-01T00:00:00Z", "2026-04-01T23:59:59Z", ["inclusive-end"]),
        ("2026-03-01T00:00:00Z", "2026-04-01T00:00:01Z", ["inclusive-end"]),
        ("2026-03-01T00:00:00+01:00", "2026-04-01T00:00:00+02:00", ["time-zone"]),
        ("2026-02-28T11:00:00Z", "2026-03-31T11:00:00Z", ["time-zone"]),
        ("2026-02-01T00:00:00Z", "2026-03-01T00:00:00Z", ["other-period"]),
        ("yesterday", "today", ["other-period"]),
    ],
)
def test_a_wrong_period(since, until, found):
    assert names((since, until)) == found


@pytest.mark.parametrize(
    ("period", "until", "found"),
    [
        ("2026-04", "2026-04-30T00:00:00Z", ["day-short"]),
        ("2026-04", "2026-05-02T00:00:00Z", ["inclusive-end", "thirty-one-days"]),
        ("2026-02", "2026-03-03T00:00:00Z", ["thirty-days"]),
        ("2028-02", "2028-02-29T00:00:00Z", ["february", "day-short"]),
    ],
)
def test_months_of_other_lengths_tell_mistakes_apart(period, until, found):
    assert names((f"{period}-01T00:00:00Z", until), period=period) == found


def test_parts_of_the_month():
    weeks = [1, 8, 15, 22, 29]
    moments = [*(f"2026-03-{day:02}T00:00:00Z" for day in weeks), "2026-04-01T00:00:00Z"]
    assert names(*pairwise(moments)) == ["partial-periods"]
    assert names(*pairwise(moments[:3])) == ["other-period"]
