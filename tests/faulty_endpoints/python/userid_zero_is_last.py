"""Fault: the list of customers is indexed with userid - 1, and index -1 is the last one in Python."""

from typing import Any

from _base import CUSTOMERS, Endpoint, Refusal, serve

ROWS = list(CUSTOMERS.values())


class Indexed(Endpoint):
    def user_id(self, text: str | None) -> int:
        return 0 if text == "0" else super().user_id(text)

    def customer(self, user_id: int) -> dict[str, Any]:
        if user_id > len(ROWS):
            raise Refusal(404, "No such user")
        return ROWS[user_id - 1]


serve(Indexed)
