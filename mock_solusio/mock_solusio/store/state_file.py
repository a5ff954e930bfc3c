"""The file of a state: made private, looked at before it is written, and marked while it is open.

Its header (https://www.sqlite.org/fileformat2.html) says whose it is and whether it was closed: the
application id is `APPLICATION`, and the user version `OPEN` or `CLOSED`. Both are on disk before the first
change, in the file and not in its `-wal`. So a file whose `-wal` was left behind by a copy is recognised.
"""

import os
import sqlite3
from contextlib import closing
from pathlib import Path
from typing import Final, NamedTuple

from mock_solusio.store.table import StateError

APPLICATION: Final = 0x6D6F736F
"""The letters `moso`: SQLite keeps a number for the program to which a file belongs."""
CLOSED: Final = 1
OPEN: Final = 2

ADVICE: Final = "Use a copy that was made while the mock was stopped, or delete it to start from scratch"
"""What to do about a file that cannot be used as it is."""

STATEMENTS: Final = 500
"""How many prepared statements a connection keeps; a mock uses more than Python's default of 128."""

_MAGIC: Final = b"SQLite format 3\0"
_HEADER: Final = 100
_UNKEPT: Final = frozenset({sqlite3.SQLITE_FULL, sqlite3.SQLITE_IOERR})


class Header(NamedTuple):
    """What the header of an SQLite file says."""

    application: int
    version: int


def header(file: Path) -> Header | None:
    """Return the header of an SQLite file; None if there is no file, or an empty one.

    Raises:
        StateError: it cannot be read, or is another kind of file.
    """
    try:
        with file.open("rb") as opened:
            data = opened.read(_HEADER)
    except FileNotFoundError:
        return None
    except OSError as error:
        raise StateError(f"cannot use {file}: {error.strerror}") from error
    if not data:
        return None
    if len(data) < _HEADER or not data.startswith(_MAGIC):
        raise StateError(f"{file} is not a database")
    return Header(int.from_bytes(data[68:72]), int.from_bytes(data[60:64]))


def connect(file: Path) -> sqlite3.Connection:
    """Open a state file for the only process that uses it, and mark it as open; create a missing one.

    Raises:
        StateError: it is a file of another program, in use, damaged, or was copied without its `-wal`.
    """
    found = header(file)
    if found is None:
        _create(file)
    else:
        _require_ours(file, found)
    try:
        connection = sqlite3.connect(
            file, isolation_level=None, check_same_thread=False, timeout=1, cached_statements=STATEMENTS
        )
    except sqlite3.Error as error:
        raise StateError(f"cannot use {file}: {error}") from error
    try:
        # No other process may write, since cached records would become wrong.
        connection.execute("PRAGMA locking_mode = EXCLUSIVE")
        if found is None:
            # First of all: a file without it belongs to another program, even if we were killed right here.
            connection.execute(f"PRAGMA application_id = {APPLICATION}")
        connection.execute("PRAGMA journal_mode = WAL")
        connection.execute("PRAGMA synchronous = NORMAL")
        if found is not None:
            _require_whole(file, connection)
        _mark(connection, OPEN)
    except sqlite3.Error as error:
        connection.close()
        reason = "another process uses it" if "locked" in str(error) else f"{error}. {ADVICE}"
        raise StateError(f"cannot use {file}: {reason}") from error
    except BaseException:
        connection.close()
        raise
    return connection


def close(connection: sqlite3.Connection) -> None:
    """Write everything into the file itself, mark it as closed, and close it."""
    try:
        if connection.in_transaction:
            connection.execute("ROLLBACK")
        _mark(connection, CLOSED)
    except sqlite3.Error:
        pass  # a full disk: the file stays marked as open, and its -wal stays beside it
    finally:
        connection.close()


def require_closed(file: Path) -> None:
    """Refuse a state file that is in use or was not closed, for those who only read it and create nothing.

    Raises:
        StateError: it is; or it is a file of another program.
    """
    found = header(file)
    if found is None:
        raise StateError(f"{file} is empty")
    _require_ours(file, found)
    if found.version == OPEN or _wal(file).exists():
        raise StateError(
            f"{file} is in use, or was not closed: stop the mock that uses it, or start one with it once"
        )


def read_only(file: Path) -> sqlite3.Connection:
    """Open an SQLite file that nobody writes to, without creating anything beside it."""
    return sqlite3.connect(f"{file.resolve().as_uri()}?mode=ro&immutable=1", uri=True)


def unkept(error: BaseException) -> str:
    """Return why a change could not be kept, if the disk is full or fails; otherwise an empty text."""
    code = getattr(error, "sqlite_errorcode", None)
    return str(error) if code is not None and code & 0xFF in _UNKEPT else ""


def _create(file: Path) -> None:
    # SQLite gives -wal and -shm the mode of the file.
    try:
        os.close(os.open(file, os.O_CREAT | os.O_RDWR, 0o600))
    except OSError as error:
        raise StateError(f"cannot use {file}: {error.strerror}") from error


def _require_ours(file: Path, found: Header) -> None:
    if found.application == APPLICATION:
        if found.version == OPEN and not _wal(file).exists():
            raise StateError(
                f"{file} was not closed, and {_wal(file).name}, which has what was written last, is missing: "
                f"copy both. {ADVICE}"
            )
        return
    if found.application == 0 and _is_of_an_earlier_version(file):
        return
    raise StateError(f"{file} is not a state file of mock-solusio, but a database of another program")


def _is_of_an_earlier_version(file: Path) -> bool:
    """Whether a file without our mark has the table `meta` of the versions before it."""
    try:
        with closing(read_only(file)) as connection:
            row = connection.execute("SELECT value FROM meta WHERE name = 'format'").fetchone()
    except sqlite3.Error:
        return False
    return row is not None


def _require_whole(file: Path, connection: sqlite3.Connection) -> None:
    (found,) = connection.execute("PRAGMA quick_check(1)").fetchone()
    if found != "ok":
        problem = " ".join(found.removeprefix("*** in database main ***").split())
        raise StateError(f"{file} is damaged: {problem}. {ADVICE}")


def _mark(connection: sqlite3.Connection, version: int) -> None:
    connection.execute(f"PRAGMA application_id = {APPLICATION}")
    connection.execute(f"PRAGMA user_version = {version}")
    connection.execute("PRAGMA wal_checkpoint(TRUNCATE)")


def _wal(file: Path) -> Path:
    return file.with_name(f"{file.name}-wal")
