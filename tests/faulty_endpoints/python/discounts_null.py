"""Fault: a customer without discounts gets `discounts: null`."""

from typing import Any

from _base import Endpoint, serve


class NoDiscounts(Endpoint):
    def pricing(self, customer: dict[str, Any], user_id: int) -> Any:  # noqa: ARG002
        customer["discounts"] = customer["discounts"] or None
        return customer


serve(NoDiscounts)
