"""The exact amounts of an invoice, from tokens and a customer's price: unit costs are never rounded."""

from collections.abc import Iterable
from dataclasses import dataclass
from decimal import Decimal

from solusio_contracts.adapter.amounts import EXACT
from solusio_contracts.adapter.customers import Pricing


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


@dataclass(frozen=True, slots=True)
class Breakdown:
    """The parts of an invoice before rounding: base price, discounts and taxes."""

    base: Decimal
    discounts: tuple[Decimal, ...]
    """Negative, or zero."""
    taxes: tuple[Decimal, ...]


def breakdown(tokens: int, pricing: Pricing) -> Breakdown:
    """Return the base price of tokens, the amount of each discount and the amount of each tax."""
    base = left = product((tokens, pricing.base_token_unit_cost))
    discounts: list[Decimal] = []
    for discount in pricing.discounts:
        discounts.append(product((left, discount.multiplier - 1)))
        left = product((left, discount.multiplier))
    taxes: list[Decimal] = []
    taxed = left
    for one in pricing.taxes.rates:
        tax = product((taxed if pricing.taxes.compound else left, one.rate / 100))
        taxes.append(tax)
        taxed = EXACT.add(taxed, tax)
    return Breakdown(base, tuple(discounts), tuple(taxes))


def plain(amount: Decimal, decimals: int = 0) -> str:
    """Return an amount with all its digits and at least `decimals` decimals, without an exponent."""
    whole, _, fraction = format(amount, "f").partition(".")
    fraction = fraction.rstrip("0").ljust(decimals, "0")
    return f"{whole}.{fraction}" if fraction else whole
