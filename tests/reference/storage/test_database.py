import sqlite3
import subprocess
import sys
from contextlib import closing
from dataclasses import replace
from datetime import UTC, datetime, timedelta, timezone
from decimal import Decimal

import pytest
from sqlalchemy import insert, select, text

from solusio_reference.demo_customers import DEMO_CUSTOMERS
from solusio_reference.errors import StoreError
from solusio_reference.pricing import Currency
from solusio_reference.storage import sqlite_file
from solusio_reference.storage.customers import CustomerStore, seed_demo
from solusio_reference.storage.database import Database
from solusio_reference.storage.tables import ExactDecimal, UtcDateTime, invoice_number, invoice_queue

OPEN = """
import sys
from contextlib import closing
from solusio_reference.storage.database import Database
sys.stdin.read()
Database.at(sys.argv[1]).close()
"""


def test_customers_are_the_same_on_every_database(place):
    with CustomerStore(Database.at(place)) as store:
        seed_demo(store)
        seed_demo(store)
    with CustomerStore(Database.at(place)) as store:
        assert store.all() == list(DEMO_CUSTOMERS)


def test_a_transaction_that_raises_changes_nothing(place):
    with Database.at(place) as database:
        with pytest.raises(ZeroDivisionError), database.writing() as connection:  # noqa: PT012
            connection.execute(insert(invoice_queue).values(period="2026-03", customer_id=1, batch=0))
            raise ZeroDivisionError
        with database.reading() as connection:
            assert connection.execute(select(invoice_queue)).all() == []


def test_a_store_error_shows_no_parameters(place):
    with Database.at(place) as database:
        with pytest.raises(StoreError) as caught, database.writing() as connection:
            connection.execute(insert(invoice_queue).values(period="secret", customer_id=None, batch=0))
        assert "customer_id" in str(caught.value)
        assert "INSERT" not in str(caught.value)


def test_a_number_too_large_for_the_database_is_a_store_error(place):
    with (
        Database.at(place) as database,
        pytest.raises(StoreError),
        database.writing() as connection,
    ):
        connection.execute(insert(invoice_queue).values(period="2026-03", customer_id=10**19, batch=0))


def test_decimals_and_times_are_read_back_unchanged():
    east = timezone(timedelta(hours=9))
    stored = UtcDateTime().process_bind_param(datetime(2026, 4, 1, 8, 30, tzinfo=east), None)
    assert stored == "2026-03-31T23:30:00.000000+00:00"
    assert UtcDateTime().process_result_value(stored, None) == datetime(2026, 3, 31, 23, 30, tzinfo=UTC)
    assert ExactDecimal().process_bind_param(Decimal("0.10"), None) == "0.10"


def test_opening_a_database_again_does_not_reset_the_invoice_number(place):
    for _ in range(2):
        Database.at(place).close()
    with Database.at(place) as database, database.reading() as connection:
        assert connection.execute(select(invoice_number.c.last)).all() == [(0,)]


def test_programs_that_start_together_create_the_tables_once(place):
    starting = [
        subprocess.Popen([sys.executable, "-c", OPEN, place], stdin=subprocess.PIPE, stderr=subprocess.PIPE)
        for _ in range(4)
    ]
    for process in starting:
        process.stdin.close()  # go
    said = [process.stderr.read() for process in starting]
    for process in starting:
        process.stderr.close()
        process.wait(timeout=60)
    assert said == [b""] * 4
    with Database.at(place) as database, database.reading() as connection:
        assert connection.execute(select(invoice_number.c.last)).all() == [(0,)]


def test_currencies_of_an_earlier_version_have_the_decimals_of_iso_4217(place):
    with CustomerStore(Database.at(place)) as store:
        seed_demo(store)
        with store.database.writing() as connection:
            for table in ("customers", "invoices"):
                connection.execute(text(f"ALTER TABLE {table} DROP COLUMN decimals"))
    with CustomerStore(Database.at(place)) as store:
        assert store.all() == list(DEMO_CUSTOMERS)
        hungarian = replace(DEMO_CUSTOMERS[0], currency=Currency("HUF", decimals=0))
        store.save(hungarian)
        assert store.get(1) == hungarian


def test_a_database_of_another_version_is_refused(place):
    with Database.at(place) as database, database.writing() as connection:
        connection.execute(text("ALTER TABLE invoice_queue RENAME COLUMN batch TO lot"))
    with pytest.raises(StoreError, match=r"its table invoice_queue is of another version .* it lacks batch$"):
        Database.at(place)


def test_a_column_of_another_version_is_refused(place):
    with Database.at(place) as database, database.writing() as connection:
        connection.execute(text("ALTER TABLE usage_lines ADD COLUMN batch INTEGER"))
    with pytest.raises(StoreError, match=r"its table usage_lines is of another version .* it has batch$"):
        Database.at(place)


@pytest.mark.parametrize(
    "place",
    [
        "mysql://u:secret@h/name",
        "nonsense://u:secret@h",
        "postgresql://u:secret@127.0.0.1:1/x",
        "://u:secret@h",
    ],
)
def test_an_unusable_url_is_refused_without_being_shown(place):
    with pytest.raises(StoreError) as caught:
        Database.at(place)
    assert "secret" not in str(caught.value)


def test_another_kind_of_database_is_not_supported():
    with pytest.raises(StoreError, match=r"^only PostgreSQL and SQLite are supported; try postgresql://"):
        Database.at("mysql://u:secret@h/name")


# SQLite files


def test_books_are_private(tmp_path):
    file = tmp_path / "books.db"
    with Database.at(str(file)) as database, database.reading():
        modes = {path.name: path.stat().st_mode & 0o777 for path in tmp_path.iterdir()}
    assert modes == {"books.db": 0o600, "books.db-wal": 0o600, "books.db-shm": 0o600}


@pytest.mark.parametrize(
    "script",
    [
        "CREATE TABLE songs (id)",
        "CREATE TABLE customers (id)",
        "PRAGMA application_id = 5; CREATE TABLE customers (id); CREATE TABLE invoice_number (last)",
    ],
)
def test_a_database_of_another_program_is_never_written(tmp_path, script):
    file = tmp_path / "other.db"
    with closing(sqlite3.connect(file)) as connection:
        connection.executescript(script)
    before = file.read_bytes()
    with pytest.raises(StoreError, match="it is a database of another program"):
        Database.at(str(file))
    assert {path.name: path.read_bytes() for path in tmp_path.iterdir()} == {"other.db": before}


def test_books_of_an_earlier_version_are_opened(tmp_path):
    file = tmp_path / "books.db"
    Database.at(str(file)).close()
    with closing(sqlite3.connect(file)) as connection:
        connection.execute("PRAGMA application_id = 0")
    Database.at(str(file)).close()
    with closing(sqlite3.connect(file)) as connection:
        assert connection.execute("PRAGMA application_id").fetchone() == (sqlite_file.APPLICATION,)


def test_damage_is_found_when_the_books_are_opened(tmp_path):
    file = tmp_path / "books.db"
    Database.at(str(file)).close()
    data = bytearray(file.read_bytes())
    data[8192:10192] = b"\xff" * 2000
    file.write_bytes(data)
    with pytest.raises(StoreError, match="use a copy of it"):
        Database.at(str(file))
