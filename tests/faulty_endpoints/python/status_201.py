"""Fault: a POST "creates" something, so the framework's default status is 201."""

from _base import Endpoint, serve


@serve
class Created(Endpoint):
    def respond(self, status, body):
        super().respond(201 if status == 200 else status, body)
