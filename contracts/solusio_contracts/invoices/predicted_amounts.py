"""The amounts that an invoice has with a mistake, by any method that a billing system may follow. Pure."""

import itertools
from collections.abc import Callable, Hashable, Iterable, Iterator, Sequence
from dataclasses import dataclass, replace
from decimal import Decimal
from fractions import Fraction
from typing import Final

import msgspec

from solusio_contracts.adapter.customers import Discount, Pricing, Rate, Taxes
from solusio_contracts.invoices.amounts import product, total_of
from solusio_contracts.invoices.case import Case
from solusio_contracts.invoices.method import LAWFUL, Method, PricedTokens, Rounding, round_fraction

Parts = tuple[Fraction | int, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Predicted:
    """Amounts in the minor unit of the customer's currency. None: not predicted."""

    total: Fraction | int | None = None
    lines: Callable[[], tuple[Parts, ...]] | None = None
    """The amounts of the lines: what they may be, at the base or the final price."""
    discounts: Parts | None = None
    taxes: Parts | None = None


Amounts = Iterator[tuple[Hashable, Predicted]]
Candidates = Callable[[Case], Amounts]
"""Yields the amounts of an invoice with a mistake, for each way to make it."""

_STRUCTURES: Final = (
    Method(),
    Method(total="sum-of-parts"),
    Method(tax_on="rounded-net", total="sum-of-parts"),
    Method(tax_on="rounded-lines", total="sum-of-parts"),
    Method(total="sum-of-lines"),
)


def methods_of(roundings: Iterable[Rounding]) -> list[Method]:
    """Return methods of all structures that change the total, with some roundings."""
    return [
        Method(rounding=rounding, tax_on=one.tax_on, total=one.total)
        for rounding, one in itertools.product(roundings, _STRUCTURES)
    ]


LAWFUL_METHODS: Final = methods_of(LAWFUL)


def by_methods(case: Case, pricing: Pricing, methods: Iterable[Method] = LAWFUL_METHODS) -> Amounts:
    """Yield the amounts of the billed lines at a price, by each method.

    The amounts are those of the customer's currency, also if the price has another one.
    """
    if case.billed is None or case.pricing is None:
        return
    priced = PricedTokens([line.tokens for line in case.billed.lines], pricing)
    digits = case.pricing.currency.decimals - priced.decimals
    # Integers are much faster than fractions, and nearly all prices have the customer's currency.
    to: Fraction | int = Fraction(10) ** digits if digits else 1
    for method in methods:
        right = priced.by(method)
        predicted = Predicted(
            total=right.total * to,
            lines=lambda how=method.rounding: tuple(  # type: ignore[misc]
                _times(priced.lines(how, final=final), to) for final in (False, True)
            ),
            discounts=_times(right.discounts, to),
            taxes=_times(right.taxes, to),
        )
        yield method, predicted
        if method.total == "sum-of-parts" and method.tax_on == "exact":
            # Not of printed lines: of the price of all tokens.
            gross = round_fraction(priced.gross, method.rounding)
            total = (gross + sum(right.discounts) + sum(right.taxes)) * to
            yield (method, "gross"), replace(predicted, total=total)


def _times(amounts: Parts, factor: Fraction | int) -> Parts:
    return amounts if factor == 1 else tuple(one * factor for one in amounts)


def repriced(
    pricing: Pricing,
    *,
    base: Decimal | None = None,
    factors: Sequence[Decimal] | None = None,
    rates: Sequence[Decimal] | None = None,
    compound: bool | None = None,
) -> Pricing:
    """Return a price with other parts; the price of a token follows from them.

    Discounts and taxes that there are keep their names.
    """
    base = pricing.base_token_unit_cost if base is None else base
    multipliers = [one.multiplier for one in pricing.discounts] if factors is None else factors
    percent = [one.rate for one in pricing.taxes.rates] if rates is None else rates
    compounds = pricing.taxes.compound if compound is None else compound
    return msgspec.structs.replace(
        pricing,
        base_token_unit_cost=base,
        user_token_unit_cost=product((base, *multipliers, tax_factor(percent, compound=compounds))),
        discounts=tuple(Discount(name="-", multiplier=one) for one in multipliers),
        taxes=Taxes(compound=compounds, rates=tuple(Rate(label="-", rate=one) for one in percent)),
    )


def tax_factor(rates: Iterable[Decimal], *, compound: bool) -> Decimal:
    """Return by what taxes multiply a price; rates are percentages."""
    parts = [one / 100 for one in rates]
    return product(1 + one for one in parts) if compound else 1 + total_of(parts)


def factors_of(pricing: Pricing) -> list[Decimal]:
    """Return the factors of the discounts."""
    return [one.multiplier for one in pricing.discounts]


def rates_of(pricing: Pricing) -> list[Decimal]:
    """Return the percentages of the taxes."""
    return [one.rate for one in pricing.taxes.rates]


def total_agrees(case: Case, predicted: Predicted) -> bool:
    """Tell whether the billed total is the predicted one."""
    return predicted.total is not None and case.billed is not None and case.billed_coins == predicted.total


def lines_agree(case: Case, predicted: Predicted) -> bool:
    """Tell whether the printed amounts of lines are predicted ones."""
    if case.billed is None or predicted.lines is None:
        return False
    printed = [line.amount for line in case.billed.lines]
    return any(
        all(amount is None or case.coins(amount) == one for amount, one in zip(printed, amounts, strict=True))
        for amounts in predicted.lines()
        if len(amounts) == len(printed)
    )


def parts_agree(case: Case, predicted: Predicted) -> bool:
    """Tell whether the printed discounts and taxes are the predicted ones; those of zero may be left out."""
    if case.billed is None or predicted.discounts is None or predicted.taxes is None:
        return False
    return all(
        shown is None
        or [one for one in (case.coins(part.amount) for part in shown) if one]
        == [one for one in right if one]
        for shown, right in (
            (case.billed.discounts, predicted.discounts),
            (case.billed.taxes, predicted.taxes),
        )
    )
