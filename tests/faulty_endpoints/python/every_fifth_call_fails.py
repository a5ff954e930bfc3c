"""Fault: one of five workers has lost its database: every fifth request gets a 500."""

import itertools

from _base import Endpoint, serve

calls = itertools.count(1)


@serve
class Flaky(Endpoint):
    def pricing(self, customer):
        if next(calls) % 5 == 0:
            raise RuntimeError("database has gone away")
        return customer
