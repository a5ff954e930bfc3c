"""Plays scenarios in a mock, and meters their usage from hour to hour: slow, simple, and no code of ours.

It also gives the billing systems with planted mistakes, which are held to played scenarios in this process.
"""

import importlib.util
import sys
from collections import Counter
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from decimal import ROUND_HALF_UP, Decimal
from functools import lru_cache
from pathlib import Path
from types import ModuleType
from typing import Any

import msgspec
import pytest

from mock_solusio.clock import Clock
from mock_solusio.moment import micros
from mock_solusio.options import Options
from mock_solusio.timeline.player import play
from solusio_contracts.invoices.scenario import Scenario, events
from support.calls import ADMIN_TOKEN, Caller, calling

HOUR = timedelta(hours=1)

Line = tuple[str, str, str, str, int, str, int]
"""Customer, server, plan, resource, hours, charge, tokens."""


def begin(period: str) -> datetime:
    return datetime.strptime(period, "%Y-%m").replace(tzinfo=UTC)


def end(period: str) -> datetime:
    return (begin(period) + timedelta(days=31)).replace(day=1)


def billed(period: str) -> datetime:
    """When a period is billed: an hour after its end."""
    return end(period) + HOUR


# By hand: every hour of every resource.


@dataclass(frozen=True)
class Terms:
    """A plan as a resource has it."""

    key: str
    name: str
    per_hour: int
    per_month: int

    def cost(self, hours: int) -> tuple[str, int]:
        """Return charge and tokens of a line (vendor's page, steps 2 and 3)."""
        if self.per_hour == 0 and self.per_month > 0:
            return "monthly", self.per_month
        if self.per_month > 0 and hours * self.per_hour > self.per_month:
            return "monthly", self.per_month
        return "hourly", hours * self.per_hour


Walk = tuple[tuple[datetime, Terms], ...]
"""Moments, and the terms that hold: since then, or for the hour that starts then."""


@dataclass
class Life:
    """A resource: whose, of which server, when it came and went, and since when it has which terms."""

    user: str
    server: str
    resource: str
    created: datetime
    terms: list[tuple[datetime, Terms]]
    gone: datetime | None = None
    names: set[str] = field(default_factory=set)
    """Of backups: those that there are."""
    running: list[tuple[datetime, bool]] = field(default_factory=list)
    """Since when it runs, or does not: it accrues all the same."""
    image: tuple[str, str] | None = None
    """If it is an ISO image: in which server, and which one."""
    renamed: list[datetime] = field(default_factory=list)

    @property
    def line(self) -> object:
        """What has one line a month: an ISO image may be in its server more than once."""
        return self.image or id(self)

    def hours(self, until: datetime) -> Walk:
        """Return when each hour starts, and what it costs by."""
        return walk(self.created, until if self.gone is None else min(self.gone, until), tuple(self.terms))

    def counted(self, since: datetime, until: datetime) -> Counter[Terms]:
        """Count the hours that start in a period, by what they cost by."""
        last = until if self.gone is None else min(self.gone, until)
        return count(self.created, last, tuple(self.terms), since)


# Cached, so that thousands of servers with the same life are walked through once.


@lru_cache(maxsize=256)
def walk(created: datetime, until: datetime, terms: Walk) -> Walk:
    hours = []
    hour = created
    while hour < until:
        hours.append((hour, next(one for since, one in reversed(terms) if since <= hour)))
        hour += HOUR
    return tuple(hours)


@lru_cache(maxsize=256)
def count(created: datetime, until: datetime, terms: Walk, since: datetime) -> Counter[Terms]:
    return Counter(one for hour, one in walk(created, until, terms) if since <= hour)


