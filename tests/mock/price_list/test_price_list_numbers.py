"""The numbers behind the tables: discount, cap, hours, rounding. Expected values are worked out by hand."""

from decimal import Decimal
from fractions import Fraction
from math import floor

import pytest
from hypothesis import given
from hypothesis import strategies as st

from mock_solusio.domain.metering import Charge
from mock_solusio.price_list.model import LARGEST_TOKENS, PlanPrice, PriceList
from mock_solusio.price_list.reading import read
from mock_solusio.price_list.tables import conversion_table, hours_table, plan_table


def currency(unit_cost: str, code: str = "USD") -> PriceList:
    prices, findings = read(f'[[currencies]]\ncode = "{code}"\ntoken_unit_cost = "{unit_cost}"\n'.encode())
    assert prices is not None, findings
    return prices


# Discount and cap


@pytest.mark.parametrize(
    ("per_hour", "per_month", "hours", "discount", "percent", "cap"),
    [
        # 714 x 7 = 4998 is still below; the 715th hour would make 5005.
        (7, 5000, 744, 208, "3.99", 715),
        # 4704 in 28 days: the cap is not reached.
        (7, 5000, 672, 0, "0.00", None),
        # 500 hours cost exactly the price of the month; the 501st is the first for nothing.
        (10, 5000, 744, 2440, "32.80", 501),
        # One token less than the whole month: the last hour reaches it.
        (7, 5207, 744, 1, "0.02", 744),
        (7, 5208, 744, 0, "0.00", None),
        (7, 7, 744, 5201, "99.87", 2),
        (7, 6, 744, 5202, "99.88", 1),
    ],
)
def test_discount_and_cap(listed, per_hour, per_month, hours, discount, percent, cap):
    (row,) = plan_table(listed(("a", per_hour, per_month)), hours)
    assert row.discount_tokens == discount
    assert row.discount_percent == Decimal(percent)
    assert str(row.discount_percent) == percent
    assert row.cap_from_hour == cap
    assert row.billing == "capped"


@given(st.integers(1, 300), st.integers(1, 200_000), st.sampled_from([672, 696, 720, 744]))
def test_the_cap_begins_where_the_hours_exceed_it(per_hour, per_month, hours):
    prices = currency("0.001")
    prices = PriceList(prices.currencies, (PlanPrice("a", per_hour, per_month),))
    (row,) = plan_table(prices, hours)
    spent, first = 0, None
    for hour in range(1, hours + 1):
        spent += per_hour
        if first is None and spent > per_month:
            first = hour
    assert row.cap_from_hour == first
    assert row.discount_tokens == max(0, spent - per_month)


@pytest.mark.parametrize(
    ("per_hour", "per_month", "billing", "aggregate", "has_month"),
    [(14, 0, "hourly", 10416, False), (0, 5000, "monthly", None, True), (0, 0, "free", None, False)],
)
def test_prices_that_are_missing(listed, per_hour, per_month, billing, aggregate, has_month):
    (row,) = plan_table(listed(("a", per_hour, per_month)), 744)
    assert (row.billing, row.aggregated_tokens, bool(row.month_amounts)) == (billing, aggregate, has_month)
    assert bool(row.aggregated_amounts) is (aggregate is not None)
    assert row.discount_tokens is row.discount_percent is row.cap_from_hour is None


# Hours


@pytest.mark.parametrize(
    ("per_hour", "per_month", "hours", "tokens", "charge"),
    [
        (7, 5000, 1, 7, Charge.HOURLY),
        (7, 5000, 714, 4998, Charge.HOURLY),
        (7, 5000, 715, 5000, Charge.MONTHLY),
        (7, 5000, 744, 5000, Charge.MONTHLY),
        (14, 0, 744, 10416, Charge.HOURLY),
        (0, 5000, 1, 5000, Charge.MONTHLY),
        (0, 0, 744, 0, Charge.HOURLY),
    ],
)
def test_hours(listed, per_hour, per_month, hours, tokens, charge):
    (row,) = hours_table(listed(("a", per_hour, per_month)), hours)
    assert (row.hours, row.tokens, row.charge) == (hours, tokens, charge)


# Amounts


@pytest.mark.parametrize(
    ("code", "unit_cost", "tokens", "amount"),
    [
        ("USD", "0.001", 5208, "5.21"),
        # Exactly half a cent goes up; as a binary float, 1.005 would be a little less.
        ("USD", "0.001", 1005, "1.01"),
        ("USD", "0.001", 1004, "1.00"),
        ("JPY", "0.5", 5, "3"),
        ("KWD", "0.0005", 5, "0.003"),
        ("USD", "999999999999999999.999999999999999999", LARGEST_TOKENS, "2147483647000000000000000000.00"),
    ],
)
def test_amounts_are_rounded_half_up_to_the_minor_unit(code, unit_cost, tokens, amount):
    prices = currency(unit_cost, code)
    (row,) = plan_table(PriceList(prices.currencies, (PlanPrice("a", 0, tokens),)), 744)
    assert f"{row.month_amounts[code]:f}" == amount


@given(
    st.integers(1, LARGEST_TOKENS),
    st.decimals("0.000000000000000001", "1000000", places=18, allow_nan=False),
)
def test_no_amount_is_off_by_a_cent(tokens, unit_cost):
    prices = currency(f"{unit_cost:f}")
    (row,) = plan_table(PriceList(prices.currencies, (PlanPrice("a", 0, tokens),)), 744)
    cents = floor(Fraction(unit_cost) * tokens * 100 + Fraction(1, 2))
    assert Fraction(row.month_amounts["USD"]) == Fraction(cents, 100)


def test_the_conversion_table_drops_no_digit():
    """Two currencies of which one needs more decimals: the same number for both, as on the vendor's page."""
    both = PriceList(currency("0.00123").currencies + currency("0.15", "JPY").currencies, ())
    rows = conversion_table(both)
    assert [f"{row.amounts['USD']:f}" for row in rows] == [
        "0.00123",
        "0.01230",
        "0.12300",
        "1.23000",
        "12.30000",
    ]
    assert [f"{row.amounts['JPY']:f}" for row in rows][:2] == ["0.15000", "1.50000"]


def test_the_conversion_table_has_the_minor_unit_at_least():
    assert [f"{row.amounts['USD']:f}" for row in conversion_table(currency("2"))] == [
        "2.00",
        "20.00",
        "200.00",
        "2000.00",
        "20000.00",
    ]
