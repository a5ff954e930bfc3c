"""Fault: the refusal of a malformed user id contains the traceback, with paths and source."""

import traceback

from _base import Endpoint, Refusal, serve


@serve
class Talkative(Endpoint):
    def user_id(self, text):
        try:
            return super().user_id(text)
        except Refusal as refusal:
            raise Refusal(refusal.status, traceback.format_exc()) from None
