"""Fault: the price is a localized string, "1,3763676"."""

from _base import Endpoint, serve


@serve
class Localised(Endpoint):
    def pricing(self, customer):
        customer["user_token_unit_cost"] = f"{customer['user_token_unit_cost']}".replace(".", ",")
        return customer
