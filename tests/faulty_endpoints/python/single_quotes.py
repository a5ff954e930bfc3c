"""Fault: str() of a dict is Python, not JSON: 'single quotes' and True."""

from _base import Endpoint, serve


@serve
class Repr(Endpoint):
    def encode(self, pricing):
        return str(pricing)