@dataclass
class World:
    """What a timeline leaves behind, read event by event."""

    lives: list[Life] = field(default_factory=list)
    customers: dict[str, int | None] = field(default_factory=dict)
    """User -> their billing_user_id, also of those who were deleted."""
    plans: dict[str, dict[str, Any]] = field(default_factory=dict)
    servers: dict[str, list[Life]] = field(default_factory=dict)
    latest: str = ""
    addresses: dict[str, Life] = field(default_factory=dict)

    def terms(self, plan: str, resource: str) -> Terms:
        prices = self.plans[plan]
        if resource == "backup":
            per_hour, per_month = (
                _share(prices.get(name, 0), prices.get("backup_price", 0))
                for name in ("tokens_per_hour", "tokens_per_month")
            )
        else:
            prefix = {"additional_ip": "ip_", "iso_image": "iso_image_"}.get(resource, "")
            per_hour = prices.get(f"{prefix}tokens_per_hour", 0)
            per_month = prices.get(f"{prefix}tokens_per_month", 0)
        return Terms(plan, prices["name"], per_hour, per_month)

    def of(self, server: str) -> list[Life]:
        """Return what a server has, by the name it has in the timeline."""
        return [life for life in self.servers[server] if life.gone is None]

    def add(self, at: datetime, server: str, resource: str) -> Life:
        """Give a server one more resource."""
        (main,) = (life for life in self.of(server) if life.resource == "server")
        terms = self.terms(main.terms[-1][1].key, resource)
        life = Life(main.user, main.server, resource, at, [(at, terms)])
        self.lives.append(life)
        self.servers[server].append(life)
        return life

    def happen(self, event: Mapping[str, Any]) -> None:
        if event["do"] not in ("user.delete", "plan.delete"):  # usage keeps both
            getattr(self, "_" + event["do"].replace(".", "_"))(event, event["at"].astimezone(UTC))

    def _plan_create(self, event: Mapping[str, Any], at: datetime) -> None:
        del at
        self.plans[event["as"]] = {"name": event["as"], **event}

    def _plan_update(self, event: Mapping[str, Any], at: datetime) -> None:
        del at
        self.plans[event["on"]] |= {key: event[key] for key in event if key not in ("at", "do", "on")}

    def _user_create(self, event: Mapping[str, Any], at: datetime) -> None:
        del at
        self.latest = event["as"]
        self.customers[event["as"]] = event.get("billing_user_id")

    def _user_update(self, event: Mapping[str, Any], at: datetime) -> None:
        self.customers[event["on"]] = event.get("billing_user_id", self.customers[event["on"]])
        for life in self.lives:
            if life.user == event["on"] and "status" in event:
                life.running.append((at, event["status"] == "active"))

    def _server_create(self, event: Mapping[str, Any], at: datetime) -> None:
        name, user = event.get("name", event["as"]), event.get("user", self.latest)
        life = Life(user, name, "server", at, [(at, self.terms(event["plan"], "server"))])
        self.lives.append(life)
        self.servers[event["as"]] = [life]
        for _ in range(event.get("additional_ips", 0)):
            self.add(at, event["as"], "additional_ip")

    def _server_stop(self, event: Mapping[str, Any], at: datetime) -> None:
        self.of(event["on"])[0].running.append((at, False))

    def _server_start(self, event: Mapping[str, Any], at: datetime) -> None:
        self.of(event["on"])[0].running.append((at, True))

    _server_suspend, _server_resume, _server_restart = _server_stop, _server_start, _server_start

    def _server_resize(self, event: Mapping[str, Any], at: datetime) -> None:
        for life in self.of(event["on"]):
            life.terms.append((at, self.terms(event["plan"], life.resource)))

    def _server_delete(self, event: Mapping[str, Any], at: datetime) -> None:
        for life in self.of(event["on"]):
            life.gone = at

    def _server_update(self, event: Mapping[str, Any], at: datetime) -> None:
        if "name" in event:
            for life in self.servers[event["on"]]:
                life.server = event["name"]
                life.renamed.append(at)
        if "boot_mode" in event:
            self._boot(event["on"], "", at)

    def _server_boot(self, event: Mapping[str, Any], at: datetime) -> None:
        self._boot(event["on"], event["iso_image"] if event["mode"] == "iso" else "", at)

    def _boot(self, server: str, image: str, at: datetime) -> None:
        there = [life for life in self.of(server) if life.image]
        for life in there:
            if life.image != (server, image):
                life.gone = at
        if image and (server, image) not in {life.image for life in there}:
            self.add(at, server, "iso_image").image = server, image

    def _iso_image_create(self, event: Mapping[str, Any], at: datetime) -> None:
        """An image costs nothing until a server boots from it."""

    def _ip_add(self, event: Mapping[str, Any], at: datetime) -> None:
        self.addresses[event.get("as", "")] = self.add(at, event["on"], "additional_ip")

    def _ip_remove(self, event: Mapping[str, Any], at: datetime) -> None:
        self.addresses[event["on"]].gone = at

    def _backup_create(self, event: Mapping[str, Any], at: datetime) -> None:
        on = event["on"]
        backups = [life for life in self.of(on) if life.resource == "backup"]
        if not backups:
            backups = [self.add(at, on, "backup")]
        backups[0].names.add(event.get("as", ""))

    def _backup_delete(self, event: Mapping[str, Any], at: datetime) -> None:
        on = event["on"]
        (life,) = (life for life in self.lives if on in life.names and life.gone is None)
        life.names.remove(on)
        life.gone = None if life.names else at


