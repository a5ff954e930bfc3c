"""Fault: the base price is in pounds, the final one in pence."""

from _base import Endpoint, serve


@serve
class Pence(Endpoint):
    def pricing(self, customer):
        customer["user_token_unit_cost"] = round(customer["user_token_unit_cost"] * 100, 7)
        return customer
