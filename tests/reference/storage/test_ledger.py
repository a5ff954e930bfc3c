import time
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from decimal import Decimal

import pytest
from sqlalchemy import func, select, text

from solusio_reference.demo_customers import DEMO_CUSTOMERS
from solusio_reference.errors import StoreError
from solusio_reference.invoicing import LineTotals, UsageLine, make_invoice
from solusio_reference.period import Period
from solusio_reference.pricing import Currency, Customer, Discount, Tax
from solusio_reference.solusio.responses import UsagePage, UsageTotals
from solusio_reference.storage import queue, usage
from solusio_reference.storage.customers import CustomerStore
from solusio_reference.storage.database import Database
from solusio_reference.storage.ledger import Ledger
from solusio_reference.storage.tables import usage_lines
from solusio_reference.storage.usage import CHUNK, CollectionState, UsageChanged

MARCH, APRIL = Period(2026, 3), Period(2026, 4)
SECOND_PAGE = "https://solus.example/api/v1/usage?from=2026-03-01T00%3A00%3A00Z&page=2"
ANN = Customer(
    id=5,
    name="Ann",
    base_token_unit_cost=Decimal("0.0012345"),
    currency=Currency("EUR", "", " €", "\u202f", ","),
    discounts=(Discount("Loyal", "", Decimal("0.950")), Discount("Gift", "", Decimal(0))),
    taxes=(Tax("VAT", Decimal("19.0")),),
)


@pytest.fixture
def database(place):
    with Database.at(place) as opened:
        yield opened


@pytest.fixture
def ledger(database):
    return Ledger(database)


ENTRY = queue.Entry(customer_id=5, batch=0)


def line(number: int, customer: int | None = 5, tokens: int = 7, user: int = 1) -> UsageLine:
    begin = datetime(2026, 3, 1, 12, 0, 0, 1, tzinfo=UTC)
    return UsageLine(
        id=number,
        user_id=user,
        billing_user_id=customer,
        server_id=3,
        server_name="web ' ü",
        resource="server",
        resource_id=4,
        plan_id=2,
        plan_name="small",
        from_=begin,
        to=begin + timedelta(hours=1),
        hours=1,
        tokens_per_hour=7,
        tokens_per_month=5000,
        charge="hourly",
        tokens=tokens,
    )


def page(lines: list[UsageLine], following: str | None = None, before: int = 0) -> UsagePage:
    """Return a page after `before` lines of 7 tokens: the last one unless another is `following`."""
    count = len(lines) + before
    totals = UsageTotals(count, count, 7 * before + sum(one.tokens for one in lines))
    return UsagePage(tuple(lines), following, closed=True, metered_until=MARCH.end, totals=totals)


def collect(ledger: Ledger, lines: list[UsageLine], period: Period = MARCH) -> None:
    assert ledger.usage.add_page(ledger.usage.state(period), page(lines)).complete


def bill(ledger: Ledger, customer: Customer, period: Period = MARCH):
    """Store an invoice as a billing run does, with fixed totals."""
    with ledger.database.writing() as connection:
        invoice = make_invoice(
            number=ledger.next_number(connection),
            customer=customer,
            period=period,
            totals=LineTotals(lines=3, tokens=12_345, subtotal=Decimal("15.24")),
            issued_at=datetime(2026, 4, 1, 2, 3, 4, 567, tzinfo=UTC),
        )
        ledger.add(connection, invoice)
    return invoice


def collected(ledger: Ledger, period: Period = MARCH) -> list[int]:
    """Return the ids of the lines that are stored, of customers or not."""
    chosen = select(usage_lines.c.id).where(usage_lines.c.period == str(period)).order_by(usage_lines.c.id)
    with ledger.database.reading() as connection:
        return list(connection.execute(chosen).scalars())


def claim(ledger: Ledger, period: Period = MARCH) -> queue.Entry | None:
    with ledger.database.writing() as connection:
        return queue.claim(connection, period, wait=False)


def test_a_collection_starts_at_the_first_page(ledger):
    assert ledger.usage.periods() == []
    assert ledger.usage.state(MARCH) == CollectionState(
        MARCH, attempt=1, pages=0, next_page=None, complete=False
    )
    assert ledger.usage.state(MARCH) == CollectionState(MARCH)
    assert ledger.usage.periods() == [MARCH]