def _share(tokens: int, percent: float) -> int:
    share = tokens * Decimal(str(percent)) / 100
    return max(1, int(share.quantize(Decimal(1), ROUND_HALF_UP))) if share else 0


@dataclass(frozen=True)
class Metered:
    """A period as it is known when it is billed."""

    world: World
    names: Mapping[int, str]
    since: datetime
    until: datetime

    def lives_of(self, customer: str) -> list[Life]:
        """Return the resources of a customer of the scenario."""
        return [life for life in self.world.lives if self.customer(life) == customer]

    def customer(self, life: Life) -> str | None:
        number = self.world.customers[life.user]
        return None if number is None else self.names[number]

    def lines(self) -> Counter[Line]:
        """Return the lines: each resource with its terms."""
        found: Counter[Line] = Counter()
        hours: dict[tuple[object, Terms], tuple[Life, int]] = {}
        for life in self.world.lives:
            for terms, count in life.counted(self.since, self.until).items():
                before = hours.get((life.line, terms), (life, 0))[1]
                hours[life.line, terms] = life, before + count
        for (_, terms), (life, count) in hours.items():
            if (customer := self.customer(life)) is not None:
                found[customer, life.server, terms.name, life.resource, count, *terms.cost(count)] += 1
        return found


def ids_of(scenario: Scenario) -> dict[str, int]:
    return {one.name: 700_001 + place for place, one in enumerate(scenario.customers)}


def meter(scenario: Scenario, period: str) -> Metered:
    """Read the timeline as it is known when the period is billed."""
    ids = ids_of(scenario)
    world = World()
    for event in events(scenario, ids):
        if event.at < billed(period):
            world.happen(msgspec.to_builtins(event, builtin_types=(datetime,)))
    return Metered(world, {number: name for name, number in ids.items()}, begin(period), end(period))


@pytest.fixture(scope="session")
def metered() -> Callable[[Scenario, str], Metered]:
    """Read a scenario until a period is billed, without any code of ours: `metered(scenario, "2026-03")`."""
    return meter


# By the mock: the timeline played, and GET /usage.


def _usage(api: Caller, period: str) -> Iterator[dict[str, Any]]:
    pages, page = 1, 1
    while page <= pages:
        since, until = (f"{moment:%Y-%m-%dT%H:%M:%SZ}" for moment in (begin(period), end(period)))
        answer = api.get(f"usage?from={since}&to={until}&per_page=100&page={page}").json
        assert answer["meta"]["closed"] is True
        yield from answer["data"]
        pages, page = answer["meta"]["last_page"], page + 1


@pytest.fixture(scope="session")
def played() -> Callable[[Scenario], dict[str, Counter[Line]]]:
    """Play a scenario in a mock; return what GET /usage says of its customers in each period."""

    def run(scenario: Scenario) -> dict[str, Counter[Line]]:
        ids = ids_of(scenario)
        names = {number: name for name, number in ids.items()}
        coming = events(scenario, ids)
        clock = Clock(micros(coming[0].at), speed=0)
        found: dict[str, Counter[Line]] = {}
        with calling(Options(clock=clock, seed="test", admin_token=ADMIN_TOKEN, strict=True)) as api:
            for period in scenario.periods:
                with api.mock.transaction() as world:
                    play(world, [event for event in coming if event.at < billed(period)])
                coming = [event for event in coming if event.at >= billed(period)]
                clock.set(micros(billed(period)))
                found[period] = Counter(
                    (
                        names[line["billing_user_id"]],
                        line["server_name"],
                        line["plan"]["name"],
                        line["resource"],
                        line["hours"],
                        line["charge"],
                        line["tokens"],
                    )
                    for line in _usage(api, period)
                    if line["billing_user_id"] is not None
                )
        return found

    return run


# Billing systems with planted mistakes.

FAULTY = Path(__file__).parents[1] / "faulty_billing"


@pytest.fixture(scope="session")
def systems() -> Iterator[ModuleType]:
    """Give the module that runs them."""
    with pytest.MonkeyPatch.context() as patch:
        patch.syspath_prepend(str(FAULTY))
        spec = importlib.util.spec_from_file_location("faulty_billing_systems", FAULTY / "systems.py")
        assert spec is not None
        assert spec.loader is not None
        module = importlib.util.module_from_spec(spec)
        sys.modules[spec.name] = module
        spec.loader.exec_module(module)
        yield module


@pytest.fixture(scope="session")
def faulty_billing(systems: ModuleType) -> Iterator[Any]:
    """Give the scenarios, which are played when a system is first held to them."""
    scenarios = systems.PlayedScenarios()
    yield scenarios
    scenarios.close()
