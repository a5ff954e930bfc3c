"""Mistakes in the price: another price than the customer's, or parts of it put together wrongly.

Each is a change of the price; what an invoice then says follows by any method of rounding.
"""

from collections.abc import Callable, Hashable, Iterator, Sequence
from dataclasses import replace
from decimal import ROUND_DOWN, ROUND_HALF_UP, Decimal
from typing import Final

import msgspec

from solusio_contracts.adapter.amounts import rounded
from solusio_contracts.adapter.customers import Pricing
from solusio_contracts.adapter.verdict import Mistake
from solusio_contracts.invoices.amounts import product, total_of
from solusio_contracts.invoices.case import Case
from solusio_contracts.invoices.hypothesis import Hypothesis
from solusio_contracts.invoices.predicted_amounts import (
    LAWFUL_METHODS,
    Amounts,
    Candidates,
    Predicted,
    by_methods,
    factors_of,
    rates_of,
    repriced,
    tax_factor,
)

Changes = Iterator[tuple[Hashable, Pricing]]
_FINAL: Final = "The total is all tokens x user_token_unit_cost, which includes discounts and taxes."
_DIGITS: Final = "Keep all digits: rates and multipliers are decimal numbers, such as 8.875 and 0.6667."
_ROUNDED_ONCE: Final = frozenset(one for one in LAWFUL_METHODS if one.total != "sum-of-parts")
"""Methods by which the total does not add up printed parts."""
_ROUNDINGS: Final = (ROUND_HALF_UP, ROUND_DOWN)


def _priced(change: Callable[[Pricing], Changes]) -> Candidates:
    """Make candidates of a change of the customer's price."""

    def candidates(case: Case) -> Amounts:
        if case.pricing is None:
            return
        rights = [right for _, right in by_methods(case, case.pricing)]
        for key, pricing in change(case.pricing):
            for (method, predicted), right in zip(by_methods(case, pricing), rights, strict=True):
                # An amount that the change leaves as it was proves nothing.
                if (predicted.total, predicted.discounts, predicted.taxes) != (
                    right.total,
                    right.discounts,
                    right.taxes,
                ):
                    yield (key, method), predicted

    return candidates


def _flipped(pricing: Pricing, *, to: bool) -> Changes:
    if len(pricing.taxes.rates) > 1 and pricing.taxes.compound is not to:
        yield 0, repriced(pricing, compound=to)


def _added_discounts(case: Case) -> Amounts:
    """Each discount on the base price."""
    pricing = case.pricing
    if pricing is None or len(pricing.discounts) < 2:
        return
    factors = factors_of(pricing)
    left = max(Decimal(0), 1 - total_of(1 - one for one in factors))
    ways = [by_methods(case, repriced(pricing, factors=[one])) for one in factors]
    for (key, predicted), *single in zip(
        by_methods(case, repriced(pricing, factors=[left])), *ways, strict=True
    ):
        discounts = tuple(part for _, one in single for part in one.discounts or ())
        total = predicted.total or 0
        if key not in _ROUNDED_ONCE:
            total += sum(discounts) - sum(predicted.discounts or ())
        yield key, replace(predicted, total=total, discounts=discounts)


def _without(parts: Sequence[Decimal]) -> Iterator[tuple[Hashable, list[Decimal]]]:
    """Yield some of the parts: none, all but the first or last, only the first, last, highest or lowest."""
    if parts:
        yield "none", []
    if len(parts) > 1:
        yield "but first", list(parts[1:])
        yield "but last", list(parts[:-1])
        yield "first", list(parts[:1])
        yield "last", list(parts[-1:])
        yield "highest", [max(parts)]
        yield "lowest", [min(parts)]


def _without_discount(pricing: Pricing) -> Changes:
    for key, factors in _without(factors_of(pricing)):
        yield key, repriced(pricing, factors=factors)


def _without_tax(pricing: Pricing) -> Changes:
    for key, rates in _without(rates_of(pricing)):
        yield key, repriced(pricing, rates=rates)


def _multiplied(pricing: Pricing, factor: Decimal) -> Pricing:
    return msgspec.structs.replace(
        pricing, user_token_unit_cost=product((pricing.user_token_unit_cost, factor))
    )


def _tax_twice(pricing: Pricing) -> Changes:
    if pricing.taxes.rates:
        yield 0, _multiplied(pricing, tax_factor(rates_of(pricing), compound=pricing.taxes.compound))
        if pricing.taxes.compound:
            yield "added", _multiplied(pricing, tax_factor(rates_of(pricing), compound=False))


