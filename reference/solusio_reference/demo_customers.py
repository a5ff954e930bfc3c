"""Ten demo customers, one for each special case of prices."""

from decimal import Decimal
from typing import Final

from solusio_reference.pricing import Currency, Customer, Discount, Tax

_USD = Currency("USD", display_prefix="$")

DEMO_CUSTOMERS: Final = (
    Customer(
        id=1,
        name="Vendor's example",
        base_token_unit_cost=Decimal("1.34"),
        currency=Currency("GBP", display_prefix="£", display_suffix=" GBP"),
        discounts=(Discount("Special Client Group Discount", "5% Recurring Discount", Decimal("0.95")),),
        taxes=(Tax("City Tax", Decimal(6)), Tax("State Tax", Decimal(2))),
        taxes_compound=True,
    ),
    Customer(
        id=2,
        name="Two discounts",
        base_token_unit_cost=Decimal("0.001"),
        currency=_USD,
        discounts=(
            Discount("Reseller", "10% off everything", Decimal("0.9")),
            Discount("Anniversary", "15% off what is left", Decimal("0.85")),
        ),
    ),
    Customer(
        id=3,
        name="Taxes that add up",
        base_token_unit_cost=Decimal("0.0013"),
        currency=Currency("CAD", display_prefix="CA$ "),
        taxes=(Tax("GST", Decimal(5)), Tax("PST", Decimal(7))),
    ),
    Customer(
        id=4,
        name="No decimals (JPY)",
        base_token_unit_cost=Decimal("0.15"),
        currency=Currency("JPY", display_prefix="¥"),
        taxes=(Tax("Consumption tax", Decimal(10)),),
    ),
    Customer(
        id=5,
        name="Three decimals (KWD)",
        base_token_unit_cost=Decimal("0.0003"),
        currency=Currency("KWD", display_suffix=" KWD"),
        discounts=(Discount("Early bird", "5% off", Decimal("0.95")),),
    ),
    Customer(
        id=6,
        name="German format (EUR)",
        base_token_unit_cost=Decimal("0.00091"),
        currency=Currency("EUR", display_suffix=" €", thousands_separator=".", decimals_separator=","),
        taxes=(Tax("Mehrwertsteuer", Decimal(19)),),
    ),
    Customer(
        id=7,
        name="Swiss format (CHF)",
        base_token_unit_cost=Decimal("0.00088"),
        currency=Currency("CHF", display_prefix="CHF ", thousands_separator="’"),
        taxes=(Tax("MWST", Decimal("8.1")),),
    ),
    Customer(
        id=8,
        name="No discount, no tax",
        base_token_unit_cost=Decimal("0.001"),
        currency=_USD,
    ),
    Customer(
        id=9,
        name="Free of charge",
        base_token_unit_cost=Decimal("0.001"),
        currency=_USD,
        discounts=(Discount("Sponsorship", "100% off", Decimal(0)),),
        taxes=(Tax("VAT", Decimal(20)),),
    ),
    Customer(
        id=10,
        name="Very small cost",
        base_token_unit_cost=Decimal("0.00001"),
        currency=_USD,
    ),
)
