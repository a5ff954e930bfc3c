"""A fleet: its customers and their servers, as a stream. Pure: no input, no output.

The same arguments give the same fleet. Servers come in the order of their creation; only customers and the
servers that exist at the beginning are held in memory.
"""

import math
from bisect import bisect_right
from collections.abc import Iterator, Sequence
from heapq import merge

import msgspec

from mock_solusio.clock import later
from mock_solusio.fleet.changes import Change, ChangeGenerator
from mock_solusio.fleet.customers import LONGEST_AGE, Customer, CustomerPicker, make_customers
from mock_solusio.fleet.profiles import Profile
from mock_solusio.fleet.randomness import draw, exponential, lognormal, strata
from mock_solusio.moment import DAY, HOUR, MINUTE, SECOND, Micros, utc

BUSIEST_HOUR = 14
"""Hour of the day in UTC: afternoon in Europe, morning in America."""

_NOISE = 0.2
_SATURDAY = 5
_ROLES = (
    ("ci", "test", "batch", "demo", "tmp"),
    ("web", "db", "mail", "app", "shop", "cache", "vpn", "backup"),
)
"""Names of servers, of those that live shortly and of the others."""

WeightedHour = tuple[Micros, float]
"""The start of an hour, and how much is created in it relative to the others."""


class FleetServer(msgspec.Struct, frozen=True, gc=False):
    """A server and its changes until the end of the fleet's time."""

    number: int
    """From 1, in the order of creation."""
    customer: int
    """The customer's number."""
    name: str
    plan: int
    """Index of the first plan."""
    created_at: Micros
    ended_at: Micros | None
    """When its deletion is requested; None: it exists at the end."""
    changes: tuple[Change, ...] = ()


