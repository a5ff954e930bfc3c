"""The state of the mock: records in SQLite, in memory or in a file that survives `kill -9`.

One process writes, and everything it does to the state happens on one thread, one transaction at a time. So
records read once may be kept: what is in `_Table.known` is what the database holds.

A file is in WAL mode with `synchronous=NORMAL`: what was acknowledged survives the end of the process,
however it ends; after a power cut the last moments may be missing, but the file is sound.
"""

import hashlib
import hmac
import random
import secrets
import sqlite3
import string
import uuid
from collections.abc import Callable, Iterable, Iterator, Mapping
from pathlib import Path
from typing import Any, Generic, TypeVar

import msgspec

from mock_solusio.clock import Clock
from mock_solusio.domain.errors import NotFound
from mock_solusio.domain.world import Has, Kind, Page, Record
from mock_solusio.moment import Micros
from mock_solusio.store_spans import SpanTable

T = TypeVar("T", bound=Record)

FORMAT = "2"
"""Version of the layout of a state file."""

KEPT = 4096
"""How many records of a kind are kept decoded; enough for a busy day, and a bound for big fleets."""

COUNTS = 1000
"""How many conditions of a kind are remembered with the number of records that meet them."""

_LETTERS = string.ascii_letters + string.digits
_LARGEST = 2**63 - 1


class StateError(Exception):
    """A state file or snapshot that cannot be used; the message says why."""


