"""The arithmetic of the vendor's page, and what is said when it does not add up."""

from decimal import Decimal, localcontext
from fractions import Fraction
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from solusio_contracts.checking.price import (
    PRECISION,
    PriceParts,
    agrees,
    customer_texts,
    difference,
    expected_cost,
    explanation,
    misreadings,
    number,
    price_fields,
    price_parts,
    same_price,
)
from solusio_contracts.http.exchange import Exchange, Request
from support.price_parts import exact, numbers, parts

PRICE: dict[str, Any] = {
    "base_token_unit_cost": Decimal("1.34"),
    "user_token_unit_cost": Decimal("1.3763676"),
    "currency": {
        "code": "GBP",
        "display_prefix": "£",
        "display_suffix": " GBP",
        "thousands_separator": ",",
        "decimals_separator": ".",
    },
    "discounts": [{"name": "Special", "description": "5% off", "multipler": Decimal("0.95")}],
    "taxes": {"compound": True, "rates": [{"label": "City", "rate": 6}, {"label": "State", "rate": 2}]},
}


discounts = st.lists(st.integers(2, 45).map(lambda off: 1 - Decimal(off) / 100), min_size=1, max_size=2)


taxes = st.lists(st.decimals(2, 30, places=1), min_size=1, max_size=2)


def answer(body: str | bytes, status: int = 200) -> Exchange:
    content = body.encode() if isinstance(body, str) else body
    return Exchange(number=1, request=Request(b""), status=status, content=content)


# Arithmetic


@pytest.mark.parametrize(
    ("given_parts", "expected"),
    [
        # 1.34 x 0.95 x 1.06 x 1.02
        (parts("1.34", "0", ("0.95",), ("6", "2"), compound=True), "1.3763676"),
        # 1.34 x 0.95 x 1.08
        (parts("1.34", "0", ("0.95",), ("6", "2")), "1.37484"),
        # 0.15 x 0.9 x 0.8 x 1.1
        (parts("0.15", "0", ("0.9", "0.8"), ("8", "2")), "0.1188"),
        (parts("0.00091", "0"), "0.00091"),
        (parts("1", "0", ("0",), ("20",)), "0"),
        (parts("1", "0", ("1.5",), ("0.5",)), "1.5075"),
    ],
)
def test_the_expected_cost(given_parts, expected):
    assert expected_cost(given_parts) == Decimal(expected)


@given(numbers)
def test_the_expected_cost_is_exact(given_numbers):
    base, multiplers, rates, compound = given_numbers
    found = expected_cost(PriceParts(base, base, tuple(multiplers), compound, tuple(rates)))
    # At most 8 + 6 x 5 + 6 x 6 digits: fewer than the precision.
    assert Fraction(found) == exact(base, multiplers, rates, compound)


def test_numbers_of_any_size_do_not_break_the_arithmetic():
    huge = tuple(Decimal("9e79") for _ in range(20_000))
    tiny = tuple(Decimal("1e-79") for _ in range(20_000))
    for multiplers in (huge, tiny):
        given_parts = PriceParts(Decimal(1), Decimal(1), multiplers, True, huge)
        assert expected_cost(given_parts) > 0
        assert explanation(given_parts) == "discounts and taxes are left out"
        assert list(misreadings(given_parts)) == []


def test_the_precision_around_does_not_matter():
    given_parts = parts("1.34", "1.3763676", ("0.95",), ("6", "2"), compound=True)
    with localcontext() as context:
        context.prec = 2
        assert expected_cost(given_parts) == Decimal("1.3763676")
        assert agrees(Decimal("1.3763676"), Decimal("1.3763676"))
        assert not agrees(Decimal("1.3763676"), Decimal("1.38"))


@pytest.mark.parametrize(
    ("sent", "expected", "agreed"),
    [
        ("1.3763676", "1.3763676", True),
        ("1.3763676000000001", "1.3763676", True),
        ("1.3764", "1.3763676", True),
        ("1.38", "1.3763676", False),
        ("100", "100.01", True),
        ("100", "100.02", False),
        ("0", "0", True),
        ("0", "0.0000001", False),
        ("0.0000001", "0", False),
        ("-1", "1", False),
    ],
)
def test_agreement(sent, expected, agreed):
    assert agrees(Decimal(sent), Decimal(expected)) is agreed


# Numbers and parts of a price


@pytest.mark.parametrize(
    ("value", "expected"),
    [
        (1, "1"),
        (Decimal("1.5"), "1.5"),
        (-3, "-3"),
        (0, "0"),
        (Decimal("0e-500"), "0"),
        (Decimal("0e500"), "0"),
        (Decimal("1e79"), "1e79"),
        (Decimal("1e-79"), "1e-79"),
    ],
)
def test_numbers(value, expected):
    assert number(value) == Decimal(expected)


