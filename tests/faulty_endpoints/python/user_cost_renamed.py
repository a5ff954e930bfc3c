"""Fault: the key of the final price is `token_unit_cost`."""

from typing import Any

from _base import Endpoint, serve


class Renamed(Endpoint):
    def pricing(self, customer: dict[str, Any], user_id: int) -> Any:  # noqa: ARG002
        customer["token_unit_cost"] = customer.pop("user_token_unit_cost")
        return customer


serve(Renamed)
