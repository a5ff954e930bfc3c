"""Fault: the rate is a fraction, 0.06, instead of the percentage 6."""

from typing import Any

from _base import Endpoint, serve


class Fraction(Endpoint):
    def pricing(self, customer: dict[str, Any], user_id: int) -> Any:  # noqa: ARG002
        for tax in customer["taxes"]["rates"]:
            tax["rate"] /= 100
        return customer


serve(Fraction)
