"""Fault: without discounts the average is NaN, which does not exist in JSON."""

from _base import Endpoint, serve


@serve
class Mean(Endpoint):
    def pricing(self, customer):
        if not customer["discounts"]:
            customer["user_token_unit_cost"] = float("nan")
        return customer
