"""Fault: the taxes are listed but not part of the final price: 1.34 x 0.95 = 1.273."""

from _base import Endpoint, serve

NET = {1: 1.273, 2: 0.00091, 3: 0.108}


@serve
class Net(Endpoint):
    def customer(self, user_id):
        customer = super().customer(user_id)
        customer["user_token_unit_cost"] = NET[user_id]
        return customer
