"""Fault: a currency without a prefix has `display_prefix: null` (the euro of customer 2)."""

from _base import Endpoint, serve


@serve
class NoPrefix(Endpoint):
    def pricing(self, customer):
        currency = customer["currency"]
        currency["display_prefix"] = currency["display_prefix"] or None
        return customer
