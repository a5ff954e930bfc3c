"""What /usage says, against a count that walks from hour to hour."""

import random
from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from msgspec.structs import replace

from mock_solusio.clock import Clock
from mock_solusio.domain import usage
from mock_solusio.domain.kinds import KINDS
from mock_solusio.domain.spans import Span
from mock_solusio.domain.usage import UsageQuery
from mock_solusio.moment import micros
from mock_solusio.store.store import Store
from support.hour_by_hour import Life, meter

BEGIN = datetime(2023, 12, 20, tzinfo=UTC)
PLANS = [
    ("both", 7, 5000),
    ("low cap", 7, 100),
    ("hourly", 3, 0),
    ("monthly", 0, 900),
    ("free", 0, 0),
]

minutes = st.integers(0, 75 * 24 * 60)
spans_of_time = st.one_of(st.integers(0, 200), st.integers(0, 60 * 24 * 60))


@st.composite
def fleets(draw):
    """Lives as (created, [(after, plan), ...], gone after or None, user), in minutes."""
    lives = []
    for _ in range(draw(st.integers(0, 6))):
        length = draw(spans_of_time)
        changes = sorted(
            draw(
                st.lists(
                    st.tuples(st.integers(0, max(length, 1)), st.integers(0, len(PLANS) - 1)), max_size=4
                )
            )
        )
        changes = [(after, plan) for after, plan in changes if after < length]
        first = draw(st.integers(0, len(PLANS) - 1))
        gone = length if draw(st.booleans()) else None
        lives.append((draw(minutes), first, changes, gone, draw(st.integers(1, 3))))
    return lives


def at(minute):
    return BEGIN + timedelta(minutes=minute)


def lives_of(fleet):
    """The fleet as the slow count takes it."""
    return [
        Life(
            key=number,
            plans=[(at(created), *PLANS[first])]
            + [(at(created + after), *PLANS[plan]) for after, plan in changes],
            gone=None if gone is None else at(created + gone),
            user=user,
        )
        for number, (created, first, changes, gone, user) in enumerate(fleet, 1)
    ]


def spans_of(lives):
    """The fleet as spans: one for each plan that a life has had."""
    for one in lives:
        ends = [start for start, *_ in one.plans[1:]] + [one.gone]
        for (start, name, per_hour, per_month), end in zip(one.plans, ends, strict=True):
            yield Span(
                resource="server",
                resource_id=one.key,
                server_id=one.key,
                server_name=f"server {one.key}",
                user_id=one.user,
                plan_id=1 + [plan[0] for plan in PLANS].index(name),
                plan_name=name,
                tokens_per_hour=per_hour,
                tokens_per_month=per_month,
                anchor=micros(one.created),
                started_at=micros(start),
                ended_at=None if end is None else micros(end),
            )


def read(store, since, until, *, as_of=None, user_ids=None, per_page=3):
    query = UsageQuery(
        since=micros(since),
        until=micros(until),
        as_of=store.now if as_of is None else micros(as_of),
        user_ids=user_ids,
    )
    found = []
    with store.transaction() as world:
        world.spans.enter(world.now)
        while True:
            some = usage.read(world, query, len(found), per_page)
            found += some.lines
            if not some.lines:
                assert (some.totals.lines, some.totals.hours, some.totals.tokens) == (
                    len(found),
                    sum(line.hours for line in found),
                    sum(line.tokens for line in found),
                )
                return found


def keyed(found):
    hours, tokens = {}, {}
    for line in found:
        begins = datetime.fromtimestamp(line.since / 1_000_000, UTC)
        plan = (line.plan_name, line.tokens_per_hour, line.tokens_per_month)
        # The first of its hours starts at or after `since`, and in the same month.
        key = (line.resource_id, plan, begins.year, begins.month)
        assert key not in hours
        hours[key], tokens[key] = line.hours, line.tokens
    return hours, tokens


