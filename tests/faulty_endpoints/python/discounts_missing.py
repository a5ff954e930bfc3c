"""Fault: a customer without discounts gets no `discounts` at all."""

from _base import Endpoint, serve


@serve
class NoDiscounts(Endpoint):
    def pricing(self, customer):
        return {key: value for key, value in customer.items() if value != []}
