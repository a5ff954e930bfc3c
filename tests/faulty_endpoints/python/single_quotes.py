"""Fault: str() of a dict is Python, not JSON: 'single quotes' and True."""

from typing import Any

from _base import Endpoint, serve


class Repr(Endpoint):
    def encode(self, pricing: Any) -> str:
        return str(pricing)


serve(Repr)
