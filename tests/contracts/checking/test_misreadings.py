"""Misreadings: evidence for wrong units, never against right ones."""

from decimal import Decimal, localcontext
from fractions import Fraction

import pytest
from hypothesis import assume, example, given
from hypothesis import strategies as st

from solusio_contracts.checking.price import (
    Misreading,
    PriceParts,
    expected_cost,
    explanation,
    misreadings,
)
from support.price_parts import d, exact, numbers, parts

# Misreadings: evidence for wrong units, never against right ones

usual_costs = st.sampled_from(d("0.001", "0.00091", "0.15", "1", "1.34", "9.99", "134"))
usual_factors = st.lists(st.decimals("0.01", "1.2", places=2), max_size=3)
usual_rates = st.lists(st.decimals(0, 30, places=2), max_size=3)
usual = st.tuples(usual_costs, usual_factors, usual_rates, st.booleans())


@given(numbers)
def test_no_evidence_against_a_correct_cost(given_numbers):
    base, multiplers, rates, compound = given_numbers
    expected = expected_cost(PriceParts(base, base, tuple(multiplers), compound, tuple(rates)))
    assert list(misreadings(PriceParts(base, expected, tuple(multiplers), compound, tuple(rates)))) == []


@given(numbers, st.integers(0, 12))
@example((Decimal("1.34"), [Decimal("0.95")], [Decimal(6), Decimal(2)], True), 2)
def test_no_evidence_against_a_cost_that_is_only_rounded(given_numbers, digits):
    base, multiplers, rates, compound = given_numbers
    expected = expected_cost(PriceParts(base, base, tuple(multiplers), compound, tuple(rates)))
    user = round(expected, digits)
    assert list(misreadings(PriceParts(base, user, tuple(multiplers), compound, tuple(rates)))) == []


# The steps that are done: base, multiplers, rates, `compound` as declared; and the factor of the sent cost.
SLIPS = (
    (True, False, True, True, Fraction(1)),
    (True, True, False, True, Fraction(1)),
    (True, False, False, True, Fraction(1)),
    (True, True, True, False, Fraction(1)),
    (False, True, True, True, Fraction(1)),
    (False, False, True, True, Fraction(1)),
    (False, True, False, True, Fraction(1)),
    (True, True, True, True, Fraction(100)),
    (True, True, True, True, Fraction(1, 100)),
    (True, True, True, True, Fraction(0)),
)


def decimal(value: Fraction) -> Decimal:
    with localcontext() as context:
        context.prec = 40
        return Decimal(value.numerator) / value.denominator


@given(usual, st.sampled_from(SLIPS))
def test_no_evidence_where_a_slip_explains_the_cost(given_numbers, slip):
    base, multiplers, rates, compound = given_numbers
    with_base, with_multiplers, with_rates, as_declared, times = slip
    cost = exact(
        base if with_base else Decimal(1),
        multiplers if with_multiplers else (),
        rates if with_rates else (),
        compound is as_declared,
    )
    user = decimal(cost * times)
    assert list(misreadings(PriceParts(base, user, tuple(multiplers), compound, tuple(rates)))) == []


@given(usual, st.sampled_from(d("0.5", "0.75", "0.8", "0.9", "0.97", "1.1", "1.5")))
def test_no_evidence_against_a_special_offer(given_numbers, offer):
    """With usual numbers: a factor near 1, a percentage above 2."""
    base, multiplers, rates, compound = given_numbers
    assume(all(one >= Decimal("0.5") for one in multiplers))
    assume(all(one >= 2 or one == 0 for one in rates))
    user = decimal(exact(base, multiplers, rates, compound)) * offer
    assert list(misreadings(PriceParts(base, user, tuple(multiplers), compound, tuple(rates)))) == []


