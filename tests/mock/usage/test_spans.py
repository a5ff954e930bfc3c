"""Spans in the store: what is kept, undone, copied and wiped; lists of months; many of them."""

import json
import tracemalloc
from datetime import UTC, datetime, timedelta

import pytest

from mock_solusio.clock import Clock
from mock_solusio.domain import metering, usage
from mock_solusio.domain.kinds import KINDS
from mock_solusio.domain.spans import MonthPart, Span, UsageTotals
from mock_solusio.domain.usage import UsageQuery
from mock_solusio.moment import DAY, HOUR, MINUTE, micros, parse_moment
from mock_solusio.store.store import Store
from support.hour_by_hour import Life, meter

START = parse_moment("2026-03-01T00:00:00Z")
MARCH = metering.month_of(START)
APRIL_FIRST = metering.month_start(MARCH + 1)


@pytest.fixture
def store():
    made = Store(KINDS, Clock(START + 40 * DAY, speed=0), seed="s")
    yield made
    made.close()


def span(number, *, at=START, life=None, user=1, server=None, plan=1, anchor=None):
    return Span(
        resource="server",
        resource_id=server or number,
        server_id=server or number,
        server_name=f"server {number}",
        user_id=user,
        plan_id=plan,
        plan_name=f"plan {plan}",
        tokens_per_hour=7,
        tokens_per_month=5000,
        anchor=at if anchor is None else anchor,
        started_at=at,
        ended_at=None if life is None else at + life,
    )


def march(until=APRIL_FIRST, users=None):
    return MonthPart(month=MARCH, since=START, until=until, user_ids=users)


def entered(store):
    with store.transaction() as world:
        world.spans.enter(world.now)
    return store.spans


def read(store, part=None):
    return [entry.id for entry in store.spans.page(part or march(), 0, 10_000)]


def test_spans_of_the_same_resource_and_plan_are_one_line(store):
    with store.transaction() as world:
        first = world.spans.add(span(1, life=2 * HOUR))
        other = world.spans.add(span(1, at=START + 2 * HOUR, life=HOUR, plan=2, anchor=START))
        again = world.spans.add(span(1, at=START + 3 * HOUR, anchor=START))
    assert (first.id, first.line) == (1, 1)
    assert (other.id, other.line) == (2, 2)
    assert (again.id, again.line) == (3, 1)
    assert [one.id for one in store.spans.open_of(1)] == [3]
    entries = entered(store).page(march(), 0, 10)
    assert [(one.plan_id, one.hours, one.since, one.until) for one in entries] == [
        (1, 2 + 741, START, APRIL_FIRST),
        (2, 1, START + 2 * HOUR, START + 3 * HOUR),
    ]
    assert store.spans.totals(march()) == UsageTotals(lines=2, hours=744, tokens=5000 + 7)


def test_what_is_undone_leaves_nothing_behind(store):
    with store.transaction() as world:
        world.spans.add(span(1, life=HOUR))
    assert entered(store).totals(march()).lines == 1

    def fail():
        with store.transaction() as world:
            world.spans.add(span(2))
            world.spans.close(world.spans.add(span(3)), START + DAY)
            world.spans.enter(world.now)
            assert world.spans.totals(march()).lines == 3
            raise ZeroDivisionError

    with pytest.raises(ZeroDivisionError):
        fail()
    assert store.spans.totals(march()).lines == 1
    assert read(store) == [1]
    with store.transaction() as world:
        assert world.spans.add(span(4)).id == 2
    assert entered(store).totals(march()).lines == 2
    assert read(store) == [1, 2]


def test_a_snapshot_holds_spans_and_lists(store):
    with store.transaction() as world:
        world.spans.load(span(number, life=number * HOUR) for number in range(1, 20))
    before = entered(store).totals(march())
    image = store.snapshot()
    with store.transaction() as world:
        world.wipe()
    assert store.fresh
    assert store.spans.totals(march()) == UsageTotals()
    assert store.spans.months(0, APRIL_FIRST) == []
    with store.transaction() as world:
        assert world.spans.add(span(1)).id == 1
    store.restore(image)
    assert store.spans.totals(march()) == before
    assert read(store) == list(range(1, 20))
    with store.transaction() as world:
        assert world.spans.add(span(99)).id == 20
    assert entered(store).page(march(), 19, 5)[0].id == 20


