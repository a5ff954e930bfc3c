"""The exact amounts of an invoice, from tokens and a customer's price: unit costs are never rounded."""

from collections.abc import Iterable
from decimal import Decimal

from solusio_contracts.adapter.amounts import EXACT


def product(factors: Iterable[Decimal | int]) -> Decimal:
    """Return the product; with no factors, 1."""
    result = Decimal(1)
    for factor in factors:
        result = EXACT.multiply(result, Decimal(factor))
    return result


def total_of(amounts: Iterable[Decimal]) -> Decimal:
    """Return the sum; with no amounts, 0."""
    result = Decimal(0)
    for amount in amounts:
        result = EXACT.add(result, amount)
    return result


def plain(amount: Decimal, decimals: int = 0) -> str:
    """Return an amount with all its digits and at least `decimals` decimals, without an exponent."""
    whole, _, fraction = format(amount, "f").partition(".")
    fraction = fraction.rstrip("0").ljust(decimals, "0")
    return f"{whole}.{fraction}" if fraction else whole
