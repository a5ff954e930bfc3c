"""Fleets, and a reckoning of their usage that walks from hour to hour: slow, simple, and nothing of ours."""

from collections import defaultdict
from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any

import pytest


@dataclass
class Life:
    """A resource: when it came, which plans it got when, and when it went."""

    key: Any
    plans: list[tuple[datetime, str, int, int]]
    """Since when which plan with which prices for the hour and the month; the first is the creation."""
    gone: datetime | None = None
    user: int = 1

    @property
    def created(self) -> datetime:
        return self.plans[0][0]


@dataclass
class Reckoning:
    """Hours and tokens by (resource, plan with its prices, year, month)."""

    hours: dict[Any, int] = field(default_factory=lambda: defaultdict(int))

    @property
    def tokens(self) -> dict[Any, int]:
        return {key: _tokens(hours, *key[1][1:]) for key, hours in self.hours.items()}

    @property
    def sums(self) -> tuple[int, int, int]:
        return len(self.hours), sum(self.hours.values()), sum(self.tokens.values())


def _tokens(hours: int, per_hour: int, per_month: int) -> int:
    if per_hour > 0 and per_month > 0:
        return min(hours * per_hour, per_month)
    if per_hour > 0:
        return hours * per_hour
    return per_month


def reckon(lives: Iterable[Life], since: datetime, until: datetime, now: datetime) -> Reckoning:
    """Walk through each hour of each life before now; count those that start in `[since, until)`."""
    found = Reckoning()
    for life in lives:
        hour = life.created
        while hour < now and (life.gone is None or hour < life.gone):
            if since <= hour < until:
                plan = next(one for one in reversed(life.plans) if one[0] <= hour)
                found.hours[life.key, plan[1:], hour.year, hour.month] += 1
            hour += timedelta(hours=1)
    return found


@pytest.fixture(scope="session")
def brute_force() -> Callable[..., Reckoning]:
    """Reckon lives hour by hour: `brute_force(lives, since, until, now)`."""
    return reckon


@pytest.fixture(scope="session")
def life() -> type[Life]:
    """What `brute_force` reckons."""
    return Life


@pytest.fixture
def server(order: Callable[..., Any]) -> Callable[..., int]:
    """Order a server; return its id."""
    return lambda **fields: order(**{"name": "web.example.com", **fields})["id"]


@pytest.fixture
def lines(api: Any) -> Callable[..., list[dict[str, Any]]]:
    """Return the lines of one big page: `lines("from=...&filter[user_id]=2")`."""

    def ask(query: str = "", by: Any = None) -> list[dict[str, Any]]:
        answer = (by or api).get(f"usage?per_page=1000&{query}")
        assert answer.status == 200, answer
        found = answer.data
        meta = answer.json["meta"]
        assert meta["totals"] == {
            "lines": len(found),
            "hours": sum(line["hours"] for line in found),
            "tokens": sum(line["tokens"] for line in found),
        }
        return list(found)

    return ask


@pytest.fixture
def march() -> str:
    """The month in which every test begins, as a query."""
    return "from=2026-03-01T00:00:00Z&to=2026-04-01T00:00:00Z"
