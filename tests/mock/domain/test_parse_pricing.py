import json
from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from mock_solusio.domain.prices import Currency, Discount, Pricing, Tax, parse_pricing
from support.pricing import vendor_example


@pytest.fixture
def example():
    return vendor_example()


def read(document):
    """Parse a document as the body of an answer."""
    return parse_pricing(json.dumps(document).encode())


def test_the_vendors_own_answer(example):
    assert read(example) == Pricing(
        base_token_unit_cost=Decimal("1.34"),
        user_token_unit_cost=Decimal("1.0812"),
        currency=Currency("GBP", "£", " GBP", ",", ".", 2),
        discounts=(Discount("Special Client Group Discount", "5% Recurring Discount", Decimal("0.95")),),
        taxes=(Tax("City Tax", Decimal(6)), Tax("State Tax", Decimal(2))),
        taxes_compound=True,
    )


@pytest.mark.parametrize(
    ("written", "cost"),
    [
        ("0.1", "0.1"),
        ("1.37636760000000000000000000000000000000001", "1.37636760000000000000000000000000000000001"),
        ("9.1e-4", "0.00091"),
        ("9.1E+2", "910"),
        ("0", "0"),
        ("-0.0", "0"),
        ("0e-999999", "0"),
        ("1", "1"),
        ('"1.0812"', "1.0812"),
        ('" .5e1"', "5"),
        ("1e-100", "1e-100"),
        ("999999999999999999999999999999.9", "999999999999999999999999999999.9"),
    ],
)
def test_a_cost_keeps_all_its_digits(written, cost):
    body = f'{{"user_token_unit_cost": {written}, "currency": {{"code": "EUR"}}}}'.encode()
    assert parse_pricing(body).user_token_unit_cost == Decimal(cost)


def test_what_is_missing_and_not_needed():
    pricing = read({"user_token_unit_cost": 1, "currency": {"code": "JPY"}})
    assert pricing == Pricing(
        user_token_unit_cost=Decimal(1), currency=Currency("JPY", "", "", "", ".", decimals=0)
    )


@pytest.mark.parametrize("taxes", [[], {}, None, {"compound": False, "rates": []}, [{"rate": 6}], "6 %"])
def test_answers_without_readable_taxes(example, taxes):
    example["taxes"] = taxes
    assert read(example).taxes == ()


def test_lists_that_php_wrote_as_objects(example):
    example["discounts"] = {"0": {"name": "a", "multipler": 0.5}, "2": {"name": "b", "multipler": "0.9"}}
    example["taxes"]["rates"] = {"7": {"label": "VAT", "rate": "19"}}
    pricing = read(example)
    assert pricing.discounts == (Discount("a", "", Decimal("0.5")), Discount("b", "", Decimal("0.9")))
    assert pricing.taxes == (Tax("VAT", Decimal(19)),)


def test_a_misspelt_multiplier_is_not_read(example):
    example["discounts"][0]["multiplier"] = example["discounts"][0].pop("multipler")
    assert read(example).discounts[0].multiplier is None


@pytest.mark.parametrize(
    ("code", "sent", "decimals"),
    [
        ("JPY", None, 0),
        ("USD", None, 2),
        ("KWD", None, 3),
        ("kwd", None, 3),
        ("QQQ", None, 2),
        ("USD", 4, 4),
        ("USD", 0, 0),
        ("USD", "3", 3),
        ("USD", 8, 8),
        ("HUF", None, 2),
        ("HUF", 0, 0),
        ("JPY", 9, 0),  # not usable, so ISO 4217 decides
        ("KWD", -1, 3),
        ("KWD", 1.5, 3),
        ("KWD", "two", 3),
        ("KWD", True, 3),
        ("KWD", [2], 3),
    ],
)
def test_decimals_are_those_sent_or_else_those_of_cldr(example, code, sent, decimals):
    example["currency"] |= {"code": code, "decimals": sent}
    assert read(example).currency.decimals == decimals


def test_of_a_repeated_member_the_last_counts():
    body = b'{"user_token_unit_cost": 1, "user_token_unit_cost": 2, "currency": {"code": "EUR"}}'
    assert parse_pricing(body).user_token_unit_cost == 2


