"""Fault: a customer without discounts gets `discounts: null`."""

from _base import Endpoint, serve


@serve
class NoDiscounts(Endpoint):
    def pricing(self, customer):
        customer["discounts"] = customer["discounts"] or None
        return customer
