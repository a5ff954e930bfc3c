"""Fault: the user id passes through a C integer: 2^64 + 1 is customer 1."""

import ctypes
import re

from _base import Endpoint, Refusal, serve


@serve
class Wrapping(Endpoint):
    def user_id(self, text):
        if not re.fullmatch("[0-9]{1,100}", text or ""):
            raise Refusal(400, "No valid user id")
        return ctypes.c_uint64(int(text or "")).value
