"""Randomness of a fleet: all of it follows from a seed and a purpose, on every machine and in every run.

Only `random()` of Python's generator is used, whose sequence Python keeps stable; no `hash`, no sets.
"""

import hashlib
import math
import random
from collections.abc import Callable, Sequence
from statistics import NormalDist

Draw = Callable[[], float]
"""Gives numbers from 0 up to but not including 1."""

STRATA = 1000
"""How many draws, at most, fill their range evenly together."""

_NORMAL = NormalDist()
_EDGE = 1e-9


def draw(seed: str, purpose: str) -> Draw:
    """Return numbers that follow from a seed and a purpose alone."""
    digest = hashlib.sha256(f"{seed}\0{purpose}".encode()).digest()
    return random.Random(digest).random  # noqa: S311 - repeatable on purpose


def strata(seed: str, purpose: str, count: int) -> Draw:
    """Return `count` numbers as `draw` does, of which each so many in a row fill the range evenly.

    The mean of what is drawn from a heavy tail by such numbers is right with few draws already.
    """
    following = draw(seed, purpose)
    size = math.ceil(max(1, count) / math.ceil(max(1, count) / STRATA))
    order = list(range(size))
    waiting: list[int] = []

    def next_one() -> float:
        if not waiting:
            _shuffle(order, following)
            waiting.extend(order)
        return (waiting.pop() + following()) / size

    return next_one


def lognormal(quantile: float, median: float, sigma: float) -> float:
    """Return a quantile of a lognormal distribution."""
    return median * math.exp(sigma * _NORMAL.inv_cdf(min(max(quantile, _EDGE), 1 - _EDGE)))


def exponential(quantile: float, mean: float) -> float:
    """Return a quantile of an exponential distribution."""
    return -mean * math.log1p(-min(quantile, 1 - _EDGE))


def pick(quantile: float, shares: Sequence[float]) -> int:
    """Return the index that a quantile falls on, among shares that add up to 1."""
    for index, share in enumerate(shares):
        quantile -= share
        if quantile < 0:
            return index
    return len(shares) - 1


def _shuffle(items: list[int], following: Draw) -> None:
    for index in range(len(items) - 1, 0, -1):
        other = int(following() * (index + 1))
        items[index], items[other] = items[other], items[index]
