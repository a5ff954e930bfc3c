"""Fault: the rate is a factor, 1.06, instead of the percentage 6."""

from _base import Endpoint, serve


@serve
class Factor(Endpoint):
    def pricing(self, customer):
        for tax in customer["taxes"]["rates"]:
            tax["rate"] = 1 + tax["rate"] / 100
        return customer