def test_a_file_keeps_them(tmp_path):
    file = tmp_path / "state.db"
    store = Store(KINDS, Clock(START + DAY, speed=0), file=file, seed="s")
    with store.transaction() as world:
        world.spans.load(span(number) for number in range(1, 4))
    before = entered(store).totals(march(START + DAY))
    store.close()
    store = Store(KINDS, Clock(START + 40 * DAY, speed=0), file=file)
    assert store.spans.totals(march(START + DAY)) == before == UsageTotals(lines=3, hours=72, tokens=504)
    with store.transaction() as world:
        world.spans.add(span(4, at=START + 2 * DAY))
    assert read(entered(store) and store) == [1, 2, 3, 4]
    assert store.spans.months(0, 2 * APRIL_FIRST) == [MARCH, MARCH + 1]
    store.close()


def test_lines_of_a_month_come_in_the_order_of_their_first_hours(store):
    """Also if they were stored in another order, and those from before the month as their hours start."""
    with store.transaction() as world:
        world.spans.load(
            [
                span(1, at=START + 5 * MINUTE),
                span(2, at=START - 10 * DAY + 50 * MINUTE),
                span(3, at=START - 20 * DAY + 10 * MINUTE),
                span(4, at=START + 2 * MINUTE, life=MINUTE),
            ]
        )
    entries = entered(store).page(march(), 0, 10)
    assert [entry.server_id for entry in entries] == [4, 1, 3, 2]


def test_what_has_no_hour_in_a_month_is_not_in_its_list(store):
    with store.transaction() as world:
        # The first of its hours in April would start at 00:59.
        world.spans.add(span(1, at=START - MINUTE, life=31 * DAY + 30 * MINUTE))
        world.spans.add(span(2, at=START + DAY, life=0))
    spans = entered(store)
    assert spans.months(0, 2 * APRIL_FIRST) == [MARCH - 1, MARCH]
    assert [entry.server_id for entry in spans.page(march(), 0, 10)] == [1]


