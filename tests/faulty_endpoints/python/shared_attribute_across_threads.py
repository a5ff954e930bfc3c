"""Fault: an attribute that all threads share holds the customer during the database query."""

import time
from typing import Any

from _base import Endpoint, serve


class Shared(Endpoint):
    def customer(self, user_id: int) -> dict[str, Any]:
        Shared.current = super().customer(user_id)
        time.sleep(0.01)  # the query for the exchange rate
        return Shared.current


serve(Shared)
