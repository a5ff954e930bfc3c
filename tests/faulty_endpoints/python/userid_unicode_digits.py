"""Fault: int() accepts digits of all scripts, so an Arabic 1 is customer 1."""

from _base import Endpoint, Refusal, serve


@serve
class AllScripts(Endpoint):
    def user_id(self, text):
        if not text or not text.isdecimal() or len(text) > 18:
            raise Refusal(400, "No valid user id")
        return int(text)
