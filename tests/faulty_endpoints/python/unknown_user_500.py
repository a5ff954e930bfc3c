"""Fault: an unknown user causes a KeyError, status 500."""

from typing import Any

from _base import CUSTOMERS, Endpoint, serve


class Unchecked(Endpoint):
    def customer(self, user_id: int) -> dict[str, Any]:
        return CUSTOMERS[user_id]


serve(Unchecked)
