"""Lists and sums of months, made in steps and kept: they equal a fresh count, whatever happens meanwhile."""

import asyncio
from itertools import count

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from mock_solusio.api import dispatch
from mock_solusio.app import Mock
from mock_solusio.clock import Clock
from mock_solusio.domain import metering, usage
from mock_solusio.domain.kinds import KINDS
from mock_solusio.domain.spans import Span, UsageTotals
from mock_solusio.domain.usage import UsageQuery
from mock_solusio.moment import DAY, HOUR, MINUTE, parse_moment
from mock_solusio.options import Options
from mock_solusio.store import span_sums, spans
from mock_solusio.store.store import Store
from support.calls import ADMIN_TOKEN, START, Caller

JANUARY = parse_moment("2026-01-01T00:00:00Z")
MONTHS = [metering.month_start(metering.month_of(JANUARY) + number) for number in range(3)]
SERVERS = range(1, 5)
MARCH = "from=2026-03-01T00:00:00Z&to=2026-04-01T00:00:00Z"


def span(server, plan, at, end):
    return Span(
        resource="server",
        resource_id=server,
        server_id=server,
        server_name=f"server {server}",
        user_id=1 + server % 3,
        plan_id=plan,
        plan_name=f"plan {plan}",
        tokens_per_hour=7 * plan,
        tokens_per_month=5000 * plan,
        anchor=at,
        started_at=at,
        ended_at=end,
    )


moments = st.integers(0, 9 * 24).map(lambda step: JANUARY + step * 6 * HOUR + 17 * MINUTE)
made_spans = st.builds(
    lambda server, plan, at, life: span(server, plan, at, None if life is None else at + life),
    st.sampled_from(SERVERS),
    st.integers(1, 2),
    moments,
    st.one_of(st.none(), st.integers(0, 40).map(lambda days: days * DAY)),
)
queries = st.one_of(
    st.sampled_from(
        [(MONTHS[0], MONTHS[1], None), (MONTHS[1], MONTHS[2], None), (MONTHS[0], MONTHS[2], None)]
    ),
    st.builds(
        lambda since, length, user_ids: (since, since + length * DAY, user_ids),
        moments,
        st.integers(1, 40),
        st.sampled_from([None, (1,), (1, 2), ()]),
    ),
)
events = st.one_of(
    st.tuples(st.just("load"), st.lists(made_spans, max_size=3)),
    st.tuples(st.just("add"), made_spans),
    st.tuples(st.just("close"), st.tuples(st.integers(0, 9), moments)),
    st.tuples(st.just("clock"), moments),
    st.tuples(st.just("begin"), queries),
    st.tuples(st.just("step"), st.integers(0, 3)),
    st.tuples(st.just("look"), queries),
    st.tuples(st.just("undo"), st.tuples(made_spans, queries)),
    st.tuples(st.sampled_from(["save", "restore", "wipe"]), st.none()),
)


class Story:
    """A store to which things happen while periods are being prepared, and a fresh count to compare with."""

    def __init__(self):
        self.store = Store(KINDS, Clock(JANUARY + 40 * DAY, speed=0), seed="s")
        self.load(span(server, plan, JANUARY + server * DAY, None) for server in SERVERS for plan in (1, 2))
        self.saved = self.store.snapshot()
        self.running = []

    def query(self, chosen):
        since, until, user_ids = chosen
        return UsageQuery(since=since, until=until, as_of=self.store.now, user_ids=user_ids)

    def load(self, some):
        with self.store.transaction() as world:
            world.spans.load(some)

    def add(self, one):
        with self.store.transaction() as world:
            world.spans.add(one)

    def close(self, chosen):
        which, at = chosen
        with self.store.transaction() as world:
            found = [one for server in SERVERS for one in world.spans.open_of(server)]
            if found:
                one = found[which % len(found)]
                world.spans.close(one, max(at, one.started_at))

    def clock(self, moment):
        self.store.clock.set(moment)

    def begin(self, chosen):
        query = self.query(chosen)
        self.running.append((query, usage.preparation(self.store, query)))

    def step(self, which):
        if self.running:
            query, work = self.running[which % len(self.running)]
            with self.store.transaction() as world:
                if next(work, "done") == "done":
                    self.running.remove((query, work))
                    self.compare(world, query, prompt=False)

    def look(self, chosen):
        query = self.query(chosen)
        with self.store.transaction() as world:
            for _ in usage.preparation(world, query):
                pass
            self.compare(world, query, prompt=True)

    def undo(self, chosen):
        one, query = chosen

        class UndoneError(Exception):
            pass

        try:
            with self.store.transaction() as world:
                world.spans.add(one)
                for _ in usage.preparation(world, self.query(query)):
                    pass
                raise UndoneError
        except UndoneError:
            pass

    def save(self, _):
        self.saved = self.store.snapshot()

    def restore(self, _):
        self.store.restore(self.saved)

    def wipe(self, _):
        with self.store.transaction() as world:
            world.wipe()

    def compare(self, world, query, *, prompt):
        """Pages add up, and are what a count in Python finds; if `prompt`, all of it."""
        found = usage.read(world, query, 0, 1000)
        assert found.totals == totals_of(found.lines)
        pages = [usage.read(world, query, start, 3).lines for start in range(0, len(found.lines), 3)]
        assert [line for page in pages for line in page] == found.lines
        expected = counted(world, query)
        shown = {
            (line.server_id, line.plan_id, metering.month_of(line.since)): (line.hours, line.tokens)
            for line in found.lines
        }
        assert len(shown) == len(found.lines)
        assert shown.items() <= expected.items()
        if prompt:
            assert shown == expected


