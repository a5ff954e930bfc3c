"""The state of the mock: records in SQLite, in memory or in a file that survives `kill -9`.

One process writes, on one thread, one transaction at a time. So decoded records can be cached:
`StoredTable.known` always equals the database.

A file is in WAL mode with `synchronous=NORMAL`: acknowledged changes survive any end of the process. After a
power failure the last changes may be missing, but the file is intact (see `state_file`).
"""

import hashlib
import hmac
import random
import sqlite3
import string
import uuid
from pathlib import Path
from typing import Any, TypeVar

from mock_solusio.clock import Clock
from mock_solusio.domain.world import Kind, Record
from mock_solusio.moment import Micros
from mock_solusio.store import keys, state_file
from mock_solusio.store.reads import Reads
from mock_solusio.store.spans import SpanTable
from mock_solusio.store.table import StateError, StoredTable

T = TypeVar("T", bound=Record)

FORMAT = "5"
"""Version of the layout of a state file."""

UPGRADABLE = frozenset({"2", "3", "4"})
"""Older formats, with tables that still fit; `worlds.upgrade` upgrades their records."""

DECODED = 256 * 1024 * 1024
"""Bytes of the largest file whose records are all decoded at the start, to find damage; 2 s at most."""

_LETTERS = (string.ascii_letters + string.digits).encode()
_AS_LETTERS = bytes(_LETTERS[byte % len(_LETTERS)] for byte in range(256))
"""A letter or digit for each byte. The first eight come a little more often, which costs no safety."""


