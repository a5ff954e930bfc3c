"""Correct: customers 1 and 2 are in the same group and get the same response."""

from typing import Any

from _base import Endpoint, serve


class Group(Endpoint):
    def customer(self, user_id: int) -> dict[str, Any]:
        return super().customer(1 if user_id == 2 else user_id)


serve(Group)
