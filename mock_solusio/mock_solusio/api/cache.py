"""What follows from the state as it is, kept until the state changes."""

from collections.abc import Hashable
from typing import Generic, TypeVar

from mock_solusio.moment import Micros
from mock_solusio.store.store import Store

K = TypeVar("K", bound=Hashable)
V = TypeVar("V")

NEVER: Micros = 2**63
"""The moment of what does not change by itself."""

OVERHEAD = 500
"""Bytes that a kept text occupies beside itself, about."""


class Kept(Generic[K, V]):
    """Values that hold until anything changes, or until a moment of their own.

    `limit` bounds the sum of their sizes. When it is reached, all go: what is asked for again comes back.
    """

    def __init__(self, store: Store, limit: int) -> None:
        self._store = store
        self._limit = limit
        self._version = store.version
        self._values: dict[K, tuple[V, Micros]] = {}
        self._size = 0

    def get(self, key: K) -> tuple[V, Micros] | None:
        """Return a value and the moment until which it holds; None if it is not there, or holds no longer."""
        if self._version != self._store.version:
            return None
        found = self._values.get(key)
        if found is None or (found[1] != NEVER and found[1] <= self._store.now):
            return None
        return found

    def put(self, key: K, value: V, until: Micros, size: int) -> None:
        """Keep a value that follows from the state as it is now."""
        if self._version != self._store.version or self._size + size > self._limit:
            self._values.clear()
            self._version = self._store.version
            self._size = 0
        self._values[key] = (value, until)
        self._size += size
