"""Fault: empty strings are omitted, so customer 3's yen has no display_suffix."""

from _base import Endpoint, serve


@serve
class NoSuffix(Endpoint):
    def pricing(self, customer):
        if not customer["currency"]["display_suffix"]:
            del customer["currency"]["display_suffix"]
        return customer
