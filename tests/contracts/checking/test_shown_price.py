"""What a user pays, as the report shows it."""

from decimal import Decimal

import pytest

from solusio_contracts.checking.shown_price import shown_price

POUND = {
    "code": "GBP",
    "display_prefix": "£",
    "display_suffix": "",
    "thousands_separator": ",",
    "decimals_separator": ".",
}


@pytest.mark.parametrize(
    ("cost", "currency", "shown"),
    [
        ("0.001376", POUND, "5,000 tokens = £6.88, 1,000 tokens = £1.38"),
        (
            "1.23456",
            {
                **POUND,
                "code": "EUR",
                "display_prefix": "",
                "display_suffix": " €",
                "thousands_separator": ".",
                "decimals_separator": ",",
            },
            "5,000 tokens = 6.172,80 €, 1,000 tokens = 1.234,56 €",
        ),
        (
            "0.9",
            {**POUND, "code": "JPY", "display_prefix": "¥"},
            "5,000 tokens = ¥4,500, 1,000 tokens = ¥900",
        ),
        ("0.001", {**POUND, "decimals": 3}, "5,000 tokens = £5.000, 1,000 tokens = £1.000"),
        ("0", POUND, "5,000 tokens = £0.00, 1,000 tokens = £0.00"),
        ("0.001", {**POUND, "more": 1}, "5,000 tokens = £5.00, 1,000 tokens = £1.00"),
    ],
)
def test_prices(cost, currency, shown):
    assert shown_price({"user_token_unit_cost": Decimal(cost), "currency": currency}) == shown


@pytest.mark.parametrize(
    "value",
    [
        {},
        {"user_token_unit_cost": "0.001", "currency": POUND},
        {"user_token_unit_cost": True, "currency": POUND},
        {"user_token_unit_cost": Decimal("1e30"), "currency": POUND},
        {"user_token_unit_cost": 1},
        {"user_token_unit_cost": 1, "currency": "GBP"},
        {"user_token_unit_cost": 1, "currency": {**POUND, "code": 1}},
        {"user_token_unit_cost": 1, "currency": {**POUND, "display_prefix": None}},
        {"user_token_unit_cost": 1, "currency": {**POUND, "decimals": 99}},
    ],
)
def test_what_cannot_be_read_is_not_shown(value):
    assert shown_price(value) == ""
