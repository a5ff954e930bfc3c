"""Fault: the body is UTF-16."""

from _base import Endpoint, serve


class Wide(Endpoint):
    def respond(self, status: int, body: str) -> None:
        self.send(status, {"Content-Type": "application/json"}, body.encode("utf-16"))


serve(Wide)
