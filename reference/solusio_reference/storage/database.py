"""The database: SQLite in memory or in a file, PostgreSQL by URL; transactions and errors."""

import threading
from collections.abc import Iterator
from contextlib import contextmanager, nullcontext
from decimal import InvalidOperation
from pathlib import Path
from typing import Any, Self

from sqlalchemy import URL, Connection, Engine, create_engine, delete, event, func, inspect, make_url, select
from sqlalchemy.exc import ArgumentError, NoSuchModuleError, SQLAlchemyError
from sqlalchemy.pool import StaticPool
from sqlalchemy.schema import CreateColumn

from solusio_reference.errors import StoreError
from solusio_reference.storage import sqlite_file
from solusio_reference.storage.tables import invoice_number, metadata

BUSY_SECONDS = 60
"""How long a writer waits for another: SQLite allows one at a time."""

_TABLES_LOCK = 5_017_516
"""Key of a PostgreSQL lock: any number that nobody else uses."""

MISSING_EXTRA = (
    "PostgreSQL needs the extra `postgresql`, which is not installed. Add it in a clone of mock-solusio with "
    'pip install ".[postgresql]" (or uv tool install ".[postgresql]", pipx install --force ".[postgresql]")'
)


class Database:
    """One database, with all its tables; missing ones are created. Every method raises StoreError.

    Nothing is cached: a read always returns what the database holds now, even if another program wrote it.
    """

    def __init__(self, engine: Engine) -> None:
        self.engine = engine
        # All threads share the one connection of a memory database, so only one may use it at a time.
        shared = isinstance(engine.pool, StaticPool)
        self._lock = threading.RLock() if shared else nullcontext()
        if engine.dialect.name == "sqlite":
            _prepare_sqlite(engine)
        try:
            self._create_tables()
        except StoreError:
            self.close()
            raise

    @classmethod
    def in_memory(cls) -> Self:
        """Open an empty database in memory."""
        # One connection for all threads, since each connection has a memory database of its own.
        connect_args = {"check_same_thread": False}
        return cls(create_engine("sqlite://", poolclass=StaticPool, connect_args=connect_args))

    @classmethod
    def at(cls, place: str) -> Self:
        """Open a database by URL, such as ``postgresql://user@host/name``, or an SQLite file by its path."""
        if "://" not in place:
            return cls._in_file(place)
        try:
            url = make_url(place)
            if url.get_backend_name() == "postgresql" and "+" not in url.drivername:
                url = url.set(drivername="postgresql+psycopg")
            if url.get_backend_name() == "sqlite":
                return cls._in_file(url.database) if url.database else cls.in_memory()
            if url.get_backend_name() != "postgresql":
                raise StoreError("only PostgreSQL and SQLite are supported; try postgresql://user@host/name")
            engine = create_engine(url, pool_pre_ping=True)
        except (ArgumentError, NoSuchModuleError, ValueError):
            # The text of the error would show the URL with its password.
            raise StoreError("this is not a database URL; try postgresql://user@host/name") from None
        except ModuleNotFoundError:
            raise StoreError(MISSING_EXTRA) from None
        return cls(engine)

    @classmethod
    def _in_file(cls, path: str) -> Self:
        sqlite_file.prepare(Path(path))
        url = URL.create("sqlite", database=path)
        return cls(create_engine(url, connect_args={"timeout": BUSY_SECONDS}))

    def _create_tables(self) -> None:
        with self.writing() as connection:
            if connection.dialect.name == "postgresql":
                # Otherwise two programs that start together both find a table missing and both create it.
                connection.execute(select(func.pg_advisory_xact_lock(_TABLES_LOCK)))
            elif connection.exec_driver_sql("PRAGMA application_id").scalar() != sqlite_file.APPLICATION:
                connection.exec_driver_sql(f"PRAGMA application_id = {sqlite_file.APPLICATION}")
            metadata.create_all(connection)
            _add_columns(connection)

    def empty(self) -> None:
        """Delete all but the last invoice number, which the next invoice continues."""
        with self.writing() as connection:
            for table in reversed(metadata.sorted_tables):
                if table is not invoice_number:
                    connection.execute(delete(table))

    def close(self) -> None:
        """Close the connections."""
        self.engine.dispose()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *exc_info: object) -> None:
        self.close()

    @contextmanager
    def reading(self) -> Iterator[Connection]:
        """Read. On PostgreSQL, two reads in one block may see different states of the database."""
        with _store_errors(), self._lock, self.engine.connect() as connection:
            yield connection

    @contextmanager
    def writing(self) -> Iterator[Connection]:
        """Write in one transaction: everything, or nothing if the block raises."""
        with (
            _store_errors(),
            self._lock,
            self.engine.connect().execution_options(writes=True) as connection,
            connection.begin(),
        ):
            yield connection


def _add_columns(connection: Connection) -> None:
    """Add the columns that an earlier version did not have.

    Raises StoreError if one has no default, and for columns that this version does not know.
    """
    found = inspect(connection).get_multi_columns(filter_names=list(metadata.tables))
    for (_, name), columns in found.items():
        present = {one["name"] for one in columns}
        missing = [column for column in metadata.tables[name].columns if column.name not in present]
        lacking = ", ".join(sorted(column.name for column in missing if column.server_default is None))
        if lacking:
            raise StoreError(f"its table {name} is of another version of mock-solusio: it lacks {lacking}")
        known = {column.name for column in metadata.tables[name].columns}
        if unknown := ", ".join(sorted(present - known)):
            raise StoreError(f"its table {name} is of another version of mock-solusio: it has {unknown}")
        for column in missing:
            definition = CreateColumn(column).compile(dialect=connection.dialect)
            connection.exec_driver_sql(f"ALTER TABLE {name} ADD COLUMN {definition}")


def _prepare_sqlite(engine: Engine) -> None:
    @event.listens_for(engine, "connect")
    def on_connect(connection: Any, _record: Any) -> None:
        # We begin transactions ourselves: Python's module would begin one only at the first change.
        connection.isolation_level = None
        connection.execute("PRAGMA foreign_keys = ON")
        connection.execute("PRAGMA journal_mode = WAL")  # readers and the writer do not wait for each other

    @event.listens_for(engine, "begin")
    def on_begin(connection: Connection) -> None:
        # A writer takes the lock at the start: two readers that both want to write later would deadlock.
        writes = connection.get_execution_options().get("writes", False)
        connection.exec_driver_sql("BEGIN IMMEDIATE" if writes else "BEGIN")


@contextmanager
def _store_errors() -> Iterator[None]:
    """Turn errors of the database into StoreError, whose messages fit a terminal and show no parameters."""
    try:
        yield
    except SQLAlchemyError as error:
        reason = str(getattr(error, "orig", None) or error).strip()
        raise StoreError(reason) from error
    except (ValueError, TypeError, InvalidOperation, OverflowError) as error:  # another program's row
        raise StoreError(f"it holds something that is not valid: {error}") from error
