"""A cache of values derived from the state: each holds while all that it was derived from is the same."""

from collections.abc import Callable, Hashable
from typing import Generic, TypeVar

from mock_solusio.moment import Micros
from mock_solusio.store.reads import Reads, same
from mock_solusio.store.store import Store

K = TypeVar("K", bound=Hashable)
V = TypeVar("V")

NEVER: Micros = 2**63
"""The expiry of a value that only a change of the state can make stale."""

OVERHEAD = 700
"""Approximate bytes that an entry needs beside its text."""


class Derived(Generic[V]):
    """A value, when it expires, what it was derived from, and in which version of the state it held last."""

    __slots__ = ("_epoch", "_reads", "_store", "checked", "until", "value")

    def __init__(self, store: Store, value: V, until: Micros, reads: Reads) -> None:
        self.value = value
        self.until = until
        self._store = store
        self._reads = reads
        self._epoch = store.epoch
        self.checked = store.version

    def holds(self, _: object = None) -> bool:
        """Return whether it would be the same now."""
        store = self._store
        if self.until != NEVER and self.until <= store.now:
            return False
        if self.checked == store.version:
            return True
        if self._epoch != store.epoch or not same(self._reads):
            return False
        self.checked = store.version
        return True


class DerivedCache(Generic[K, V]):
    """Values that hold while nothing that they were derived from changes, and until their own expiry.

    `limit` bounds the sum of their sizes in bytes. At the limit all are dropped: what is in use soon returns.
    """

    def __init__(self, store: Store, limit: int) -> None:
        self._store = store
        self._limit = limit
        self._kept: dict[K, tuple[Derived[V], int]] = {}
        self._size = 0

    def get(self, key: K) -> Derived[V] | None:
        """Return a value that holds, or None. Whatever is being derived depends on it, too."""
        found = self._kept.get(key)
        if found is None:
            return None
        entry = found[0]
        # The same as `holds`, for a value that was looked up since the last change.
        if (entry.checked != self._store.version or entry.until != NEVER) and not entry.holds():
            return None
        if self._store.reads is not None:
            self._store.reads.append((entry.holds, None, True))
        return entry

    def derive(self, key: K, make: Callable[[], tuple[V, Micros, int]]) -> Derived[V]:
        """Make a value, and keep it unless it is stale at once (0).

        `make` returns the value, its expiry, and its size in bytes.
        """
        store = self._store
        outer, store.reads = store.reads, []
        try:
            value, until, size = make()
            entry = Derived(store, value, until, store.reads)
        finally:
            store.reads = outer
        if until:
            self.keep(key, entry, size)
            if outer is not None:
                outer.append((entry.holds, None, True))
        return entry

    def keep(self, key: K, entry: Derived[V], size: int) -> None:
        """Keep a value; `size` is in bytes."""
        stale = self._kept.pop(key, None)
        if stale is not None:
            self._size -= stale[1]
        if self._size + size > self._limit:
            self._kept.clear()
            self._size = 0
        self._kept[key] = (entry, size)
        self._size += size
