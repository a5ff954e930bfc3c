"""Correct: the vendor's own example, verbatim. Its arithmetic does not add up."""

from typing import Any

from _base import Endpoint, Refusal, serve

EXAMPLE = r"""{
"base_token_unit_cost": 1.34,
"user_token_unit_cost": 1.0812,
"currency": {
"code": "GBP",
"display_prefix": "\u00a3",
"display_suffix": " GBP",
"thousands_separator": ",",
"decimals_separator": "."
},
"discounts": [
{
"name": "Special Client Group Discount",
"description": "5% Recurring Discount",
"multipler": 0.95
}
],
"taxes": {
"compound": true,
"rates": [
{
"label": "City Tax",
"rate": 6
},
{
"label": "State Tax",
"rate": 2
}
]
}
}"""


class Vendor(Endpoint):
    def customer(self, user_id: int) -> dict[str, Any]:
        if user_id != 1:
            raise Refusal(404, "No such user")
        return {}

    def encode(self, pricing: Any) -> str:  # noqa: ARG002 - there is one response
        return EXAMPLE


serve(Vendor)
