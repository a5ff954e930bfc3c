"""Fault: fetchall() returns rows, so the response is a list of one."""

from _base import Endpoint, serve


@serve
class Rows(Endpoint):
    def encode(self, pricing):
        return super().encode([pricing])
