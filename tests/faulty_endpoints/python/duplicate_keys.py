"""Fault: user_token_unit_cost appears twice; the parser decides which one counts."""

from _base import Endpoint, serve


@serve
class Twice(Endpoint):
    def encode(self, pricing):
        first = f'{{"user_token_unit_cost": {pricing["base_token_unit_cost"]}, '
        return first + super().encode(pricing)[1:]
