"""Fault: `decimal_separator`, the more usual name. SolusIO reads `decimals_separator`."""

from _base import Endpoint, serve


@serve
class Singular(Endpoint):
    def pricing(self, customer):
        currency = customer["currency"]
        currency["decimal_separator"] = currency.pop("decimals_separator")
        return customer
