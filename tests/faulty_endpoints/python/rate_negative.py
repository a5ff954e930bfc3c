"""Fault: a tax from which customer 3 is exempt is sent as a negative rate."""

from _base import Endpoint, serve


@serve
class Exempt(Endpoint):
    def customer(self, user_id):
        customer = super().customer(user_id)
        if user_id == 3:
            customer["taxes"]["rates"][1]["rate"] = -2
            # 0.15 x 0.9 x 0.8 x (1 + 0.08 - 0.02)
            customer["user_token_unit_cost"] = 0.11448
        return customer
