"""Correct: " 1 ", "+1" and "01" count as 1."""

import re

from _base import Endpoint, Refusal, serve


@serve
class Lenient(Endpoint):
    def user_id(self, text):
        if not re.fullmatch(r"[ \t]*\+?[0-9]{1,18}[ \t]*", text or ""):
            raise Refusal(400, "No valid user id")
        return int(text or "")
