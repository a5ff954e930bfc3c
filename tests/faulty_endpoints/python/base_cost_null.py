"""Fault: there is no list price in yen, so customer 3 gets null."""

from typing import Any

from _base import Endpoint, serve


class NoListPrice(Endpoint):
    def pricing(self, customer: dict[str, Any], user_id: int) -> Any:  # noqa: ARG002
        if customer["currency"]["code"] == "JPY":
            customer["base_token_unit_cost"] = None
        return customer


serve(NoListPrice)