def counted(world, query):
    """Count hours and tokens by server, plan and month from the spans alone."""
    lives = {}
    for server in SERVERS:
        for one in world.spans.of_server(server):
            if query.user_ids is None or one.user_id in query.user_ids:
                lives.setdefault((server, one.plan_id), []).append(one)
    found = {}
    for month, since, until in metering.months(query.since, query.metered_until):
        for (server, plan), some in lives.items():
            hours = metering.use(some, since, until).hours
            if hours:
                cost = metering.cost(hours, some[0].tokens_per_hour, some[0].tokens_per_month)
                found[server, plan, month] = (hours, cost.tokens)
    return found


def totals_of(lines):
    return UsageTotals(
        lines=len(lines), hours=sum(line.hours for line in lines), tokens=sum(line.tokens for line in lines)
    )


@settings(max_examples=100, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(story=st.lists(events, min_size=4, max_size=16), last=queries)
def test_whatever_happens_the_sums_are_those_of_a_fresh_count(story, last, monkeypatch):
    monkeypatch.setattr(span_sums, "STEP", 2)
    monkeypatch.setattr(spans, "AT_ONCE", 2)
    told = Story()
    try:
        for what, how in story:
            getattr(told, what)(how)
        told.look(last)
        while told.running:
            told.step(0)
        told.look((MONTHS[0], MONTHS[-1], None))
    finally:
        told.store.close()


def test_the_sums_of_a_whole_month_outlive_the_process(tmp_path, monkeypatch):
    monkeypatch.setattr(span_sums, "STEP", 2)
    file = tmp_path / "state.db"
    query = UsageQuery(since=MONTHS[0], until=MONTHS[1], as_of=MONTHS[2])
    store = Store(KINDS, Clock(MONTHS[2], speed=0), file=file, seed="s")
    with store.transaction() as world:
        world.spans.load(span(server, 1, JANUARY + server * DAY, None) for server in range(1, 10))
        assert list(usage.preparation(world, query))
        before = usage.read(world, query, 5, 3)
    store.close()
    store = Store(KINDS, Clock(MONTHS[2], speed=0), file=file)
    with store.transaction() as world:
        assert not list(usage.preparation(world, query)), "nothing is left to do"
        assert usage.read(world, query, 5, 3) == before
    store.close()


@pytest.fixture
def crowd(mock, monkeypatch):
    """Many lines, and requests that let others have a turn after every second line."""
    monkeypatch.setattr(span_sums, "STEP", 2)
    monkeypatch.setattr(spans, "AT_ONCE", 2)
    monkeypatch.setattr(dispatch, "SLICE", 0)
    mock.clock.set(START + 10 * DAY)
    with mock.transaction() as world:
        world.spans.load(span(server, 1, START + server * HOUR, None) for server in range(1, 41))
    return mock


def together(api, *paths):
    """Send requests at the same time; return the answers, and the paths in the order of the answers."""
    order = []

    async def one(path):
        answer = await api.ask("GET", path)
        order.append(path)
        return answer

    async def every():
        return await asyncio.gather(*map(one, paths))

    return api.runner.run(every()), order


@pytest.mark.usefixtures("crowd")
def test_others_are_answered_while_a_month_is_added_up(api):
    answers, order = together(api, "usage?per_page=10", "users", "roles")
    assert order == ["users", "roles", "usage?per_page=10"]
    assert answers[0].json["meta"]["totals"]["lines"] == 40


@pytest.mark.usefixtures("crowd")
def test_who_needs_the_same_sums_shares_the_work(api, monkeypatch):
    passes = count()
    advance = span_sums.Sums._advance

    def counted_advance(*arguments):
        next(passes)
        return advance(*arguments)

    monkeypatch.setattr(span_sums.Sums, "_advance", counted_advance)
    answers, _ = together(api, *(f"usage?per_page=10&page={number}" for number in range(1, 5)))
    assert next(passes) == 40 // 2 + 1, "as many steps as one request takes"
    found = [line for answer in answers for line in answer.data]
    assert len({line["server_id"] for line in found}) == 40
    assert answers[0].json["meta"]["totals"]["hours"] == sum(line["hours"] for line in found)


@pytest.mark.parametrize("late", [0, HOUR])
def test_a_change_between_two_steps_gives_a_consistent_page(api, crowd, lines, late):
    """At the moment of the request it is left out; one that is dated earlier is counted as a whole."""
    before = lines("from=2026-03-01T00:00:00Z")
    crowd.clock.advance(DAY)
    at = crowd.clock.now() - late

    async def change():
        with crowd.transaction() as world:
            for server in range(1, 11):
                world.spans.close(world.spans.open_of(server)[0], at)

    async def both():
        asked = asyncio.create_task(api.ask("GET", "usage?per_page=1000"))
        for _ in range(10):
            await asyncio.sleep(0)
        assert not asked.done()
        await change()
        return await asked

    answer = api.runner.run(both())
    totals = answer.json["meta"]["totals"]
    hours = sum(line["hours"] for line in before) + 40 * 24 - 10 * (late // HOUR)
    assert totals == {"lines": 40, "hours": hours, "tokens": 7 * hours}
    assert hours == sum(line["hours"] for line in answer.data)


def test_on_a_clock_that_runs_a_page_is_as_of_its_request():
    """Rendering comes after the moment of the request, if only by a microsecond."""
    ticks = count()
    clock = Clock(START, speed=1, source=lambda: next(ticks))
    mock = Mock(Options(clock=clock, seed="test", admin_token=ADMIN_TOKEN))
    try:
        with mock.transaction() as world:
            world.spans.load([span(1, 1, START, None)])
        with asyncio.Runner() as runner:
            api = Caller(mock, runner)
            hours = []
            for _ in range(3):
                (line,) = api.get("usage").data
                hours.append(line["hours"])
                clock.advance(HOUR)
        assert hours == [1, 2, 3]
    finally:
        mock.close()
