import json
import threading
import tracemalloc
from collections import Counter
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import replace
from decimal import Decimal
from types import SimpleNamespace

import pytest

from mock_solusio.clock import Clock
from mock_solusio.moment import parse_moment
from mock_solusio.options import Options
from mock_solusio.testing import started
from solusio_reference import billing_run
from solusio_reference.billing_run import BillingRunError, RunResult, bill
from solusio_reference.invoicing import UsageLine
from solusio_reference.period import Period
from solusio_reference.pricing import Currency, Customer
from solusio_reference.solusio.client import SolusioClient
from solusio_reference.solusio.responses import UsagePage, UsageTotals
from solusio_reference.storage.customers import CustomerStore
from solusio_reference.storage.database import Database
from solusio_reference.storage.ledger import Ledger
from solusio_reference.storage.queue import UnbilledUsage

FEBRUARY, MARCH, APRIL = Period(2026, 2), Period(2026, 3), Period(2026, 4)
ANN = Customer(id=5, name="Ann", base_token_unit_cost=Decimal("0.001"), currency=Currency("USD"))


class BillingService:
    """The parts of the reference that bill, with a SolusIO that serves only usage."""

    def __init__(self, database: Database, url: str) -> None:
        self.store = CustomerStore(database)
        self.ledger = Ledger(database)
        self.solusio = SolusioClient(url, "access-token", sleep=lambda _seconds: None)

    def know(self, *ids: int) -> None:
        self.store.save(*(replace(ANN, id=number) for number in ids))

    def bill(self, period: Period = MARCH, *, workers: int = 1) -> RunResult:
        return bill(period, self.solusio, self.store, self.ledger, workers=workers)

    def totals(self, period: Period = MARCH) -> dict[int, str]:
        return {one.customer_id: str(one.total) for one in self.ledger.invoices(period)}


@contextmanager
def service_at(place: str, url: str):
    with Database.at(place) as database:
        service = BillingService(database, url)
        with service.solusio:
            yield service


@pytest.fixture
def service(place, usage_server):
    with service_at(place, usage_server.url) as made:
        yield made


def numbers(service: BillingService) -> list[int]:
    return [one.number for one in service.ledger.invoices()]


def test_each_customer_with_usage_gets_one_invoice(service, usage_server):
    usage_server.use(5, 5000)
    usage_server.use(6, 700, lines=25)
    service.know(4, 5, 6)
    result = service.bill()
    # 5000 x 0.001 and 25 x 700 x 0.001; customer 4 used nothing
    assert service.totals() == {5: "5.00", 6: "17.50"}
    assert result == RunResult(
        MARCH, lines=26, tokens=22_500, invoices_before=0, invoices_made=2, invoices_late=0, unbilled=()
    )
    assert numbers(service) == [1, 2]
    assert usage_server.requested == [1, 2, 3]
    six = next(service.ledger.invoices(customer_id=6))
    assert [line.id for line in service.ledger.lines(six)] == list(range(2, 27))


def test_billing_again_changes_nothing_and_sends_no_requests(service, usage_server):
    usage_server.use(5, 5000, lines=12)
    service.know(5)
    service.bill()
    before = list(service.ledger.invoices())
    usage_server.use(5, 1)
    usage_server.use(6, 1)
    service.store.save(replace(ANN, base_token_unit_cost=Decimal(2)))
    result = service.bill()
    assert (result.invoices_before, result.invoices_made, result.lines) == (1, 0, 12)
    assert list(service.ledger.invoices()) == before
    assert usage_server.requested == [1, 2]


def test_usage_of_unknown_customers_is_kept_until_they_are_known(service, usage_server):
    usage_server.use(5, 10)
    usage_server.use(8, 1000, lines=11, user=42)
    usage_server.use(None, 7, user=43)
    service.know(5)
    unknown, nobody = (
        UnbilledUsage("2026-03", 8, 42, lines=11, tokens=11_000),
        UnbilledUsage("2026-03", None, 43, lines=1, tokens=7),
    )
    assert service.bill().unbilled == (nobody, unknown)
    assert service.totals() == {5: "0.01"}
    service.know(8)
    result = service.bill()
    assert (result.invoices_before, result.invoices_made, result.unbilled) == (1, 1, (nobody,))
    assert service.totals() == {5: "0.01", 8: "11.00"}
    assert numbers(service) == [1, 2]


def test_a_month_without_usage_bills_nobody(service):
    service.know(5)
    assert service.bill() == RunResult(MARCH, 0, 0, 0, 0, 0, ())


