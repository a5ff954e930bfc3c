"""Fault: the taxes are listed but not part of the final price: 1.34 x 0.95 = 1.273."""

from typing import Any

from _base import Endpoint, serve

NET = {1: 1.273, 2: 0.00091, 3: 0.108}


class Net(Endpoint):
    def pricing(self, customer: dict[str, Any], user_id: int) -> Any:
        customer["user_token_unit_cost"] = NET[user_id]
        return customer


serve(Net)
