"""Fault: the page calls currency an array, so the five values are in a list without names."""

from _base import Endpoint, serve


@serve
class Listed(Endpoint):
    def pricing(self, customer):
        customer["currency"] = list(customer["currency"].values())
        return customer
