"""How many records of a kind have a value, and when one of them changed last, as far as somebody asked."""

from collections.abc import Callable, Iterable
from typing import Any, Final, TypeAlias

from mock_solusio.domain.world import Record

COUNTED: Final = 1000
"""The most values of a field whose records are counted."""

WATCHED: Final = 65_536
"""The most values of a field whose latest change is remembered."""

Item: TypeAlias = int | str | None
"""What a record has in a field, or in the list there."""


class Occurrences:
    """Kept up to date with every change of a record, so that no table must be asked twice."""

    def __init__(self, count: Callable[[str, Item], int]) -> None:
        """`count` returns how many records have an item in a field, or in the list there."""
        self._count = count
        self._numbers: dict[str, dict[Item, int]] = {}
        self._latest: dict[str, dict[Item, int]] = {}

    def number(self, key: tuple[str, Item]) -> int:
        """Return how many records have an item (second) in a field (first)."""
        field, item = key
        numbers = self._numbers.setdefault(field, {})
        number = numbers.get(item)
        if number is None:
            number = self._count(field, item)
            if len(numbers) >= COUNTED:
                numbers.clear()
            numbers[item] = number
        return number

    def watch(self, key: tuple[str, Item], change: int) -> int:
        """Return the latest change of a record with a value, from now on; `change` is that of any."""
        field, value = key
        latest = self._latest.setdefault(field, {})
        if value not in latest:
            if len(latest) >= WATCHED:
                latest.clear()
            latest[value] = change
        return latest[value]

    def latest(self, key: tuple[str, Item]) -> int | None:
        """Return the latest change of a record with a value; None if it is no longer watched."""
        field, value = key
        return self._latest[field].get(value) if field in self._latest else None

    def changed(self, before: Record | None, after: Record | None, change: int) -> None:
        """Note that a record is new (no `before`), another one, or gone (no `after`)."""
        for field, numbers in self._numbers.items():
            if before is not None and after is not None and getattr(before, field) == getattr(after, field):
                continue
            for item in _items(before, field):
                if item in numbers:
                    numbers[item] -= 1
            for item in _items(after, field):
                if item in numbers:
                    numbers[item] += 1
        for field, latest in self._latest.items():
            for record in (before, after):
                if record is not None and (value := getattr(record, field)) in latest:
                    latest[value] = change

    def forget(self) -> None:
        """Ask the table again: it was replaced or rolled back."""
        self._numbers.clear()
        self._latest.clear()


def _items(record: Record | None, field: str) -> Iterable[Any]:
    if record is None:
        return ()
    value = getattr(record, field)
    return set(value) if isinstance(value, list | tuple) else (value,)
