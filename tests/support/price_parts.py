"""Prices taken apart, by hand and drawn."""

from decimal import Decimal
from fractions import Fraction
from typing import Any

from hypothesis import strategies as st

from solusio_contracts.checking.price import (
    PriceParts,
)


def d(*texts: str) -> tuple[Decimal, ...]:
    return tuple(map(Decimal, texts))


def parts(
    base: str,
    user: str,
    multiplers: tuple[str, ...] = (),
    rates: tuple[str, ...] = (),
    *,
    compound: bool = False,
) -> PriceParts:
    return PriceParts(Decimal(base), Decimal(user), d(*multiplers), compound, d(*rates))


costs = st.decimals("0.00001", 1000, places=5)

factors = st.decimals(0, 2, places=4)

percents = st.decimals(0, 100, places=3)

numbers = st.tuples(costs, st.lists(factors, max_size=6), st.lists(percents, max_size=6), st.booleans())


def exact(base: Decimal, multiplers: Any, rates: Any, compound: bool) -> Fraction:
    cost = Fraction(base)
    for one in multiplers:
        cost *= Fraction(one)
    if not compound:
        return cost * (1 + sum(map(Fraction, rates), Fraction(0)) / 100)
    for one in rates:
        cost *= 1 + Fraction(one) / 100
    return cost
