"""Fault: a customer without discounts gets no `discounts` at all."""

from typing import Any

from _base import Endpoint, serve


class NoDiscounts(Endpoint):
    def pricing(self, customer: dict[str, Any], user_id: int) -> Any:  # noqa: ARG002
        return {key: value for key, value in customer.items() if value != []}


serve(NoDiscounts)
