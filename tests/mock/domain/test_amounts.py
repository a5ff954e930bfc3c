import json
import re
from dataclasses import dataclass
from decimal import Decimal
from fractions import Fraction

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from mock_solusio.domain.prices import (
    Currency,
    Pricing,
    Tax,
    format_amount,
    plain_amount,
    plan_price,
    token_amount,
    token_pricing,
)

AMOUNTS = st.decimals(allow_nan=False, allow_infinity=False, min_value=-(10**40), max_value=10**40)
COSTS = st.decimals(allow_nan=False, allow_infinity=False, min_value=0, max_value=10**20)
TOKENS = st.integers(min_value=0, max_value=2**31 - 1)


def priced(cost="0.001", **currency):
    """Make a pricing from a unit cost, and from what differs in the currency."""
    usual = {"code": "USD", "prefix": "$", "suffix": "", "decimals": 2}
    separators = {"thousands_separator": ",", "decimals_separator": "."}
    return Pricing(user_token_unit_cost=Decimal(cost), currency=Currency(**(usual | separators | currency)))


@dataclass
class Plan:
    tokens_per_hour: int = 7
    tokens_per_month: int = 5000
    ip_tokens_per_hour: int = 0
    ip_tokens_per_month: int = 0
    backup_price: Decimal | float = 0


# --- amounts ---------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("amount", "currency", "text"),
    [
        ("5", {}, "$5.00"),
        ("0", {}, "$0.00"),
        ("-0", {}, "$0.00"),
        ("0E+5", {}, "$0.00"),
        ("1.005", {}, "$1.01"),
        ("1.0049999999999999999999999999999999999", {}, "$1.00"),
        ("0.004", {}, "$0.00"),
        ("-0.004", {}, "$0.00"),
        ("-0.005", {}, "-$0.01"),
        ("999.995", {}, "$1,000.00"),
        ("1234567.5", {}, "$1,234,567.50"),
        ("-1234567.5", {}, "-$1,234,567.50"),
        ("1E+6", {}, "$1,000,000.00"),
        ("825", {"prefix": "¥", "decimals": 0}, "¥825"),
        ("0.5", {"prefix": "¥", "decimals": 0}, "¥1"),
        ("1.4245", {"prefix": "", "suffix": " KWD", "decimals": 3}, "1.425 KWD"),
        (
            "1820",
            {"prefix": "", "suffix": " €", "thousands_separator": ".", "decimals_separator": ","},
            "1.820,00 €",
        ),
        ("1820", {"thousands_separator": "", "prefix": "<b>"}, "<b>1820.00"),
        ("1234567", {"thousands_separator": " ", "decimals_separator": "·"}, "$1 234 567·00"),
        # As sent, and as wrong as sent: whoever looks at the page sees it.
        ("5", {"decimals_separator": ""}, "$500"),
        ("1234.5", {"decimals_separator": ","}, "$1,234,50"),
    ],
)
def test_an_amount_in_the_customers_format(amount, currency, text):
    assert format_amount(Decimal(amount), priced(**currency)) == text


@pytest.mark.parametrize(
    ("amount", "currency", "text"),
    [
        ("0.007", {}, "$0.007"),
        ("7", {}, "$7.00"),
        ("-0.0137625075", {}, "-$0.0137625075"),
        ("1234.5", {}, "$1,234.50"),
        ("1.155", {"prefix": "¥", "decimals": 0}, "¥1.155"),
        ("12", {"prefix": "¥", "decimals": 0}, "¥12"),
        ("1.155", {"prefix": "¥", "decimals": 0, "decimals_separator": ""}, "¥1.155"),
        (
            "1234.5",
            {"prefix": "¥", "decimals": 0, "decimals_separator": "", "thousands_separator": "."},
            "¥1.234,5",
        ),
    ],
)
def test_an_exact_amount_keeps_its_digits(amount, currency, text):
    assert format_amount(Decimal(amount), priced(**currency), exact=True) == text


@pytest.mark.parametrize("value", ["NaN", "sNaN", "Infinity", "-Infinity"])
@pytest.mark.parametrize("exact", [False, True])
def test_what_is_no_amount(value, exact):
    with pytest.raises(ValueError, match="finite"):
        format_amount(Decimal(value), priced(), exact=exact)


