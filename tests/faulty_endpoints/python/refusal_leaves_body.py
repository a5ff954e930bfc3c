"""Fault: a body that is not a form is refused unread, and the connection stays open.

The server then reads the remaining bytes as the next request.
"""

from _base import Endpoint, Refusal, serve


@serve
class Unread(Endpoint):
    def read_body(self):
        kind = self.headers.get("Content-Type", "application/x-www-form-urlencoded")
        if self.command == "POST" and "form" not in kind:
            raise Refusal(415, "Send a form")
        return super().read_body()
