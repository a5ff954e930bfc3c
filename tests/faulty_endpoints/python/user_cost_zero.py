"""Fault: customer 3's final price is 0, without a discount of 100 %."""

from typing import Any

from _base import Endpoint, serve


class Free(Endpoint):
    def pricing(self, customer: dict[str, Any], user_id: int) -> Any:
        if user_id == 3:
            customer["user_token_unit_cost"] = 0
        return customer


serve(Free)