class Fleet:
    """All customers and servers of a made-up hosting provider over some months.

    Raises:
        ValueError: there are no customers or months, or the profile does not cover the months.
    """

    def __init__(
        self, profile: Profile, *, users: int | None = None, months: int = 1, seed: str = "", begin: Micros
    ) -> None:
        if users is not None and users < 1:
            raise ValueError("a fleet has at least one customer")
        if months < 1:
            raise ValueError("a fleet has at least one month")
        if profile.months is not None and months > profile.months:
            raise ValueError(f"the profile {profile.name} covers {profile.days} days; leave out the months")
        self.profile = profile
        self.seed = seed
        self.begin = begin
        self.end = later(begin, f"P{months}M") if profile.days is None else begin + profile.days * DAY
        self.months = months
        count = profile.users if users is None else users
        self._draw_seed = f"{seed}\0{profile.name}\0{count}\0{months}\0{begin}"
        self.customers = make_customers(profile, count, begin, self.end, self._draw_seed)
        joined = [customer.joined_at for customer in self.customers]
        self._hours = _weighted_hours(profile, begin, self.end, joined, self._draw_seed)
        self.standing, self.created = self._counts(count)
        self.firsts = [one for one in self.customers if begin <= one.joined_at < self.end - HOUR]

    @property
    def count(self) -> int:
        """The number of servers."""
        return self.standing + self.created + len(self.firsts)

    def servers(self) -> Iterator[FleetServer]:
        """Yield all servers, in the order of their creation."""
        generator = ChangeGenerator(self.profile, self.begin, self.end, self._draw_seed)
        following = draw(self._draw_seed, "names")
        names = len(_ROLES[0]), len(_ROLES[1])
        for number, (created, customer, life) in enumerate(self._births(), 1):
            limit = self.end if customer.left_at is None else min(self.end, customer.left_at - 10 * MINUTE)
            ended: Micros | None = max(created + life, self.begin + MINUTE)
            if ended is not None and ended >= limit:
                ended = None if limit == self.end else limit
            lasting = life > DAY // 2
            role = _ROLES[lasting][int(following() * names[lasting])]
            plan, changes = generator.generate(created, ended, customer)
            yield FleetServer(number, customer.number, f"{role}-{number}", plan, created, ended, changes)

    def _births(self) -> Iterator[tuple[Micros, Customer, Micros]]:
        """Yield when each server is created, its customer, and how long it would live."""
        yield from self._born_before()
        yield from merge(self._born_meanwhile(), self._born_first(), key=lambda birth: birth[0])

    def _born_before(self) -> Iterator[tuple[Micros, Customer, Micros]]:
        """Servers that exist at the beginning: one for each customer, the others by weight."""
        age = strata(self._draw_seed, "ages", self.standing)
        ages = sorted(
            (exponential(age(), self.profile.age_mean) % LONGEST_AGE for _ in range(self.standing)),
            reverse=True,
        )
        left = strata(self._draw_seed, "standing lives", self.standing)
        owners = self._owners("standing owners")
        there = [one for one in self.customers if one.may_order(self.begin)]
        turn = draw(self._draw_seed, "turns")
        turns = sorted(there, key=lambda _: turn())[: self.standing]
        for index, old in enumerate(ages):
            created = self.begin - (int(old) // SECOND + 60) * SECOND
            customer = turns[index] if index < len(turns) else owners.pick(self.begin)
            life = self.begin - created + max(MINUTE, self.profile.left(left()) // SECOND * SECOND)
            yield created, customer, life

    def _born_meanwhile(self) -> Iterator[tuple[Micros, Customer, Micros]]:
        quantile = strata(self._draw_seed, "lives", self.created)
        owners = self._owners("owners")
        for created in _moments(self._hours, self.created, self._draw_seed):
            yield created, owners.pick(created), self._life(quantile())

    def _born_first(self) -> Iterator[tuple[Micros, Customer, Micros]]:
        """Each customer who joins meanwhile soon orders a server that is meant to last."""
        following = draw(self._draw_seed, "first servers")
        lasting = self.profile.lifetimes[-1]
        births = []
        for customer in self.firsts:
            created = customer.joined_at + int(120 + following() * 1800) * SECOND
            life = int(lognormal(following(), lasting.median, lasting.sigma))
            births.append((created, customer, max(MINUTE, life // SECOND * SECOND)))
        yield from sorted(births, key=lambda birth: birth[0])

    def _life(self, quantile: float) -> Micros:
        return max(MINUTE, self.profile.lifetime(quantile) // SECOND * SECOND)

    def _owners(self, purpose: str) -> CustomerPicker:
        return CustomerPicker(self.customers, draw(self._draw_seed, purpose))

    def _counts(self, users: int) -> tuple[int, int]:
        """Return how many servers exist at the beginning, and how many are created meanwhile."""
        profile = self.profile
        total = users * profile.servers_per_user
        share = profile.standing
        if profile.mean_hours is not None:
            grid = 20_000
            lives = sorted(self._life((index + 0.5) / grid) for index in range(grid))
            new = _mean_hours(self._hours, lives, self.end)
            span = self.end - self.begin
            old = profile.standing_mean * -math.expm1(-span / profile.standing_mean) / HOUR
            share = (profile.mean_hours - new) / (old - new)
            total = round(total)
        standing = round(total * share)
        if profile.days is not None:
            return standing, int(total) - standing
        return standing, round(total * (1 - share) * (self.end - self.begin) / (30 * DAY))


# When servers are created: more by day than by night, more on working days, more with more customers.


def _weighted_hours(
    profile: Profile, begin: Micros, end: Micros, joined: Sequence[Micros], seed: str
) -> list[WeightedHour]:
    """Return each hour with its weight; `joined` is when the customers came, in order."""
    following = draw(seed, "rhythm")
    hours = []
    for start in range(begin, end, HOUR):
        moment = utc(start)
        angle = math.cos((moment.hour - BUSIEST_HOUR) * math.pi / 12)
        weight = profile.night + (1 - profile.night) * (1 + angle) / 2
        if moment.weekday() >= _SATURDAY:
            weight *= profile.weekend
        weight *= bisect_right(joined, start)
        hours.append((start, weight * lognormal(following(), 1.0, _NOISE)))
    return hours


def _moments(hours: Sequence[WeightedHour], count: int, seed: str) -> Iterator[Micros]:
    """Yield `count` moments in order, in whole seconds, distributed over the hours by weight."""
    following = draw(seed, "moments of creations")
    total = sum(weight for _, weight in hours) or 1.0
    reached, made = 0.0, 0
    for start, weight in hours:
        reached += weight
        wanted = round(reached / total * count) - made
        made += wanted
        yield from sorted(start + int(following() * 3600) * SECOND for _ in range(wanted))


def _mean_hours(hours: Sequence[WeightedHour], lives: Sequence[Micros], end: Micros) -> float:
    """Return the mean hours until `end` of servers created in these hours; `lives` are in order."""
    sums = [0]
    for life in lives:
        sums.append(sums[-1] + life)
    total = weighted = 0.0
    for start, weight in hours:
        most = end - start - HOUR // 2
        whole = bisect_right(lives, most)
        mean = (sums[whole] + (len(lives) - whole) * most) / len(lives)
        total += weight
        weighted += weight * mean
    return weighted / total / HOUR if total else 0.0