class Store:
    """All tables, the moment, and randomness that follows from one seed: a `World` (see `domain.world`).

    Raises:
        StateError: the file is not ours, of another version, damaged, or in use by another process.
    """

    def __init__(
        self,
        kinds: tuple[Kind[Any], ...],
        clock: Clock,
        *,
        file: Path | None = None,
        seed: str | None = None,
    ) -> None:
        self.clock = clock
        self.version = 0
        """Grows with every change of the state: what was rendered at an older version may be wrong."""
        self._now: Micros | None = None
        self._transaction = _Transaction(self)
        self._connection = _open(file)
        try:
            self._prepare(kinds, seed)
        except sqlite3.Error as error:
            self._connection.close()
            raise StateError(f"cannot use {file}: {error}") from error
        except BaseException:
            self._connection.close()
            raise

    # A world

    @property
    def now(self) -> Micros:
        """The moment: inside a transaction the one at which it began."""
        return self.clock.now() if self._now is None else self._now

    def __getitem__(self, kind: Kind[T]) -> "_Table[T]":
        return self._tables[kind.name]

    def secret(self, purpose: str, number: int, length: int = 40) -> str:
        """Return letters and digits that follow from the seed, the purpose and the number alone."""
        draw = self.random(f"secret {purpose}", number)
        return "".join(draw.choices(_LETTERS, k=length))

    def uuid(self, purpose: str, number: int) -> str:
        """Return a UUID (version 4 in form) that follows from the seed, the purpose and the number alone."""
        return str(uuid.UUID(bytes=self._digest(f"uuid {purpose}", number)[:16], version=4))

    def random(self, purpose: str, number: int) -> random.Random:
        """Return a generator that follows from the seed, the purpose and the number alone."""
        return random.Random(self._digest(purpose, number))  # noqa: S311 - repeatable on purpose

    def _digest(self, purpose: str, number: int) -> bytes:
        return hmac.digest(self._key, f"{purpose} {number}".encode(), hashlib.sha256)

    # Transactions

    def transaction(self) -> "_Transaction":
        """Do several things at one moment, all or nothing; what is done by the end is kept.

        `with store.transaction() as world`. A transaction that only reads costs next to nothing.
        """
        return self._transaction

    def begin(self) -> None:
        """Let time stand still. For `transaction`."""
        if self._now is not None:
            raise RuntimeError("a transaction within a transaction")
        self._now = self.clock.now()

    def end(self, *, keep: bool) -> None:
        """Keep or drop what was done since `begin`, and let time go on. For `transaction`."""
        self._now = None
        if not self._connection.in_transaction:
            return
        try:
            if keep:
                self._connection.execute("COMMIT")
                self.version += 1
        finally:
            if self._connection.in_transaction:
                self._connection.execute("ROLLBACK")
                self._forget()

    def writing(self) -> sqlite3.Connection:
        """Return the connection with a transaction open. For the tables."""
        if not self._connection.in_transaction:
            if self._now is None:
                raise RuntimeError("a change outside of a transaction")
            self._connection.execute("BEGIN IMMEDIATE")
        return self._connection

    # The whole

    @property
    def fresh(self) -> bool:
        """Whether nothing was ever stored."""
        (count,) = self._connection.execute("SELECT count(*) FROM sqlite_sequence").fetchone()
        return bool(count == 0)

    @property
    def seed(self) -> str:
        """What all randomness follows from."""
        return self.remembered("seed") or ""

    def remembered(self, name: str) -> str | None:
        """Return a note about the whole state, such as the clock's, or None."""
        row = self._connection.execute("SELECT value FROM meta WHERE name = ?", (name,)).fetchone()
        return None if row is None else str(row[0])

    def remember(self, name: str, value: str) -> None:
        """Keep a note about the whole state."""
        # Outside of transactions this commits by itself.
        self._connection.execute("INSERT OR REPLACE INTO meta VALUES (?, ?)", (name, value))

    def snapshot(self) -> bytes:
        """Return the whole state."""
        copy = sqlite3.connect(":memory:")
        try:
            self._connection.backup(copy)
            image = bytearray(copy.serialize())
        finally:
            copy.close()
        image[18:20] = b"\x01\x01"  # not WAL: such an image could not be opened in memory
        return bytes(image)

    def restore(self, image: bytes) -> None:
        """Put a snapshot in the place of the whole state.

        Raises:
            StateError: this is no snapshot of a state of this version.
        """
        if not image:
            raise StateError("no snapshot: it is empty")
        copy = sqlite3.connect(":memory:")
        try:
            copy.deserialize(image)
            if copy.execute("SELECT value FROM meta WHERE name = 'format'").fetchone() != (FORMAT,):
                raise StateError("a snapshot of another version")
            copy.backup(self._connection)
        except sqlite3.Error as error:
            raise StateError(f"no snapshot: {error}") from error
        finally:
            copy.close()
        self._key = self.seed.encode()
        self._forget()
        self.version += 1

    def wipe(self) -> None:
        """Delete all records; ids begin at 1 again. Within a transaction."""
        connection = self.writing()
        for table in self._tables:
            connection.execute(f'DELETE FROM "{table}"')  # noqa: S608 - names are our own
        self.spans.clear()
        connection.execute("DELETE FROM sqlite_sequence")
        self._forget()

    def close(self) -> None:
        """Close the file; the store cannot be used any more."""
        self._connection.close()

    def _prepare(self, kinds: tuple[Kind[Any], ...], seed: str | None) -> None:
        connection = self._connection
        names = {row[0] for row in connection.execute("SELECT name FROM sqlite_schema WHERE type = 'table'")}
        if names and "meta" not in names:
            raise StateError("not a state file of mock-solusio")
        connection.execute("BEGIN IMMEDIATE")
        connection.execute("CREATE TABLE IF NOT EXISTS meta (name TEXT PRIMARY KEY, value TEXT NOT NULL)")
        if not names:
            self.remember("format", FORMAT)
            self.remember("seed", secrets.token_hex(16) if seed is None else seed)
        elif self.remembered("format") != FORMAT:
            found = self.remembered("format")
            raise StateError(f"a state file of format {found}; this version of mock-solusio has {FORMAT}")
        elif seed is not None and seed != self.seed:
            raise StateError("this state file began with another seed")
        self._key = self.seed.encode()
        self._tables = {kind.name: _Table(self, kind, connection) for kind in kinds}
        self.spans = SpanTable(connection, self.writing)
        """For how long which resource had which plan (see `domain.spans`)."""
        connection.execute("COMMIT")

    def _forget(self) -> None:
        for table in self._tables.values():
            table.forget()
        self.spans.forget()


class _Transaction:
    """What `Store.transaction` gives; written out, since a generator costs each request microseconds."""

    __slots__ = ("_store",)

    def __init__(self, store: Store) -> None:
        self._store = store

    def __enter__(self) -> Store:
        self._store.begin()
        return self._store

    def __exit__(self, kind: type[BaseException] | None, *_: object) -> None:
        self._store.end(keep=kind is None)


