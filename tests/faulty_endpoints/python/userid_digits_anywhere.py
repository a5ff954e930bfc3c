"""Fault: the first digits of any value count: "abc1" and "-1" are customer 1."""

import re

from _base import Endpoint, serve


@serve
class Picked(Endpoint):
    def user_id(self, text):
        found = re.search("[0-9]+", text or "")
        return super().user_id(found and found[0])
