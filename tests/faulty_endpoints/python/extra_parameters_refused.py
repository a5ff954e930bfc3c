"""Fault: a parameter that is not known today is refused; SolusIO may send more tomorrow."""

from _base import Endpoint, Refusal, serve


class Strict(Endpoint):
    def parameters(self, body: bytes) -> dict[str, str]:
        form = super().parameters(body)
        if form.keys() - {"token", "action", "userid"}:
            raise Refusal(400, "Unknown parameter")
        return form


serve(Strict)
