"""Fault: the base price is in pounds, the final one in pence."""

from typing import Any

from _base import Endpoint, serve


class Pence(Endpoint):
    def pricing(self, customer: dict[str, Any], user_id: int) -> Any:  # noqa: ARG002
        customer["user_token_unit_cost"] = round(customer["user_token_unit_cost"] * 100, 7)
        return customer


serve(Pence)
