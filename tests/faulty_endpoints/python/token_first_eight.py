"""Fault: the column holds eight characters, so only eight are compared."""

from _base import TOKEN, Endpoint, serve


@serve
class Truncated(Endpoint):
    def authorised(self, token):
        return token is not None and token[:8] == TOKEN[:8]
