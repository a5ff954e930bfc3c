"""Fault: the body is UTF-16."""

from _base import Endpoint, serve


@serve
class Wide(Endpoint):
    def respond(self, status, body):
        self.send(status, {"Content-Type": "application/json"}, body.encode("utf-16"))
