"""Fault: `decimal_separator`, the more usual name. SolusIO reads `decimals_separator`."""

from typing import Any

from _base import Endpoint, serve


class Singular(Endpoint):
    def pricing(self, customer: dict[str, Any], user_id: int) -> Any:  # noqa: ARG002
        currency = customer["currency"]
        currency["decimal_separator"] = currency.pop("decimals_separator")
        return customer


serve(Singular)
