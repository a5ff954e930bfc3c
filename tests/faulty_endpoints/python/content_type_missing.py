"""Fault: the response has no Content-Type."""

from _base import Endpoint, serve


class Untyped(Endpoint):
    def respond(self, status: int, body: str) -> None:
        self.send(status, {}, body.encode())


serve(Untyped)
