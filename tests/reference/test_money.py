import json
import re
from decimal import Decimal
from fractions import Fraction

import pytest
from hypothesis import given
from hypothesis import strategies as st

from solusio_reference import money

# RFC 8259, section 6, without the exponent.
PLAIN_JSON_NUMBER = re.compile(r"-?(0|[1-9][0-9]*)(\.[0-9]+)?")

decimals = st.decimals(allow_nan=False, allow_infinity=False, min_value=-(10**60), max_value=10**60)


@pytest.mark.parametrize(
    ("written", "text"),
    [
        ("1.3763676", "1.3763676"),
        ("1.34000", "1.34"),
        ("100", "100"),
        ("1E+2", "100"),
        ("1E-5", "0.00001"),
        ("1E-18", "0.000000000000000001"),
        ("0", "0"),
        ("0.000", "0"),
        ("-0.0", "0"),
        ("-0", "0"),
        ("0E+5", "0"),
        ("10.10", "10.1"),
    ],
)
def test_json_number_has_all_digits_no_exponent_and_no_trailing_zeros(written, text):
    # 0E+5 is written 0 and not 000000: a JSON number has no leading zeros.
    assert money.json_number(Decimal(written)) == text


@given(decimals)
def test_json_number_round_trips(value):
    text = money.json_number(value)
    assert PLAIN_JSON_NUMBER.fullmatch(text)
    assert Decimal(text) == value
    assert json.loads(text, parse_float=Decimal, parse_int=Decimal) == value


@pytest.mark.parametrize("value", ["NaN", "sNaN", "Infinity", "-Infinity"])
def test_json_number_refuses_what_json_cannot_write(value):
    with pytest.raises(ValueError, match="no NaN"):
        money.json_number(Decimal(value))


@given(st.lists(decimals, max_size=8))
def test_product_and_total_are_exact(values):
    product, total = Fraction(1), Fraction(0)
    for value in values:
        product *= Fraction(value)
        total += Fraction(value)
    assert Fraction(money.product(values)) == product
    assert Fraction(money.total(values)) == total


def test_product_keeps_digits_that_decimal_rounds_by_default():
    # Thirty nines after the point, squared: 1 - 2 x 10^-30 + 10^-60, which has 60 digits.
    nines = Decimal("0." + "9" * 30)
    assert money.product([nines, nines]) == Decimal("0." + "9" * 29 + "8" + "0" * 29 + "1")
    assert nines * nines != money.product([nines, nines])


@given(decimals)
def test_from_percent_is_a_hundredth(rate):
    assert Fraction(money.from_percent(rate)) == Fraction(rate) / 100


@pytest.mark.parametrize("value", ["1E+17", "999999999999999999", "1E-18", "0", "-1"])
def test_plain_numbers_are_accepted(value):
    money.require_plain("it", Decimal(value))


@pytest.mark.parametrize(
    ("value", "complaint"),
    [
        ("NaN", "finite"),
        ("Infinity", "finite"),
        ("1E+18", "at most 18 digits"),
        ("1E-19", "at most 18 digits"),
        ("1E-999999", "at most 18 digits"),
    ],
)
def test_other_numbers_are_refused_by_name(value, complaint):
    with pytest.raises(ValueError, match=f"the rate .*{complaint}"):
        money.require_plain("the rate", Decimal(value))


@pytest.mark.parametrize(("code", "digits"), [("JPY", 0), ("USD", 2), ("EUR", 2), ("CHF", 2), ("KWD", 3)])
def test_minor_digits(code, digits):
    assert money.minor_digits(code) == digits


@pytest.mark.parametrize("code", ["", "usd", "US", "ZZZ", "USDX", "€"])
def test_unknown_currencies_are_refused(code):
    with pytest.raises(ValueError, match="ISO 4217"):
        money.minor_digits(code)


@pytest.mark.parametrize(
    ("amount", "decimals", "written"),
    [
        ("2.345", 2, "2.35"),
        ("2.3449999999999999999999999999999999999999", 2, "2.34"),
        ("-2.345", 2, "-2.35"),
        ("0.5", 0, "1"),
        ("-0.5", 0, "-1"),
        ("1.0005", 3, "1.001"),
        ("7", 3, "7.000"),
        ("-0.004", 2, "0.00"),
        ("0", 0, "0"),
        ("123456789012345678901234567890.125", 2, "123456789012345678901234567890.13"),
    ],
)
def test_amounts_are_rounded_half_up(amount, decimals, written):
    assert str(money.rounded(Decimal(amount), decimals)) == written


@given(decimals, decimals)
def test_difference_is_exact(minuend, subtrahend):
    assert Fraction(money.difference(minuend, subtrahend)) == Fraction(minuend) - Fraction(subtrahend)
