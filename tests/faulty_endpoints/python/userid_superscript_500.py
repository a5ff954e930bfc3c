"""Fault: isdigit() is true for a superscript two, for which int() raises: status 500."""

from _base import Endpoint, Refusal, serve


@serve
class Superscript(Endpoint):
    def user_id(self, text):
        if not text or not text.isdigit() or len(text) > 18:
            raise Refusal(400, "No valid user id")
        if str(int(text)) != text:
            raise Refusal(400, "Plain digits, please")
        return int(text)
