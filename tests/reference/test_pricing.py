import json
from dataclasses import replace
from decimal import Decimal
from fractions import Fraction

import pytest
from hypothesis import given
from hypothesis import strategies as st

from solusio_reference.demo_customers import DEMO_CUSTOMERS
from solusio_reference.pricing import (
    Currency,
    Customer,
    Discount,
    Tax,
    price,
    tax_factor,
    to_json,
)

USD = Currency("USD", display_prefix="$")
POUNDS = Currency("GBP", display_prefix="£", display_suffix=" GBP")

costs = st.decimals(min_value="0.00000001", max_value=1000, places=8)
multipliers = st.decimals(min_value=0, max_value=2, places=6)
rates = st.decimals(min_value=0, max_value=100, places=4)
taxes = st.builds(Tax, label=st.just("t"), rate=rates)
customers = st.builds(
    Customer,
    id=st.integers(1, 10**18 - 1),
    name=st.just("c"),
    base_token_unit_cost=costs,
    currency=st.sampled_from([USD, POUNDS, Currency("JPY"), Currency("KWD")]),
    discounts=st.lists(st.builds(Discount, st.just("d"), st.just(""), multipliers), max_size=4).map(tuple),
    taxes=st.lists(taxes, max_size=5).map(tuple),
    taxes_compound=st.booleans(),
)


def discounts(*multipliers: str) -> tuple[Discount, ...]:
    return tuple(Discount("d", "", Decimal(multiplier)) for multiplier in multipliers)


def tax_rates(*rates: str) -> tuple[Tax, ...]:
    return tuple(Tax("t", Decimal(rate)) for rate in rates)


@pytest.mark.parametrize(
    ("base", "multipliers", "rates", "compound", "expected"),
    [
        # 1.34 x 0.95 = 1.273; x 1.06 = 1.34938; x 1.02 = 1.34938 + 0.0269876
        ("1.34", ["0.95"], ["6", "2"], True, "1.3763676"),
        # the same taxes added up: 1.273 x 1.08 = 1.273 + 0.10184
        ("1.34", ["0.95"], ["6", "2"], False, "1.37484"),
        # 0.9 x 0.85 = 0.765
        ("0.001", ["0.9", "0.85"], [], False, "0.000765"),
        ("0.001", [], [], True, "0.001"),
        ("0.001", ["0"], ["20"], False, "0"),
        # one tax is the same either way: 0.00088 + 0.00088 x 0.081 = 0.00088 + 0.00007128
        ("0.00088", [], ["8.1"], False, "0.00095128"),
        ("0.00088", [], ["8.1"], True, "0.00095128"),
        # a surcharge is a discount above 1
        ("2", ["1.5"], [], False, "3"),
    ],
)
def test_user_cost_calculated_by_hand(base, multipliers, rates, compound, expected):
    customer = Customer(1, "c", Decimal(base), USD, discounts(*multipliers), tax_rates(*rates), compound)
    assert price(customer).user_token_unit_cost == Decimal(expected)


@given(customers)
def test_user_cost_is_exact(customer):
    expected = Fraction(customer.base_token_unit_cost)
    for discount in customer.discounts:
        expected *= Fraction(discount.multiplier)
    fractions = [Fraction(tax.rate) / 100 for tax in customer.taxes]
    if customer.taxes_compound:
        for fraction in fractions:
            expected *= 1 + fraction
    else:
        expected *= 1 + sum(fractions)
    assert Fraction(price(customer).user_token_unit_cost) == expected


@given(customers)
def test_user_cost_is_never_negative_and_zero_only_for_a_discount_of_100_percent(customer):
    cost = price(customer).user_token_unit_cost
    free = any(discount.multiplier == 0 for discount in customer.discounts)
    assert cost >= 0
    assert (cost == 0) is free


@given(st.lists(taxes, max_size=6), st.booleans(), st.randoms(use_true_random=False))
def test_the_order_of_taxes_does_not_matter(some, compound, random):
    shuffled = random.sample(some, k=len(some))
    assert tax_factor(shuffled, compound=compound) == tax_factor(some, compound=compound)