def half_up(amount: Decimal, decimals: int) -> Fraction:
    """Round half away from zero, in integers."""
    scaled = abs(Fraction(amount)) * 10**decimals
    whole = (scaled + Fraction(1, 2)).__floor__()
    return Fraction(whole, 10**decimals) * (1 if amount >= 0 else -1)


SEPARATORS = st.sampled_from([(",", "."), (".", ","), (" ", ","), ("", "."), ("\u00a0", "·"), ("'", ".")])


@given(AMOUNTS, st.integers(0, 8), SEPARATORS, st.sampled_from(["", "$", "£ ", "CHF "]), st.booleans())
def test_an_amount_reads_back_as_what_was_rounded(amount, decimals, separators, prefix, exact):
    thousands, point = separators
    pricing = priced(
        prefix=prefix,
        suffix=" !",
        thousands_separator=thousands,
        decimals_separator=point,
        decimals=decimals,
    )
    text = format_amount(amount, pricing, exact=exact)
    assert text.endswith(" !")
    sign, rest = ("-", text[1:]) if text.startswith("-") else ("", text)
    assert rest.startswith(prefix)
    whole, _, fraction = rest.removeprefix(prefix).removesuffix(" !").partition(point)
    assert re.fullmatch(
        rf"[0-9]{{1,3}}({re.escape(thousands)}[0-9]{{3}})*" if thousands else r"[0-9]+", whole
    )
    assert not re.match(r"0[0-9]", whole.replace(thousands, "") if thousands else whole)
    number = Fraction(f"{sign}{whole.replace(thousands, '') if thousands else whole}.{fraction or '0'}")
    assert number == (Fraction(amount) if exact else half_up(amount, decimals))
    assert len(fraction) >= decimals if exact else len(fraction) == decimals
    assert not (sign and number == 0)


@given(AMOUNTS, st.integers(0, 8))
def test_plain_text_is_the_number(amount, decimals):
    text = plain_amount(amount, decimals)
    assert re.fullmatch(r"-?(0|[1-9][0-9]*)(\.[0-9]+)?", text)
    assert Fraction(text) == Fraction(amount)
    fraction = text.partition(".")[2]
    assert len(fraction) >= decimals
    assert len(fraction) == decimals or not fraction.endswith("0")


# --- plan.price ------------------------------------------------------------------------------


def test_the_price_of_the_vendors_small_plan():
    # Steps 1 to 3: one token is $0.001, 7 tokens an hour, 5000 a month.
    assert plan_price(Plan(), priced("0.001")) == {
        "per_hour": "$0.007",
        "per_month": "$5.00",
        "additional_ips_per_hour": "$0.00",
        "additional_ips_per_month": "$0.00",
        "currency_code": "USD",
        "taxes_inclusive": True,
        "taxes": [],
        "total_price": "$5.00",
        "total_price_without_backups": "$5.00",
        "backup_price": "$0.00",
    }


def test_backups_cost_a_percentage():
    # The vendor's figures: 10 % of 5000 tokens are 500 tokens a month.
    price = plan_price(Plan(backup_price=10), priced("0.001"))
    assert (price["backup_price"], price["total_price"]) == ("$0.50", "$5.50")
    assert price["total_price_without_backups"] == "$5.00"


def test_a_percentage_with_a_fraction_is_taken_as_written():
    # 5000 x 3.14 % = 157 tokens; the binary float is 3.14000000000000012434..., which 20 decimals would show.
    for percent in (3.14, Decimal("3.14")):
        price = plan_price(Plan(backup_price=percent), priced("0.001", decimals=20))
        assert price["backup_price"] == "$0.15700000000000000000"


def test_a_plan_that_offers_no_backups():
    price = plan_price(Plan(backup_price=10), priced("0.001"), backups=False)
    assert (price["backup_price"], price["total_price"]) == ("$0.00", "$5.00")


def test_a_plan_with_hourly_billing_only_costs_at_most_744_hours():
    # Step 2: 7 tokens x 744 hours = 5208 tokens, on the page $5.21.
    price = plan_price(Plan(tokens_per_month=0), priced("0.001"))
    assert price["per_month"] == "$0.00"
    assert price["total_price"] == "$5.21"


