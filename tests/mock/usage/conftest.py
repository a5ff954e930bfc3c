"""Servers and the lines of their usage."""

from collections.abc import Callable
from typing import Any

import pytest


@pytest.fixture
def server(order: Callable[..., Any]) -> Callable[..., int]:
    """Order a server; return its id."""
    return lambda **fields: order(**{"name": "web.example.com", **fields})["id"]


@pytest.fixture
def lines(api: Any) -> Callable[..., list[dict[str, Any]]]:
    """Return the lines of one big page: `lines("from=...&filter[user_id]=2")`."""

    def ask(query: str = "", by: Any = None) -> list[dict[str, Any]]:
        answer = (by or api).get(f"usage?per_page=1000&{query}")
        assert answer.status == 200, answer
        found = answer.data
        meta = answer.json["meta"]
        assert meta["totals"] == {
            "lines": len(found),
            "hours": sum(line["hours"] for line in found),
            "tokens": sum(line["tokens"] for line in found),
        }
        return list(found)

    return ask


@pytest.fixture
def march() -> str:
    """The month in which every test begins, as a query."""
    return "from=2026-03-01T00:00:00Z&to=2026-04-01T00:00:00Z"
