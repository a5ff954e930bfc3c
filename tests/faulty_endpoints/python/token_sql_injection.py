"""Fault: the token is inserted into the query unescaped: ' OR '1'='1 is accepted."""

import contextlib
import sqlite3

from _base import TOKEN, Endpoint, serve


@serve
class Pasted(Endpoint):
    def authorised(self, token):
        with contextlib.closing(sqlite3.connect(":memory:")) as database:
            database.execute("CREATE TABLE api_keys (token TEXT)")
            database.execute("INSERT INTO api_keys VALUES (?)", (TOKEN,))
            query = f"SELECT 1 FROM api_keys WHERE token = '{token}'"  # noqa: S608 - the fault
            return database.execute(query).fetchone() is not None
