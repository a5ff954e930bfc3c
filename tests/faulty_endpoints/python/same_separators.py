"""Fault: the euro has a comma for both separators, so there are two ways to read 1,234."""

from typing import Any

from _base import Endpoint, serve


class Alike(Endpoint):
    def pricing(self, customer: dict[str, Any], user_id: int) -> Any:  # noqa: ARG002
        if customer["currency"]["code"] == "EUR":
            customer["currency"]["thousands_separator"] = ","
        return customer


serve(Alike)
