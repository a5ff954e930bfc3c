"""Fault: an unknown parameter is refused, although SolusIO may send more one day."""

from _base import Endpoint, Refusal, serve


class Strict(Endpoint):
    def parameters(self, body: bytes) -> dict[str, str]:
        form = super().parameters(body)
        if form.keys() - {"token", "action", "userid"}:
            raise Refusal(400, "Unknown parameter")
        return form


serve(Strict)
