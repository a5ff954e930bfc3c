"""Fault: an unknown parameter is refused, although SolusIO may send more one day."""

from _base import Endpoint, Refusal, serve


@serve
class Strict(Endpoint):
    def parameters(self, body):
        form = super().parameters(body)
        if form.keys() - {"token", "action", "userid"}:
            raise Refusal(400, "Unknown parameter")
        return form