@given(st.lists(taxes, max_size=6))
def test_compound_taxes_are_never_less_than_taxes_that_add_up(some):
    assert tax_factor(some, compound=True) >= tax_factor(some, compound=False)


@given(customers)
def test_the_json_numbers_are_exactly_the_decimals(customer):
    pricing = price(customer)
    document = json.loads(to_json(pricing), parse_float=Decimal, parse_int=Decimal)
    assert document["base_token_unit_cost"] == customer.base_token_unit_cost
    assert document["user_token_unit_cost"] == pricing.user_token_unit_cost
    assert [entry["multipler"] for entry in document["discounts"]] == [
        discount.multiplier for discount in customer.discounts
    ]
    assert [entry["rate"] for entry in document["taxes"]["rates"]] == [tax.rate for tax in customer.taxes]


def test_the_document_of_the_vendors_customer():
    # The vendor page's document, with its currency's decimals and the cost that its figures give.
    assert json.loads(to_json(price(DEMO_CUSTOMERS[0])), parse_float=Decimal) == {
        "base_token_unit_cost": Decimal("1.34"),
        "user_token_unit_cost": Decimal("1.3763676"),
        "currency": {
            "code": "GBP",
            "display_prefix": "\u00a3",
            "display_suffix": " GBP",
            "thousands_separator": ",",
            "decimals_separator": ".",
            "decimals": 2,
        },
        "discounts": [
            {
                "name": "Special Client Group Discount",
                "description": "5% Recurring Discount",
                "multipler": Decimal("0.95"),
            }
        ],
        "taxes": {
            "compound": True,
            "rates": [{"label": "City Tax", "rate": 6}, {"label": "State Tax", "rate": 2}],
        },
    }


def test_empty_lists_and_objects_stay_in_the_document():
    document = json.loads(to_json(price(Customer(1, "c", Decimal(1), USD))))
    assert document["discounts"] == []
    assert document["taxes"] == {"compound": False, "rates": []}


@pytest.mark.parametrize(("code", "decimals"), [("JPY", 0), ("USD", 2), ("KWD", 3)])
def test_decimals_follow_from_the_currency(code, decimals):
    customer = Customer(1, "c", Decimal(1), Currency(code))
    assert json.loads(to_json(price(customer)))["currency"]["decimals"] == decimals


@pytest.mark.parametrize(("code", "decimals"), [("HUF", 0), ("USD", 4), ("JPY", 8)])
def test_a_customer_may_have_other_decimals_than_iso_4217(code, decimals):
    customer = Customer(1, "c", Decimal(1), Currency(code, decimals=decimals))
    assert json.loads(to_json(price(customer)))["currency"]["decimals"] == decimals


@pytest.mark.parametrize("identifier", [0, -1, 10**18])
def test_customer_ids_are_positive_and_short(identifier):
    with pytest.raises(ValueError, match="id must be positive"):
        replace(DEMO_CUSTOMERS[0], id=identifier)


@pytest.mark.parametrize(
    ("build", "complaint"),
    [
        (lambda: Customer(1, "c", Decimal(0), USD), "base cost of a token must be positive"),
        (lambda: Customer(1, "c", Decimal(-1), USD), "base cost of a token must be positive"),
        (lambda: Customer(1, "c", Decimal("NaN"), USD), "base cost of a token must be a finite"),
        (lambda: Discount("d", "", Decimal("-0.1")), "multiplier must not be negative"),
        (lambda: Discount("d", "", Decimal("Infinity")), "multiplier must be a finite"),
        (lambda: Tax("t", Decimal(-6)), "rate must not be negative"),
        (lambda: Tax("t", Decimal("1E-19")), "rate may have at most 18 digits"),
        (lambda: Currency("usd"), "ISO 4217"),
        (lambda: Currency("USD", thousands_separator="."), "must differ"),
        (lambda: Currency("USD", decimals=9), "0 to 8 decimals, got 9"),
        (lambda: Currency("USD", decimals=-2), "0 to 8 decimals, got -2"),
    ],
)
def test_invalid_values_cannot_be_built(build, complaint):
    with pytest.raises(ValueError, match=complaint):
        build()
