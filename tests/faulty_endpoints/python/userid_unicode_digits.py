"""Fault: isdigit() and int() know the digits of all scripts: the Arabic one is customer 1, and a
superscript two is a status 500.
"""

from _base import Endpoint, Refusal, serve


class AllScripts(Endpoint):
    def user_id(self, text: str | None) -> int:
        if not text or not text.isdigit() or len(text) > 18:
            raise Refusal(400, "No valid user id")
        return int(text)


serve(AllScripts)