@pytest.mark.parametrize(
    ("body", "words"),
    [
        (b"", "empty"),
        (b" \r\n", "empty"),
        (b"<br />\n<b>Notice</b>: Undefined index in /srv/x.php {}", "HTML"),
        (b"\nNotice: Undefined index in /srv/x.php on line 3\n{}", "other text before the JSON"),
        (b"OK", "other text."),
        (b"\xef\xbb\xbf{}", "byte order mark"),
        ("{}".encode("utf-16"), "byte order mark"),
        (b'{"a": "\xff"}', "UTF-8"),
        (b'{"user_token_unit_cost": NaN}', "not valid JSON"),
        (b'{"user_token_unit_cost": 1.', "not valid JSON"),
        (b"{} {}", "not valid JSON"),
        (b"[" * 100_000, "nested too deeply"),
        (b'{"a": ' + b"9" * 5000 + b"}", "too many digits"),
        (b"[]", "a list instead of an object"),
        (b"null", "null instead of an object"),
        (b"false", "false instead of an object"),
        (b'"{}"', "a string instead of an object"),
        (b"3", "a number instead of an object"),
        (b"{}", "`user_token_unit_cost` is missing"),
        (b'{"data": {"user_token_unit_cost": 1}}', "`user_token_unit_cost` is inside another object"),
    ],
)
def test_bodies_that_are_no_price(body, words):
    with pytest.raises(ValueError, match=words) as caught:
        parse_pricing(body)
    assert str(caught.value).endswith(".")
    assert "srv" not in str(caught.value)


@pytest.mark.parametrize(
    ("cost", "words"),
    [
        ("true", "is true instead"),
        ("null", "is null instead"),
        ("[1]", "is a list instead"),
        ('"1,08"', "is a string instead"),
        ('"0x1A"', "is a string instead"),
        ('"\\u0661"', "is a string instead"),  # a digit, but not of JSON
        ('"NaN"', "is a string instead"),
        ("-0.01", "is negative"),
        ("1e99999999999999999999", "is not a finite number"),
        ('"1e999999999"', "more than 30 digits"),
        ("1e30", "more than 30 digits"),
        ("1e-101", "or 100 after it"),
    ],
)
def test_costs_that_are_none(cost, words):
    body = f'{{"user_token_unit_cost": {cost}, "currency": {{"code": "EUR"}}}}'.encode()
    with pytest.raises(ValueError, match=words) as caught:
        parse_pricing(body)
    assert "`user_token_unit_cost`" in str(caught.value)


@pytest.mark.parametrize(
    ("currency", "words"),
    [
        ([], "`currency` is a list instead of an object"),
        ("EUR", "`currency` is a string instead of an object"),
        ({}, "`currency.code` is missing or empty"),
        ({"code": "  "}, "`currency.code` is missing or empty"),
        ({"code": 978}, "`currency.code` is a number instead of a string"),
        ({"code": "EUR", "display_prefix": []}, "`currency.display_prefix` is a list instead of a string"),
        ({"code": "EUR", "display_suffix": "€" * 65}, "`currency.display_suffix` is longer than 64"),
    ],
)
def test_currencies_that_are_none(example, currency, words):
    example["currency"] = currency
    with pytest.raises(ValueError, match=words):
        read(example)


def test_an_answer_without_currency(example):
    del example["currency"]
    with pytest.raises(ValueError, match="`currency` is missing"):
        read(example)


JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=10),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.text(max_size=5), inner, max_size=4),
    max_leaves=10,
)


MEMBERS = ["code", "decimals", "display_prefix", "thousands_separator", "rates", "compound", "0", "multipler"]
NEARLY = st.fixed_dictionaries({}, optional=dict.fromkeys(MEMBERS, JSON))
CHANGES = st.fixed_dictionaries(
    {},
    optional=dict.fromkeys(
        ["user_token_unit_cost", "base_token_unit_cost", "currency", "discounts", "taxes"],
        JSON | NEARLY | st.lists(NEARLY, max_size=3),
    ),
)


@given(CHANGES)
def test_any_change_of_the_answer_is_read_or_refused_in_a_sentence(changes):
    document = {"user_token_unit_cost": 1, "currency": {"code": "EUR"}, **changes}
    pricing, refusal = outcome(json.dumps(document).encode())
    if pricing is None:
        assert refusal.endswith(".")
    else:
        assert pricing.user_token_unit_cost >= 0
        assert pricing.user_token_unit_cost.is_finite()
        assert 0 <= pricing.currency.decimals <= 8


def outcome(body):
    try:
        return parse_pricing(body), ""
    except ValueError as error:
        return None, str(error)


@given(st.binary(max_size=60))
def test_any_bytes_are_refused_in_a_sentence(body):
    with pytest.raises(ValueError, match=r"\.$"):
        parse_pricing(body)
