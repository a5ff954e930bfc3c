"""Fault: nobody set a price for the euro: customer 2 gets 0 and 0."""

from _base import Endpoint, serve


@serve
class Unpriced(Endpoint):
    def pricing(self, customer):
        if customer["currency"]["code"] == "EUR":
            customer["base_token_unit_cost"] = customer["user_token_unit_cost"] = 0
        return customer
