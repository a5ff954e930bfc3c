"""Fault: of two servers behind one address, the second still has last year's prices."""

import itertools
from typing import Any

from _base import Endpoint, serve

servers = itertools.cycle([1, 2])


class Balanced(Endpoint):
    def pricing(self, customer: dict[str, Any], user_id: int) -> Any:  # noqa: ARG002
        if next(servers) == 2:
            for key in ("base_token_unit_cost", "user_token_unit_cost"):
                customer[key] = round(customer[key] * 0.9, 10)
        return customer


serve(Balanced)
