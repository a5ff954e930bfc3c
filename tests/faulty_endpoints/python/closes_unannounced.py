"""Fault: an HTTP/1.1 server closes after each response without announcing it."""

from _base import Endpoint, serve


@serve
class Closing(Endpoint):
    def respond(self, status, body):
        super().respond(status, body)
        self.close_connection = True
