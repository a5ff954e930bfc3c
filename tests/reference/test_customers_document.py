"""The customers document: reading returns what was written, to the last digit; errors name the place."""

import json
from dataclasses import replace
from decimal import Decimal

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from solusio_reference.accounts.wanted import Profile
from solusio_reference.customers_document import MAX_FACTORS, read, write
from solusio_reference.demo_customers import DEMO_CUSTOMERS
from solusio_reference.pricing import Currency, Customer, Discount, Tax

# The vendor's example, with the user cost that its factors give: 1.34 x 0.95 x 1.06 x 1.02.
VENDOR = """
{"customers": [{"billing_user_id": 700011, "name": "Ann Example", "email": "ann@example.com", "pricing": {
  "base_token_unit_cost": 1.34,
  "user_token_unit_cost": 1.3763676,
  "currency": {"code": "GBP", "display_prefix": "\\u00a3", "display_suffix": " GBP",
    "thousands_separator": ",", "decimals_separator": ".", "decimals": 2},
  "discounts": [{"name": "Special Client Group Discount", "description": "5% Recurring Discount",
    "multipler": 0.95}],
  "taxes": {"compound": true, "rates": [{"label": "City Tax", "rate": 6}, {"label": "State Tax", "rate": 2}]}
}}]}
"""
ANN = Customer(
    id=700011,
    name="Ann Example",
    base_token_unit_cost=Decimal("1.34"),
    currency=Currency("GBP", "£", " GBP", ",", "."),
    discounts=(Discount("Special Client Group Discount", "5% Recurring Discount", Decimal("0.95")),),
    taxes=(Tax("City Tax", Decimal(6)), Tax("State Tax", Decimal(2))),
    taxes_compound=True,
)
PRICE = "customers[0].pricing"


def changed(old, new):
    assert VENDOR.count(old) == 1
    return VENDOR.replace(old, new).encode()


def test_a_document_with_the_vendors_example():
    assert read(VENDOR.encode()) == [(ANN, Profile("ann@example.com"))]


def test_a_written_document_is_read_back_unchanged():
    customers = [(customer, Profile(f"user{customer.id}@example.com")) for customer in DEMO_CUSTOMERS]
    assert read(write(customers)) == customers
    assert read(write([])) == []


def test_numbers_are_written_with_every_digit_and_without_exponents():
    tiny = replace(ANN, base_token_unit_cost=Decimal("1E-7"), discounts=(), taxes=())
    document = write([(tiny, Profile("ann@example.com"))]).decode()
    assert '"base_token_unit_cost": 0.0000001,' in document
    assert '"user_token_unit_cost": 0.0000001,' in document
    assert json.loads(document)["customers"][0]["email"] == "ann@example.com"


NAMES = st.text(st.characters(exclude_categories=["Cs"]), max_size=10)
FACTORS = st.decimals(min_value=0, max_value=10**6, places=18)


@settings(max_examples=100)
@given(
    base=st.decimals(min_value=Decimal("1E-18"), max_value=10**6, places=18),
    name=NAMES,
    discounts=st.lists(st.builds(Discount, NAMES, NAMES, FACTORS), max_size=4),
    taxes=st.lists(st.builds(Tax, NAMES, FACTORS), max_size=4),
    compound=st.booleans(),
    currency=st.builds(Currency, st.sampled_from(["USD", "JPY", "KWD"]), decimals=st.integers(0, 8)),
)
def test_no_digit_is_lost(base, name, discounts, taxes, compound, currency):
    customer = Customer(7, name, base, currency, tuple(discounts), tuple(taxes), compound)
    assert read(write([(customer, Profile("ann@example.com"))])) == [(customer, Profile("ann@example.com"))]


def test_a_wrong_user_cost_is_reported_with_both_figures():
    # 1.0812 is what the vendor's page prints: only the taxes.
    with pytest.raises(ValueError, match=r"^customers\[0\]\.pricing\.user_token_unit_cost: ") as caught:
        read(changed("1.3763676", "1.0812"))
    assert str(caught.value).endswith("base cost, discounts and taxes give 1.3763676, got 1.0812")


def test_the_user_cost_is_compared_to_the_last_digit():
    with pytest.raises(ValueError, match=r"give 1\.3763676, got 1\.37636760000000000000000000001$"):
        read(changed("1.3763676", "1.37636760000000000000000000001"))
    assert read(changed("1.3763676", "1.37636760")) == [(ANN, Profile("ann@example.com"))]
    assert read(changed("1.3763676", "137.63676e-2")) == [(ANN, Profile("ann@example.com"))]


