"""What the provider of the demo charges: the price of a token by currency, discounts, taxes by country.

In dollars and euros, tokens cost what step 1 of the vendor's page leads to; other currencies are about the
same. Discounts are invented; taxes are those of 2025.
"""

from collections.abc import Sequence
from decimal import Decimal
from typing import Any, Final, NamedTuple

import msgspec

from mock_solusio.fleet.people import Person


class DemoCurrency(NamedTuple):
    """A currency: the price of a token in it, and its format."""

    token: str
    prefix: str
    suffix: str
    thousands: str
    decimals: str
    digits: int


class DemoDiscount(NamedTuple):
    """A factor on the price, with its name and description."""

    name: str
    text: str
    multiplier: str


CURRENCIES: Final = {
    "USD": DemoCurrency("0.001", "$", "", ",", ".", 2),
    "EUR": DemoCurrency("0.00091", "", " €", ".", ",", 2),
    "GBP": DemoCurrency("0.00079", "£", "", ",", ".", 2),
    "CHF": DemoCurrency("0.00088", "CHF ", "", "’", ".", 2),
    "JPY": DemoCurrency("0.15", "¥", "", ",", ".", 0),
    "KWD": DemoCurrency("0.00031", "", " KWD", ",", ".", 3),
}

TAXES: Final[dict[str, tuple[tuple[str, str], ...]]] = {
    "DE": (("MwSt.", "19"),),
    "FR": (("TVA", "20"),),
    "GB": (("VAT", "20"),),
    "CH": (("MWST", "8.1"),),
    "JP": (("Consumption Tax", "10"),),
    "US": (("City Tax", "6"), ("State Tax", "2")),
}
"""Label and percentage, in the order in which they compound; the US taxes are the vendor's example."""

EARLY = DemoDiscount("Early customer", "5% off for our first customers", "0.95")
LARGE = DemoDiscount("Large account", "10% off for our largest customers", "0.9")


def discounts_of(everybody: Sequence[Person]) -> dict[int, list[DemoDiscount]]:
    """Return the discounts by customer number: one for the first third, one for the largest tenth."""
    by_size = sorted(everybody, key=lambda one: -one.customer.weight)
    large = {one.customer.number for one in by_size[: max(1, len(everybody) // 10)]}
    found: dict[int, list[DemoDiscount]] = {}
    for one in everybody:
        number = one.customer.number
        found[number] = [EARLY] * (number <= len(everybody) // 3) + [LARGE] * (number in large)
    return found


def customers_document(everybody: Sequence[Person]) -> bytes:
    """Return the customers document of the contract, with which a billing system gets its customers."""
    discounts = discounts_of(everybody)
    customers = [
        {
            "billing_user_id": one.customer.billing_user_id,
            "name": f"{one.name}, {one.company}",
            "email": one.email,
            "pricing": pricing(
                one.market.currency, discounts[one.customer.number], TAXES.get(one.market.country, ())
            ),
        }
        for one in everybody
    ]
    return msgspec.json.encode({"customers": customers})


def pricing(code: str, discounts: Sequence[DemoDiscount], taxes: Sequence[tuple[str, str]]) -> dict[str, Any]:
    """Return the answer to GetTokenPricing (vendor's page, step 6), with all digits of its numbers."""
    money = CURRENCIES[code]
    # Decimal's 28 digits are more than these few short factors need.
    cost = Decimal(money.token)
    for discount in discounts:
        cost *= Decimal(discount.multiplier)
    for _, rate in taxes:
        cost *= 1 + Decimal(rate) / 100
    return {
        "base_token_unit_cost": msgspec.Raw(money.token.encode()),
        "user_token_unit_cost": msgspec.Raw(format(cost.normalize(), "f").encode()),
        "currency": {
            "code": code,
            "display_prefix": money.prefix,
            "display_suffix": money.suffix,
            "thousands_separator": money.thousands,
            "decimals_separator": money.decimals,
            "decimals": money.digits,
        },
        "discounts": [
            # SolusIO spells it this way.
            {"name": one.name, "description": one.text, "multipler": msgspec.Raw(one.multiplier.encode())}
            for one in discounts
        ],
        "taxes": {
            "compound": len(taxes) > 1,
            "rates": [{"label": label, "rate": msgspec.Raw(rate.encode())} for label, rate in taxes],
        },
    }
