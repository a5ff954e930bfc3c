"""Fault: the key of the final price is `token_unit_cost`."""

from _base import Endpoint, serve


@serve
class Renamed(Endpoint):
    def pricing(self, customer):
        customer["token_unit_cost"] = customer.pop("user_token_unit_cost")
        return customer