def _open(file: Path | None) -> sqlite3.Connection:
    try:
        connection = sqlite3.connect(
            ":memory:" if file is None else file, isolation_level=None, check_same_thread=False, timeout=1
        )
        if file is not None:
            # Nobody else may write: what we know of the records would be wrong.
            connection.execute("PRAGMA locking_mode = EXCLUSIVE")
            connection.execute("PRAGMA journal_mode = WAL")
            connection.execute("PRAGMA synchronous = NORMAL")
            connection.execute("BEGIN IMMEDIATE")
            connection.execute("COMMIT")
    except sqlite3.Error as error:
        reason = "another process uses it" if "locked" in str(error) else str(error)
        raise StateError(f"cannot use {file}: {reason}") from error
    return connection


class _Table(Generic[T]):
    """All records of a kind (see `domain.world.Table`).

    A record is stored as JSON, with the fields it can be found by in columns of their own.
    """

    def __init__(self, store: Store, kind: Kind[T], connection: sqlite3.Connection) -> None:
        self.kind = kind
        self._store = store
        self._connection = connection
        self._columns = (*kind.index, *kind.unique)
        self._by_use = ("id", *kind.unique, *kind.index)
        self._searched = kind.search
        self.known: dict[int, T] = {}
        self._decode = msgspec.json.Decoder(kind.record).decode
        self._create()
        table, columns = f'"{kind.name}"', "".join(f', "{column}"' for column in self._columns)
        marks = ", ?" * len(self._columns)
        assignments = "".join(f', "{column}" = ?' for column in self._columns)
        # Names come from our own `Kind`s; values are always parameters.
        self._insert = f"INSERT INTO {table} (id, body{columns}) VALUES (?, ?{marks})"  # noqa: S608
        self._update = f"UPDATE {table} SET body = ?{assignments} WHERE id = ?"  # noqa: S608
        self._select = f"SELECT id, body FROM {table}"  # noqa: S608
        self._delete = f"DELETE FROM {table} WHERE id = ?"  # noqa: S608
        self._count = f"SELECT count(*) FROM {table}"  # noqa: S608
        self._select_id = f"SELECT id FROM {table}"  # noqa: S608
        self._totals: dict[tuple[Any, ...], int] = {}
        self._last = 0
        self.forget()

    def get(self, key: int) -> T | None:
        """Return a record, or None."""
        record = self.known.get(key)
        if record is None and 0 < key <= _LARGEST:
            row = self._connection.execute(f"{self._select} WHERE id = ?", (key,)).fetchone()
            record = None if row is None else self._record(row)
        return record

    def need(self, key: int) -> T:
        """Return a record, or raise NotFound."""
        record = self.get(key)
        if record is None:
            raise NotFound(self.kind.called, key)
        return record

    def add(self, record: T) -> T:
        """Store a new record; return it with its id."""
        self._totals.clear()
        record = msgspec.structs.replace(record, id=self._last + 1)
        self._store.writing().execute(self._insert, (record.id, *self._row(record)))
        self._last += 1
        return self._keep(record)

    def load(self, records: Iterable[T]) -> None:
        """Store many new records with the ids that they have, ascending, within a transaction."""
        self._totals.clear()

        def rows() -> Iterator[tuple[Any, ...]]:
            for record in records:
                self._last = record.id
                yield (record.id, *self._row(record))

        self._store.writing().executemany(self._insert, rows())

    def reserve(self, last: int) -> None:
        """Give no id up to this one any more, within a transaction."""
        if last > self._last:
            self._last = last
            name = self.kind.name
            connection = self._store.writing()
            connection.execute("DELETE FROM sqlite_sequence WHERE name = ?", (name,))
            connection.execute("INSERT INTO sqlite_sequence (name, seq) VALUES (?, ?)", (name, last))

    def put(self, record: T) -> T:
        """Store a record in the place of the one with its id."""
        self._totals.clear()
        changed = self._store.writing().execute(self._update, (*self._row(record), record.id)).rowcount
        if not changed:
            raise NotFound(self.kind.called, record.id)
        return self._keep(record)

    def remove(self, key: int) -> None:
        """Delete a record, if it is there."""
        self._totals.clear()
        self._store.writing().execute(self._delete, (key,))
        self.known.pop(key, None)

    def first(self, **where: Any) -> T | None:
        """Return the record with the lowest id that meets all conditions, or None."""
        condition, values = self._condition(where)
        row = self._connection.execute(f"{self._select}{condition} ORDER BY id LIMIT 1", values).fetchone()
        return None if row is None else self._record(row)

    def find(self, **where: Any) -> list[T]:
        """Return the records that meet all conditions, by id."""
        condition, values = self._condition(where)
        rows = self._connection.execute(f"{self._select}{condition} ORDER BY id", values)
        return [self._record(row) for row in rows]

    def count(self, **where: Any) -> int:
        """Return how many records meet all conditions."""
        condition, values = self._condition(where)
        return int(self._connection.execute(self._count + condition, values).fetchone()[0])

    def page(self, page: int, per_page: int, where: Mapping[str, Any], search: str = "") -> Page[T]:
        """Return a page by id; with `search`, exact hits come first."""
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
        # Ids alone: most records are known.
        rows = self._connection.execute(
            f"{self._select_id}{condition} ORDER BY {exact_first}id LIMIT ? OFFSET ?",
            (*values, *order, per_page, offset),
        ).fetchall()
        return Page([self.need(row[0]) for row in rows], total, page, per_page)

    def _total(self, condition: str, values: list[Any]) -> int:
        # Counting costs more than the page itself; it is done again when the table has changed.
        key = (condition, *values)
        total = self._totals.get(key)
        if total is None:
            total = int(self._connection.execute(self._count + condition, values).fetchone()[0])
            if len(self._totals) >= COUNTS:
                self._totals.clear()
            self._totals[key] = total
        return total

    def forget(self) -> None:
        """Drop what is known of the database: it was changed behind our back, or rolled back."""
        self.known.clear()
        self._totals.clear()
        row = self._connection.execute(
            "SELECT seq FROM sqlite_sequence WHERE name = ?", (self.kind.name,)
        ).fetchone()
        self._last = 0 if row is None else row[0]

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
        parts: list[str] = []
        values: list[Any] = []
        indexed = self._index_for(where)
        for name, value in where.items():
            if isinstance(value, Has):
                if name not in self.kind.record.__struct_fields__:
                    raise KeyError(f"{self.kind.name} have no field {name}")
                parts.append("EXISTS (SELECT 1 FROM json_each(body, ?) WHERE value = ?)")
                values += [f'$."{name}"', value.item]
                continue
            if name not in self._by_use:
                raise KeyError(f"{self.kind.name} cannot be found by {name}")
            column = f'"{name}"' if name == indexed else f'+"{name}"'
            if value is None:
                parts.append(f"{column} IS NULL")
            elif isinstance(value, list | tuple | set | frozenset):
                parts.append(f"{column} IN ({', '.join('?' * len(value))})")
                values += value
            else:
                parts.append(f"{column} = ?")
                values.append(value)
        return (" WHERE " + " AND ".join(parts) if parts else ""), values

    def _index_for(self, where: Mapping[str, Any]) -> str | None:
        # Without statistics SQLite often takes the index of the least selective field, such as a status. A
        # `+` keeps it from using one; the field that comes first in the Kind keeps its own.
        usable = [
            name for name, value in where.items() if name in self._by_use and not isinstance(value, Has)
        ]
        return min(usable, key=self._by_use.index, default=None)

    def _row(self, record: T) -> tuple[Any, ...]:
        body = msgspec.json.encode(record).decode()
        return (body, *[getattr(record, column) for column in self._columns])

    def _record(self, row: tuple[int, str]) -> T:
        known = self.known.get(row[0])
        return known if known is not None else self._keep(self._decode(row[1]))

    def _keep(self, record: T) -> T:
        if len(self.known) >= KEPT:
            self.known.clear()
        self.known[record.id] = record
        return record


Populate = Callable[[Store], None]
"""What makes a fresh world."""