# By the text that names it: what an integrator sends for a number they mean.
WRONG_MULTIPLERS = {
    "a percentage to take off": lambda factor: (1 - factor) * 100,
    "a percentage that remains": lambda factor: factor * 100,
    "the part to take off": lambda factor: 1 - factor,
}
WRONG_RATES = {
    "a fraction (0.06 for 6 %)": lambda rate: rate / 100,
    "a factor (1.06 for 6 %)": lambda rate: 1 + rate / 100,
}
discounts = st.lists(st.integers(2, 45).map(lambda off: 1 - Decimal(off) / 100), min_size=1, max_size=2)
taxes = st.lists(st.decimals(2, 30, places=1), min_size=1, max_size=2)


def reported(given_parts: PriceParts) -> list[str]:
    return [one.text for one in misreadings(given_parts)]


@given(usual_costs, discounts, usual_rates, st.booleans(), st.sampled_from(sorted(WRONG_MULTIPLERS)))
def test_evidence_for_a_multipler_in_a_wrong_unit(base, meant, rates, compound, unit):
    user = decimal(exact(base, meant, rates, compound))
    sent = tuple(WRONG_MULTIPLERS[unit](factor) for factor in meant)
    given_parts = PriceParts(base, user, sent, compound, tuple(rates))
    assume(not explanation(given_parts))
    assert unit in reported(given_parts)
    assert all(
        one.clause == "TP-068" and one.where == "discounts[].multipler" for one in misreadings(given_parts)
    )


@given(usual_costs, usual_factors, taxes, st.booleans(), st.sampled_from(sorted(WRONG_RATES)))
def test_evidence_for_a_rate_in_a_wrong_unit(base, multiplers, meant, compound, unit):
    user = decimal(exact(base, multiplers, meant, compound))
    given_parts = PriceParts(base, user, tuple(multiplers), compound, tuple(map(WRONG_RATES[unit], meant)))
    assume(not explanation(given_parts))
    assert unit in reported(given_parts)
    assert all(
        one.clause == "TP-069" and one.where == "taxes.rates[].rate" for one in misreadings(given_parts)
    )


@pytest.mark.parametrize(
    ("given_parts", "text", "clause"),
    [
        # 1.34 x 0.95 = 1.273; then x 1.06 x 1.02 = 1.3763676
        (parts("1.34", "1.3763676", ("5",), ("6", "2"), compound=True), "a percentage to take off", "TP-068"),
        (
            parts("1.34", "1.3763676", ("95",), ("6", "2"), compound=True),
            "a percentage that remains",
            "TP-068",
        ),
        (parts("1.34", "1.3763676", ("0.05",), ("6", "2"), compound=True), "the part to take off", "TP-068"),
        (
            parts("1.34", "1.3763676", ("0.95",), ("0.06", "0.02"), compound=True),
            "a fraction (0.06 for 6 %)",
            "TP-069",
        ),
        (
            parts("1.34", "1.3763676", ("0.95",), ("1.06", "1.02"), compound=True),
            "a factor (1.06 for 6 %)",
            "TP-069",
        ),
        # Rounded to cents, it is still evidence: 1.38 has three digits.
        (parts("1.34", "1.38", ("5",), ("6", "2"), compound=True), "a percentage to take off", "TP-068"),
    ],
)
def test_the_vendors_numbers_in_wrong_units(given_parts, text, clause):
    assert [(one.text, one.clause) for one in misreadings(given_parts)] == [(text, clause)]


@pytest.mark.parametrize(
    "given_parts",
    [
        parts("1", "0.95", ("0.95",)),
        # Nobody grants 95 % off as 0.95.
        parts("1", "0.05", ("0.95",)),
        parts("1", "0.0095", ("0.95",)),
        parts("10", "0.10", ("0.5",), ("100",)),
        # No discount, and a tax of 1 %.
        parts("1.34", "1.34", ("1",), ("1",)),
        # Two digits fit by chance.
        parts("1.34", "1.4", ("5",), ("6", "2"), compound=True),
        parts("0", "0", ("5",)),
        parts("1.34", "1.0812", ("0.95",), ("6", "2"), compound=True),
    ],
)
def test_what_proves_nothing(given_parts):
    assert list(misreadings(given_parts)) == []


def test_a_misreading_is_data():
    assert list(misreadings(parts("1", "0.93", ("7",)))) == [
        Misreading("TP-068", "discounts[].multipler", "a percentage to take off")
    ]