def test_prices_are_those_of_the_run(service, usage_server):
    usage_server.use(5, 1000)
    usage_server.use(6, 1000)
    service.know(5)
    service.bill()
    service.store.save(replace(ANN, base_token_unit_cost=Decimal("0.5")))
    service.store.save(replace(ANN, id=6, base_token_unit_cost=Decimal("0.002")))
    service.bill()
    assert service.totals() == {5: "1.00", 6: "2.00"}


def test_a_period_that_is_not_closed_is_refused(service, usage_server):
    usage_server.use(5, 1000)
    usage_server.closed = False
    service.know(5)
    with pytest.raises(
        BillingRunError, match="2026-03 is not closed: SolusIO has metered it until 2026-03-20"
    ):
        service.bill()
    assert not service.ledger.usage.state(MARCH).pages
    usage_server.closed = True
    service.bill()
    assert service.totals() == {5: "1.00"}


def cut_off(document):
    return json.dumps(document).encode()[:-20]


def test_a_page_that_breaks_off_is_requested_again(service, usage_server):
    usage_server.use(5, 1000, lines=30)
    usage_server.disturbed[2] = cut_off
    service.know(5)
    service.bill()
    assert usage_server.requested == [1, 2, 2, 3]
    assert service.totals() == {5: "30.00"}


def test_a_run_continues_where_solusio_failed(service, usage_server):
    usage_server.use(5, 1000, lines=30)
    usage_server.disturbed[3] = lambda _document: 403
    service.know(5)
    with pytest.raises(BillingRunError, match="SolusIO answers 403"):
        service.bill()
    assert service.totals() == {}
    del usage_server.requested[:]
    service.bill()
    assert usage_server.requested == [3]
    assert service.totals() == {5: "30.00"}


def test_a_run_continues_at_another_address_of_solusio(place, usage_server):
    usage_server.use(5, 1000, lines=30)
    usage_server.disturbed[3] = lambda _document: 403
    with service_at(place, usage_server.url) as service:
        service.know(5)
        with pytest.raises(BillingRunError):
            service.bill()
    del usage_server.requested[:]
    usage_server.url = usage_server.url.replace("127.0.0.1", "localhost")
    with service_at(place, usage_server.url) as service:
        service.bill()
        assert service.totals() == {5: "30.00"}
    assert usage_server.requested == [3]


def test_the_collection_restarts_if_the_next_page_is_refused(service, usage_server):
    usage_server.use(5, 1000, lines=30)
    usage_server.disturbed[2] = lambda _document: 422
    service.know(5)
    service.bill()
    assert usage_server.requested == [1, 2, 1, 2, 3]
    assert service.totals() == {5: "30.00"}


def one_line_less(document):
    document["data"].pop()


def a_line_twice(document):
    document["data"][-1] = document["data"][0]


def other_tokens(document):
    document["data"][0]["tokens"] += 1


def other_hours(document):
    document["data"][0]["hours"] += 1


@pytest.mark.parametrize("wrong", [one_line_less, a_line_twice, other_tokens, other_hours])
def test_the_collection_restarts_once_if_lines_do_not_add_up(service, usage_server, wrong):
    usage_server.use(5, 1000, lines=30)
    usage_server.disturbed[2] = wrong
    service.know(5)
    service.bill()
    assert Counter(usage_server.requested)[1] == 2
    assert service.totals() == {5: "30.00"}
    assert service.ledger.usage.state(MARCH).lines == 30


@pytest.mark.parametrize("wrong", [one_line_less, a_line_twice, other_tokens, other_hours])
def test_lines_that_never_add_up_are_not_billed(service, usage_server, wrong):
    usage_server.use(5, 1000, lines=30)
    service.know(5)

    def always(document):
        usage_server.disturbed[2] = always
        wrong(document)

    usage_server.disturbed[2] = always
    with pytest.raises(BillingRunError, match="2026-03 was read twice and does not add up"):
        service.bill()
    assert Counter(usage_server.requested)[1] == 2
    assert service.totals() == {}
    usage_server.disturbed.clear()
    service.bill()
    assert service.totals() == {5: "30.00"}


def test_a_run_resumed_late_notices_changed_usage(service, usage_server):
    """SolusIO closes a period late: pages read before the crash are older than the rest."""
    usage_server.use(5, 1000, lines=30)
    usage_server.disturbed[3] = lambda _document: 403
    service.know(5)
    with pytest.raises(BillingRunError):
        service.bill()
    usage_server.lines[0]["tokens"] = 500
    service.bill()
    assert service.totals() == {5: "29.50"}