def test_a_page_is_stored_with_the_link_to_the_next(ledger):
    begun = ledger.usage.state(MARCH)
    after = ledger.usage.add_page(begun, page([line(1), line(2)], SECOND_PAGE))
    # Without the host: SolusIO may have another name when the run is resumed.
    there = "/api/v1/usage?from=2026-03-01T00%3A00%3A00Z&page=2"
    assert after == CollectionState(MARCH, 1, pages=1, next_page=there, lines=2, hours=2, tokens=14)
    assert ledger.usage.state(MARCH) == after
    done = ledger.usage.add_page(after, page([line(3)], before=2))
    assert done == CollectionState(
        MARCH, 1, pages=2, next_page=None, complete=True, lines=3, hours=3, tokens=21
    )
    assert ledger.usage.state(MARCH) == done
    assert list(ledger.usage.lines(MARCH, ENTRY)) == [line(1), line(2), line(3)]


def test_a_page_that_another_run_has_stored_is_not_stored_again(ledger):
    begun = ledger.usage.state(MARCH)
    after = ledger.usage.add_page(begun, page([line(1)], SECOND_PAGE))
    assert ledger.usage.add_page(begun, page([line(1)], SECOND_PAGE)) is None
    assert ledger.usage.add_page(begun, page([line(9)])) is None
    assert ledger.usage.state(MARCH) == after
    assert collected(ledger) == [1]


def test_a_page_with_a_duplicate_line_is_not_stored(ledger):
    after = ledger.usage.add_page(ledger.usage.state(MARCH), page([line(1)], SECOND_PAGE))
    with pytest.raises(UsageChanged, match="a line appeared twice") as caught:
        ledger.usage.add_page(after, page([line(2), line(1)], before=1))
    assert caught.value.state == after
    assert ledger.usage.state(MARCH) == after
    assert collected(ledger) == [1]


@pytest.mark.parametrize("wrong", [UsageTotals(2, 1, 7), UsageTotals(1, 2, 7), UsageTotals(1, 1, 8)])
def test_lines_that_do_not_add_up_are_noticed(ledger, wrong):
    begun = ledger.usage.state(MARCH)
    with pytest.raises(UsageChanged, match="got 1 lines with 1 hours and 7 tokens, but its totals"):
        ledger.usage.add_page(begun, replace(page([line(1)]), totals=wrong))
    assert ledger.usage.state(MARCH) == begun
    assert list(ledger.usage.lines(MARCH, ENTRY)) == []


def test_a_restart_discards_only_its_period(ledger):
    collect(ledger, [line(1)], APRIL)
    after = ledger.usage.add_page(ledger.usage.state(MARCH), page([line(1)], SECOND_PAGE))
    ledger.usage.restart(after)
    assert ledger.usage.state(MARCH) == CollectionState(MARCH, attempt=2)
    assert collected(ledger) == []
    assert list(ledger.usage.lines(APRIL, ENTRY)) == [line(1)]
    assert ledger.usage.periods() == [APRIL, MARCH]


def test_a_page_from_before_a_restart_is_not_stored(ledger):
    begun = ledger.usage.state(MARCH)
    ledger.usage.restart(begun)
    assert ledger.usage.add_page(begun, page([line(1)])) is None
    assert not ledger.usage.state(MARCH).complete


def test_a_complete_collection_is_never_discarded(ledger):
    collect(ledger, [line(1)])
    done = ledger.usage.state(MARCH)
    ledger.usage.restart(done)
    assert ledger.usage.add_page(done, page([line(2)], before=1)) is None
    assert ledger.usage.state(MARCH) == done
    assert list(ledger.usage.lines(MARCH, ENTRY)) == [line(1)]


def test_a_period_without_usage_is_complete_and_bills_nobody(ledger):
    collect(ledger, [])
    assert ledger.usage.state(MARCH).complete
    assert claim(ledger) is None
    assert ledger.unbilled(MARCH) == ()


def test_lines_are_read_in_chunks_without_losing_one(ledger, database):
    numbers = range(1, 2 * CHUNK + 2)
    collect(ledger, [line(number, customer=5 if number % 2 else 6) for number in numbers])
    reading = ledger.usage.lines(MARCH, ENTRY)
    assert next(reading).id == 1
    CustomerStore(database).save(ANN)  # no connection is held between chunks: others can write
    assert [one.id for one in reading] == [number for number in numbers if number % 2][1:]


