"""The exact amounts of an invoice, from tokens and a customer's price.

Unit costs are never rounded. An amount is rounded once, half up (away from zero), to the minor unit of its
currency.
"""

from collections.abc import Iterable
from dataclasses import dataclass
from decimal import MAX_EMAX, MAX_PREC, MIN_EMIN, ROUND_HALF_UP, Context, Decimal

from solusio_contracts.adapter.customers import Currency, Pricing

EXACT = Context(prec=200, Emax=MAX_EMAX, Emin=MIN_EMIN, rounding=ROUND_HALF_UP)
"""Precise enough for any price."""
_ROUNDING = Context(prec=MAX_PREC, Emax=MAX_EMAX, Emin=MIN_EMIN, rounding=ROUND_HALF_UP)


def rounded(amount: Decimal, decimals: int, rounding: str = ROUND_HALF_UP) -> Decimal:
    """Round an amount; the result is never a negative zero."""
    return EXACT.add(amount.quantize(Decimal(1).scaleb(-decimals), rounding, _ROUNDING), Decimal(0))


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


def written(amount: Decimal, currency: Currency) -> str:
    """Return an amount as SolusIO shows it: minus sign, prefix, grouped digits, suffix."""
    text = format(rounded(amount, currency.decimals), "f")
    sign = "-" if text.startswith("-") else ""
    whole, _, fraction = text.removeprefix("-").partition(".")
    grouped = f"{int(whole):,}".replace(",", currency.thousands_separator)
    digits = f"{grouped}{currency.decimals_separator}{fraction}" if fraction else grouped
    return f"{sign}{currency.display_prefix}{digits}{currency.display_suffix}"


def plain(amount: Decimal, decimals: int = 0) -> str:
    """Return an amount with all its digits and at least `decimals` decimals, without an exponent."""
    whole, _, fraction = format(amount, "f").partition(".")
    fraction = fraction.rstrip("0").ljust(decimals, "0")
    return f"{whole}.{fraction}" if fraction else whole
