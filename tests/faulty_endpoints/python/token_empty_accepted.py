"""Fault: an empty token counts as none and is not compared."""

from _base import Endpoint, serve


@serve
class Falsy(Endpoint):
    def authorised(self, token):
        if token is None:
            return False
        return not token or super().authorised(token)
