"""Fault: a credit note is subtracted from customer 3's price, which becomes negative."""

from _base import Endpoint, serve


@serve
class Credited(Endpoint):
    def customer(self, user_id):
        customer = super().customer(user_id)
        if user_id == 3:
            customer["user_token_unit_cost"] = -0.0312
        return customer