def test_lines_are_counted_by_their_tokens(ledger, database):
    collect(ledger, [line(1), line(2, tokens=0), line(3), line(4, customer=6), line(5, tokens=2**40)])
    with database.reading() as connection:
        counted = list(ledger.usage.count_by_tokens(connection, MARCH, ENTRY))
    assert sorted(counted) == [(0, 1), (7, 2), (2**40, 1)]


def test_usage_has_no_customers_before_all_of_it_is_stored(ledger):
    after = ledger.usage.add_page(ledger.usage.state(MARCH), page([line(1), line(3)], SECOND_PAGE))
    assert list(ledger.usage.lines(MARCH, ENTRY)) == []
    ledger.usage.add_page(after, page([line(2)], before=2))
    assert list(ledger.usage.lines(MARCH, ENTRY)) == [line(1), line(2), line(3)]


@pytest.mark.parametrize(
    ("statement", "searches"),
    [
        (usage._LINES, ["customer_lines", "usage_lines"]),
        (usage._LINES_BY_TOKENS, ["customer_lines"]),
        (usage._BATCH_OF_LINE, ["customer_lines"]),
        (queue._OF_NOBODY, ["usage_lines"]),
        (queue._OF_UNKNOWN, ["customer_lines", "invoice_queue", "customers", "usage_lines"]),
    ],
)
def test_sqlite_reads_no_lines_but_those_it_looks_for(statement, searches):
    """Each customer's invoice would take as long as reading the whole month."""
    with Database.in_memory() as database, database.reading() as connection:
        query = str(statement.compile(database.engine))
        parameters = tuple([0] * query.count("?"))
        rows = connection.exec_driver_sql(f"EXPLAIN QUERY PLAN {query}", parameters)
        steps = [detail for *_, detail in rows if detail.startswith(("SCAN", "SEARCH"))]
    assert [step.split()[:2] for step in steps] == [["SEARCH", table] for table in searches]
    of_lines = [step for step in steps if "customer_lines" in step or "usage_lines" in step]
    assert all("AND" in step or "usage_lines_of_nobody" in step for step in of_lines), of_lines


def test_customers_are_claimed_once_they_are_known(ledger, database):
    store = CustomerStore(database)
    collect(ledger, [line(1, customer=9), line(2), line(3), line(4, customer=None)])
    assert claim(ledger) is None
    store.save(ANN)
    assert claim(ledger) == ENTRY
    store.save(replace(ANN, id=9))
    assert claim(ledger) == ENTRY
    assert claim(ledger, APRIL) is None
    bill(ledger, ANN)
    assert claim(ledger) == (9, 0)


def test_a_claimed_customer_is_skipped_or_waited_for(postgresql):
    with Database.at(postgresql) as database, ThreadPoolExecutor(1) as pool:
        ledger = Ledger(database)
        CustomerStore(database).save(ANN)
        collect(ledger, [line(1)])

        def claim_patiently() -> queue.Entry | None:
            with database.writing() as connection:
                return queue.claim(connection, MARCH, wait=True)

        waits = select(func.count()).select_from(text("pg_locks")).where(text("NOT granted"))
        with pytest.raises(ZeroDivisionError), database.writing() as connection:  # noqa: PT012
            assert queue.claim(connection, MARCH, wait=False) == ENTRY
            assert claim(ledger) is None
            other = pool.submit(claim_patiently)
            deadline = time.monotonic() + 30
            while connection.execute(waits).scalar_one() == 0:
                assert time.monotonic() < deadline
            raise ZeroDivisionError  # this invoice fails
        assert other.result(timeout=30) == ENTRY