class Store:
    """All tables, the time, and randomness from one seed: a `World` (see `domain.world`).

    Raises:
        StateError: the file is not a state file, of another version, damaged, in use by another process, or a
            copy without its `-wal`.
    """

    def __init__(
        self,
        kinds: tuple[Kind[Any], ...],
        clock: Clock,
        *,
        file: Path | None = None,
        seed: str | None = None,
        snapshot: bytes | None = None,
    ) -> None:
        self.clock = clock
        self._file = file
        self.version = 0
        """Grows with every change of the state, also with one that is taken back."""
        self.epoch = 0
        """Grows when all that was derived from the state is stale: another time, or another state."""
        self.reads: Reads | None = None
        """Where the tables note what is read; None: nowhere."""
        self._keys: keys.Keys
        self._now: Micros | None = None
        self._wrote = False
        """Whether the present transaction has begun one of the database."""
        self._transaction = _Transaction(self)
        self._connection = _open(file, snapshot)
        try:
            self._prepare(kinds, seed)
        except sqlite3.Error as error:
            self.close()
            raise StateError(f"cannot use {file}: {error}. {state_file.ADVICE}") from error
        except BaseException:
            self.close()
            raise

    # A world

    @property
    def now(self) -> Micros:
        """The present moment; within a transaction, the moment at which it began."""
        return self.clock.now() if self._now is None else self._now

    def __getitem__(self, kind: Kind[T]) -> "StoredTable[T]":
        return self._tables[kind.name]

    @property
    def spans(self) -> SpanTable:
        """How long each resource had which plan (see `domain.spans`)."""
        if self.reads is not None:
            # Usage may follow from any change.
            self.reads.append((self._present, None, self.version))
        return self._spans

    def secret(self, purpose: str, number: int, length: int = 40) -> str:
        """Return letters and digits that follow only from seed, purpose and number; not from the state."""
        drawn = hashlib.shake_256(self._keys.credentials + f"{purpose} {number}".encode()).digest(length)
        return drawn.translate(_AS_LETTERS).decode()

    def uuid(self, purpose: str, number: int) -> str:
        """Return a UUID (version 4) that follows only from seed, purpose and number."""
        return str(uuid.UUID(bytes=_digest(self._keys.values, f"uuid {purpose}", number)[:16], version=4))

    def random(self, purpose: str, number: int) -> random.Random:
        """Return a random generator that follows only from seed, purpose and number."""
        return random.Random(_digest(self._keys.values, purpose, number))  # noqa: S311 - repeatable on purpose

    # Transactions

    def transaction(self) -> "_Transaction":
        """Make several changes at one moment, all or nothing: `with store.transaction() as world`.

        A transaction that only reads costs almost nothing.
        """
        return self._transaction

    def begin(self) -> None:
        """Begin a transaction, and freeze the time. For `transaction`."""
        if self._now is not None:
            raise RuntimeError("a transaction within a transaction")
        self._now = self.clock.now()

    def end(self, *, keep: bool) -> None:
        """Commit or roll back, and unfreeze the time. For `transaction`."""
        self._now = None
        if not self._wrote:
            return
        self._wrote = kept = False
        try:
            if keep:
                self._connection.execute("COMMIT")
                self.version += 1
                kept = True
        finally:
            if not kept:
                if self._connection.in_transaction:  # on a full disk, SQLite may have rolled back already
                    self._connection.execute("ROLLBACK")
                self.version += 1  # what was derived from the state before holds no more
                self._forget()

    def writing(self) -> sqlite3.Connection:
        """Return the connection with a transaction open. For the tables."""
        if not self._connection.in_transaction:
            if self._now is None:
                raise RuntimeError("a change outside of a transaction")
            self._connection.execute("BEGIN IMMEDIATE")
            self._wrote = True
        return self._connection

    # The whole

    @property
    def fresh(self) -> bool:
        """Whether nothing has ever been stored."""
        (count,) = self._connection.execute("SELECT count(*) FROM sqlite_sequence").fetchone()
        return bool(count == 0)

    def remembered(self, name: str) -> str | None:
        """Return a value about the whole state, such as the clock's state, or None."""
        row = self._connection.execute("SELECT value FROM meta WHERE name = ?", (name,)).fetchone()
        return None if row is None else str(row[0])

    def remember(self, name: str, value: str) -> None:
        """Store a value about the whole state."""
        # Outside of transactions, this is committed at once.
        self._connection.execute("INSERT OR REPLACE INTO meta VALUES (?, ?)", (name, value))

    def snapshot(self) -> bytes:
        """Return the whole state."""
        copy = sqlite3.connect(":memory:")
        try:
            self._connection.backup(copy)
            image = bytearray(copy.serialize())
        finally:
            copy.close()
        image[18:20] = b"\x01\x01"  # not WAL, since such an image cannot be opened in memory
        return bytes(image)

    def restore(self, image: bytes) -> None:
        """Replace the whole state by a snapshot.

        Raises:
            StateError: it is not a snapshot, or of another version.
        """
        if not image:
            raise StateError("not a snapshot: it is empty")
        copy = sqlite3.connect(":memory:")
        try:
            copy.deserialize(image)
            if copy.execute("SELECT value FROM meta WHERE name = 'format'").fetchone() != (FORMAT,):
                raise StateError("a snapshot of another version")
            copy.backup(self._connection)
        except sqlite3.Error as error:
            if state_file.unkept(error):
                raise
            raise StateError(f"not a snapshot: {error}") from error
        finally:
            copy.close()
        self._keys = self._keys._replace(values=self._stored_key())
        self._forget()
        self.renew()

    def renew(self) -> None:
        """Declare all that was derived from the state stale."""
        self.version += 1
        self.epoch += 1

    def wipe(self) -> None:
        """Delete all records, within a transaction; ids start at 1 again."""
        connection = self.writing()
        for table in self._tables:
            connection.execute(f'DELETE FROM "{table}"')  # noqa: S608 - names are our own
        self._spans.clear()
        connection.execute("DELETE FROM sqlite_sequence")
        self._forget()

    def close(self) -> None:
        """Close the store for good."""
        if self._file is None:
            self._connection.close()
        else:
            state_file.close(self._connection)

    def _prepare(self, kinds: tuple[Kind[Any], ...], seed: str | None) -> None:
        connection = self._connection
        names = {row[0] for row in connection.execute("SELECT name FROM sqlite_schema WHERE type = 'table'")}
        if names and "meta" not in names:
            raise StateError("not a state file of mock-solusio")
        connection.execute("BEGIN IMMEDIATE")
        connection.execute("CREATE TABLE IF NOT EXISTS meta (name TEXT PRIMARY KEY, value TEXT NOT NULL)")
        if not names:
            self.remember("format", FORMAT)
        elif (found := self.remembered("format")) not in {FORMAT, *UPGRADABLE}:
            raise StateError(f"a state file of format {found}; this version of mock-solusio has {FORMAT}")
        self._keys = self._prepared_keys(seed)
        self._tables = {kind.name: StoredTable(self, kind, connection) for kind in kinds}
        self._spans = SpanTable(connection, self.writing)
        connection.execute("COMMIT")
        if names and self._file is not None and self._file.stat().st_size <= DECODED:
            for table in self._tables.values():
                table.require_readable()

    def _prepared_keys(self, seed: str | None) -> keys.Keys:
        """Return the keys of the state, and remember those of a new one."""
        former = self.remembered("seed")  # of an earlier version, in clear
        if former is not None:
            self._connection.execute("PRAGMA secure_delete = ON")
            self._connection.execute("DELETE FROM meta WHERE name = 'seed'")
            self.remember("key", keys.of_seed(former).values.hex())
            seed = former if seed is None else seed
        stored = self._stored_key()
        found = keys.random() if seed is None else keys.of_seed(seed)
        if not stored:
            self.remember("key", found.values.hex())
        elif seed is None:
            known = None if self._file is None else keys.read(self._file)
            found = keys.Keys(stored, known or found.credentials)
        elif found.values != stored:
            raise StateError("this state file was created with another seed")
        if self._file is not None and keys.read(self._file) != found.credentials:
            keys.write(self._file, found.credentials)
        return found

    def _stored_key(self) -> bytes:
        return bytes.fromhex(self.remembered("key") or "")

    def _forget(self) -> None:
        for table in self._tables.values():
            table.forget()
        self._spans.forget()

    def _present(self, _: object) -> int:
        return self.version


class _Transaction:
    """The result of `Store.transaction`: a class, since a generator costs microseconds per request."""

    __slots__ = ("_store",)

    def __init__(self, store: Store) -> None:
        self._store = store

    def __enter__(self) -> Store:
        self._store.begin()
        return self._store

    def __exit__(self, kind: type[BaseException] | None, *_: object) -> None:
        self._store.end(keep=kind is None)


def _digest(key: bytes, purpose: str, number: int) -> bytes:
    return hmac.digest(key, f"{purpose} {number}".encode(), hashlib.sha256)


def _open(file: Path | None, snapshot: bytes | None) -> sqlite3.Connection:
    if file is not None:
        return state_file.connect(file)
    connection = sqlite3.connect(
        ":memory:", isolation_level=None, check_same_thread=False, cached_statements=state_file.STATEMENTS
    )
    if snapshot is not None:
        connection.deserialize(snapshot)
    return connection