def test_a_plan_with_monthly_billing_only():
    price = plan_price(Plan(tokens_per_hour=0), priced("0.001"))
    assert (price["per_hour"], price["per_month"], price["total_price"]) == ("$0.00", "$5.00", "$5.00")


def test_prices_written_for_the_customer():
    euro = {
        "code": "EUR",
        "prefix": "",
        "suffix": " €",
        "thousands_separator": ".",
        "decimals_separator": ",",
    }
    plan = Plan(7, 2_000_000, 1, 150, backup_price=20)
    price = plan_price(plan, priced("0.00091", **euro))
    assert price["per_hour"] == "0,00637 €"
    assert price["per_month"] == "1.820,00 €"
    assert price["additional_ips_per_hour"] == "0,00091 €"
    assert price["additional_ips_per_month"] == "0,14 €"  # 0.1365
    assert price["backup_price"] == "364,00 €"
    assert price["total_price"] == "2.184,00 €"
    assert price["currency_code"] == "EUR"


@given(
    st.builds(Plan, TOKENS, TOKENS, TOKENS, TOKENS, st.decimals(0, 1000, places=4)),
    COSTS,
    st.integers(0, 8),
)
def test_the_price_of_a_plan_is_exact_for_an_hour_and_else_rounded_once(plan, cost, decimals):
    written = plan_price(plan, priced(cost, decimals=decimals))
    price = {name: str(text).replace("$", "").replace(",", "") for name, text in written.items()}
    unit = Fraction(cost)
    assert Fraction(price["per_hour"]) == plan.tokens_per_hour * unit
    assert Fraction(price["additional_ips_per_hour"]) == plan.ip_tokens_per_hour * unit
    month = (plan.tokens_per_month or plan.tokens_per_hour * 744) * unit
    backup = month * Fraction(plan.backup_price) / 100
    half = Fraction(1, 2 * 10**decimals)
    for name, amount in (
        ("per_month", plan.tokens_per_month * unit),
        ("additional_ips_per_month", plan.ip_tokens_per_month * unit),
        ("total_price_without_backups", month),
        ("backup_price", backup),
        ("total_price", month + backup),
    ):
        # Half-up: what is shown is at most half a unit above the amount, and less than half a unit below it.
        assert -half <= amount - Fraction(price[name]) < half
    amounts = [value for name, value in price.items() if name not in ("taxes", "taxes_inclusive")]
    assert all(isinstance(value, str) for value in amounts)


def test_a_product_of_more_digits_than_decimal_usually_has():
    cost = "0." + "1" * 60
    # 9 x 0.111...1 is 0.999...9.
    assert token_amount(9, priced(cost)) == Decimal("0." + "9" * 60)
    assert plan_price(Plan(tokens_per_hour=9), priced(cost))["per_hour"] == "$0." + "9" * 60


# --- project.token_pricing -------------------------------------------------------------------


def test_token_pricing_of_a_project():
    pricing = Pricing(
        user_token_unit_cost=Decimal("1.3763676"),
        base_token_unit_cost=Decimal("1.34"),
        currency=Currency("GBP", "£", " GBP", ",", ".", 2),
        taxes=(Tax("City Tax", Decimal(6)), Tax("QST", Decimal("9.975"))),
    )
    assert json.loads(msgspec.json.encode(token_pricing(pricing)), parse_float=Decimal) == {
        "unit_cost": Decimal("1.3763676"),
        "currency_code": "GBP",
        "currency_decimals": 2,
        "currency_decimals_separator": ".",
        "currency_prefix": "£",
        "currency_suffix": " GBP",
        "currency_thousands_separator": ",",
        "taxes_inclusive": True,
        "taxes": [{"label": "City Tax", "rate": 6}, {"label": "QST", "rate": Decimal("9.975")}],
    }


@given(COSTS)
def test_the_unit_cost_is_a_json_number_with_all_its_digits(cost):
    document = msgspec.json.encode(token_pricing(priced(cost)))
    unit_cost = json.loads(document, parse_float=Fraction, parse_int=Fraction)["unit_cost"]
    assert unit_cost == Fraction(cost)
