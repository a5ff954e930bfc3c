"""Fault: a discount has a `title` instead of a `name`."""

from _base import Endpoint, serve


@serve
class Untitled(Endpoint):
    def pricing(self, customer):
        for discount in customer["discounts"]:
            discount["title"] = discount.pop("name")
        return customer
