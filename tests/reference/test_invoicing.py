"""The amounts of an invoice, compared with fractions: another arithmetic, without decimal digits."""

from collections import Counter
from datetime import UTC, datetime
from decimal import Decimal
from fractions import Fraction
from math import floor

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from solusio_reference.invoicing import Adjustment, line_amount, make_invoice, sum_lines
from solusio_reference.period import Period
from solusio_reference.pricing import MAX_DECIMALS, Currency, Customer, Discount, Tax

MARCH = Period(2026, 3)
NOW = datetime(2026, 4, 1, 5, tzinfo=UTC)
USD = Currency("USD")


def customer(base: str, currency: Currency = USD, discounts=(), taxes=(), *, compound=False) -> Customer:
    return Customer(
        id=7,
        name="Ann",
        base_token_unit_cost=Decimal(base),
        currency=currency,
        discounts=tuple(Discount(name, "", Decimal(factor)) for name, factor in discounts),
        taxes=tuple(Tax(label, Decimal(rate)) for label, rate in taxes),
        taxes_compound=compound,
    )


def invoice(who: Customer, tokens: list[int]):
    counts = Counter(tokens).items()
    totals = sum_lines(counts, who.base_token_unit_cost, who.currency.decimals)
    return make_invoice(number=1, customer=who, period=MARCH, totals=totals, issued_at=NOW)


def half_up(value: Fraction, decimals: int) -> Fraction:
    """Round halves away from zero, with integers only."""
    scale = 10**decimals
    size = Fraction(floor(abs(value) * scale + Fraction(1, 2)), scale)
    return size if value >= 0 else -size


def test_the_vendors_example():
    # 5000 tokens at $0.001: $5.00. SolusIO has already capped the 730 hours.
    made = invoice(customer("0.001"), [5000])
    assert (made.subtotal, made.total, made.rounding) == (Decimal("5.00"), Decimal("5.00"), 0)
    assert (made.number, made.customer_id, made.period, made.issued_at) == (1, 7, MARCH, NOW)
    assert (made.tokens, made.lines_count) == (5000, 1)


def test_discounts_apply_one_after_the_other_and_taxes_to_the_net_amount():
    # 10,000 x 0.01 = 100.00; 10 % off: -10.00; 5 % off the 90.00 left: -4.50; net 85.50
    # 20 % of 85.50 = 17.10; 10 %, not compound, of 85.50 = 8.55; together 111.15
    discounts = [("a", "0.9"), ("b", "0.95")]
    taxes = [("VAT", "20"), ("City", "10")]
    made = invoice(customer("0.01", discounts=discounts, taxes=taxes), [10_000])
    assert made.adjustments == (
        Adjustment("discount", "a", Decimal("0.9"), Decimal("-10.00")),
        Adjustment("discount", "b", Decimal("0.95"), Decimal("-4.50")),
        Adjustment("tax", "VAT", Decimal(20), Decimal("17.10")),
        Adjustment("tax", "City", Decimal(10), Decimal("8.55")),
    )
    assert made.discounts == made.adjustments[:2]
    assert made.taxes == made.adjustments[2:]
    assert (made.total, made.rounding) == (Decimal("111.15"), 0)
    # compound: 10 % of 85.50 + 17.10 = 102.60 is 10.26; together 112.86
    made = invoice(customer("0.01", discounts=discounts, taxes=taxes, compound=True), [10_000])
    assert [one.amount for one in made.taxes] == [Decimal("17.10"), Decimal("10.26")]
    assert made.total == Decimal("112.86")


def test_three_lines_of_a_third_of_a_cent_are_free_each_and_cost_a_cent_together():
    # 3 x 0.004 = 0.012: the lines print 0.00, the total is 0.01, and the invoice shows the difference.
    made = invoice(customer("0.004"), [1, 1, 1])
    assert (made.subtotal, made.total, made.rounding) == (Decimal("0.00"), Decimal("0.01"), Decimal("0.01"))


def test_the_total_is_rounded_once_and_not_at_each_step():
    # 1.05 less 50 % is 0.525; + 10 % is 0.5775, so 0.58. From rounded steps: 1.05 - 0.53 + 0.05 = 0.57.
    made = invoice(customer("1.05", discounts=[("half", "0.5")], taxes=[("VAT", "10")]), [1])
    assert [one.amount for one in made.adjustments] == [Decimal("-0.53"), Decimal("0.05")]
    assert (made.total, made.rounding) == (Decimal("0.58"), Decimal("0.01"))


