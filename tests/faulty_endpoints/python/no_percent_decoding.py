"""Fault: the form is split at & and = but not decoded: %31 is not read as 1."""

from _base import Endpoint, serve


@serve
class Split(Endpoint):
    def parameters(self, body):
        pairs = [pair.partition("=") for pair in body.decode("utf-8", "replace").split("&")]
        return {name: value for name, _, value in reversed(pairs)}
