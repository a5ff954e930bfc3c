"""Correct: " 1 ", "+1" and "01" count as 1."""

import re

from _base import Endpoint, Refusal, serve


class Lenient(Endpoint):
    def user_id(self, text: str | None) -> int:
        if not re.fullmatch(r"[ \t]*\+?[0-9]{1,18}[ \t]*", text or ""):
            raise Refusal(400, "No valid user id")
        return int(text or "")


serve(Lenient)
