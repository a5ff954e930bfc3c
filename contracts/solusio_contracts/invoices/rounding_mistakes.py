"""Mistakes in how amounts are calculated: where and how they are rounded, with floats, in few bits."""

import itertools
import math
import struct
from collections.abc import Callable, Hashable, Iterable, Iterator
from decimal import ROUND_DOWN, ROUND_HALF_UP, ROUND_UP, Decimal
from fractions import Fraction
from typing import Final

from solusio_contracts.adapter.amounts import rounded
from solusio_contracts.adapter.customers import Pricing
from solusio_contracts.adapter.verdict import Mistake
from solusio_contracts.invoices.amounts import product, total_of
from solusio_contracts.invoices.case import Case
from solusio_contracts.invoices.hypothesis import Hypothesis
from solusio_contracts.invoices.line_variants import Variants, capped_together, in_bits
from solusio_contracts.invoices.method import LAWFUL, PricedTokens, Rounding, round_fraction
from solusio_contracts.invoices.predicted_amounts import (
    Amounts,
    Candidates,
    Parts,
    Predicted,
    by_methods,
    factors_of,
    methods_of,
    rates_of,
    tax_factor,
)

_ONCE: Final = "Multiply all tokens by user_token_unit_cost, exactly, and round once, half up."


def _followed(*roundings: Rounding) -> Candidates:
    """Make candidates of the right price by methods with some roundings."""

    def candidates(case: Case) -> Amounts:
        if case.pricing is not None:
            yield from by_methods(case, case.pricing, methods_of(roundings))

    return candidates


def _sums(case: Case) -> Amounts:
    if case.pricing is not None:
        methods = [one for one in methods_of(("half-up", "half-even", "half-down")) if one.total != "exact"]
        yield from by_methods(case, case.pricing, methods)
    yield from _step_by_step(case, (None,))


def _exact(case: Case) -> Fraction | None:
    """Return the total before it is rounded, in the minor unit."""
    if case.billed is None or case.pricing is None:
        return None
    return PricedTokens([line.tokens for line in case.billed.lines], case.pricing).exact


def _of_all(change: Callable[[Fraction, int], Iterable[tuple[Hashable, Fraction | int]]]) -> Candidates:
    """Make candidates of a change of every exact amount; it gets the decimals of the currency, too."""

    def candidates(case: Case) -> Amounts:
        exact = _exact(case)
        if exact is None or case.billed is None or case.pricing is None:
            return
        decimals, scale = case.pricing.currency.decimals, 10**case.pricing.currency.decimals
        tokens = [line.tokens for line in case.billed.lines]
        units = [
            Fraction(one) * scale
            for one in (case.pricing.base_token_unit_cost, case.pricing.user_token_unit_cost)
        ]

        for key, total in change(exact, decimals):

            def lines(wanted: Hashable = key) -> tuple[Parts, ...]:
                return tuple(
                    tuple(dict(change(count * unit, decimals)).get(wanted, count * unit) for count in tokens)
                    for unit in units
                )

            yield key, Predicted(total=total, lines=lines)

    return candidates


def _to_digits(amount: Fraction, decimals: int, digits: int) -> Fraction:
    """Round an amount in the minor unit to other decimals than those of its currency."""
    step = Fraction(10) ** (decimals - digits)
    return round_fraction(amount / step, "half-up") * step


def _other_decimals(amount: Fraction, decimals: int) -> Iterator[tuple[Hashable, Fraction]]:
    for digits in range(7):
        if digits != decimals:
            yield digits, _to_digits(amount, decimals, digits)


def _unrounded(amount: Fraction, decimals: int) -> Iterator[tuple[Hashable, Fraction]]:
    del decimals
    yield 0, amount


def _twice(amount: Fraction, decimals: int) -> Iterator[tuple[Hashable, Fraction]]:
    for more in (1, 2, 3, 4):
        yield more, Fraction(round_fraction(_to_digits(amount, decimals, decimals + more), "half-up"))


