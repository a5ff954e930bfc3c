"""What the next page says about what was just done: kept here, since a link could forge it in the URL."""

import secrets
from dataclasses import dataclass
from typing import Final

MOST: Final = 100
"""Notices that wait to be shown; the oldest is dropped first."""


@dataclass(frozen=True, slots=True)
class Notice:
    """A sentence about what was done, or why it was not."""

    text: str
    failed: bool = False


class Notices:
    """Notices by a random key, each shown once."""

    def __init__(self) -> None:
        self._waiting: dict[str, Notice] = {}

    def add(self, notice: Notice) -> str:
        """Keep a notice; return its key."""
        while len(self._waiting) >= MOST:
            del self._waiting[next(iter(self._waiting))]
        key = secrets.token_urlsafe(12)
        self._waiting[key] = notice
        return key

    def take(self, key: str) -> Notice | None:
        """Return the notice with this key, and forget it."""
        return self._waiting.pop(key, None)
