"""Fault: some call the pound "UKP", but ISO 4217 has no such code."""

from _base import Endpoint, serve


@serve
class Invented(Endpoint):
    def pricing(self, customer):
        if customer["currency"]["code"] == "GBP":
            customer["currency"]["code"] = "UKP"
        return customer
