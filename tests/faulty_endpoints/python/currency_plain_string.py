"""Fault: currency is only the code."""

from typing import Any

from _base import Endpoint, serve


class Code(Endpoint):
    def pricing(self, customer: dict[str, Any], user_id: int) -> Any:  # noqa: ARG002
        customer["currency"] = customer["currency"]["code"]
        return customer


serve(Code)
