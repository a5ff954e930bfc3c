"""Fault: without discounts the average is NaN, which does not exist in JSON."""

from typing import Any

from _base import Endpoint, serve


class Mean(Endpoint):
    def pricing(self, customer: dict[str, Any], user_id: int) -> Any:  # noqa: ARG002
        if not customer["discounts"]:
            customer["user_token_unit_cost"] = float("nan")
        return customer


serve(Mean)
