"""Fault: currency is only the code."""

from _base import Endpoint, serve


@serve
class Code(Endpoint):
    def pricing(self, customer):
        customer["currency"] = customer["currency"]["code"]
        return customer
