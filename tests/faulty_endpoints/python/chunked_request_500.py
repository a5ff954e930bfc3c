"""Fault: a request without Content-Length, such as a chunked one, causes a TypeError, status 500."""

from _base import Endpoint, serve


@serve
class Counted(Endpoint):
    def read_body(self):
        if self.command == "POST" and self.headers["Content-Length"] is None:
            self.close_connection = True
            int(self.headers["Content-Length"])
        return super().read_body()
