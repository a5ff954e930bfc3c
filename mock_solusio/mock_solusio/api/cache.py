"""A cache of values derived from the state: valid until the state changes."""

from collections.abc import Hashable
from typing import Generic, TypeVar

from mock_solusio.moment import Micros
from mock_solusio.store.store import Store

K = TypeVar("K", bound=Hashable)
V = TypeVar("V")

NEVER: Micros = 2**63
"""The expiry of a value that only a change of the state can make stale."""

OVERHEAD = 500
"""Approximate bytes that an entry needs beside its text."""


class VersionedCache(Generic[K, V]):
    """Values that hold until the version of the store changes, or until their own expiry.

    `limit` bounds the sum of their sizes. At the limit all are dropped: those still in use soon return.
    """

    def __init__(self, store: Store, limit: int) -> None:
        self._store = store
        self._limit = limit
        self._version = store.version
        self._values: dict[K, tuple[V, Micros]] = {}
        self._size = 0

    def get(self, key: K) -> tuple[V, Micros] | None:
        """Return a value and its expiry; None if it is absent or stale."""
        if self._version != self._store.version:
            return None
        found = self._values.get(key)
        if found is None or (found[1] != NEVER and found[1] <= self._store.now):
            return None
        return found

    def set(self, key: K, value: V, until: Micros, size: int) -> None:
        """Keep a value that was derived from the present state; `size` is in bytes."""
        if self._version != self._store.version or self._size + size > self._limit:
            self._values.clear()
            self._version = self._store.version
            self._size = 0
        self._values[key] = (value, until)
        self._size += size
