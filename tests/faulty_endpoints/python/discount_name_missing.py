"""Fault: a discount has a `title` instead of a `name`."""

from typing import Any

from _base import Endpoint, serve


class Untitled(Endpoint):
    def pricing(self, customer: dict[str, Any], user_id: int) -> Any:  # noqa: ARG002
        for discount in customer["discounts"]:
            discount["title"] = discount.pop("name")
        return customer


serve(Untitled)
