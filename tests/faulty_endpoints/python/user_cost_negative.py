"""Fault: a credit note is subtracted from customer 3's price, which becomes negative."""

from typing import Any

from _base import Endpoint, serve


class Credited(Endpoint):
    def pricing(self, customer: dict[str, Any], user_id: int) -> Any:
        if user_id == 3:
            customer["user_token_unit_cost"] = -0.0312
        return customer


serve(Credited)