def test_endless_pages_are_an_error(service, usage_server):
    usage_server.use(5, 1000, lines=30)

    def back(document):
        usage_server.disturbed[3] = back
        document["links"]["next"] = f"{usage_server.url}/api/v1/usage?from=2026-03-01T00:00:00Z&page=1"

    usage_server.disturbed[3] = back
    with pytest.raises(BillingRunError):
        service.bill()
    assert not service.ledger.usage.state(MARCH).complete
    assert len(usage_server.requested) < 20


def test_workers_need_postgresql(tmp_path, usage_server):
    with service_at(str(tmp_path / "billing.db"), usage_server.url) as service:
        with pytest.raises(BillingRunError, match="need PostgreSQL"):
            service.bill(workers=2)
        assert usage_server.requested == []


def test_workers_share_the_customers(postgresql, usage_server, monkeypatch):
    customers = range(1, 201)
    for number in customers:
        usage_server.use(number, 1000 * number)
    usage_server.per_page = 1000
    at_work = set()
    all_at_work = threading.Barrier(4)
    claim = billing_run.queue.claim

    def claimed(*args, **options):
        # Workers wait here until all four have claimed a customer: so all four work.
        found = claim(*args, **options)
        me = threading.get_ident()
        if found is not None and me not in at_work:
            at_work.add(me)
            all_at_work.wait(timeout=30)
        return found

    monkeypatch.setattr(billing_run.queue, "claim", claimed)
    with service_at(postgresql, usage_server.url) as service:
        service.know(*customers)
        assert service.bill(workers=4).invoices_made == 200
        assert service.totals() == {number: f"{number}.00" for number in customers}
        assert sorted(numbers(service)) == list(customers)
    assert len(at_work) == 4


def test_a_worker_that_fails_stops_the_others_and_leaves_no_gap(postgresql, usage_server, monkeypatch):
    customers = range(1, 101)
    for number in customers:
        usage_server.use(number, 1000)
    usage_server.per_page = 1000
    make_invoice = billing_run.make_invoice
    stopping = threading.Event()
    monkeypatch.setattr(billing_run, "threading", SimpleNamespace(Event=lambda: stopping))
    made = []

    def fail(**figures):
        made.append(figures["number"])
        if len(made) == 10:
            raise RuntimeError("out of ink")
        if len(made) > 10:
            assert stopping.wait(timeout=30)
        return make_invoice(**figures)

    monkeypatch.setattr(billing_run, "make_invoice", fail)
    with service_at(postgresql, usage_server.url) as service:
        service.know(*customers)
        with pytest.raises(RuntimeError, match="out of ink"):
            service.bill(workers=3)
        so_far = len(numbers(service))
        assert numbers(service) == list(range(1, so_far + 1))
        assert 9 <= so_far <= 11  # the other two finished their invoices
        monkeypatch.undo()
        service.bill(workers=3)
        assert numbers(service) == list(customers)
        assert set(service.totals()) == set(customers)


def test_two_runs_together_bill_every_customer_once(place, usage_server):
    customers = range(1, 101)
    for number in customers:
        usage_server.use(number, 1000)
    together = threading.Barrier(2)
    with service_at(place, usage_server.url) as service:
        service.know(*customers)

    def work(_number):
        with service_at(place, usage_server.url) as service:
            together.wait(timeout=30)
            return service.bill()

    with ThreadPoolExecutor(2) as pool:
        results = list(pool.map(work, range(2)))
    assert sum(result.invoices_made for result in results) == 100
    assert {result.lines for result in results} == {100}
    with service_at(place, usage_server.url) as service:
        assert sorted(service.totals()) == list(customers)
        assert numbers(service) == list(customers)


class Endless:
    """A SolusIO that generates pages as they are read, so that none of them stay in memory."""

    def __init__(self, pages: int) -> None:
        self.pages = pages

    def usage_pages(self, period: Period, start: str | None):
        assert start is None
        lines = 1000 * self.pages
        totals = UsageTotals(lines, lines, sum(range(1, lines + 1)))
        for page in range(1, self.pages + 1):
            numbers = range(1000 * (page - 1) + 1, 1000 * page + 1)
            following = None if page == self.pages else f"/api/v1/usage?page={page + 1}"
            yield UsagePage(tuple(map(self.line, numbers)), following, True, period.end, totals)

    def line(self, number: int) -> UsageLine:
        # Every line has a different number of tokens, so that no two can be counted together.
        ids = {"id": number, "user_id": 1, "billing_user_id": 5, "server_id": number, "resource_id": number}
        plan = {"plan_id": 1, "plan_name": "small", "tokens_per_hour": 1, "tokens_per_month": 0}
        span = {"from_": MARCH.begin, "to": MARCH.end, "hours": 1, "charge": "hourly", "tokens": number}
        return UsageLine(server_name="web", resource="server", **ids, **plan, **span)


