"""The customers of a fleet: when they join, pause and leave, and who orders the next server."""

from bisect import bisect_right
from collections.abc import Sequence
from typing import Literal, NamedTuple

import msgspec

from mock_solusio.fleet.profiles import Profile
from mock_solusio.fleet.randomness import Draw, draw, exponential, lognormal
from mock_solusio.moment import DAY, HOUR, MINUTE, SECOND, Micros

FIRST_BILLING_ID = 1001

LONGEST_AGE = 900 * DAY
"""No server that exists at the beginning is older; the first customers joined before that."""

_UNPAID = 7 * DAY
"""How long a customer who leaves without paying is suspended before they are deleted."""
_TRIES = 60


class Pause(NamedTuple):
    """A time in which a customer is locked or suspended; without `end` it lasts beyond the fleet's time."""

    begin: Micros
    end: Micros | None
    status: Literal["locked", "suspended"]


class Customer(msgspec.Struct, frozen=True, kw_only=True):
    """A customer; `people` gives them a name."""

    number: int
    """From 1, in the order in which they joined."""
    joined_at: Micros
    left_at: Micros | None
    pauses: tuple[Pause, ...]
    weight: float
    """How much they order, relative to the others."""

    @property
    def billing_user_id(self) -> int:
        """Their id in the billing system."""
        return FIRST_BILLING_ID - 1 + self.number

    def may_order(self, moment: Micros) -> bool:
        """Tell whether they have joined, are active, and are not about to leave."""
        if moment < self.joined_at + MINUTE or (
            self.left_at is not None and moment > self.left_at - 2 * HOUR
        ):
            return False
        return not self.paused(moment)

    def paused(self, moment: Micros) -> bool:
        """Tell whether they are locked or suspended within a minute of a moment."""
        return any(
            pause.begin - MINUTE <= moment and (pause.end is None or moment <= pause.end + MINUTE)
            for pause in self.pauses
        )


class CustomerPicker:
    """Draws a customer by weight, among those who may order."""

    def __init__(self, customers: Sequence[Customer], following: Draw) -> None:
        self._customers = customers
        self._following = following
        self._sums: list[float] = []
        for customer in customers:
            self._sums.append(customer.weight + (self._sums[-1] if self._sums else 0.0))

    def pick(self, moment: Micros) -> Customer:
        """Return the customer who orders at a moment."""
        for _ in range(_TRIES):
            index = bisect_right(self._sums, self._following() * self._sums[-1])
            customer = self._customers[min(index, len(self._sums) - 1)]
            if customer.may_order(moment):
                return customer
        # Hardly anybody may order: take the first who may, or the first customer, who never leaves.
        return next((one for one in self._customers if one.may_order(moment)), self._customers[0])


def make_customers(profile: Profile, count: int, begin: Micros, end: Micros, seed: str) -> list[Customer]:
    """Return customers in the order in which they join: most before `begin`, the others until `end`."""
    following = draw(seed, "customers")
    before = max(1, round(count * profile.present))
    oldest = begin - LONGEST_AGE - 400 * DAY
    joined = sorted(oldest + int(following() * 390 * DAY) for _ in range(before))
    joined += sorted(begin + int(following() * (end - begin)) for _ in range(count - before))
    customers = []
    for number, exact in enumerate(joined, 1):
        moment = exact // SECOND * SECOND
        fate = draw(seed, f"fate {number}")
        # The first one stays and pays, so that there is somebody at every moment.
        left, pauses = (None, ()) if number == 1 else _fate(profile, max(moment, begin), end, fate)
        weight = lognormal(following(), 1.0, profile.concentration)
        customers.append(
            Customer(number=number, joined_at=moment, left_at=left, pauses=pauses, weight=weight)
        )
    return customers


def _fate(
    profile: Profile, since: Micros, end: Micros, following: Draw
) -> tuple[Micros | None, tuple[Pause, ...]]:
    """Return when a customer leaves, and when they are locked or suspended."""
    rates, month = profile.rates, 30 * DAY
    left: Micros | None = None
    pauses: list[Pause] = []
    if rates.user_leave:
        moment = since + 3 * DAY + int(exponential(following(), month / rates.user_leave))
        unpaid = following() < 0.5
        if moment < end:
            left = moment // SECOND * SECOND
        if moment - _UNPAID < end and unpaid and moment - _UNPAID > since + DAY:
            pauses.append(Pause((moment - _UNPAID) // SECOND * SECOND, left, "suspended"))
    if rates.user_suspend:
        moment = since + DAY + int(exponential(following(), month / rates.user_suspend))
        back = moment + DAY + int(exponential(following(), 3 * DAY))
        status: Literal["locked", "suspended"] = "locked" if following() < 0.2 else "suspended"
        latest = pauses[0].begin if pauses else left if left is not None else end
        if moment < end and back < latest - HOUR:
            pauses.insert(0, Pause(moment // SECOND * SECOND, back // SECOND * SECOND, status))
        elif moment < end and latest == end:
            pauses.append(Pause(moment // SECOND * SECOND, None, status))
    return left, tuple(pauses)
