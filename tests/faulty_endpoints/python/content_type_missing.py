"""Fault: the response has no Content-Type."""

from _base import Endpoint, serve


@serve
class Untyped(Endpoint):
    def respond(self, status, body):
        self.send(status, {}, body.encode())
