"""Fault: each response uses a new, slightly different exchange rate."""

import random

from _base import Endpoint, serve


@serve
class Live(Endpoint):
    def pricing(self, customer):
        rate = random.uniform(0.99, 1.01)  # noqa: S311 - not a secret
        for key in ("base_token_unit_cost", "user_token_unit_cost"):
            customer[key] *= rate
        return customer