def _minor(amount: Fraction, decimals: int) -> Iterator[tuple[Hashable, Fraction]]:
    if decimals:
        yield 0, Fraction(round_fraction(amount, "half-up") * 10**decimals)
        yield "divided", Fraction(round_fraction(amount, "half-up"), 10**decimals)
        if decimals != 2:
            yield "hundred", Fraction(round_fraction(amount, "half-up") * 10**decimals, 100)
    else:
        yield "hundred", Fraction(round_fraction(amount, "half-up"), 100)
        yield "hundred rounded", Fraction(round_fraction(amount / 100, "half-up"))
        yield "times hundred", Fraction(round_fraction(amount, "half-up") * 100)


def _to_coins(case: Case) -> Amounts:
    exact = _exact(case)
    if exact is None or case.pricing is None:
        return
    currency = case.pricing.currency
    for step, only in itertools.product(("0.05", "0.1", "0.25", "0.5", "1"), ("", currency.code)):
        size = Fraction(step) * 10**currency.decimals
        if size.denominator == 1 and size > 1:
            for how in ("half-up", "floor", "ceiling"):
                for first in (exact, Fraction(round_fraction(exact, "half-up"))):
                    total = round_fraction(first / size, how) * size
                    yield (step, only, how, first is exact), Predicted(total=total)


def _step_by_step(case: Case, digits: Iterable[int | None] = (None, 2, 3, 4, 6)) -> Amounts:
    """Round or cut after each multiplication; None: to the decimals of the currency."""
    if case.billed is None or case.pricing is None:
        return
    pricing, tokens = case.pricing, [line.tokens for line in case.billed.lines]
    decimals = pricing.currency.decimals
    for places, how, by_line in itertools.product(digits, (ROUND_HALF_UP, ROUND_DOWN), (False, True)):
        if places is None and how == ROUND_DOWN:
            continue
        kept = decimals if places is None else places
        total = sum(
            (_chain(count, pricing, kept, how) for count in (tokens if by_line else [sum(tokens)])),
            Decimal(0),
        )
        for last in (ROUND_HALF_UP, ROUND_DOWN):
            final = rounded(total, decimals, last)
            yield (places, how, by_line, last), Predicted(total=Fraction(final) * 10**decimals)


def _chain(tokens: int, pricing: Pricing, digits: int, how: str) -> Decimal:
    left = rounded(product((tokens, pricing.base_token_unit_cost)), digits, how)
    for factor in factors_of(pricing):
        left = rounded(product((left, factor)), digits, how)
    taxed = left
    for rate in rates_of(pricing):
        on = taxed if pricing.taxes.compound else left
        taxed = total_of((taxed, rounded(product((on, rate / 100)), digits, how)))
    return taxed


def _per_hour(case: Case) -> Amounts:
    """Round the price of an hour (and of a month) first."""
    if case.pricing is None or case.billed is None:
        return
    decimals = case.pricing.currency.decimals
    scale = 10**decimals
    user, base = case.pricing.user_token_unit_cost, case.pricing.base_token_unit_cost
    for capped, places, how in itertools.product(
        (False, True), ("own", 2, 3, 4), (ROUND_HALF_UP, ROUND_DOWN, ROUND_UP)
    ):
        digits = places if isinstance(places, int) else decimals
        sums = {}
        lines = []
        for unit in (base, user):
            amounts = _of_hours(case, unit, digits, how, capped=capped)
            sums[unit] = total_of(amounts.values())
            lines.append(
                tuple(
                    Fraction(amounts.get((line.server, line.resource, line.plan, line.hours), -1)) * scale
                    for line in case.billed.lines
                )
            )
        printed = tuple(tuple(Fraction(round_fraction(one, "half-up")) for one in part) for part in lines)
        for unit, name in ((user, "user"), (base, "base")):
            total = sums[unit] if unit == user or not base else product((sums[unit], user / base))
            key = (capped, places, how, name)
            yield (
                key,
                Predicted(
                    total=Fraction(rounded(total, decimals)) * scale,
                    lines=lambda printed=printed: printed,  # type: ignore[misc]
                ),
            )