@pytest.mark.parametrize(
    ("currency", "amount"),
    [  # 2500 x 0.001; the half yen goes up
        (Currency("JPY"), "3"),
        (USD, "2.50"),
        (Currency("KWD"), "2.500"),
        (Currency("HUF", decimals=0), "3"),
        (Currency("USD", decimals=4), "2.5000"),
    ],
)
def test_amounts_have_the_decimals_of_the_currency(currency, amount):
    made = invoice(customer("0.001", currency), [2500])
    assert [str(made.subtotal), str(made.total)] == [amount, amount]
    assert str(line_amount(2500, Decimal("0.001"), currency.decimals)) == amount


def test_a_free_invoice_has_all_its_lines_and_a_total_of_zero():
    made = invoice(customer("0.001", discounts=[("free", "0")], taxes=[("VAT", "19")]), [5000])
    assert [str(one.amount) for one in made.adjustments] == ["-5.00", "0.00"]
    assert (str(made.total), str(made.rounding)) == ("0.00", "0.00")


def test_no_tokens_cost_zero_and_never_minus_zero():
    made = invoice(customer("0.001", discounts=[("a", "0.95")]), [0, 0])
    shown = [made.subtotal, made.discounts[0].amount, made.rounding, made.total]
    assert [str(one) for one in shown] == ["0.00"] * 4
    assert made.lines_count == 2


@settings(max_examples=300)
@given(
    decimals=st.integers(0, MAX_DECIMALS),
    base=st.decimals(min_value="0.00001", max_value=10, places=6),
    multipliers=st.lists(st.decimals(min_value=0, max_value=2, places=3), max_size=3),
    rates=st.lists(st.decimals(min_value=0, max_value=100, places=2), max_size=3),
    compound=st.booleans(),
    tokens=st.lists(st.integers(0, 100_000), min_size=1, max_size=30),
)
def test_every_figure_agrees_with_fractions(decimals, base, multipliers, rates, compound, tokens):
    who = customer(
        str(base),
        Currency("USD", decimals=decimals),
        [(f"d{place}", str(factor)) for place, factor in enumerate(multipliers)],
        [(f"t{place}", str(rate)) for place, rate in enumerate(rates)],
        compound=compound,
    )
    made = invoice(who, tokens)

    unit = Fraction(base)
    subtotal = sum(half_up(count * unit, decimals) for count in tokens)
    off = [Fraction(factor) for factor in multipliers]
    gross, expected = sum(tokens) * unit, []
    for place, factor in enumerate(off):
        before = gross
        for earlier in off[:place]:
            before *= earlier
        expected.append(half_up(before * (factor - 1), decimals))
    net = gross
    for factor in off:
        net *= factor
    exact_total = net
    for place, rate in enumerate(rates):
        taxed = net
        if compound:
            for earlier in rates[:place]:
                taxed *= 1 + Fraction(earlier) / 100
        expected.append(half_up(taxed * Fraction(rate) / 100, decimals))
        exact_total += taxed * Fraction(rate) / 100

    assert Fraction(made.subtotal) == subtotal
    assert [Fraction(one.amount) for one in made.adjustments] == expected
    assert Fraction(made.total) == half_up(exact_total, decimals)
    assert Fraction(made.total) == half_up(sum(tokens) * Fraction(made.user_token_unit_cost), decimals)
    assert Fraction(made.rounding) == Fraction(made.total) - subtotal - sum(expected)
    figures = [made.subtotal, made.total, made.rounding, *(one.amount for one in made.adjustments)]
    assert {-one.as_tuple().exponent for one in figures} == {decimals}
    assert not any(one.is_zero() and one.is_signed() for one in figures)


@given(st.lists(st.integers(0, 50), max_size=200))
def test_counting_equal_lines_gives_the_same_sums(tokens):
    base = Decimal("0.00333")
    one_by_one = sum_lines([(each, 1) for each in tokens], base, 2)
    assert sum_lines(Counter(tokens).items(), base, 2) == one_by_one
    assert (one_by_one.lines, one_by_one.tokens) == (len(tokens), sum(tokens))
    assert one_by_one.subtotal == sum((line_amount(each, base, 2) for each in tokens), Decimal(0))
