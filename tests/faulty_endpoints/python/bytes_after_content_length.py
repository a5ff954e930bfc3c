"""Fault: a newline is written after the counted body.

On a connection that is kept alive the next answer begins with these bytes.
"""

from _base import Endpoint, serve


class Trailing(Endpoint):
    def respond(self, status: int, body: str) -> None:
        super().respond(status, body)
        self.wfile.write(b"<!-- end of page -->\n")


serve(Trailing)
