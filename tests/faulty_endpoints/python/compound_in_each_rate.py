"""Fault: each rate has its own compound, instead of the taxes as a whole."""

from _base import Endpoint, serve


@serve
class PerRate(Endpoint):
    def pricing(self, customer):
        compound = customer["taxes"].pop("compound")
        for tax in customer["taxes"]["rates"]:
            tax["compound"] = compound
        return customer
