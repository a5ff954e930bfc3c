"""What a user pays, in the format that the endpoint asks for. Pure."""

from decimal import Decimal
from typing import Any

import msgspec

from solusio_contracts.adapter.amounts import EXACT, written
from solusio_contracts.adapter.customers import Currency
from solusio_contracts.checking.price import CURRENCY_KEYS, number

TOKENS = (5_000, 1_000)
"""The numbers of tokens whose price is shown; 5,000 is the vendor's example of a month."""
_LARGEST = 12
"""The largest exponent of a unit cost that anyone would read."""


def shown_price(value: dict[str, Any]) -> str:
    """Return `5,000 tokens = £6.88, 1,000 tokens = £1.38`, or an empty text if the price cannot be read."""
    cost, members = number(value.get("user_token_unit_cost")), value.get("currency")
    if cost is None or cost.adjusted() > _LARGEST or not isinstance(members, dict):
        return ""
    try:
        currency = msgspec.convert({key: members[key] for key in CURRENCY_KEYS if key in members}, Currency)
    except msgspec.ValidationError:
        return ""
    return ", ".join(
        f"{tokens:,} tokens = {written(EXACT.multiply(cost, Decimal(tokens)), currency)}" for tokens in TOKENS
    )
