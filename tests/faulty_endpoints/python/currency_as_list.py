"""Fault: the page calls currency an array, so the five values are in a list without names."""

from typing import Any

from _base import Endpoint, serve


class Listed(Endpoint):
    def pricing(self, customer: dict[str, Any], user_id: int) -> Any:  # noqa: ARG002
        customer["currency"] = list(customer["currency"].values())
        return customer


serve(Listed)