@pytest.mark.parametrize(
    "value",
    [
        True,
        False,
        None,
        "1",
        [],
        {},
        1.5,
        Decimal("NaN"),
        Decimal("inf"),
        Decimal("1e80"),
        Decimal("1e-80"),
    ],
)
def test_what_is_not_a_number_of_sensible_size(value):
    assert number(value) is None


def test_an_integer_of_thousands_of_digits_is_not_of_sensible_size():
    assert number(10**5000) is None


def test_the_parts_of_a_price():
    assert price_parts(PRICE) == parts("1.34", "1.3763676", ("0.95",), ("6", "2"), compound=True)


@pytest.mark.parametrize("taxes", [[], {}])
def test_empty_taxes_are_none(taxes):
    assert price_parts(PRICE | {"taxes": taxes}) == parts("1.34", "1.3763676", ("0.95",))


@pytest.mark.parametrize(
    "change",
    [
        {"base_token_unit_cost": "1.34"},
        {"user_token_unit_cost": None},
        {"discounts": None},
        {"discounts": {}},
        {"discounts": [1]},
        {"discounts": [{"multiplier": Decimal("0.95")}]},
        {"discounts": [{"multipler": "0.95"}]},
        {"taxes": None},
        {"taxes": [{"label": "City", "rate": 6}]},
        {"taxes": {"rates": []}},
        {"taxes": {"compound": "false", "rates": []}},
        {"taxes": {"compound": True, "rates": {}}},
        {"taxes": {"compound": True, "rates": [6]}},
        {"taxes": {"compound": True, "rates": [{"rate": "6 %"}]}},
    ],
)
def test_a_price_that_lacks_a_part(change):
    assert price_parts(PRICE | change) is None
    for name in change:
        assert price_parts({key: value for key, value in PRICE.items() if key != name}) is None


# Explanations


@pytest.mark.parametrize(
    ("given_parts", "text"),
    [
        (parts("1.34", "1.3763676", ("0.95",), ("6", "2"), compound=True), ""),
        # 1.34 x 1.06 x 1.02 = 1.448808
        (parts("1.34", "1.448808", ("0.95",), ("6", "2"), compound=True), "the discounts are left out"),
        # 1.34 x 0.95 = 1.273
        (parts("1.34", "1.273", ("0.95",), ("6", "2"), compound=True), "the taxes are left out"),
        (parts("1.34", "1.34", ("0.95",), ("6", "2")), "discounts and taxes are left out"),
        # 1.34 x 0.95 x 1.08 = 1.37484
        (
            parts("1.34", "1.37484", ("0.95",), ("6", "2"), compound=True),
            "`compound` is true, but the cost was computed the other way",
        ),
        (
            parts("1.34", "1.3763676", ("0.95",), ("6", "2")),
            "`compound` is false, but the cost was computed the other way",
        ),
        # 0.95 x 1.06 x 1.02 = 1.02714
        (parts("1.34", "1.02714", ("0.95",), ("6", "2"), compound=True), "the base cost is left out"),
        (parts("1.34", "137.63676", ("0.95",), ("6", "2"), compound=True), "it is in hundredths"),
        (parts("134", "1.3763676", ("0.95",), ("6", "2"), compound=True), "it is in hundreds"),
        # The vendor's own example: 1.06 x 1.02
        (
            parts("1.34", "1.0812", ("0.95",), ("6", "2"), compound=True),
            "base and discounts are left out, as in the vendor's own example",
        ),
        (parts("1.34", "0.95", ("0.95",), ("6", "2")), "base and taxes are left out"),
        (parts("1.34", "1.38", ("0.95",), ("6", "2"), compound=True), "it is rounded to 2 decimals"),
        (parts("1.34", "1.37", ("0.95",), ("6", "2"), compound=True), "it is rounded to 2 decimals"),
        (parts("1.34", "1.4", ("0.95",), ("6", "2"), compound=True), "it is rounded to 1 decimal"),
        (parts("0.00091", "0.00", ("0.95",)), "it is rounded to 2 decimals"),
        (parts("1.34", "1", ("0.95",), ("6", "2"), compound=True), "it is rounded to 0 decimals"),
        (parts("1.34", "5.55", ("0.95",), ("6", "2"), compound=True), ""),
    ],
)
def test_an_explanation(given_parts, text):
    if text:
        assert not agrees(given_parts.user, expected_cost(given_parts))
        assert explanation(given_parts) == text
    else:
        assert explanation(given_parts) in ("", "it is rounded to 7 decimals")


# The part of a response that is the price

