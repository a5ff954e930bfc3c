"""Mistakes in the amounts of an invoice: the price, and how it was rounded.

Each is the amount that an invoice has with the mistake; the first ones are reported first.
"""

from collections.abc import Callable, Iterator, Sequence
from decimal import ROUND_DOWN, ROUND_HALF_DOWN, ROUND_HALF_EVEN, ROUND_UP, Decimal
from typing import Final

from solusio_contracts.adapter.amounts import rounded
from solusio_contracts.adapter.customers import Pricing
from solusio_contracts.adapter.verdict import Mistake
from solusio_contracts.invoices.amounts import breakdown, product, total_of
from solusio_contracts.invoices.case import Case
from solusio_contracts.invoices.compare_amounts import unit_of
from solusio_contracts.invoices.documents import BilledLine

Candidate = tuple[Mistake, Decimal]

_ONCE = "Multiply all tokens by user_token_unit_cost, exactly, and round once, half up."
_FINAL = "The total is all tokens x user_token_unit_cost, which includes discounts and taxes."

BASE = Mistake("base-price", "multiply by base_token_unit_cost instead of user_token_unit_cost", _FINAL)
NO_DISCOUNT = Mistake("no-discount", "leave a discount out", _FINAL)
NO_TAX = Mistake("no-tax", "leave a tax out", _FINAL)
ADDED_DISCOUNTS = Mistake(
    "discounts-added",
    "add the discounts up",
    "Each discount applies to the price after the one before: multiply the factors.",
)
NOT_COMPOUND = Mistake(
    "taxes-added",
    "add the tax rates up although `compound` is true",
    "Each compound tax applies on top of the one before: multiply (1 + rate/100) for each.",
)
COMPOUND = Mistake(
    "taxes-compounded",
    "apply each tax on top of the one before although `compound` is false",
    "Taxes that do not compound all apply to the same amount: add the rates up.",
)
TAX_FIRST = Mistake(
    "tax-before-discount",
    "apply the tax before the discount",
    "Apply discounts first, and taxes to the result.",
)
TAX_TWICE = Mistake(
    "tax-twice", "add the taxes to a price that includes them", "user_token_unit_cost includes all taxes."
)
DISCOUNT_TWICE = Mistake(
    "discount-twice",
    "apply the discounts to a price that includes them",
    "user_token_unit_cost includes all discounts.",
)
PER_HOUR = Mistake(
    "rounded-per-hour",
    "round the price of an hour",
    "0.007 an hour becomes 0.01, and 744 hours 7.44 instead of 5.21. " + _ONCE,
)
UNIT_ROUNDED = Mistake("unit-rounded", "round the price of a token", "A unit cost is never rounded. " + _ONCE)
SUM_OF_ROUNDED = Mistake("sum-of-rounded", "add up rounded amounts", _ONCE)
HALF_EVEN = Mistake(
    "half-even",
    "round half to even (banker's rounding)",
    "Round half up, away from zero (PHP: round(), not PHP_ROUND_HALF_EVEN; Python: ROUND_HALF_UP).",
)
TRUNCATED = Mistake(
    "truncated", "truncate instead of rounding", "Round half up; note that PHP's bcmath truncates."
)
ROUNDED_UP = Mistake("rounded-up", "always round up", "Round half up: 0.004 becomes 0.00.")
HALF_DOWN = Mistake("half-down", "round half down", "Round half up, away from zero: 0.005 becomes 0.01.")
DECIMALS = Mistake(
    "wrong-decimals",
    "round to the wrong number of decimals",
    "JPY has none, USD two, KWD three: see ISO 4217, or store `decimals` of the customer's currency.",
)
UNROUNDED = Mistake("unrounded", "do not round the total", _ONCE)
FLOAT = Mistake(
    "float",
    "calculate with binary floats",
    "Use decimals: bcmath or integers (PHP), decimal.Decimal (Python), a decimal library (JavaScript).",
)
MINOR = Mistake(
    "minor-units",
    "use the minor unit, such as cents",
    "Write amounts in the currency's unit: 14.84.",
)

_ROUNDINGS: Final = (
    (TRUNCATED, ROUND_DOWN),
    (HALF_EVEN, ROUND_HALF_EVEN),
    (HALF_DOWN, ROUND_HALF_DOWN),
    (ROUNDED_UP, ROUND_UP),
)


