"""Usage metered by walking from hour to hour: slow, simple, and without any code of ours."""

from collections import defaultdict
from collections.abc import Iterable
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any


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
class Metered:
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


def meter(lives: Iterable[Life], since: datetime, until: datetime, now: datetime) -> Metered:
    """Walk through each hour of each life before now; count those that start in `[since, until)`."""
    found = Metered()
    for life in lives:
        hour = life.created
        while hour < now and (life.gone is None or hour < life.gone):
            if since <= hour < until:
                plan = next(one for one in reversed(life.plans) if one[0] <= hour)
                found.hours[life.key, plan[1:], hour.year, hour.month] += 1
            hour += timedelta(hours=1)
    return found