def test_a_leap_over_many_years(store):
    """Months that nobody asks for cost nothing, and are listed when somebody does."""
    begin = datetime(2026, 3, 1, tzinfo=UTC)
    lives = [
        Life(number, [(begin + timedelta(days=number * 40, minutes=number), "plan 1", 7, 5000)])
        for number in range(200)
    ]
    for one in lives[::3]:
        one.gone = one.created + timedelta(days=100)
    with store.transaction() as world:
        for one in lives:
            created = micros(one.created)
            gone = None if one.gone is None else micros(one.gone) - created
            world.spans.add(span(one.key + 1, at=created, life=gone, user=one.key % 5))
    now = datetime(9999, 12, 31, 23, tzinfo=UTC)
    store.clock.set(micros(now))

    def tokens(since, until):
        asked = UsageQuery(since=micros(since), until=micros(until), as_of=store.now)
        with store.transaction() as world:
            world.spans.enter(world.now, asked.since, asked.until)
            found = usage.read(world, asked, 0, 100_000)
        counts = [(line.resource_id - 1, line.hours, line.tokens) for line in found.lines]
        assert found.totals.lines == len(counts)
        return counts

    def expected(since, until):
        """Meter lives from the beginning of the period on: the years before are long."""
        cut = []
        for one in lives:
            skipped = max(0, (since - one.created) // timedelta(hours=1))
            start = one.created + timedelta(hours=skipped)
            cut.append(Life(one.key, [(start, "plan 1", 7, 5000)], one.gone))
        metered = meter(cut, since, until, until)
        return sorted((key[0], count, metered.tokens[key]) for key, count in metered.hours.items())

    periods = [
        ("9999-12", "9999-12-31"),
        ("2030-05", "2030-07"),
        ("2030-01", "2030-12"),
        ("2040-01", "2040-02"),
    ]
    periods += [("9999-10", "9999-11"), ("2026-03", "2026-04"), ("2030-04", "2030-08")]
    for since, until in periods:
        start = datetime.fromisoformat(f"{since}-01").replace(tzinfo=UTC)
        end = datetime.fromisoformat(until if len(until) > 7 else f"{until}-01").replace(tzinfo=UTC)
        found = tokens(start, end)
        assert sorted(found) == expected(start, end)
        assert found
    (rows,) = store.spans._connection.execute("SELECT count(*) FROM usage_lines").fetchone()
    assert rows < 200 * 130, "and not 200 lines in each of 95,000 months"


def test_known_sums_are_forgotten_when_something_changes_them(store):
    with store.transaction() as world:
        mine = world.spans.add(span(1))
        world.spans.add(span(2, user=2))
    assert entered(store).totals(march()) == UsageTotals(lines=2, hours=1488, tokens=10_000)
    early = march(START + 5 * HOUR)
    assert store.spans.totals(early).hours == 10
    with store.transaction() as world:
        world.spans.close(mine, START + 10 * HOUR)
    assert store.spans.totals(march()) == UsageTotals(lines=2, hours=754, tokens=5070)
    assert store.spans.totals(early).hours == 10
    assert store.spans.totals(march(users=(1,))) == UsageTotals(lines=1, hours=10, tokens=70)
    with store.transaction() as world:
        world.spans.add(span(3, at=START + HOUR, life=HOUR, user=2))
    assert entered(store).totals(early) == UsageTotals(lines=3, hours=11, tokens=77)
    assert store.spans.totals(march(users=(2,))) == UsageTotals(lines=2, hours=745, tokens=5007)


def steps(store, work):
    """Return how many hundreds of steps SQLite takes for some work, whatever the machine."""
    count = 0

    def step():
        nonlocal count
        count += 1

    connection = store.spans._connection
    connection.set_progress_handler(step, 100)
    try:
        work()
    finally:
        connection.set_progress_handler(None, 0)
    return count


@pytest.fixture(scope="module")
def many():
    """A hundred thousand servers in March, after fifty thousand in February that are gone."""
    store = Store(KINDS, Clock(START + 40 * DAY, speed=0), seed="s")
    gap = 27 * DAY // 100_000
    with store.transaction() as world:
        world.spans.load(
            span(number, at=START - 28 * DAY + number * gap, life=HOUR, user=number % 1000)
            for number in range(50_000)
        )
        world.spans.load(
            span(50_000 + number, at=START + number * gap, life=(1 + number % 90) * HOUR, user=number % 1000)
            for number in range(100_000)
        )
        world.spans.enter(world.now)
    yield store
    store.close()


def test_a_walk_through_very_many_lines(many):
    query = UsageQuery(since=START, until=APRIL_FIRST, as_of=many.now)
    seen = hours = tokens = 0
    last = 0
    while True:
        found = usage.read(many, query, seen, 1000)
        if not found.lines:
            break
        seen += len(found.lines)
        hours += sum(line.hours for line in found.lines)
        tokens += sum(line.tokens for line in found.lines)
        assert found.lines[0].id > last
        last = found.lines[-1].id
    assert found.totals == UsageTotals(lines=seen, hours=hours, tokens=tokens)
    assert seen == 100_000
    # Lives of 1 to 90 hours, one after the other; all end before April.
    assert hours == sum(1 + number % 90 for number in range(100_000))


def test_a_page_costs_what_is_on_it(many):
    """Not what is before it, nor what there is in all, nor what other months have."""
    part = march()
    whole = many.spans.totals(part)

    def page(offset, count=100, part=part):
        return steps(many, lambda: many.spans.page(part, offset, count))

    many.spans.page(part, 49_900, 100)
    first, walked, jumped = page(0), page(50_000), page(77_777)
    assert walked <= first * 1.5
    assert jumped <= steps(many, lambda: many.spans.page(part, 0, 1024 + 100)) * 1.5
    assert steps(many, lambda: many.spans.totals(part)) == 0, "sums are known"
    assert whole.lines == 100_000
    mine = march(users=(77,))
    assert steps(many, lambda: many.spans.totals(mine)) < 20 * first
    assert many.spans.totals(mine).lines == 100


def test_loading_and_walking_need_no_memory_for_the_fleet(many):
    query = UsageQuery(since=START, until=APRIL_FIRST, as_of=many.now)
    usage.read(many, query, 0, 100)
    tracemalloc.start()
    try:
        for offset in range(0, 20_000, 1000):
            usage.read(many, query, offset, 1000)
        walked, peak = tracemalloc.get_traced_memory()
        tracemalloc.clear_traces()
        tracemalloc.reset_peak()
        with many.transaction() as world:
            world.spans.load(span(1_000_000 + number, life=HOUR) for number in range(5000))
        _, loading = tracemalloc.get_traced_memory()
    finally:
        tracemalloc.stop()
    assert walked < 400_000
    assert peak < 4_000_000
    assert loading < 100_000


def test_reset_and_snapshots_over_http(api, mock, server, wait, lines):
    server()
    wait(hours=3)
    before = lines()
    taken = mock.store.snapshot()
    mock.reset()
    assert json.loads(api.get("usage").body)["data"] == []
    mock.store.restore(taken)
    assert lines() == before