def _of_hours(
    case: Case, unit: Decimal, digits: int, how: str, *, capped: bool
) -> dict[tuple[str, str, str, int], Decimal]:
    found = {}
    for line in case.usage:
        amount = product((line.hours, rounded(product((line.tokens_per_hour, unit)), digits, how)))
        month = rounded(product((line.tokens_per_month, unit)), digits, how)
        if line.tokens_per_month and (line.charge == "monthly" or (capped and amount > month)):
            amount = month
        found[*line.key, line.hours] = amount
    return found


def _floats(case: Case) -> Amounts:
    """Calculate with binary floats, of double or single precision."""
    if case.billed is None or case.pricing is None:
        return
    tokens = [line.tokens for line in case.billed.lines]
    decimals = case.pricing.currency.decimals
    for precision, read in (("double", float), ("single", _single)):
        user = read(float(case.pricing.user_token_unit_cost))
        chain = _float_chain(case.pricing, read)
        base = read(float(case.pricing.base_token_unit_cost))
        sums = {
            "unit": sum(tokens) * user,
            "all": read(sum(tokens) * user),
            "chain": read(sum(tokens) * chain),
            "steps": _float_steps(sum(tokens), case.pricing, read),
            "lines": _float_sum((count * user for count in tokens), read),
        }
        lines = [[count * unit for count in tokens] for unit in (base, user)]
        for name, amount in sums.items():
            for how, total in _rounded_floats(amount, decimals):

                def printed(wanted: str = how, lines: list[list[float]] = lines) -> tuple[Parts, ...]:
                    return tuple(
                        tuple(
                            Fraction(dict(_rounded_floats(one, decimals))[wanted]) * 10**decimals
                            for one in part
                        )
                        for part in lines
                    )

                yield (precision, name, how), Predicted(total=Fraction(total) * 10**decimals, lines=printed)


def _rounded_floats(amount: float, decimals: int) -> Iterator[tuple[str, Decimal]]:
    """Yield how languages round a float."""
    yield "format", Decimal(f"{amount:.{decimals}f}")
    yield "half", Decimal(math.floor(amount * 10**decimals + 0.5)).scaleb(-decimals)
    yield "shortest", rounded(Decimal(repr(amount)), decimals)
    yield "cut", Decimal(math.trunc(amount * 10**decimals)).scaleb(-decimals)
    yield "printed", Decimal(repr(amount))


def _single(number: float) -> float:
    """Return the nearest float of single precision."""
    return float(struct.unpack("<f", struct.pack("<f", number))[0])


def _float_chain(pricing: Pricing, read: Callable[[float], float]) -> float:
    unit = read(float(pricing.base_token_unit_cost))
    for factor in factors_of(pricing):
        unit = read(unit * read(float(factor)))
    return read(unit * read(float(tax_factor(rates_of(pricing), compound=pricing.taxes.compound))))


def _float_steps(tokens: int, pricing: Pricing, read: Callable[[float], float]) -> float:
    left = read(tokens * read(float(pricing.base_token_unit_cost)))
    for factor in factors_of(pricing):
        left = read(left * read(float(factor)))
    taxed = left
    for rate in rates_of(pricing):
        on = taxed if pricing.taxes.compound else left
        taxed = read(taxed + read(on * read(float(rate)) / 100))
    return taxed


def _float_sum(amounts: Iterable[float], read: Callable[[float], float]) -> float:
    total = 0.0
    for amount in amounts:
        total = read(total + amount)
    return total


def _at_least(case: Case) -> Amounts:
    exact = _exact(case)
    if exact is not None and case.pricing is not None:
        for least in ("0.5", "1", "2", "3", "5", "10"):
            coins = Fraction(least) * 10**case.pricing.currency.decimals
            if exact < coins:
                yield least, Predicted(total=coins)


def _narrow(case: Case) -> Amounts:
    """The sum of all tokens does not fit into 32 bits."""
    if case.billed is not None:
        for signed, wraps in itertools.product((True, False), (True, False)):
            tokens = in_bits(case.billed.tokens, 32, signed=signed, wraps=wraps)
            if tokens != case.billed.tokens:
                yield from (((signed, wraps, key), one) for key, one in _of_tokens(case, [tokens]))