@settings(max_examples=120)
@given(fleet=fleets(), now=st.integers(0, 90 * 24 * 60), period=st.tuples(minutes, minutes), data=st.data())
def test_random_fleets_agree_to_the_token(fleet, now, period, data):
    lives = [one for one in lives_of(fleet) if one.created <= at(now)]
    store = Store(KINDS, Clock(micros(at(now)), speed=0), seed="r")
    try:
        spans = list(spans_of(lives))
        shuffled = data.draw(st.permutations(spans))
        with store.transaction() as world:
            assert world.spans.load(shuffled) == len(spans)
        since, until = at(min(period)), at(max(period) + 1)
        for who in (None, (1,), (2, 3), ()):
            wanted = [one for one in lives if who is None or one.user in who]
            expected = meter(wanted, since, until, at(now))
            hours, tokens = keyed(read(store, since, until, user_ids=who))
            assert hours == expected.hours
            assert tokens == expected.tokens
    finally:
        store.close()


@settings(max_examples=60)
@given(fleet=fleets(), looks=st.lists(st.integers(0, 90 * 24 * 60), max_size=6))
def test_as_it_happens_or_all_at_once(fleet, looks):
    """However often somebody looks on the way or back later, they see the same."""
    lives = lives_of(fleet)
    clock = Clock(micros(BEGIN), speed=0)
    store = Store(KINDS, clock, seed="r")
    events = [(minute, 2, "look", None) for minute in looks]
    for number, one in enumerate(lives):
        for index, (start, *_) in enumerate(one.plans):
            events.append(((start - BEGIN) // timedelta(minutes=1), index > 0, "plan", (number, index)))
        if one.gone is not None:
            events.append(((one.gone - BEGIN) // timedelta(minutes=1), 1, "gone", (number, None)))
    until = BEGIN + timedelta(days=100)
    seen = []
    try:
        spans = [list(spans_of([one])) for one in lives]
        for minute, _, what, which in sorted(events, key=lambda event: event[:2]):
            clock.set(micros(at(minute)))
            if what == "look":
                found = read(store, BEGIN, until)
                hours, tokens = keyed(found)
                expected = meter(lives, BEGIN, until, at(minute))
                assert (hours, tokens) == (expected.hours, expected.tokens)
                seen.append((minute, found))
                continue
            number, index = which
            with store.transaction() as world:
                for span in world.spans.open_of(number + 1):
                    world.spans.close(span, world.now)
                if index is not None:
                    world.spans.add(replace(spans[number][index], ended_at=None))
        clock.set(micros(until))
        assert keyed(read(store, BEGIN, until))[0] == meter(lives, BEGIN, until, until).hours
        for minute, found in seen:
            # What has gone on or ended since does not show.
            assert read(store, BEGIN, until, as_of=at(minute)) == found
    finally:
        store.close()


PRICED = {1: (7, 5000), 2: (14, 10_000), 3: (21, 15_000), 4: (28, 20_000)}
BACKUPS = {1: (1, 500), 2: (1, 1000), 3: (2, 1500), 4: (3, 2000)}
"""Ten percent: 0.7, 1.4, 2.1 and 2.8 tokens an hour, in whole ones."""


class Story:
    """A busy fleet: what is asked for through the API, noted beside it in our own way."""

    def __init__(self, seed, api, wait):
        self.draw = random.Random(seed)  # noqa: S311 - repeatable on purpose
        self.api, self.wait = api, wait
        self.now = datetime(2026, 3, 1, tzinfo=UTC)
        self.lives = []
        self.plans = {}
        self.owners = {}

    def pass_time(self):
        seconds = self.draw.choice(
            [self.draw.randint(61, 7200), self.draw.randint(61, 4 * 86_400), 3600, 1800]
        )
        self.wait(seconds=seconds)
        self.now += timedelta(seconds=seconds)

    def ask(self, method, path, body=None):
        answer = self.api.call(method, path, body)
        assert answer.status in (200, 201), answer
        return answer.data

    def mine(self, key, kind=None):
        return [
            one for one in self.lives if one.key[0] == key and one.gone is None and kind in (None, one.key[1])
        ]

    def priced(self, kind, plan):
        prices = {"server": PRICED[plan], "additional_ip": (1, 700), "backup": BACKUPS[plan]}[kind]
        return (self.now, str(plan), *prices)

    def begin(self, key, kind, number):
        plan = self.priced(kind, self.plans[key])
        self.lives.append(Life((key, kind, number), [plan], user=self.owners[key]))

    def order(self, user):
        plan = self.draw.randint(1, 4)
        key = self.ask("POST", "servers", {"name": "busy", "user": user, "plan": plan})["id"]
        self.plans[key], self.owners[key] = plan, user
        self.begin(key, "server", key)

    def delete(self, key):
        self.ask("DELETE", f"servers/{key}")
        for one in self.mine(key):
            one.gone = self.now

    def resize(self, key):
        self.plans[key] = plan = self.draw.randint(1, 4)
        self.ask("POST", f"servers/{key}/resize", {"plan_id": plan, "preserve_disk": True})
        for one in self.mine(key):
            one.plans.append(self.priced(one.key[1], plan))

    def add_ip(self, key):
        known = {one.key[2] for one in self.lives if one.key[1] == "additional_ip"}
        self.ask("POST", f"servers/{key}/ips", {"count": 1})
        ids = {row["id"] for row in self.ask("GET", f"servers/{key}")["ips"] if not row["is_primary"]}
        (new,) = ids - known
        self.begin(key, "additional_ip", new)

    def remove_ip(self, key):
        for one in self.mine(key, "additional_ip")[:1]:
            self.ask("DELETE", f"servers/{key}/ips", {"ids": [one.key[2]]})
            one.gone = self.now

    def switch_backups(self, key):
        running = self.mine(key, "backup")
        self.ask("PATCH", f"servers/{key}", {"backup_settings": {"enabled": not running}})
        for one in running:
            one.gone = self.now
        if not running:
            # Enabled again is the same line, with hours counted from zero: a life of its own here.
            self.begin(key, "backup", key)

    def stop(self, key):
        self.ask("POST", f"servers/{key}/stop")

    def step(self, users):
        self.pass_time()
        alive = [key for key in self.plans if self.mine(key, "server")]
        happens = [self.delete, self.resize, self.resize, self.add_ip, self.remove_ip, self.stop]
        happens += [self.switch_backups] * 2
        if not alive or self.draw.random() < 0.25:
            self.order(self.draw.choice(users))
        else:
            self.draw.choice(happens)(self.draw.choice(alive))


@pytest.mark.parametrize("seed", range(4))
def test_a_busy_fleet_over_http(api, wait, customer, seed, lines):
    story = Story(seed, api, wait)
    users = [customer(billing_user_id=number) for number in (11, 22, 33)]
    for _ in range(70):
        story.step(users)
    story.pass_time()
    since, until = datetime(2026, 3, 1, tzinfo=UTC), datetime(2027, 1, 1, tzinfo=UTC)
    expected = meter(story.lives, since, until, story.now)
    found = lines("from=2026-03-01T00:00:00Z&to=2027-01-01T00:00:00Z")
    got = {}
    for line in found:
        begins = datetime.fromisoformat(line["from"])
        key = (line["server_id"], line["resource"], line["resource_id"])
        plan = (str(line["plan"]["id"]), line["tokens_per_hour"], line["tokens_per_month"])
        got[key, plan, begins.year, begins.month] = (line["hours"], line["tokens"])
    assert got == {key: (hours, expected.tokens[key]) for key, hours in expected.hours.items()}
    assert len(found) == len(got) > 20
    for user, billing in zip(users, (11, 22, 33), strict=True):
        query = f"from=2026-03-01T00:00:00Z&to=2027-01-01T00:00:00Z&filter[billing_user_id]={billing}"
        assert lines(query) == [line for line in found if line["user_id"] == user]
