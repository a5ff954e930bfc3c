"""Fault: the price is a localized string, "1,3763676"."""

from typing import Any

from _base import Endpoint, serve


class Localised(Endpoint):
    def pricing(self, customer: dict[str, Any], user_id: int) -> Any:  # noqa: ARG002
        customer["user_token_unit_cost"] = f"{customer['user_token_unit_cost']}".replace(".", ",")
        return customer


serve(Localised)
