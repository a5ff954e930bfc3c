"""Fault: the page calls taxes an array, so it is the list of rates, and `compound` is lost."""

from typing import Any

from _base import Endpoint, serve


class Listed(Endpoint):
    def pricing(self, customer: dict[str, Any], user_id: int) -> Any:  # noqa: ARG002
        customer["taxes"] = customer["taxes"]["rates"]
        return customer


serve(Listed)
