"""The database: SQLite in memory or in a file, PostgreSQL by URL; connections and their errors."""

import threading
from collections.abc import Iterator
from contextlib import contextmanager, nullcontext
from datetime import UTC, datetime
from decimal import Decimal, InvalidOperation
from pathlib import Path
from typing import Any, Self

from sqlalchemy import (
    URL,
    Connection,
    Dialect,
    Engine,
    MetaData,
    String,
    create_engine,
    event,
    func,
    make_url,
    select,
)
from sqlalchemy.exc import ArgumentError, NoSuchModuleError, SQLAlchemyError
from sqlalchemy.pool import StaticPool
from sqlalchemy.types import TypeDecorator

from solusio_reference.errors import StoreError

BUSY_SECONDS = 60
"""How long a writer waits for the one before it: SQLite has one at a time."""

_MAKING_TABLES = 5_017_516
"""Any number, as long as nobody else locks it."""

metadata = MetaData()
"""All tables; each module that keeps something adds its own."""


class ExactDecimal(TypeDecorator[Decimal]):
    """A decimal kept as text. SQLite has no decimal type: it would make a float of 0.95."""

    impl = String
    cache_ok = True

    def process_bind_param(self, value: Decimal | None, dialect: Dialect) -> str | None:  # noqa: ARG002
        """Write the digits as they are."""
        return None if value is None else str(value)

    def process_result_value(self, value: str | None, dialect: Dialect) -> Decimal | None:  # noqa: ARG002
        """Read them back, every one."""
        return None if value is None else Decimal(value)


class UtcDateTime(TypeDecorator[datetime]):
    """A moment kept as text in UTC: SQLite has no type for it, and such texts sort as moments do."""

    impl = String
    cache_ok = True

    def process_bind_param(self, value: datetime | None, dialect: Dialect) -> str | None:  # noqa: ARG002
        """Write it to the microsecond, such as 2026-03-31T22:00:00.000000+00:00."""
        return None if value is None else value.astimezone(UTC).isoformat(timespec="microseconds")

    def process_result_value(self, value: str | None, dialect: Dialect) -> datetime | None:  # noqa: ARG002
        """Read it back."""
        return None if value is None else datetime.fromisoformat(value)


class Database:
    """Connections to one database. Everything raises StoreError on trouble.

    Nothing is cached: what is read is what the database says now, whoever wrote it.
    """

    def __init__(self, engine: Engine) -> None:
        self.engine = engine
        # A memory database has one connection for all threads, so that one of them uses it at a time.
        shared = isinstance(engine.pool, StaticPool)
        self._alone = threading.RLock() if shared else nullcontext()
        if engine.dialect.name == "sqlite":
            _prepare_sqlite(engine)

    @classmethod
    def in_memory(cls) -> Self:
        """Open an empty database that is gone when it is closed."""
        # One connection for all threads, since each connection has a memory database of its own.
        connect_args = {"check_same_thread": False}
        return cls(create_engine("sqlite://", poolclass=StaticPool, connect_args=connect_args))

    @classmethod
    def in_file(cls, path: Path) -> Self:
        """Open an SQLite file, which is made if there is none."""
        return cls(_file_engine(path))

    @classmethod
    def at(cls, place: str) -> Self:
        """Open a database by URL, such as ``postgresql://user@host/name``, or an SQLite file by its path."""
        if "://" not in place:
            return cls.in_file(Path(place))
        try:
            url = make_url(place)
            if url.get_backend_name() == "postgresql" and "+" not in url.drivername:
                url = url.set(drivername="postgresql+psycopg")
            if url.get_backend_name() == "sqlite":
                return cls.in_file(Path(url.database)) if url.database else cls.in_memory()
            if url.get_backend_name() != "postgresql":
                raise StoreError("only PostgreSQL and SQLite will do; try postgresql://user@host/name")
            return cls(create_engine(url, pool_pre_ping=True))
        except (ArgumentError, NoSuchModuleError, ValueError):
            # The text of the error would show the URL, and so a password.
            raise StoreError("it is no URL of a database; try postgresql://user@host/name") from None
        except ModuleNotFoundError as error:
            raise StoreError(
                f"this needs the Python module {error.name}: pip install 'mock-solusio[postgresql]'"
            ) from None

    def create_tables(self) -> None:
        """Make the tables that are missing; whoever has added tables to ``metadata`` calls this."""
        with self.writing() as connection:
            if connection.dialect.name == "postgresql":
                # Two programs that start at once would both find a table missing, and both make it.
                connection.execute(select(func.pg_advisory_xact_lock(_MAKING_TABLES)))
            metadata.create_all(connection)

    def close(self) -> None:
        """Give the connections back."""
        self.engine.dispose()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *exc_info: object) -> None:
        self.close()

    @contextmanager
    def reading(self) -> Iterator[Connection]:
        """Read; what is read within one block may be of different moments."""
        with clear_errors(), self._alone, self.engine.connect() as connection:
            yield connection

    @contextmanager
    def writing(self) -> Iterator[Connection]:
        """Write in one transaction: all of it, or nothing if the block raises."""
        with (
            clear_errors(),
            self._alone,
            self.engine.connect().execution_options(writes=True) as connection,
            connection.begin(),
        ):
            yield connection


def _file_engine(path: Path) -> Engine:
    url = URL.create("sqlite", database=str(path))
    return create_engine(url, connect_args={"timeout": BUSY_SECONDS})


def _prepare_sqlite(engine: Engine) -> None:
    @event.listens_for(engine, "connect")
    def connected(connection: Any, _record: Any) -> None:
        # The transactions are ours: Python's module would begin one only at the first change.
        connection.isolation_level = None
        connection.execute("PRAGMA foreign_keys = ON")
        connection.execute("PRAGMA journal_mode = WAL")  # readers and the writer do not wait for each other

    @event.listens_for(engine, "begin")
    def begun(connection: Connection) -> None:
        # Who will write says so at the beginning: two readers who both want to write later would be stuck.
        writes = connection.get_execution_options().get("writes", False)
        connection.exec_driver_sql("BEGIN IMMEDIATE" if writes else "BEGIN")


@contextmanager
def clear_errors() -> Iterator[None]:
    """Turn the database's errors into StoreError, whose texts fit a terminal and show no parameters."""
    try:
        yield
    except SQLAlchemyError as error:
        reason = str(getattr(error, "orig", None) or error).strip()
        raise StoreError(reason) from error
    except (
        ValueError,
        TypeError,
        InvalidOperation,
        OverflowError,
    ) as error:  # a row that somebody else wrote
        raise StoreError(f"it holds something that is not valid: {error}") from error