def _discount_twice(pricing: Pricing) -> Changes:
    if pricing.discounts:
        yield 0, _multiplied(pricing, product(factors_of(pricing)))


def _base(pricing: Pricing) -> Changes:
    yield 0, repriced(pricing, factors=[], rates=[])


def _own(pricing: Pricing) -> Changes:
    yield 0, repriced(pricing)


def _cut(values: Sequence[Decimal], digits: int, how: str) -> list[Decimal]:
    return [rounded(one, digits, how) for one in values]


def _rates_cut(pricing: Pricing) -> Changes:
    for digits in (0, 1, 2):
        for how in _ROUNDINGS:
            yield (digits, how), repriced(pricing, rates=_cut(rates_of(pricing), digits, how))
    for digits in (1, 2, 3):
        for how in _ROUNDINGS:
            factor = tax_factor(rates_of(pricing), compound=pricing.taxes.compound)
            one = (rounded(factor, digits, how) - 1) * 100
            if pricing.taxes.rates:
                yield ("factor", digits, how), repriced(pricing, rates=[one])


def _multipliers_cut(pricing: Pricing) -> Changes:
    for digits in (0, 1, 2, 3, 4):
        for how in _ROUNDINGS:
            yield (digits, how), repriced(pricing, factors=_cut(factors_of(pricing), digits, how))
            if len(pricing.discounts) > 1:
                one = rounded(product(factors_of(pricing)), digits, how)
                yield ("product", digits, how), repriced(pricing, factors=[one])


def _unit_cut(pricing: Pricing) -> Changes:
    for digits in range(11):
        for how in _ROUNDINGS:
            user = rounded(pricing.user_token_unit_cost, digits, how)
            if user != pricing.user_token_unit_cost:
                yield ("user", digits, how), msgspec.structs.replace(pricing, user_token_unit_cost=user)
            base = rounded(pricing.base_token_unit_cost, digits, how)
            if base != pricing.base_token_unit_cost:
                yield ("base", digits, how), repriced(pricing, base=base)


def _discount_added(pricing: Pricing) -> Changes:
    if pricing.discounts:
        yield 0, repriced(pricing, factors=[2 - one for one in factors_of(pricing)])
        yield "divided", repriced(pricing, factors=[1 / one if one else one for one in factors_of(pricing)])


def _tax_taken_off(pricing: Pricing) -> Changes:
    if pricing.taxes.rates:
        yield 0, repriced(pricing, rates=[-one for one in rates_of(pricing)])
        factor = tax_factor(rates_of(pricing), compound=pricing.taxes.compound)
        yield "divided", repriced(pricing, rates=[(1 / factor - 1) * 100])


def _multiplier_as_discount(pricing: Pricing) -> Changes:
    if pricing.discounts:
        yield 0, repriced(pricing, factors=[1 - one for one in factors_of(pricing)])


def _rate_as_factor(pricing: Pricing) -> Changes:
    if pricing.taxes.rates:
        yield "not divided", repriced(pricing, rates=[one * 100 for one in rates_of(pricing)])
        yield "divided twice", repriced(pricing, rates=[one / 100 for one in rates_of(pricing)])


def _tax_first(case: Case) -> Amounts:
    """Taxes on the base price, beside the discounts."""
    pricing = case.pricing
    if pricing is None or not pricing.discounts or not pricing.taxes.rates:
        return
    discount = product(factors_of(pricing))
    tax = tax_factor(rates_of(pricing), compound=pricing.taxes.compound) - 1
    beside = msgspec.structs.replace(
        repriced(pricing, factors=[discount]),
        user_token_unit_cost=product((pricing.base_token_unit_cost, total_of((discount, tax)))),
    )
    ways = zip(
        by_methods(case, beside),
        by_methods(case, pricing),
        by_methods(case, repriced(pricing, factors=[])),
        strict=True,
    )
    for (key, predicted), (_, right), (_, undiscounted) in ways:
        total, taxes = predicted.total, undiscounted.taxes or ()
        if key not in _ROUNDED_ONCE:
            total = (right.total or 0) - sum(right.taxes or ()) + sum(taxes)
        yield key, replace(predicted, total=total, discounts=right.discounts, taxes=taxes)