def test_usage_of_unknown_customers_is_reported_by_user(ledger, database):
    CustomerStore(database).save(ANN)
    lines = [line(1), line(2, customer=9, user=4), line(3, customer=9, user=4, tokens=8)]
    lines += [line(4, customer=9, user=3), line(5, customer=None, user=8), line(6, customer=None, user=7)]
    collect(ledger, lines)
    expected = (
        queue.UnbilledUsage("2026-03", None, user_id=7, lines=1, tokens=7),
        queue.UnbilledUsage("2026-03", None, user_id=8, lines=1, tokens=7),
        queue.UnbilledUsage("2026-03", 9, user_id=3, lines=1, tokens=7),
        queue.UnbilledUsage("2026-03", 9, user_id=4, lines=2, tokens=15),
    )
    assert ledger.unbilled(MARCH) == expected
    assert all(type(one.tokens) is int for one in ledger.unbilled(MARCH))
    assert ledger.unbilled(APRIL) == ()
    CustomerStore(database).save(replace(ANN, id=9))
    assert ledger.unbilled(MARCH) == expected[:2]


def test_an_invoice_is_read_back_to_the_last_digit(ledger, place):
    stored = bill(ledger, replace(ANN, currency=replace(ANN.currency, decimals=3)))
    with Database.at(place) as another:
        read = Ledger(another).invoice(stored.number)
    assert read == stored
    assert [str(one.rate) for one in read.adjustments] == ["0.950", "0", "19.0"]
    assert [str(one.amount) for one in read.adjustments] == ["-0.762", "-14.478", "0.000"]
    assert str(read.total) == "0.000"
    assert ledger.invoice(stored.number + 1) is None


def test_an_invoice_does_not_change_with_its_customer(ledger, database):
    store = CustomerStore(database)
    store.save(ANN)
    stored = bill(ledger, ANN)
    store.save(replace(ANN, base_token_unit_cost=Decimal(1), currency=Currency("JPY"), discounts=()))
    assert list(ledger.invoices()) == [stored]


def test_invoices_are_selected_by_period_and_customer(ledger):
    one, two = bill(ledger, ANN), bill(ledger, replace(ANN, id=6))
    three = bill(ledger, ANN, APRIL)
    assert list(ledger.invoices()) == [one, two, three]
    assert list(ledger.invoices(MARCH)) == [one, two]
    assert list(ledger.invoices(customer_id=5)) == [one, three]
    assert list(ledger.invoices(APRIL, 5)) == [three]
    assert list(ledger.invoices(APRIL, 6)) == []
    assert [ledger.count(MARCH), ledger.count(APRIL), ledger.count(Period(2026, 5))] == [2, 1, 0]


def test_invoices_are_read_in_chunks_without_losing_one(ledger, monkeypatch):
    monkeypatch.setattr("solusio_reference.storage.ledger.CHUNK", 2)
    stored = [bill(ledger, replace(ANN, id=number)) for number in range(1, 6)]
    assert list(ledger.invoices(MARCH)) == stored
    assert list(ledger.invoices(MARCH, offset=3)) == stored[3:]
    assert list(ledger.invoices(MARCH, offset=5)) == []


def test_a_failure_leaves_no_gap_in_the_numbers(ledger):
    first = bill(ledger, ANN)
    with pytest.raises(StoreError):
        bill(ledger, ANN)  # a second invoice for the same customer and period
    second = bill(ledger, replace(ANN, id=6))
    assert (first.number, second.number) == (1, 2)
    assert list(ledger.invoices()) == [first, second]


def test_the_lines_of_an_invoice_are_those_of_its_customer_and_period(ledger):
    collect(ledger, [line(1), line(2, customer=6), line(3)])
    collect(ledger, [line(1, tokens=9)], APRIL)
    assert list(ledger.lines(bill(ledger, ANN))) == [line(1), line(3)]
    assert list(ledger.lines(bill(ledger, ANN, APRIL))) == [line(1, tokens=9)]


def test_a_ledger_in_memory_can_be_used_while_it_is_read():
    with Database.in_memory() as database:
        store, ledger = CustomerStore(database), Ledger(database)
        store.save(*DEMO_CUSTOMERS)
        collect(ledger, [line(1)])
        stored = bill(ledger, ANN)
        # Others can be used while the invoices are being read.
        for read in ledger.invoices():
            assert (read, store.get(1), list(ledger.lines(read))) == (stored, DEMO_CUSTOMERS[0], [line(1)])


def test_lines_of_unknown_customers_are_kept(ledger, database):
    collect(ledger, [line(1, customer=None), line(2, customer=77)])
    with database.reading() as connection:
        kept = connection.execute(select(usage_lines.c.billing_user_id).order_by(usage_lines.c.id)).all()
    assert kept == [(None,), (77,)]