def prices_of(case: Case) -> Iterator[Mistake]:
    """Yield the mistakes in the price that explain the total."""
    decimals = case.pricing.currency.decimals
    tokens = case.billed.tokens
    right = rounded(product((tokens, case.pricing.user_token_unit_cost)), decimals)
    for mistake, amount in _prices(tokens, case.pricing):
        if rounded(amount, decimals) == case.billed.total != right:
            yield mistake
    lines = [line.amount for line in case.billed.lines if line.amount is not None]
    if lines and len(lines) == len(case.billed.lines) and total_of(lines) == case.billed.total:
        base = case.pricing.base_token_unit_cost
        if base != case.pricing.user_token_unit_cost and unit_of(case.billed.lines, case.pricing) == base:
            yield BASE
    if case.billed.total == right.scaleb(decimals) and decimals:
        yield MINOR
    for amount in _per_hour(case):
        if case.billed.total == amount != right:
            yield PER_HOUR
    for digits in range(1, 5):
        for unit in (case.pricing.user_token_unit_cost, case.pricing.base_token_unit_cost):
            cut = rounded(unit, digits)
            if cut != unit and case.billed.total == rounded(product((tokens, cut)), decimals) != right:
                yield UNIT_ROUNDED


def rounding_of(case: Case) -> Iterator[Mistake]:
    """Yield the mistakes in rounding that explain the total."""
    pricing, total, tokens = case.pricing, case.billed.total, case.billed.tokens
    decimals = pricing.currency.decimals
    exact = product((tokens, pricing.user_token_unit_cost))
    if total == exact:
        yield UNROUNDED
    for digits in (0, 2, 3):
        if digits != decimals and total == rounded(exact, digits):
            yield DECIMALS
    for mistake, rounding in _ROUNDINGS:
        if total == rounded(exact, decimals, rounding):
            yield mistake
    if total in set(_sums_of_rounded(case)):
        yield SUM_OF_ROUNDED
    product_of_floats = float(tokens) * float(pricing.user_token_unit_cost)
    floats = {
        Decimal(repr(product_of_floats)),
        Decimal(repr(round(product_of_floats, decimals))),
        *map(Decimal, (f"{product_of_floats:.{decimals}f}", repr(_float_sum(case)))),
        rounded(Decimal(_float_sum(case)), decimals),
        rounded(Decimal(product_of_floats), decimals),
    }
    if total in floats:
        yield FLOAT


def amounts_of(case: Case) -> Iterator[Mistake]:
    """Yield the mistakes that explain the amounts of all lines, if some are wrong."""
    lines = [line for line in case.billed.lines if line.amount is not None]
    decimals = case.pricing.currency.decimals
    for unit in (case.pricing.base_token_unit_cost, case.pricing.user_token_unit_cost):

        def all_are(amount: Callable[[BilledLine, Decimal], Decimal | None], unit: Decimal = unit) -> bool:
            return bool(lines) and all(line.amount == amount(line, unit) for line in lines)

        if all_are(lambda line, unit: rounded(product((line.tokens, unit)), decimals)):
            return
        if all_are(lambda line, unit: product((line.tokens, unit))):
            yield UNROUNDED
        for mistake, rounding in _ROUNDINGS:
            if all_are(lambda line, unit, how=rounding: rounded(product((line.tokens, unit)), decimals, how)):  # type: ignore[misc]
                yield mistake
        if all_are(lambda line, unit: _hours_rounded(case, line, unit)):
            yield PER_HOUR
        for digits in (0, 2, 3):
            if digits != decimals and all_are(
                lambda line, unit, to=digits: rounded(product((line.tokens, unit)), to)  # type: ignore[misc]
            ):
                yield DECIMALS


def _hours_rounded(case: Case, line: BilledLine, unit: Decimal) -> Decimal | None:
    """Return the amount of a line with the hourly price rounded; None for a line that /usage lacks."""
    key = (line.server, line.resource, line.plan)
    used = next((one for one in case.usage if one.key == key), None)
    if used is None:
        return None
    decimals = case.pricing.currency.decimals
    return product((line.hours, rounded(product((used.tokens_per_hour, unit)), decimals)))


def parts_of(case: Case) -> Iterator[Mistake]:
    """Yield the mistakes that explain the discounts or taxes."""
    pricing, decimals = case.pricing, case.pricing.currency.decimals
    exact = breakdown(case.billed.tokens, pricing)
    base = exact.base
    shown = [one.amount for one in case.billed.discounts or ()]
    if shown and shown != [rounded(one, decimals) for one in exact.discounts]:
        plain = [rounded(product((base, one.multiplier - 1)), decimals) for one in pricing.discounts]
        if shown == plain:
            yield ADDED_DISCOUNTS
    taxes = [one.amount for one in case.billed.taxes or ()]
    if taxes and taxes != [rounded(one, decimals) for one in exact.taxes]:
        left = total_of((base, *exact.discounts))
        for start, mistake in ((base, TAX_FIRST), (left, NOT_COMPOUND)):
            if taxes == [rounded(product((start, one.rate / 100)), decimals) for one in pricing.taxes.rates]:
                yield mistake
        for start, mistake in ((base, TAX_FIRST), (left, COMPOUND)):
            if taxes == [rounded(one, decimals) for one in _on_top(start, pricing)]:
                yield mistake


