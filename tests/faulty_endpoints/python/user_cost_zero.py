"""Fault: customer 3's final price is 0, without a discount of 100 %."""

from _base import Endpoint, serve


@serve
class Free(Endpoint):
    def customer(self, user_id):
        customer = super().customer(user_id)
        if user_id == 3:
            customer["user_token_unit_cost"] = 0
        return customer
