"""Fault: the page calls taxes an array, so it is the list of rates, and `compound` is lost."""

from _base import Endpoint, serve


@serve
class Listed(Endpoint):
    def pricing(self, customer):
        customer["taxes"] = customer["taxes"]["rates"]
        return customer
