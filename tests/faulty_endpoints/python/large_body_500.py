"""Fault: a body of more than 64 KiB does not fit into the log's column: status 500."""

from _base import Endpoint, serve


@serve
class Logged(Endpoint):
    def parameters(self, body):
        if len(body) > 1 << 16:
            raise ValueError("Data too long for column 'request'")
        return super().parameters(body)
