"""Fault: one of five workers has lost its database: every fifth request gets a 500."""

import itertools
from typing import Any

from _base import Endpoint, serve

calls = itertools.count(1)


class Flaky(Endpoint):
    def pricing(self, customer: dict[str, Any], user_id: int) -> Any:  # noqa: ARG002
        if next(calls) % 5 == 0:
            raise RuntimeError("database has gone away")
        return customer


serve(Flaky)
