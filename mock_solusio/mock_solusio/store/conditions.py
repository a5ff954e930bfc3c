"""The conditions by which records of a kind are found, as SQL."""

from collections.abc import Mapping
from typing import Any, Final

import msgspec

from mock_solusio.domain.world import Has, Kind

COMPILED: Final = 1000
"""The most different conditions of a kind whose SQL is kept."""

PLAIN: Final = frozenset({int, str, bool})
"""Types of the values that a condition compares as they are."""


class Conditions:
    """Turns the conditions of a kind into SQL (see `domain.world.Table`)."""

    def __init__(self, kind: Kind[Any]) -> None:
        self._kind = kind
        self._by_use = ("id", *kind.unique, *kind.index)
        self._known: dict[tuple[object, ...], tuple[str, bool]] = {}
        """SQL by the fields and types of conditions, and whether their values stand in it as they are."""
        self.lists: set[str] = set()
        """The fields in whose lists somebody has looked for an item."""

    def has(self, field: str) -> bool:
        """Return whether records can be found by the value of a field."""
        return field in self._by_use

    def sql(self, where: Mapping[str, Any]) -> tuple[str, list[Any]]:
        """Return the WHERE clause of conditions that hold together, and the values of its parameters.

        Raises:
            KeyError: the kind has no such field, or cannot be found by it.
        """
        key = (*where, *map(type, where.values()))
        known = self._known.get(key)
        if known is None:
            if len(self._known) >= COMPILED:
                self._known.clear()
            known = self._known[key] = self._where(where), PLAIN.issuperset(map(type, where.values()))
        condition, is_plain = known
        if is_plain:
            return condition, list(where.values())
        values: list[Any] = []
        for name, value in where.items():
            if isinstance(value, Has):
                values += [f'$."{name}"', value.item]
            elif isinstance(value, list | tuple | set | frozenset):
                values.append(msgspec.json.encode(list(value)).decode())
            elif value is not None:
                values.append(value)
        return condition, values

    def _where(self, where: Mapping[str, Any]) -> str:
        parts: list[str] = []
        indexed = self._index_for(where)
        for name, value in where.items():
            if isinstance(value, Has):
                if name not in self._kind.record.__struct_fields__:
                    raise KeyError(f"{self._kind.name} have no field {name}")
                self.lists.add(name)
                parts.append("EXISTS (SELECT 1 FROM json_each(body, ?) WHERE value = ?)")
                continue
            if name not in self._by_use:
                raise KeyError(f"{self._kind.name} cannot be found by {name}")
            column = f'"{name}"' if name == indexed else f'+"{name}"'
            if value is None:
                parts.append(f"{column} IS NULL")
            elif isinstance(value, list | tuple | set | frozenset):
                parts.append(f"{column} IN (SELECT value FROM json_each(?))")  # noqa: S608 - names are our own
            else:
                parts.append(f"{column} = ?")
        return " WHERE " + " AND ".join(parts) if parts else ""

    def _index_for(self, where: Mapping[str, Any]) -> str | None:
        # Without statistics SQLite often uses the index of the least selective field, such as a status. A `+`
        # prevents that; only the field that comes first in the Kind keeps its index.
        usable = [
            name for name, value in where.items() if name in self._by_use and not isinstance(value, Has)
        ]
        return min(usable, key=self._by_use.index, default=None)
