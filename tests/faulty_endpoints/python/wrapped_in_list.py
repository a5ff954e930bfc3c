"""Fault: fetchall() returns rows, so the response is a list of one."""

from typing import Any

from _base import Endpoint, serve


class Rows(Endpoint):
    def encode(self, pricing: Any) -> str:
        return super().encode([pricing])


serve(Rows)