def _others(case: Case) -> Amounts:
    """Another customer's price: it may be in another currency."""
    known = [one for one in case.neighbours if one.pricing is not None]
    place = next((index for index, one in enumerate(known) if one.number == case.number), None)
    if place is None:
        return
    roles = {
        "first": known[0],
        "last": known[-1],
        "previous": known[place - 1] if place else known[0],
        "next": known[place + 1] if place + 1 < len(known) else known[-1],
    }
    prices: list[tuple[Hashable, Pricing | None]] = [(key, one.pricing) for key, one in roles.items()]
    twins = [one for one in known if one.email == known[place].email]
    prices += [("first with that address", twins[0].pricing), ("last with that address", twins[-1].pricing)]
    prices.append(("first of all", case.first))
    for key, pricing in prices:
        if pricing is not None and pricing != case.pricing:
            for method, predicted in by_methods(case, pricing):
                yield (key, method), predicted


_RARE: Final = frozenset(
    (
        "discount-sign",
        "tax-sign",
        "multiplier-inverted",
        "rate-scale",
        "others-price",
        "own-price",
        "rates-cut",
        "multipliers-cut",
    )
)
"""What a few amounts may look like by accident, but is seldom done."""


def _old(case: Case) -> Amounts:
    """The price of another month."""
    for key, pricing in (("first", case.old_prices[:1]), ("last", case.old_prices[-1:])):
        for one in pricing:
            for method, predicted in by_methods(case, one):
                yield (key, method), predicted


def _h(name: str, says: str, fix: str, candidates: Candidates) -> Hypothesis[Predicted]:
    return Hypothesis(Mistake(name, says, fix), candidates, rare=name in _RARE)


PRICES: Final[tuple[Hypothesis[Predicted], ...]] = (
    _h(
        "taxes-added",
        "add the tax rates up although `compound` is true",
        "Each compound tax applies on top of the one before: multiply (1 + rate/100) for each.",
        _priced(lambda one: _flipped(one, to=False)),
    ),
    _h(
        "taxes-compounded",
        "apply each tax on top of the one before although `compound` is false",
        "Taxes that do not compound all apply to the same amount: add the rates up.",
        _priced(lambda one: _flipped(one, to=True)),
    ),
    _h(
        "discounts-added",
        "add the discounts up",
        "Each discount applies to the price after the one before: multiply the factors.",
        _added_discounts,
    ),
    _h(
        "tax-before-discount",
        "apply the tax before the discount",
        "Apply discounts first, and taxes to the result.",
        _tax_first,
    ),
    _h("no-discount", "leave a discount out", _FINAL, _priced(_without_discount)),
    _h(
        "discount-twice",
        "apply the discounts to a price that includes them",
        "user_token_unit_cost includes all discounts.",
        _priced(_discount_twice),
    ),
    _h("no-tax", "leave a tax out", _FINAL, _priced(_without_tax)),
    _h(
        "tax-twice",
        "add the taxes to a price that includes them",
        "user_token_unit_cost includes all taxes.",
        _priced(_tax_twice),
    ),
    _h(
        "base-price",
        "multiply by base_token_unit_cost instead of user_token_unit_cost",
        _FINAL,
        _priced(_base),
    ),
    _h("rates-cut", "cut tax rates to whole percent or few digits", _DIGITS, _priced(_rates_cut)),
    _h("multipliers-cut", "cut multipliers to few digits", _DIGITS, _priced(_multipliers_cut)),
    _h(
        "unit-rounded",
        "round the price of a token",
        "A unit cost is never rounded. Multiply all tokens by user_token_unit_cost, exactly, and round once.",
        _priced(_unit_cut),
    ),
    _h(
        "discount-sign",
        "add a discount instead of taking it off",
        "A multiplier of 0.95 takes 5 % off: multiply by it.",
        _priced(_discount_added),
    ),
    _h(
        "tax-sign",
        "take a tax off instead of adding it",
        "Prices are net: a rate of 20 adds 20 %.",
        _priced(_tax_taken_off),
    ),
    _h(
        "multiplier-inverted",
        "take a multiplier for the part that is taken off",
        "A multiplier of 0.95 takes 5 % off: multiply by it.",
        _priced(_multiplier_as_discount),
    ),
    _h(
        "rate-scale",
        "take a tax rate for a factor",
        "A rate is a percentage: 20 is 20 %. Divide by 100, once.",
        _priced(_rate_as_factor),
    ),
    _h(
        "old-price",
        "calculate with the price of another month",
        "A price can change from month to month: use the one that is configured when the month is billed.",
        _old,
    ),
    _h(
        "others-price",
        "calculate with another customer's price",
        "Every customer has prices of their own: look them up by the billing_user_id of the invoice.",
        _others,
    ),
    _h(
        "own-price",
        "calculate the price of a token from its parts",
        "SolusIO charges user_token_unit_cost, whatever its parts come to: multiply by it.",
        _priced(_own),
    ),
)
"""Mistakes in the price, the most specific first."""
