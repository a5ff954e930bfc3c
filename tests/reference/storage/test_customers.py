import sqlite3
import threading
from contextlib import closing
from dataclasses import replace
from decimal import Decimal

import pytest

from solusio_reference.demo_customers import DEMO_CUSTOMERS
from solusio_reference.errors import StoreError
from solusio_reference.pricing import Currency, Customer, Discount, Tax
from solusio_reference.storage.customers import CustomerStore, seed_demo
from solusio_reference.storage.database import Database

# Values that a column of floats or rounded numbers, or an unordered table, would change.
AWKWARD = Customer(
    id=10**18 - 1,
    name="Zoë ' \" ; --",
    base_token_unit_cost=Decimal("0.123456789012345678"),
    currency=Currency("EUR", "", " €", "\u202f", ",", decimals=4),
    discounts=(
        Discount("z", "first", Decimal("0.10")),
        Discount("a", "second", Decimal("0.999999999999999999")),
    ),
    taxes=(Tax("z", Decimal("8.10")), Tax("a", Decimal(0))),
    taxes_compound=True,
)


@pytest.fixture(params=["memory", "file"])
def store(request, tmp_path):
    place = "sqlite://" if request.param == "memory" else str(tmp_path / "customers.db")
    with CustomerStore(Database.at(place)) as opened:
        yield opened


def test_a_new_store_is_empty(store):
    assert store.all() == []
    assert store.get(1) is None


def test_customers_are_read_back_to_the_last_digit(store):
    store.save(AWKWARD)
    loaded = store.get(AWKWARD.id)
    assert loaded == AWKWARD
    # Decimals compare by value; 0.10 must also keep its last digit.
    assert str(loaded.discounts[0].multiplier) == "0.10"


def test_saving_again_replaces_the_customer_and_nobody_else(store):
    seed_demo(store)
    changed = replace(DEMO_CUSTOMERS[0], base_token_unit_cost=Decimal(2), discounts=(), taxes=())
    store.save(changed)
    assert store.get(1) == changed
    assert store.all() == [changed, *DEMO_CUSTOMERS[1:]]


def test_customers_are_ordered_by_id(store):
    store.save(*(replace(AWKWARD, id=number) for number in (30, 4, 100)))
    assert [customer.id for customer in store.all()] == [4, 30, 100]


def test_the_demo_customers_are_the_same_each_time(store):
    seed_demo(store)
    seed_demo(store)
    assert store.all() == list(DEMO_CUSTOMERS)
    assert [customer.id for customer in DEMO_CUSTOMERS] == list(range(1, 11))


def test_a_store_can_be_used_from_another_thread(store):
    seed_demo(store)
    seen = []
    thread = threading.Thread(target=lambda: seen.append(store.get(2)))
    thread.start()
    thread.join()
    assert seen == [DEMO_CUSTOMERS[1]]


def test_a_file_keeps_the_customers(tmp_path):
    with CustomerStore(Database.at(str(tmp_path / "customers.db"))) as store:
        store.save(AWKWARD)
    with CustomerStore(Database.at(str(tmp_path / "customers.db"))) as store:
        assert store.all() == [AWKWARD]


def test_a_change_by_another_connection_is_seen_at_once(tmp_path):
    path = tmp_path / "customers.db"
    with CustomerStore(Database.at(str(path))) as reader, CustomerStore(Database.at(str(path))) as writer:
        seed_demo(writer)
        assert reader.get(1) == DEMO_CUSTOMERS[0]
        changed = replace(DEMO_CUSTOMERS[0], base_token_unit_cost=Decimal(2))
        writer.save(changed)
        assert reader.get(1) == changed


def test_decimals_are_text_in_the_file(tmp_path):
    path = tmp_path / "customers.db"
    with CustomerStore(Database.at(str(path))) as store:
        store.save(AWKWARD)
    with closing(sqlite3.connect(path)) as database:
        [row] = database.execute("SELECT base_token_unit_cost FROM customers")
    assert row == ("0.123456789012345678",)


def test_a_failed_save_saves_nothing(store):
    broken = replace(DEMO_CUSTOMERS[1], name=None)  # the column is NOT NULL
    with pytest.raises(StoreError, match="NOT NULL"):
        store.save(DEMO_CUSTOMERS[0], broken)
    assert store.all() == []


def test_a_file_that_is_not_a_database_is_a_clear_error(tmp_path):
    path = tmp_path / "notes.txt"
    path.write_text("not a database, but long enough to be read as one" * 20)
    with pytest.raises(StoreError, match=r"^it is not a database$"):
        CustomerStore(Database.at(str(path)))


def test_a_missing_directory_is_a_clear_error(tmp_path):
    with pytest.raises(StoreError, match=r"^No such file or directory$"):
        CustomerStore(Database.at(str(tmp_path / "missing" / "customers.db")))


@pytest.mark.parametrize(
    "damage",
    [
        "UPDATE customers SET base_token_unit_cost = 'much' WHERE id = 1",
        "UPDATE customers SET base_token_unit_cost = x'00' WHERE id = 1",
        "UPDATE customers SET base_token_unit_cost = '-1' WHERE id = 1",
        "UPDATE customers SET currency_code = 'ZZZ' WHERE id = 1",
        "UPDATE discounts SET multiplier = 'NaN' WHERE customer_id = 1",
        "UPDATE taxes SET rate = '-6' WHERE customer_id = 1",
    ],
)
def test_a_damaged_row_is_an_error_and_not_a_price(tmp_path, damage):
    path = tmp_path / "customers.db"
    with CustomerStore(Database.at(str(path))) as store:
        seed_demo(store)
        with closing(sqlite3.connect(path)) as database, database:
            database.execute(damage)
        with pytest.raises(StoreError, match="holds something that is not valid"):
            store.get(1)
        assert store.get(2) == DEMO_CUSTOMERS[1]
