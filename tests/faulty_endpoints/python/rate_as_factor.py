"""Fault: the rate is a factor, 1.06, instead of the percentage 6."""

from typing import Any

from _base import Endpoint, serve


class Factor(Endpoint):
    def pricing(self, customer: dict[str, Any], user_id: int) -> Any:  # noqa: ARG002
        for tax in customer["taxes"]["rates"]:
            tax["rate"] = 1 + tax["rate"] / 100
        return customer


serve(Factor)
