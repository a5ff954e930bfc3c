"""Randomness that follows from a seed and a purpose, the same on every machine and in every run.

It uses only `random()` of Python's generator, whose sequence Python keeps stable; no `hash`, no sets.
"""

import hashlib
import math
import random
from collections.abc import Callable, Sequence
from statistics import NormalDist

Draw = Callable[[], float]
"""Returns the next number, from 0 up to but not including 1."""

STRATA = 1000
"""The most draws that together fill their range evenly."""

_NORMAL = NormalDist()
_EDGE = 1e-9


def draw(seed: str, purpose: str) -> Draw:
    """Return numbers that follow from a seed and a purpose."""
    digest = hashlib.sha256(f"{seed}\0{purpose}".encode()).digest()
    return random.Random(digest).random  # noqa: S311 - repeatable on purpose


def strata(seed: str, purpose: str, count: int) -> Draw:
    """Return about `count` numbers as `draw` does, in batches that fill the range evenly.

    With such numbers, the mean of a heavy-tailed distribution is right after few draws.
    """
    following = draw(seed, purpose)
    size = math.ceil(max(1, count) / math.ceil(max(1, count) / STRATA))
    order = list(range(size))
    queue: list[int] = []

    def next_one() -> float:
        if not queue:
            _shuffle(order, following)
            queue.extend(order)
        return (queue.pop() + following()) / size

    return next_one


def lognormal(quantile: float, median: float, sigma: float) -> float:
    """Return a quantile of a lognormal distribution."""
    return median * math.exp(sigma * _NORMAL.inv_cdf(min(max(quantile, _EDGE), 1 - _EDGE)))


def exponential(quantile: float, mean: float) -> float:
    """Return a quantile of an exponential distribution."""
    return -mean * math.log1p(-min(quantile, 1 - _EDGE))


def pick(quantile: float, shares: Sequence[float]) -> int:
    """Return the index of the share that a quantile falls on; shares add up to 1."""
    for index, share in enumerate(shares):
        quantile -= share
        if quantile < 0:
            return index
    return len(shares) - 1


def _shuffle(items: list[int], following: Draw) -> None:
    for index in range(len(items) - 1, 0, -1):
        other = int(following() * (index + 1))
        items[index], items[other] = items[other], items[index]
