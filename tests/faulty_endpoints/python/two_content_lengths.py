"""Fault: the program and the framework each send a different Content-Length."""

from _base import Endpoint, serve


@serve
class TwoLengths(Endpoint):
    def respond(self, status, body):
        data = body.encode()
        headers = {"Content-Type": "application/json", "Content-Length": str(len(data) + 1)}
        self.send(status, headers, data)
