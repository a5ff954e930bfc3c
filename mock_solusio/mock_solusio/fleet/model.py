"""A fleet: who its customers are and what becomes of their servers, as a stream. Pure: no input, no output.

Everything follows from the arguments: the same give the same fleet. Servers come one after the other, in the
order of their creation; only customers and the servers that stand at the beginning are held in memory.
"""

import math
from bisect import bisect_right
from collections.abc import Iterator
from heapq import merge
from typing import Literal, NamedTuple

import msgspec

from mock_solusio.clock import later
from mock_solusio.fleet.changes import Change, Fates
from mock_solusio.fleet.profiles import Profile
from mock_solusio.fleet.randomness import Draw, draw, exponential, lognormal, strata
from mock_solusio.fleet.rhythm import hourly, mean_within, moments
from mock_solusio.moment import DAY, HOUR, MINUTE, SECOND, Micros

LAST_AGE = 900 * DAY
"""No server that stands at the beginning is older; the first customers came before that."""

FIRST_BILLING_ID = 1001

_TRIES = 60
_NOT_PAID = 7 * DAY
"""How long a customer who leaves unpaid is suspended before he is deleted."""

_ROLES = (
    ("ci", "test", "batch", "demo", "tmp"),
    ("web", "db", "mail", "app", "shop", "cache", "vpn", "backup"),
)


class Pause(NamedTuple):
    """A time in which a customer is locked or suspended; `end` None: he still is at the end."""

    begin: Micros
    end: Micros | None
    status: Literal["locked", "suspended"]


class Customer(msgspec.Struct, frozen=True, kw_only=True):
    """A customer; who he is, `people` says."""

    number: int
    """From 1, in the order in which they joined."""
    joined_at: Micros
    left_at: Micros | None
    pauses: tuple[Pause, ...]
    weight: float

    @property
    def billing_user_id(self) -> int:
        """His id in the billing system."""
        return FIRST_BILLING_ID - 1 + self.number

    def may_order(self, moment: Micros) -> bool:
        """Tell whether he is there, active, and not about to go."""
        if moment < self.joined_at + MINUTE or (
            self.left_at is not None and moment > self.left_at - 2 * HOUR
        ):
            return False
        return not self.paused(moment)

    def paused(self, moment: Micros) -> bool:
        """Tell whether he is locked or suspended, or is so or was so within a minute."""
        return any(
            pause.begin - MINUTE <= moment and (pause.end is None or moment <= pause.end + MINUTE)
            for pause in self.pauses
        )


class Server(msgspec.Struct, frozen=True, gc=False):
    """A server and all that becomes of it until the end of the fleet's time."""

    number: int
    """From 1, in the order of creation."""
    customer: int
    """Number of its customer."""
    name: str
    plan: int
    """Index of the plan it begins with."""
    created_at: Micros
    ended_at: Micros | None
    """When its deletion is asked for; None: it lives at the end."""
    changes: tuple[Change, ...] = ()