def _prices(tokens: int, pricing: Pricing) -> Iterator[Candidate]:
    base = product((tokens, pricing.base_token_unit_cost))
    factors = [one.multiplier for one in pricing.discounts]
    rates = [one.rate / 100 for one in pricing.taxes.rates]
    compound = pricing.taxes.compound
    discount, tax = product(factors), _tax(rates, compound=compound)
    added = 1 - total_of(1 - one for one in factors)
    if len(rates) > 1:
        other = NOT_COMPOUND if compound else COMPOUND
        yield other, product((base, discount, _tax(rates, compound=not compound)))
    if len(factors) > 1:
        yield ADDED_DISCOUNTS, product((base, max(added, Decimal(0)), tax))
    if factors and rates:
        yield TAX_FIRST, product((base, total_of((discount, tax - 1))))
    if factors:
        yield NO_DISCOUNT, product((base, tax))
        yield DISCOUNT_TWICE, product((tokens, pricing.user_token_unit_cost, discount))
    if rates:
        yield NO_TAX, product((base, discount))
        yield TAX_TWICE, product((tokens, pricing.user_token_unit_cost, tax))
    yield BASE, base
    if len(factors) > 1:
        for index in range(len(factors)):
            yield NO_DISCOUNT, product((base, *factors[:index], *factors[index + 1 :], tax))
    if len(rates) > 1:
        for index in range(len(rates)):
            some = _tax([*rates[:index], *rates[index + 1 :]], compound=compound)
            yield NO_TAX, product((base, discount, some))


def _tax(rates: Sequence[Decimal], *, compound: bool) -> Decimal:
    return product(1 + rate for rate in rates) if compound else 1 + total_of(rates)


def _on_top(start: Decimal, pricing: Pricing) -> Iterator[Decimal]:
    for one in pricing.taxes.rates:
        tax = product((start, one.rate / 100))
        yield tax
        start = total_of((start, tax))


def _per_hour(case: Case) -> Iterator[Decimal]:
    """Yield totals with the hourly (and monthly) price rounded first."""
    decimals = case.pricing.currency.decimals
    user, base = case.pricing.user_token_unit_cost, case.pricing.base_token_unit_cost
    for unit in dict.fromkeys((user, base)):
        for capped in (False, True):
            amounts = []
            for line in case.usage:
                hour = rounded(product((line.tokens_per_hour, unit)), decimals)
                amount = product((line.hours, hour))
                month = rounded(product((line.tokens_per_month, unit)), decimals)
                if line.tokens_per_month and (line.charge == "monthly" or (capped and amount > month)):
                    amount = month
                amounts.append(amount)
            yield total_of(amounts)
            if unit == base != user and base:
                yield rounded(product((total_of(amounts), user / base)), decimals)


def _sums_of_rounded(case: Case) -> Iterator[Decimal]:
    pricing, decimals = case.pricing, case.pricing.currency.decimals
    exact = breakdown(case.billed.tokens, pricing)

    def of_lines(unit: Decimal) -> Decimal:
        return total_of(rounded(product((line.tokens, unit)), decimals) for line in case.billed.lines)

    subtotal = of_lines(pricing.base_token_unit_cost)
    yield of_lines(pricing.user_token_unit_cost)
    for start in (subtotal, rounded(exact.base, decimals)):
        yield total_of((start, *(rounded(one, decimals) for one in (*exact.discounts, *exact.taxes))))
        # Step by step, each from the rounded amount before.
        left = start
        for one in pricing.discounts:
            left = total_of((left, rounded(product((left, one.multiplier - 1)), decimals)))
        taxed = left
        for rate in pricing.taxes.rates:
            on = taxed if pricing.taxes.compound else left
            taxed = total_of((taxed, rounded(product((on, rate.rate / 100)), decimals)))
        yield taxed
        if pricing.base_token_unit_cost:
            factor = pricing.user_token_unit_cost / pricing.base_token_unit_cost
            yield rounded(product((start, factor)), decimals)


def _float_sum(case: Case) -> float:
    total = 0.0
    for line in case.billed.lines:
        total += line.tokens * float(case.pricing.user_token_unit_cost)
    return total
