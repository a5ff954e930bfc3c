"""Fault: a newline is written after the counted body.

On a keep-alive connection the next response starts with these bytes.
"""

from _base import Endpoint, serve


@serve
class Trailing(Endpoint):
    def respond(self, status, body):
        super().respond(status, body)
        self.wfile.write(b"<!-- end of page -->\n")
