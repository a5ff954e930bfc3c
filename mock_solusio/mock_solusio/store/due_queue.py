"""The records of a table that wait for a moment, in the order in which they are due."""

import heapq
from collections.abc import Callable, Iterable
from typing import Generic, TypeVar, cast

from mock_solusio.domain.world import Due, Record
from mock_solusio.moment import Micros

T = TypeVar("T", bound=Record)


class DueQueue(Generic[T]):
    """A heap of moments and ids, read from the table when it is first needed.

    A record that changes or is deleted leaves its old entry behind; `earliest` compares each entry with its
    record and drops those that no longer hold. So the heap is never wrong about what is due.
    """

    def __init__(
        self,
        waits: Callable[[T], bool],
        find: Callable[[], Iterable[T]],
        look: Callable[[int], T | None],
    ) -> None:
        """`waits` says whether a record waits; `find` returns the waiting ones, `look` one by id."""
        self._waits = waits
        self._find = find
        self._look = look
        self._heap: list[tuple[Micros, int]] | None = None

    def add(self, record: T) -> None:
        """Note a record that was stored."""
        if self._heap is not None and self._waits(record):
            heapq.heappush(self._heap, (_due(record), record.id))

    def forget(self) -> None:
        """Read the table again: it was replaced or rolled back."""
        self._heap = None

    def earliest(self) -> T | None:
        """Return the waiting record that is due first, by moment and then by id; None if none waits."""
        heap = self._heap
        if heap is None:
            heap = self._heap = [(_due(record), record.id) for record in self._find()]
            heapq.heapify(heap)
        while heap:
            due, key = heap[0]
            record = self._look(key)
            if record is not None and self._waits(record) and _due(record) == due:
                return record
            heapq.heappop(heap)
        return None


def _due(record: Record) -> Micros:
    return cast("Due", record).due