@pytest.mark.parametrize(
    ("old", "new", "message"),
    [
        (
            '"multipler"',
            '"multiplier"',
            "unknown field `multiplier` - at `$.customers[0].pricing.discounts[0]`",
        ),
        (
            '"multipler": 0.95',
            '"multipler": "0.95"',
            f'{PRICE}.discounts[0].multipler: expected a number, got "0.95"',
        ),
        (
            '"multipler": 0.95',
            '"multipler": null',
            f"{PRICE}.discounts[0].multipler: expected a number, got null",
        ),
        (
            '"multipler": 0.95',
            '"multipler": -1',
            "discounts[0].multipler: a discount's multiplier must not be negative",
        ),
        ('"multipler": 0.95', '"multipler": 1e999999999999999999999', "expected a number of a sensible size"),
        ('"multipler": 0.95', '"multipler": 1e99', "at most 18 digits"),
        ('"rate": 6', '"rate": "6"', f'{PRICE}.taxes.rates[0].rate: expected a number, got "6"'),
        ('"rate": 2', '"rate": -2', f"{PRICE}.taxes.rates[1].rate: a tax rate must not be negative"),
        ('"rate": 6', '"rate": [[6]]', f"{PRICE}.taxes.rates[0].rate: expected a number, got [[6]]"),
        (
            '"base_token_unit_cost": 1.34',
            '"base_token_unit_cost": 0',
            "the base cost of a token must be positive",
        ),
        (
            '"base_token_unit_cost": 1.34',
            '"base_token_unit_cost": true',
            f"{PRICE}.base_token_unit_cost: expected",
        ),
        (
            '"user_token_unit_cost": 1.3763676',
            '"user_token_unit_cost": {}',
            f"{PRICE}.user_token_unit_cost: expected",
        ),
        (
            '"compound": true',
            '"compound": 1',
            "Expected `bool`, got `int` - at `$.customers[0].pricing.taxes.compound`",
        ),
        ('"GBP", "display_prefix"', '"gbp", "display_prefix"', f"{PRICE}.currency: the currency must be"),
        (
            '"thousands_separator": ","',
            '"thousands_separator": "."',
            f"{PRICE}.currency: the thousands separator",
        ),
        (
            '"decimals": 2',
            '"decimals": 9',
            "Expected `int` <= 8 - at `$.customers[0].pricing.currency",
        ),
        (
            '"decimals": 2',
            '"decimals": -1',
            "Expected `int` >= 0 - at `$.customers[0].pricing.currency",
        ),
        ("700011", '"700011"', "Expected `int`, got `str` - at `$.customers[0].billing_user_id`"),
        ("700011", "0", "customers[0]: a customer's id must be positive"),
        ("ann@example.com", "ann", "customers[0].email: expected an e-mail address"),
        ('"email"', '"mail"', "unknown field `mail` - at `$.customers[0]`"),
        ('"name": "Ann Example", ', "", "missing required field `name` - at `$.customers[0]`"),
        ('{"customers": [{', '{"version": 1, "customers": [{', "unknown field `version`"),
    ],
)
def test_a_mistake_is_named_with_its_place(old, new, message):
    with pytest.raises(ValueError, match=r".") as caught:
        read(changed(old, new))
    assert message in str(caught.value)
    assert not str(caught.value).endswith(".")


@pytest.mark.parametrize(
    "document", [b"", b"[]", b"{", b'"customers"', b"\xff\xfe", b'{"customers":' + b"[" * 100_000]
)
def test_what_is_not_a_customers_document(document):
    with pytest.raises(ValueError, match=r"^the customers document is not valid: "):
        read(document)


def test_a_duplicate_customer():
    document = json.loads(VENDOR)
    document["customers"] *= 2
    with pytest.raises(ValueError, match=r"^customers\[1\]\.billing_user_id: 700011 appears twice$"):
        read(json.dumps(document).encode())


def test_two_customers_may_share_an_address():
    other = replace(ANN, id=7)
    pair = [(ANN, Profile("ann@example.com")), (other, Profile("ann@example.com"))]
    assert read(write(pair)) == pair


def test_optional_members():
    shorter = changed(', "decimals": 2', "").decode()
    shorter = shorter.replace('"description": "5% Recurring Discount",', "")
    [(customer, _)] = read(shorter.encode())
    assert customer == replace(ANN, discounts=(replace(ANN.discounts[0], description=""),))


def test_too_many_factors_are_refused():
    many = replace(ANN, discounts=ANN.discounts * (MAX_FACTORS + 1))
    with pytest.raises(ValueError, match=r"length <= 100.*\.discounts"):
        read(write([(many, Profile("ann@example.com"))]))
