"""Fault: a percent-escape that is not UTF-8 ends the process."""

import os
from urllib.parse import parse_qs

from _base import Endpoint, serve


@serve
class Fragile(Endpoint):
    def parameters(self, body):
        try:
            parse_qs(body.decode("latin-1"), True, errors="strict")
        except UnicodeDecodeError:
            os._exit(1)
        return super().parameters(body)
