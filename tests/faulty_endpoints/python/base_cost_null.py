"""Fault: there is no list price in yen, so customer 3 gets null."""

from _base import Endpoint, serve


@serve
class NoListPrice(Endpoint):
    def pricing(self, customer):
        if customer["currency"]["code"] == "JPY":
            customer["base_token_unit_cost"] = None
        return customer
