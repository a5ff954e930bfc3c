"""Fault: the response says Connection: keep-alive, but the connection closes after it."""

from _base import Endpoint, serve


@serve
class Promising(Endpoint):
    def respond(self, status, body):
        headers = {"Content-Type": "application/json", "Connection": "keep-alive"}
        self.send(status, headers, body.encode())
        self.close_connection = True
