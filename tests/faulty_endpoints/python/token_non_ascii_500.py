"""Fault: compare_digest() raises for text that is not ASCII: status 500."""

import hmac

from _base import TOKEN, Endpoint, serve


@serve
class Ascii(Endpoint):
    def authorised(self, token):
        return token is not None and hmac.compare_digest(token, TOKEN)
