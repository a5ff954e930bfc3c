"""Fault: the euro has a comma for both separators, so there are two ways to read 1,234."""

from _base import Endpoint, serve


@serve
class Alike(Endpoint):
    def pricing(self, customer):
        if customer["currency"]["code"] == "EUR":
            customer["currency"]["thousands_separator"] = ","
        return customer
