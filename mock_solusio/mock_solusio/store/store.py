"""The state of the mock: records in SQLite, in memory or in a file that survives `kill -9`.

One process writes, and everything it does to the state happens on one thread, one transaction at a time. So
records read once may be kept: what is in `StoredTable.known` is what the database holds.

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
from pathlib import Path
from typing import Any, TypeVar

from mock_solusio.clock import Clock
from mock_solusio.domain.world import Kind, Record
from mock_solusio.moment import Micros
from mock_solusio.store.spans import SpanTable
from mock_solusio.store.table import StateError, StoredTable

T = TypeVar("T", bound=Record)

FORMAT = "3"
"""Version of the layout of a state file."""

UPGRADABLE = frozenset({"2"})
"""Older formats with the same tables; `worlds.upgrade` mends their records."""

_LETTERS = string.ascii_letters + string.digits


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

    def __getitem__(self, kind: Kind[T]) -> "StoredTable[T]":
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
        elif (found := self.remembered("format")) not in {FORMAT, *UPGRADABLE}:
            raise StateError(f"a state file of format {found}; this version of mock-solusio has {FORMAT}")
        elif seed is not None and seed != self.seed:
            raise StateError("this state file began with another seed")
        self._key = self.seed.encode()
        self._tables = {kind.name: StoredTable(self, kind, connection) for kind in kinds}
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
