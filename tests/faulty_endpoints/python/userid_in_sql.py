"""Fault: the user id is inserted into the query unescaped: a quotation mark causes a 500."""

import contextlib
import sqlite3

from _base import CUSTOMERS, Endpoint, Refusal, serve


@serve
class Pasted(Endpoint):
    def user_id(self, text):
        with contextlib.closing(sqlite3.connect(":memory:")) as database:
            database.execute("CREATE TABLE clients (id TEXT)")
            database.executemany("INSERT INTO clients VALUES (?)", [(key,) for key in CUSTOMERS])
            query = f"SELECT id FROM clients WHERE id = '{text}'"  # noqa: S608 - the fault
            row = database.execute(query).fetchone()
        if row is None:
            raise Refusal(404, "No such user")
        return int(row[0])
