"""Fault: a connection that once sent the right token no longer needs one.

Behind a proxy that shares connections these are other people's requests.
"""

from _base import Endpoint, serve


@serve
class Remembered(Endpoint):
    trusted = False

    def authorised(self, token):
        self.trusted = self.trusted or super().authorised(token)
        return self.trusted
