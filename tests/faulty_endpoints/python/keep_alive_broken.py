"""Fault: the response says Connection: keep-alive, but the connection closes after it."""

from _base import Endpoint, serve


class Promising(Endpoint):
    def respond(self, status: int, body: str) -> None:
        headers = {"Content-Type": "application/json", "Connection": "keep-alive"}
        self.send(status, headers, body.encode())
        self.close_connection = True


serve(Promising)
