"""A table of records in SQLite: each record is JSON, with its indexed fields in columns."""

import sqlite3
from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from functools import cache
from typing import Any, Generic, Protocol, TypeVar

import msgspec

from mock_solusio.domain.errors import NotFound
from mock_solusio.domain.world import Has, Kind, Page, Record
from mock_solusio.store.conditions import PLAIN, Conditions
from mock_solusio.store.due_queue import DueQueue
from mock_solusio.store.occurrences import Item, Occurrences
from mock_solusio.store.reads import Read, Reads

T = TypeVar("T", bound=Record)

KEPT = 4 * 1_048_576
"""The most bytes of JSON whose records are in the cache of a kind, decoded: some 9,000 users."""

COUNTS = 1000
"""The most conditions of a kind whose number of records or few ids are cached."""

PAGES = 100
"""The most pages of a kind whose ids are cached."""

VALUES = 65_536
"""The most values of a field that are cached until the table changes."""

FEW = 100
"""The most records that a condition finds for them to be cached with it."""


class StateError(Exception):
    """A state file or snapshot cannot be used; the message says why."""


class Changing(Protocol):
    """The part of a store that a table needs."""

    reads: Reads | None
    """Where to note what is read; None: nowhere."""

    def writing(self) -> sqlite3.Connection:
        """Return the connection with a transaction open."""