BODY = (
    '{"base_token_unit_cost":1.34,"user_token_unit_cost":1.20,"currency":{"code":"GBP","display_prefix":"£",'
    '"decimals":2},"discounts":[{"name":"a","description":"b","multipler":0.95}],'
    '"taxes":{"compound":true,"rates":[{"label":"VAT","rate":20}]}}'
)


@pytest.mark.parametrize(
    "other",
    [
        BODY,
        BODY.replace("{", "{\n "),
        BODY.replace("1.20", "1.2"),
        BODY.replace("0.95", "9.5e-1"),
        BODY.replace('{"base', '{"time":12,"base'),
        BODY.replace('"name":"a"', '"id":7,"name":"a"'),
        BODY.replace("£", "\\u00a3"),
    ],
)
def test_the_same_price(other):
    assert same_price(answer(BODY), answer(other))
    assert difference(answer(BODY), answer(other)) == "status 200 with a price"


@pytest.mark.parametrize(
    ("old", "new", "text"),
    [
        ("1.34", "1.35", "base_token_unit_cost is 1.35 instead of 1.34"),
        ("1.34", '"1.34"', 'base_token_unit_cost is "1.34" instead of 1.34'),
        ("1.34", "null", "base_token_unit_cost is null instead of 1.34"),
        ('"GBP"', '"EUR"', 'currency.code is "EUR" instead of "GBP"'),
        ('"decimals":2', '"decimals":0', "currency.decimals is 0 instead of 2"),
        ("0.95", "0.9", "discounts[0].multipler is 0.9 instead of 0.95"),
        ("0.95", "1", "discounts[0].multipler is 1 instead of 0.95"),
        ("true", "false", "taxes.compound is false instead of true"),
        ("true", "1", "taxes.compound is 1 instead of true"),
        ('{"compound":true', '{"compound":{}', "taxes.compound is an empty object instead of true"),
        ('"rates":[', '"rates":[{},', "taxes.rates is a list of 2 instead of a list of 1"),
        ('"VAT"', '"' + "V" * 170 + '"', 'taxes.rates[0].label is "' + "V" * 159 + '… instead of "VAT"'),
        ('"VAT"', r'"\ud800"', r'taxes.rates[0].label is "\\ud800" instead of "VAT"'),
        ('{"base', '[{"base', "status 200 with a price"),
    ],
)
def test_a_different_price(old, new, text):
    other = BODY.replace(old, new, 1)
    assert not same_price(answer(BODY), answer(other))
    assert difference(answer(BODY), answer(other)) == text


def test_a_document_of_another_kind():
    assert difference(answer(BODY), answer("[]")) == "the document is an empty list instead of an object"
    assert difference(answer("[1]"), answer("[2]")) == "[0] is 2 instead of 1"


def test_what_is_not_a_number_is_the_same_as_itself():
    """NaN differs from itself, but the two responses are equal."""
    body = BODY.replace("1.34", "NaN")
    assert same_price(answer(body), answer(body))
    assert not same_price(answer(body), answer(BODY))


def test_unreadable_responses_are_compared_as_bytes():
    assert same_price(answer("not JSON"), answer("not JSON"))
    assert not same_price(answer("not JSON"), answer("not json"))
    assert not same_price(answer(BODY), answer("not JSON"))


def test_a_response_without_a_price_is_summarised():
    assert difference(answer(BODY), answer('{"error":"no"}', 404)) == "status 404, 14 bytes"


def test_price_fields_leave_extras_out():
    fields = price_fields(
        {"base_token_unit_cost": 1, "extra": 2, "discounts": [{"extra": 1}, 3], "taxes": {"rates": 5}}
    )
    assert fields == {
        "base_token_unit_cost": 1,
        "discounts": [{}, 3],
        "taxes": {"rates": 5},
    }
    assert price_fields([1]) == [1]


def test_the_precision_is_more_than_any_price_list_needs():
    assert PRECISION >= 8 + 6 * 5 + 6 * 6


def test_texts_that_customers_see():
    assert list(customer_texts(PRICE)) == [
        ("currency.display_prefix", "£", True),
        ("currency.display_suffix", " GBP", True),
        ("currency.thousands_separator", ",", True),
        ("currency.decimals_separator", ".", True),
        ("discounts[0].name", "Special", False),
        ("discounts[0].description", "5% off", False),
        ("taxes.rates[0].label", "City", False),
        ("taxes.rates[1].label", "State", False),
    ]


@pytest.mark.parametrize(
    "value",
    [
        {},
        {"currency": "GBP", "discounts": {"name": "a"}, "taxes": []},
        {"currency": {"display_prefix": None}, "discounts": ["a", {"name": 1}], "taxes": {"rates": "x"}},
    ],
)
def test_texts_of_a_malformed_price(value):
    assert list(customer_texts(value)) == []
