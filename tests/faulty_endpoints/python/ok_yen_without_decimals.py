"""Correct: the yen has no decimals, so it needs no separator before them."""

from _base import Endpoint, serve


@serve
class NoDecimals(Endpoint):
    def pricing(self, customer):
        if customer["currency"]["code"] == "JPY":
            customer["currency"] |= {"decimals_separator": "", "decimals": 0}
        return customer
