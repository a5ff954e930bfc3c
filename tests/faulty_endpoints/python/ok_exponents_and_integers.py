"""Correct: fractions with exponents (1.34e+0, 9.5e-1), and customer 2 pays a whole 2 per token."""

import re
from decimal import Decimal

from _base import Endpoint, serve


@serve
class Notations(Endpoint):
    def customer(self, user_id):
        customer = super().customer(user_id)
        if user_id == 2:
            customer["base_token_unit_cost"] = customer["user_token_unit_cost"] = 2
        return customer

    def encode(self, pricing):
        text = super().encode(pricing)
        return re.sub(r"[0-9]+\.[0-9]+", lambda number: f"{Decimal(number[0]):e}", text)
