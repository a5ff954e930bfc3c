"""Fault: rates is an object that maps labels to rates, instead of a list."""

from typing import Any

from _base import Endpoint, serve


class Mapped(Endpoint):
    def pricing(self, customer: dict[str, Any], user_id: int) -> Any:  # noqa: ARG002
        taxes = customer["taxes"]
        taxes["rates"] = {tax["label"]: tax["rate"] for tax in taxes["rates"]}
        return customer


serve(Mapped)
