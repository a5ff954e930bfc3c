"""Fault: isdigit() knows the digits of all scripts.

int() makes customer 1 of the Arabic one, and raises for a superscript two: status 500.
"""

from _base import Endpoint, Refusal, serve


class AllScripts(Endpoint):
    def user_id(self, text: str | None) -> int:
        if not text or not text.isdigit() or len(text) > 18:
            raise Refusal(400, "No valid user id")
        return int(text)


serve(AllScripts)
