"""Fault: rates is an object that maps labels to rates, instead of a list."""

from _base import Endpoint, serve


@serve
class Mapped(Endpoint):
    def pricing(self, customer):
        taxes = customer["taxes"]
        taxes["rates"] = {tax["label"]: tax["rate"] for tax in taxes["rates"]}
        return customer