class StoredTable(Generic[T]):
    """All records of a kind (see `domain.world.Table`)."""

    def __init__(self, store: Changing, kind: Kind[T], connection: sqlite3.Connection) -> None:
        self.kind = kind
        self._store = store
        self._connection = connection
        self._columns = (*kind.index, *kind.unique)
        self._conditions = Conditions(kind)
        self._searched = kind.search
        self.known: dict[int, T] = {}
        self._kept = 0
        """Bytes of JSON that were read for, or written from, what is known."""
        self.changes = 0
        """Grows with every change of a record."""
        self._decode = _decoder(kind.record).decode
        self._create()
        table, columns = f'"{kind.name}"', "".join(f', "{column}"' for column in self._columns)
        marks = ", ?" * len(self._columns)
        # Names are those of our own `Kind`s; values are always parameters.
        self._insert = f"INSERT INTO {table} (id, body{columns}) VALUES (?, ?{marks})"  # noqa: S608
        self._select = f"SELECT id, body FROM {table}"  # noqa: S608
        self._delete_all = f"DELETE FROM {table}"  # noqa: S608
        self._count = f"SELECT count(*) FROM {table}"  # noqa: S608
        self._select_id = f"SELECT id FROM {table}"  # noqa: S608
        self._updates: dict[tuple[str, ...], str] = {}
        self._totals: dict[tuple[Any, ...], int] = {}
        self._pages: dict[tuple[Any, ...], list[int]] = {}
        self._found: dict[tuple[Any, ...], list[int]] = {}
        """Ids by query, like those of pages."""
        self._values: dict[str, dict[int, Any]] = {}
        self._occurrences = Occurrences(self._number)
        self._queue = self._due_queue()
        self._last = 0
        self.forget()

    def require_readable(self) -> None:
        """Decode every record, without keeping it.

        Raises:
            StateError: one cannot be decoded.
        """
        for key, body in self._connection.execute(self._select):
            try:
                self._decode(body)
            except (msgspec.DecodeError, UnicodeError) as error:
                raise StateError(
                    f"the state file is damaged: its {self.kind.called} {key} cannot be read ({error})"
                ) from None

    @property
    def next_id(self) -> int:
        """The id that the next new record gets."""
        return self._last + 1

    def get(self, key: int) -> T | None:
        """Return a record, or None."""
        record = self.look(key)
        if self._store.reads is not None:
            # A record that is no longer cached counts as changed, which is never wrong.
            again = self.look if record is None else self.known.get
            self._store.reads.append((again, key, record))
        return record

    def look(self, key: int) -> T | None:
        """Return a record, or None, without noting that it was read."""
        record = self.known.get(key)
        if record is None and 0 < key <= self._last:
            row = self._connection.execute(f"{self._select} WHERE id = ?", (key,)).fetchone()
            record = None if row is None else self._record(row)
        return record

    def get_or_404(self, key: int) -> T:
        """Return a record, or raise NotFound."""
        record = self.get(key)
        if record is None:
            raise NotFound(self.kind.called, key)
        return record

    def add(self, record: T) -> T:
        """Store a new record; return it with its id."""
        record = msgspec.structs.replace(record, id=self.next_id)
        row = self._row(record)
        self._store.writing().execute(self._insert, (record.id, *row))
        self._last += 1
        self._forget_queries()
        self._changed(None, record)
        return self._keep(record, len(row[0]))

    def load(self, records: Iterable[T]) -> None:
        """Store many new records with their own ids, in ascending order, within a transaction."""

        def rows() -> Iterator[tuple[Any, ...]]:
            for record in records:
                self._last = record.id
                self._changed(None, record)
                yield (record.id, *self._row(record))

        self._store.writing().executemany(self._insert, rows())
        self._forget_queries()

    def reserve(self, last: int) -> None:
        """Reserve ids up to `last`, within a transaction."""
        if last > self._last:
            self._last = last
            name = self.kind.name
            connection = self._store.writing()
            connection.execute("DELETE FROM sqlite_sequence WHERE name = ?", (name,))
            connection.execute("INSERT INTO sqlite_sequence (name, seq) VALUES (?, ?)", (name, last))

    def update(self, record: T) -> T:
        """Replace the record with the same id."""
        before = self.look(record.id)
        if before is None:
            raise NotFound(self.kind.called, record.id)
        # SQLite writes the index of each column that is named, even if its value stays the same.
        names = tuple([name for name in self._columns if getattr(before, name) != getattr(record, name)])
        statement = self._updates.get(names) or self._update(names)
        values = [getattr(record, name) for name in names]
        body = msgspec.json.encode(record).decode()
        self._store.writing().execute(statement, (body, *values, record.id))
        asked = self._conditions.lists
        if names or any(getattr(before, name) != getattr(record, name) for name in asked):
            self._forget_queries()
        self._changed(before, record)
        return self._keep(record, len(body))

    def remove(self, key: int) -> None:
        """Delete a record, if it is there."""
        self._forget_queries()
        self._changed(self.look(key), None)
        self._store.writing().execute(f"{self._delete_all} WHERE id = ?", (key,))
        self.known.pop(key, None)

    def remove_up_to(self, last: int) -> None:
        """Delete all records with ids up to this one."""
        self._store.writing().execute(f"{self._delete_all} WHERE id <= ?", (last,))
        self.forget()

    def first(self, **where: Any) -> T | None:
        """Return the record with the lowest id that matches all conditions, or None."""
        found = self._find(where, " ORDER BY id LIMIT 1")
        return found[0] if found else None

    def find(self, **where: Any) -> list[T]:
        """Return the records that match all conditions, by id."""
        return self._find(where, " ORDER BY id")

    def count(self, **where: Any) -> int:
        """Return how many records match all conditions; a single one of a value is counted only once."""
        if len(where) == 1:
            ((field, value),) = where.items()
            item = value.item if isinstance(value, Has) else value
            if item is None or isinstance(item, int | str):
                key = (field, item)
                number = self._occurrences.number(key)
                if self._store.reads is not None:
                    self._store.reads.append((self._occurrences.number, key, number))
                return number
        condition, values = self._condition(where)
        return int(self._connection.execute(self._count + condition, values).fetchone()[0])

    def values(self, field: str, keys: Collection[int]) -> dict[int, Any]:
        """Return a field by which records can be found, of the records with these ids that exist."""
        if self._store.reads is not None:
            self._store.reads.append((self._changes, None, self.changes))
        # Page after page of usage names the same users.
        known = self._values.setdefault(field, {})
        missing = [key for key in keys if key not in known]
        if missing:
            if len(known) >= VALUES:
                known.clear()
                missing = list(keys)
            condition, values = self._conditions.sql({"id": missing})
            select = f'SELECT id, "{field}" FROM "{self.kind.name}"{condition}'  # noqa: S608 - names are our own
            known.update(self._connection.execute(select, values))
        return {key: known[key] for key in keys if key in known}

    def earliest(self) -> T | None:
        """Return the waiting record that is due first, by moment and then by id."""
        if self._queue is None:
            raise KeyError(f"{self.kind.name} wait for nothing")
        if self._store.reads is not None:
            self._store.reads.append((self._changes, None, self.changes))
        return self._queue.earliest()

    def page(self, page: int, per_page: int, where: Mapping[str, Any], search: str = "") -> Page[T]:
        """Return a page by id; with `search`, exact matches come first."""
        condition, values = self._condition(where)
        order: list[Any] = []
        exact_first = ""
        if search and self._searched:
            pattern = "%" + search.replace("\\", "\\\\").replace("%", "\\%").replace("_", "\\_") + "%"
            hits = " OR ".join(f"\"{column}\" LIKE ? ESCAPE '\\'" for column in self._searched)
            condition += f"{' AND' if condition else ' WHERE'} ({hits})"
            values += [pattern] * len(self._searched)
            exact = " OR ".join(f'CAST("{column}" AS TEXT) = ? COLLATE NOCASE' for column in self._searched)
            exact_first = f"coalesce({exact}, 0) DESC, "
            order = [search] * len(self._searched)
        total = self._total(condition, values)
        offset = (page - 1) * per_page
        if offset >= total:
            return Page([], total, page, per_page)
        if not condition and total == self._last:
            # None was ever deleted, so their ids are known. SQLite would step over all rows before the page.
            items = self._records(range(offset + 1, min(offset + per_page, total) + 1))
        else:
            # Only ids, since most records are cached.
            query = f"{self._select_id}{condition} ORDER BY {exact_first}id LIMIT ? OFFSET ?"
            items = self._listed(query, (*values, *order, per_page, offset))
        return Page(items, total, page, per_page)

    def _find(self, where: Mapping[str, Any], order: str) -> list[T]:
        # Most tables change seldom, and the same few questions come again and again.
        if self._store.reads is not None:
            self._store.reads.append(self._read(where))
        key = (order, *where, *where.values())
        try:
            found = self._found.get(key)
        except TypeError:  # one of a list
            return self._selected(where, order)
        if found is not None:
            return self._records(found)
        selected = self._selected(where, order)
        if len(selected) <= FEW:
            if len(self._found) >= COUNTS:
                self._found.clear()
            self._found[key] = [record.id for record in selected]
        return selected

    def _selected(self, where: Mapping[str, Any], order: str) -> list[T]:
        condition, values = self._conditions.sql(where)
        rows = self._connection.execute(f"{self._select}{condition}{order}", values)
        return [self._record(row) for row in rows]

    def _listed(self, query: str, values: tuple[Any, ...]) -> list[T]:
        key = (query, *values)
        listed = self._pages.get(key)
        if listed is None:
            listed = [row[0] for row in self._connection.execute(query, values)]
            if len(self._pages) >= PAGES:
                self._pages.clear()
            self._pages[key] = listed
        return self._records(listed)

    def _records(self, ids: Sequence[int]) -> list[T]:
        known = [self.known[key] for key in ids if key in self.known]
        if len(known) == len(ids):
            return known
        found = {key: self.known.get(key) for key in ids}
        missing = [key for key, record in found.items() if record is None]
        if missing:
            condition, keys = self._conditions.sql({"id": missing})
            rows = self._connection.execute(self._select + condition, keys).fetchall()
            found |= {row[0]: self._record(row) for row in rows}
        return [record for record in found.values() if record is not None]

    def _total(self, condition: str, values: list[Any]) -> int:
        # To count costs more than the page itself, so the result is cached until the table changes.
        key = (condition, *values)
        total = self._totals.get(key)
        if total is None:
            total = int(self._connection.execute(self._count + condition, values).fetchone()[0])
            if len(self._totals) >= COUNTS:
                self._totals.clear()
            self._totals[key] = total
        return total

    def forget(self) -> None:
        """Clear the cache: the database was replaced or rolled back."""
        self.changes += 1
        self.known.clear()
        self._kept = 0
        self._forget_queries()
        if self._queue is not None:
            self._queue.forget()
        row = self._connection.execute(
            "SELECT seq FROM sqlite_sequence WHERE name = ?", (self.kind.name,)
        ).fetchone()
        self._last = 0 if row is None else row[0]
        self._occurrences.forget()

    def _due_queue(self) -> DueQueue[T] | None:
        waiting = self.kind.waiting
        if waiting is None:
            return None
        return DueQueue(
            lambda record: all(getattr(record, name) == value for name, value in waiting.items()),
            lambda: self.find(**waiting),
            self.look,
        )

    def _create(self) -> None:
        name = self.kind.name
        columns = "".join(f', "{column}"' for column in self._columns)
        found = [row[1] for row in self._connection.execute(f'PRAGMA table_info("{name}")')]
        if found and found != ["id", "body", *self._columns]:
            raise StateError(f"a state file of another version: its table {name} differs")
        if found:
            return
        execute = self._connection.execute
        execute(f'CREATE TABLE "{name}" (id INTEGER PRIMARY KEY AUTOINCREMENT, body TEXT NOT NULL{columns})')
        for column in self._columns:
            unique = "UNIQUE " if column in self.kind.unique else ""
            execute(f'CREATE {unique}INDEX "{name} by {column}" ON "{name}" ("{column}")')

    def _condition(self, where: Mapping[str, Any]) -> tuple[str, list[Any]]:
        if self._store.reads is not None:
            self._store.reads.append(self._read(where))
        return self._conditions.sql(where)

    def _read(self, where: Mapping[str, Any]) -> Read:
        # What a query finds may change with every change of the table, or of the records with one value.
        for field, value in where.items():
            if type(value) in PLAIN and field in self._columns:
                key = (field, value)
                return self._occurrences.latest, key, self._occurrences.watch(key, self.changes)
        return self._changes, None, self.changes

    def _changes(self, _: object) -> int:
        return self.changes

    def _forget_queries(self) -> None:
        """Queries may find other records now: a record is new or gone, or another value is looked for."""
        self._totals.clear()
        self._pages.clear()
        self._found.clear()
        self._values.clear()

    def _changed(self, before: T | None, after: T | None) -> None:
        self.changes += 1
        if self._queue is not None and after is not None:
            self._queue.add(after)
        self._occurrences.changed(before, after, self.changes)

    def _number(self, field: str, item: Item) -> int:
        wanted = item if item is None or self._conditions.has(field) else Has(item)
        condition, values = self._conditions.sql({field: wanted})
        return int(self._connection.execute(self._count + condition, values).fetchone()[0])

    def _update(self, names: tuple[str, ...]) -> str:
        assignments = "".join(f', "{name}" = ?' for name in names)
        statement = f'UPDATE "{self.kind.name}" SET body = ?{assignments} WHERE id = ?'  # noqa: S608
        if len(self._updates) >= COUNTS:
            self._updates.clear()
        self._updates[names] = statement
        return statement

    def _row(self, record: T) -> tuple[Any, ...]:
        body = msgspec.json.encode(record).decode()
        return (body, *[getattr(record, column) for column in self._columns])

    def _record(self, row: tuple[int, str]) -> T:
        known = self.known.get(row[0])
        return known if known is not None else self._keep(self._decode(row[1]), len(row[1]))

    def _keep(self, record: T, size: int) -> T:
        self._kept += size
        if self._kept > KEPT:
            self.known.clear()
            self._kept = size
        self.known[record.id] = record
        return record


@cache
def _decoder(record: type[T]) -> msgspec.json.Decoder[T]:
    """Make the decoder of a kind once: those of all kinds take as long as everything else in a new store."""
    return msgspec.json.Decoder(record)
