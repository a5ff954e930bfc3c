"""Fault: some call the pound "UKP", but ISO 4217 has no such code."""

from typing import Any

from _base import Endpoint, serve


class Invented(Endpoint):
    def pricing(self, customer: dict[str, Any], user_id: int) -> Any:  # noqa: ARG002
        if customer["currency"]["code"] == "GBP":
            customer["currency"]["code"] = "UKP"
        return customer


serve(Invented)
