"""Fault: the query for discounts has no WHERE, so each customer gets those of all 1,200 others."""

from _base import Endpoint, serve


@serve
class Unfiltered(Endpoint):
    def pricing(self, customer):
        others = [{"name": f"Customer {number}", "description": "", "multipler": 1} for number in range(1200)]
        customer["discounts"] = [*customer["discounts"], *others]
        return customer