def together(case: Case) -> Amounts:
    """One cap for several lines."""
    for key, tokens in capped_together(case):
        yield from (((key, method), one) for method, one in _of_tokens(case, [tokens]))


def of_lines(variants: Variants) -> Candidates:
    """Make candidates of the totals that other lines have, where the printed ones are right."""

    def candidates(case: Case) -> Amounts:
        if case.usage_is_right and case.billed is not None:
            for key, lines in variants(case):
                tokens = sum(line.tokens for line in lines)
                if tokens != case.billed.tokens:
                    yield from (((key, method), one) for method, one in _of_tokens(case, [tokens]))

    return candidates


def _of_tokens(case: Case, tokens: list[int]) -> Amounts:
    if case.pricing is not None:
        priced = PricedTokens(tokens, case.pricing)
        for rounding in LAWFUL:
            yield rounding, Predicted(total=round_fraction(priced.exact, rounding))


_RARE: Final = frozenset(("rounded-twice", "cash-rounding", "step-by-step", "sum-32-bits", "minimum-charge"))
"""What a few amounts may look like by accident, but is seldom done."""


def _h(name: str, says: str, fix: str, candidates: Candidates) -> Hypothesis[Predicted]:
    return Hypothesis(Mistake(name, says, fix), candidates, rare=name in _RARE)


ROUNDING: Final[tuple[Hypothesis[Predicted], ...]] = (
    _h(
        "truncated",
        "truncate instead of rounding",
        "Round half up; note that PHP's bcmath truncates.",
        _followed("truncate", "floor"),
    ),
    _h("rounded-up", "always round up", "Round half up: 0.004 becomes 0.00.", _followed("ceiling")),
    _h(
        "half-even",
        "round half to even (banker's rounding)",
        "Round half up, away from zero (PHP: round(), not PHP_ROUND_HALF_EVEN; Python: ROUND_HALF_UP).",
        _followed("half-even"),
    ),
    _h(
        "half-down",
        "round half down",
        "Round half up, away from zero: 0.005 becomes 0.01.",
        _followed("half-down"),
    ),
    _h(
        "wrong-decimals",
        "round to the wrong number of decimals",
        "JPY has none, USD two, KWD three: see ISO 4217, or store `decimals` of the customer's currency.",
        _of_all(_other_decimals),
    ),
    _h("unrounded", "do not round the total", _ONCE, _of_all(_unrounded)),
    _h("rounded-twice", "round an amount that is rounded already", _ONCE, _of_all(_twice)),
    _h(
        "cash-rounding",
        "round totals to coins, such as multiples of 0.05",
        "If you do so on purpose, declare it: --cash-rounding 0.05, for all your currencies.",
        _to_coins,
    ),
    _h("sum-of-rounded", "add up rounded amounts", _ONCE, _sums),
    _h("step-by-step", "round or cut between the steps of the calculation", _ONCE, _step_by_step),
    _h(
        "float",
        "calculate with binary floats",
        "Use decimals: bcmath or integers (PHP), decimal.Decimal (Python), a decimal library (JavaScript).",
        _floats,
    ),
)
"""Mistakes that change an amount by little: rounding explains it."""

CALCULATION: Final[tuple[Hypothesis[Predicted], ...]] = (
    _h(
        "minor-units",
        "use the minor unit, such as cents",
        "Write amounts in the currency's unit: 14.84.",
        _of_all(_minor),
    ),
    _h(
        "rounded-per-hour",
        "round the price of an hour",
        "0.007 an hour becomes 0.01, and 744 hours 7.44 instead of 5.21. " + _ONCE,
        _per_hour,
    ),
    _h(
        "minimum-charge",
        "raise small totals to a minimum",
        "A customer pays for what they used, however little that is.",
        _at_least,
    ),
    _h(
        "sum-32-bits",
        "add tokens up in 32 bits",
        "The tokens of a customer can exceed 2,147,483,647: use 64 bits (SQL: BIGINT).",
        _narrow,
    ),
)
"""Mistakes in the calculation that change an amount by any sum."""