class Fleet:
    """All customers and servers of a hoster in a time, made up.

    Raises:
        ValueError: there are no customers, or the profile does not cover the time.
    """

    def __init__(
        self, profile: Profile, *, users: int | None = None, months: int = 1, seed: str = "", begin: Micros
    ) -> None:
        if users is not None and users < 1:
            raise ValueError("a fleet has one customer at least")
        if months < 1:
            raise ValueError("a fleet has one month at least")
        if profile.months is not None and months > profile.months:
            raise ValueError(f"the profile {profile.name} covers {profile.days} days; leave out the months")
        self.profile = profile
        self.seed = seed
        self.begin = begin
        self.end = later(begin, f"P{months}M") if profile.days is None else begin + profile.days * DAY
        self.months = months
        count = profile.users if users is None else users
        self._draw_seed = f"{seed}\0{profile.name}\0{count}\0{months}\0{begin}"
        self.customers = self._customers(count)
        joined = [customer.joined_at for customer in self.customers]
        self._hours = hourly(profile, begin, self.end, joined, self._draw_seed)
        self.standing, self.created = self._counts(count)
        self.firsts = [one for one in self.customers if begin <= one.joined_at < self.end - HOUR]

    @property
    def count(self) -> int:
        """How many servers there are."""
        return self.standing + self.created + len(self.firsts)

    def servers(self) -> Iterator[Server]:
        """Return all servers, in the order of their creation."""
        fates = Fates(self.profile, self.begin, self.end, self._draw_seed)
        following = draw(self._draw_seed, "names")
        names = len(_ROLES[0]), len(_ROLES[1])
        for number, (created, customer, life) in enumerate(self._births(), 1):
            limit = self.end if customer.left_at is None else min(self.end, customer.left_at - 10 * MINUTE)
            ended: Micros | None = max(created + life, self.begin + MINUTE)
            if ended is not None and ended >= limit:
                ended = None if limit == self.end else limit
            lasting = life > DAY // 2
            role = _ROLES[lasting][int(following() * names[lasting])]
            plan, changes = fates.of(created, ended, customer)
            yield Server(number, customer.number, f"{role}-{number}", plan, created, ended, changes)

    def _births(self) -> Iterator[tuple[Micros, Customer, Micros]]:
        yield from self._born_before()
        yield from merge(self._born_meanwhile(), self._born_first(), key=lambda birth: birth[0])

    def _born_before(self) -> Iterator[tuple[Micros, Customer, Micros]]:
        """Servers that stand at the beginning: the first of each customer, the others by weight."""
        age = strata(self._draw_seed, "ages", self.standing)
        ages = sorted(
            (exponential(age(), self.profile.age_mean) % LAST_AGE for _ in range(self.standing)), reverse=True
        )
        left = strata(self._draw_seed, "standing lives", self.standing)
        owner = self._owners("standing owners")
        there = [one for one in self.customers if one.may_order(self.begin)]
        turn = draw(self._draw_seed, "turns")
        turns = sorted(there, key=lambda _: turn())[: self.standing]
        for index, old in enumerate(ages):
            created = self.begin - (int(old) // SECOND + 60) * SECOND
            customer = turns[index] if index < len(turns) else owner(self.begin)
            life = self.begin - created + max(MINUTE, self.profile.left(left()) // SECOND * SECOND)
            yield created, customer, life

    def _born_meanwhile(self) -> Iterator[tuple[Micros, Customer, Micros]]:
        quantile = strata(self._draw_seed, "lives", self.created)
        owner = self._owners("owners")
        for created in moments(self._hours, self.created, self._draw_seed):
            yield created, owner(created), self._life(quantile())

    def _born_first(self) -> Iterator[tuple[Micros, Customer, Micros]]:
        """Each customer who joins meanwhile orders a server soon; such a one is meant to last."""
        following = draw(self._draw_seed, "first servers")
        lasting = self.profile.lives[-1]
        births = []
        for customer in self.firsts:
            created = customer.joined_at + int(120 + following() * 1800) * SECOND
            life = int(lognormal(following(), lasting.median, lasting.sigma))
            births.append((created, customer, max(MINUTE, life // SECOND * SECOND)))
        yield from sorted(births, key=lambda birth: birth[0])

    def _life(self, quantile: float) -> Micros:
        return max(MINUTE, self.profile.lifetime(quantile) // SECOND * SECOND)

    def _owners(self, purpose: str) -> "_Owners":
        return _Owners(self.customers, draw(self._draw_seed, purpose))

    def _counts(self, users: int) -> tuple[int, int]:
        """Return how many servers stand at the beginning, and how many are created meanwhile."""
        profile = self.profile
        total = users * profile.servers_per_user
        share = profile.standing
        if profile.mean_hours is not None:
            grid = 20_000
            lives = sorted(self._life((index + 0.5) / grid) for index in range(grid))
            new = mean_within(self._hours, lives, self.end)
            span = self.end - self.begin
            old = profile.standing_mean * -math.expm1(-span / profile.standing_mean) / HOUR
            share = (profile.mean_hours - new) / (old - new)
            total = round(total)
        standing = round(total * share)
        if profile.days is not None:
            return standing, int(total) - standing
        return standing, round(total * (1 - share) * (self.end - self.begin) / (30 * DAY))

    def _customers(self, count: int) -> list[Customer]:
        following = draw(self._draw_seed, "customers")
        profile, span = self.profile, self.end - self.begin
        before = max(1, round(count * profile.present))
        oldest = self.begin - LAST_AGE - 400 * DAY
        joined = sorted(oldest + int(following() * 390 * DAY) for _ in range(before))
        joined += sorted(self.begin + int(following() * span) for _ in range(count - before))
        customers = []
        for number, exact in enumerate(joined, 1):
            moment = exact // SECOND * SECOND
            fate = draw(self._draw_seed, f"fate {number}")
            # The first one stays and pays, so that there is somebody at every moment.
            left, pauses = (None, ()) if number == 1 else self._fate(max(moment, self.begin), fate)
            weight = lognormal(following(), 1.0, profile.concentration)
            customers.append(
                Customer(number=number, joined_at=moment, left_at=left, pauses=pauses, weight=weight)
            )
        return customers

    def _fate(self, since: Micros, following: Draw) -> tuple[Micros | None, tuple[Pause, ...]]:
        """Return when a customer leaves, and when he is locked or suspended."""
        rates, month = self.profile.rates, 30 * DAY
        left: Micros | None = None
        pauses: list[Pause] = []
        if rates.user_leave:
            moment = since + 3 * DAY + int(exponential(following(), month / rates.user_leave))
            unpaid = following() < 0.5
            if moment < self.end:
                left = moment // SECOND * SECOND
            if moment - _NOT_PAID < self.end and unpaid and moment - _NOT_PAID > since + DAY:
                pauses.append(Pause((moment - _NOT_PAID) // SECOND * SECOND, left, "suspended"))
        if rates.user_suspend:
            moment = since + DAY + int(exponential(following(), month / rates.user_suspend))
            back = moment + DAY + int(exponential(following(), 3 * DAY))
            status: Literal["locked", "suspended"] = "locked" if following() < 0.2 else "suspended"
            latest = pauses[0].begin if pauses else left if left is not None else self.end
            if moment < self.end and back < latest - HOUR:
                pauses.insert(0, Pause(moment // SECOND * SECOND, back // SECOND * SECOND, status))
            elif moment < self.end and latest == self.end:
                pauses.append(Pause(moment // SECOND * SECOND, None, status))
        return left, tuple(pauses)


class _Owners:
    """Draws customers by weight, among those who may order."""

    def __init__(self, customers: list[Customer], following: Draw) -> None:
        self._customers = customers
        self._following = following
        self._sums: list[float] = []
        for customer in customers:
            self._sums.append(customer.weight + (self._sums[-1] if self._sums else 0.0))

    def __call__(self, moment: Micros) -> Customer:
        for _ in range(_TRIES):
            index = bisect_right(self._sums, self._following() * self._sums[-1])
            customer = self._customers[min(index, len(self._sums) - 1)]
            if customer.may_order(moment):
                return customer
        # Nearly nobody is there: whoever is, or else the first customer, who never leaves.
        return next((one for one in self._customers if one.may_order(moment)), self._customers[0])
