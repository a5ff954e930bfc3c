"""Fault: after five wrong tokens, from anyone, the right one is refused too."""

from _base import Endpoint, Refusal, serve

failures: list[str | None] = []


@serve
class LockOut(Endpoint):
    def authorised(self, token):
        if len(failures) >= 5:
            raise Refusal(403, "Locked")
        if super().authorised(token):
            return True
        failures.append(token)
        return False
