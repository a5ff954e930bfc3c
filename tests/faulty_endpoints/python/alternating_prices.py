"""Fault: of two servers behind one address, the second still has last year's prices."""

import itertools

from _base import Endpoint, serve

servers = itertools.cycle([1, 2])


@serve
class Balanced(Endpoint):
    def pricing(self, customer):
        if next(servers) == 2:
            for key in ("base_token_unit_cost", "user_token_unit_cost"):
                customer[key] = round(customer[key] * 0.9, 10)
        return customer
