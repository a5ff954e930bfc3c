"""Fault: the rate is a fraction, 0.06, instead of the percentage 6."""

from _base import Endpoint, serve


@serve
class Fraction(Endpoint):
    def pricing(self, customer):
        for tax in customer["taxes"]["rates"]:
            tax["rate"] /= 100
        return customer