def peak_of_billing(place: str, pages: int) -> int:
    """Return the peak memory for billing one customer and reading the invoice, in bytes."""
    with Database.at(place) as database:
        store, ledger = CustomerStore(database), Ledger(database)
        store.save(ANN)
        tracemalloc.start()
        try:
            bill(MARCH, Endless(pages), store, ledger)
            (made,) = ledger.invoices()
            read = sum(line.tokens for line in ledger.lines(made))
            _, peak = tracemalloc.get_traced_memory()
        finally:
            tracemalloc.stop()
    assert read == made.tokens == sum(range(1, 1000 * pages + 1))
    assert made.lines_count == 1000 * pages
    return peak


@pytest.mark.parametrize("kind", ["sqlite", "postgresql"])
def test_memory_does_not_grow_with_the_lines_of_a_customer(kind, tmp_path, request):
    if kind == "sqlite":
        places = [str(tmp_path / f"{number}.db") for number in range(3)]
    else:
        new_database = request.getfixturevalue("postgresql_server")
        places = [new_database() for _ in range(3)]
    peak_of_billing(places[0], 1)  # warm up: imports and compiled statements
    small, large = peak_of_billing(places[1], 2), peak_of_billing(places[2], 16)
    assert large < 1.5 * small  # 14,000 more lines in memory would add over 4 MB


@pytest.fixture
def mock():
    """A mock whose clock is frozen at the start of March 2026."""
    with started(Options(clock=Clock(parse_moment("2026-03-01T00:00:00Z"), speed=0))) as solusio:
        yield solusio


def test_a_month_of_a_real_mock(place, mock):
    plan = mock.create_plan(name="tiny", tokens_per_hour=7, tokens_per_month=5000)["id"]
    ann = mock.create_user(billing_user_id=5)["id"]
    bob = mock.create_user(billing_user_id=6)["id"]
    stranger = mock.create_user()["id"]
    mock.create_user(billing_user_id=7)
    mock.create_server(user=ann, plan=plan, name="whole month", wait=False)
    mock.create_server(user=stranger, plan=plan, wait=False)
    mock.clock.set(parse_moment("2026-03-31T22:00:00Z"))
    mock.create_server(user=bob, plan=plan, name="two hours", wait=False)
    with Database.at(place) as database, SolusioClient(mock.url, mock.admin_token) as solusio:
        service = BillingService(database, mock.url)
        service.solusio = solusio
        service.know(5, 6, 7)
        with pytest.raises(BillingRunError, match="2026-03 is not closed"):
            service.bill()
        mock.clock.set(parse_moment("2026-04-01T01:00:00Z"))
        result = service.bill()
        # 744 hours x 7 = 5208, capped at 5000; 2 hours x 7 = 14; the customer without a server gets nothing
        assert service.totals() == {5: "5.00", 6: "0.01"}
        assert result.unbilled == (UnbilledUsage("2026-03", None, stranger, lines=1, tokens=5000),)
        (line,) = service.ledger.lines(next(service.ledger.invoices(customer_id=6)))
        assert (line.server_name, line.plan_name, line.hours, line.charge) == (
            "two hours",
            "tiny",
            2,
            "hourly",
        )
        assert service.bill(FEBRUARY).lines == 0
        mock.clock.set(parse_moment("2026-05-01T00:00:00Z"))
        # April has 720 hours: 5040, capped for both
        service.bill(APRIL)
        assert service.totals(APRIL) == {5: "5.00", 6: "5.00"}
        assert numbers(service) == [1, 2, 3, 4]


def test_a_wrong_access_token_is_a_clear_error(place, mock):
    with service_at(place, mock.url) as service, pytest.raises(BillingRunError, match="401") as caught:
        service.bill()
    assert "access-token" not in str(caught.value)


def test_an_unreachable_solusio_is_a_clear_error(tmp_path):
    with (
        service_at(str(tmp_path / "b.db"), "http://127.0.0.1:1") as service,
        pytest.raises(BillingRunError, match="no response from SolusIO"),
    ):
        service.bill()
