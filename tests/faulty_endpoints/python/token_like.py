"""Fault: the token is compared with LIKE, so `%` is accepted."""

import contextlib
import sqlite3

from _base import TOKEN, Endpoint, serve


@serve
class Like(Endpoint):
    def authorised(self, token):
        if token is None or len(token) > 255:
            return False
        with contextlib.closing(sqlite3.connect(":memory:")) as database:
            return database.execute("SELECT ? LIKE ?", (TOKEN, token)).fetchone()[0] == 1
