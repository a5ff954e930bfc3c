"""The SQLite file of the books: made private, and looked at before it is written."""

import os
import sqlite3
from contextlib import closing
from pathlib import Path
from typing import Final

from solusio_reference.errors import StoreError

APPLICATION: Final = 0x626F6F6B
"""The letters `book`: SQLite keeps a number for the program to which a file belongs."""
CHECKED: Final = 256 * 1024 * 1024
"""Bytes of the largest file that is searched for damage each time it is opened; a second at most."""

_MAGIC: Final = b"SQLite format 3\0"
_EARLIER: Final = {"customers", "invoice_number"}
"""Tables by which the files of versions that did not number theirs are known."""


def prepare(file: Path) -> None:
    """Create a missing file, which nobody else can read, or look at an existing one.

    Raises StoreError: the file belongs to another program, or is damaged. Then nothing was written.
    """
    try:
        # SQLite gives -wal and -shm the mode of the file.
        os.close(os.open(file, os.O_CREAT | os.O_RDWR, 0o600))
        with file.open("rb") as opened:
            header = opened.read(100)
    except OSError as error:
        raise StoreError(error.strerror or str(error)) from error
    if not header:
        return
    if not header.startswith(_MAGIC):
        raise StoreError("it is not a database")
    try:
        _look(file, application=int.from_bytes(header[68:72]))
    except sqlite3.Error as error:
        raise StoreError(f"it cannot be read: {error}; use a copy of it") from error


def _look(file: Path, *, application: int) -> None:
    # Without a -wal, the file is all there is, and SQLite need not create one to read it.
    still = "" if file.with_name(f"{file.name}-wal").exists() else "&immutable=1"
    with closing(sqlite3.connect(f"{file.resolve().as_uri()}?mode=ro{still}", uri=True)) as connection:
        if application != APPLICATION:
            tables = {name for (name,) in connection.execute("SELECT name FROM sqlite_schema")}
            if application or (tables and not tables >= _EARLIER):
                raise StoreError("it is a database of another program")
        if file.stat().st_size <= CHECKED:
            (found,) = connection.execute("PRAGMA quick_check(1)").fetchone()
            if found != "ok":
                raise StoreError(f"it is damaged: {' '.join(found.split())}; use a copy of it")
