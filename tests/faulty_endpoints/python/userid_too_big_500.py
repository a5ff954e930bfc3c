"""Fault: an id above 2^63 does not fit the database's integer: OverflowError, status 500."""

import contextlib
import re
import sqlite3

from _base import CUSTOMERS, Endpoint, Refusal, serve


@serve
class Overflowing(Endpoint):
    def user_id(self, text):
        if not re.fullmatch("[0-9]{1,100}", text or ""):
            raise Refusal(400, "No valid user id")
        with contextlib.closing(sqlite3.connect(":memory:")) as database:
            database.execute("CREATE TABLE clients (id INTEGER)")
            database.executemany("INSERT INTO clients VALUES (?)", [(key,) for key in CUSTOMERS])
            query = "SELECT id FROM clients WHERE id = ?"
            row = database.execute(query, (int(text or ""),)).fetchone()
        if row is None:
            raise Refusal(404, "No such user")
        return row[0]
