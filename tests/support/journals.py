"""Exchanges for a journal, without a mock."""

from mock_solusio.moment import parse_moment
from mock_solusio.traffic.journal import Journal

MARCH = parse_moment("2026-03-01T00:00:00Z")


def add(journal: Journal, method: str = "GET", path: str = "/api/v1/users", **more) -> int:
    """Add an exchange; return its number."""
    kind = more.pop("kind", "api")
    return journal.add(kind, method, path, **{"moment": MARCH, "status": 200, **more})
