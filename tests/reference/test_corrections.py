"""A month after it was billed: late customers, users without a billing_user_id, wrong invoices."""

import csv
import json
from contextlib import contextmanager
from dataclasses import replace
from decimal import Decimal

import pytest
from click.testing import CliRunner
from hypothesis import given, settings
from hypothesis import strategies as st

from solusio_reference import invoices_csv, invoices_document
from solusio_reference.billing_run import BillingRunError, bill, preview
from solusio_reference.commands import bill as commands
from solusio_reference.corrections import CorrectionError, correct, recollect
from solusio_reference.invoicing import CREDIT_NOTE, INVOICE
from solusio_reference.period import Period
from solusio_reference.pricing import Currency, Customer, Discount, Tax
from solusio_reference.solusio.client import SolusioClient
from solusio_reference.storage.customers import CustomerStore
from solusio_reference.storage.database import Database
from solusio_reference.storage.ledger import Ledger

MARCH, APRIL = Period(2026, 3), Period(2026, 4)
ANN = Customer(
    id=5,
    name="Ann",
    base_token_unit_cost=Decimal("0.001"),
    currency=Currency("USD"),
    discounts=(Discount("Loyal", "", Decimal("0.95")),),
    taxes=(Tax("VAT", Decimal(20)),),
)


class Books:
    """The reference's books, with a SolusIO that serves only the usage of March."""

    def __init__(self, database: Database, solusio: SolusioClient) -> None:
        self.store = CustomerStore(database)
        self.ledger = Ledger(database)
        self.solusio = solusio

    def know(self, *ids: int) -> None:
        self.store.save(*(replace(ANN, id=number) for number in ids))

    def bill(self, period: Period = MARCH):
        return bill(period, self.solusio, self.store, self.ledger)

    def recollect(self) -> int:
        return recollect(MARCH, self.solusio, self.ledger)

    def correct(self, number: int):
        return correct(number, self.store, self.ledger)

    def lines(self, number: int) -> list[int]:
        return [line.id for line in self.ledger.lines(self.ledger.invoice(number))]


@contextmanager
def books_at(place: str, url: str):
    with Database.at(place) as database, SolusioClient(url, "access-token") as solusio:
        yield Books(database, solusio)


@pytest.fixture
def books(place, usage_server):
    with books_at(place, usage_server.url) as made:
        yield made


@pytest.fixture
def april(monkeypatch, usage_server):
    """Serve April, without usage, besides March."""
    answer = usage_server.answer

    def either(target: str):
        if "from=2026-04" not in target:
            return answer(target)
        empty = usage_server.page(1, "")
        empty["data"], empty["links"] = [], {"next": None}
        empty["meta"]["period"] = {"from": "2026-04-01T00:00:00Z", "to": "2026-05-01T00:00:00Z"}
        empty["meta"]["totals"] = {"lines": 0, "hours": 0, "tokens": 0}
        return json.dumps(empty).encode()

    monkeypatch.setattr(usage_server, "answer", either)


class TestLateCustomers:
    @pytest.mark.usefixtures("april")
    def test_the_run_of_a_later_month_invoices_them_for_the_month_of_their_usage(self, books, usage_server):
        usage_server.use(8, 1000, lines=2)
        assert [one.period for one in books.bill().unbilled] == ["2026-03"]
        result = books.bill(APRIL)
        assert (result.invoices_late, [one.billing_user_id for one in result.unbilled]) == (0, [8])
        books.know(8)
        result = books.bill(APRIL)
        assert (result.invoices_made, result.invoices_late, result.unbilled) == (0, 1, ())
        # 2000 x 0.001 x 0.95 x 1.2
        assert [(one.period, str(one.total)) for one in books.ledger.invoices()] == [(MARCH, "2.28")]
        assert books.bill(APRIL).invoices_late == 0

    def test_the_run_of_an_earlier_month_leaves_later_ones_alone(self, books, usage_server):
        usage_server.use(8, 1000)
        books.bill()
        books.know(8)
        february = Period(2026, 2)
        books.ledger.usage.state(february)
        with pytest.raises(BillingRunError):  # SolusIO has only March
            books.bill(february)
        assert books.ledger.count(MARCH) == 0


class TestRecollecting:
    def test_usage_without_a_billing_user_id_finds_its_customer(self, books, usage_server):
        usage_server.use(5, 1000)
        usage_server.use(None, 4000, lines=11, user=31)
        usage_server.use(None, 7, user=32)
        books.know(5, 9)
        books.bill()
        assert books.recollect() == 0
        for line in usage_server.lines:
            if line["user_id"] == 31:
                line["billing_user_id"] = 9
        assert books.recollect() == 11
        result = books.bill()
        assert (result.invoices_made, [one.user_id for one in result.unbilled]) == (1, [32])
        # 1000 and 44,000 x 0.001 x 0.95 x 1.2
        assert [(one.customer_id, str(one.total)) for one in books.ledger.invoices()] == [
            (5, "1.14"),
            (9, "50.16"),
        ]
        assert books.recollect() == 0

    def test_a_customer_with_an_invoice_gets_another_one(self, books, usage_server):
        usage_server.use(5, 1000, lines=2)
        usage_server.use(None, 4000)
        books.know(5)
        books.bill()
        first = books.ledger.invoice(1)
        usage_server.lines[2]["billing_user_id"] = 5
        assert books.recollect() == 1
        assert books.bill().invoices_made == 1
        assert books.ledger.invoice(1) == first
        assert [books.lines(1), books.lines(2)] == [[1, 2], [3]]
        assert [str(one.total) for one in books.ledger.invoices()] == ["2.28", "4.56"]

    def test_usage_moves_between_customers_until_it_is_invoiced(self, books, usage_server):
        usage_server.use(8, 1000)
        usage_server.use(5, 2000)
        books.know(5)
        books.bill()
        for line in usage_server.lines:
            line["billing_user_id"] = 9
        books.know(8, 9)
        assert books.recollect() == 1  # the other line is on an invoice
        assert books.bill().unbilled == ()
        assert [(one.customer_id, books.lines(one.number)) for one in books.ledger.invoices()] == [
            (5, [2]),
            (9, [1]),
        ]

    def test_other_changes_are_refused(self, books, usage_server):
        usage_server.use(5, 1000)
        with pytest.raises(BillingRunError, match="the usage of 2026-03 is not collected yet"):
            books.recollect()
        books.bill()
        usage_server.use(5, 7)
        with pytest.raises(BillingRunError, match="not what was collected: line 2 is new"):
            books.recollect()
        usage_server.lines.clear()
        with pytest.raises(BillingRunError, match="now has 0 usage lines of 2026-03, and 1 were collected"):
            books.recollect()
        usage_server.use(5, 1001)
        with pytest.raises(BillingRunError, match="hours of line 1 was 1000, and is 1001"):
            books.recollect()


class TestCorrecting:
    def test_a_credit_note_and_a_new_invoice(self, books, usage_server):
        usage_server.use(5, 1234, lines=2)
        books.know(5, 6)
        books.bill()
        wrong = books.ledger.invoice(1)
        books.store.save(replace(ANN, taxes=(Tax("VAT", Decimal(10)),)))
        made = books.correct(1)
        assert (made.credit_note.kind, made.invoice.kind) == (CREDIT_NOTE, INVOICE)
        assert [one.number for one in books.ledger.invoices()] == [1, 2, 3]
        assert (made.credit_note.corrects, made.invoice.corrects) == (1, 1)
        # Lines 1.23 each. 2.468 x 0.95 = 2.3446; x 1.2 = 2.81352, x 1.1 = 2.57906
        assert [str(one.total) for one in books.ledger.invoices()] == ["2.81", "-2.81", "2.58"]
        credit = books.ledger.invoice(2)
        assert str(credit.subtotal) == "-2.46"
        assert [str(one.amount) for one in credit.adjustments] == ["0.12", "-0.47"]
        assert credit.due_on == credit.issued_at.date()
        assert books.ledger.invoice(1) == wrong
        assert [books.lines(number) for number in (1, 2, 3)] == [[1, 2]] * 3
        assert books.bill().invoices_made == 0

    def test_an_invoice_is_corrected_once_and_its_successor_again(self, books, usage_server):
        usage_server.use(5, 1000)
        books.know(5)
        books.bill()
        for cost in ("0.002", "0.003"):
            books.store.save(replace(ANN, base_token_unit_cost=Decimal(cost)))
            books.correct(books.ledger.last_number())
        assert [str(one.total) for one in books.ledger.invoices()] == [
            "1.14",
            "-1.14",
            "2.28",
            "-2.28",
            "3.42",
        ]
        assert [one.version for one in books.ledger.invoices()] == [0, 0, 1, 1, 2]
        for number, reason in [
            (1, "it is cancelled by credit note 2 already"),
            (2, "it is a credit note"),
            (5, "the new invoice would be the same"),
            (6, "there is no invoice with this number"),
        ]:
            with pytest.raises(CorrectionError, match=reason):
                books.correct(number)
        assert books.ledger.last_number() == 5  # refusals leave no gap

    def test_the_documents_say_what_they_are(self, books, usage_server):
        usage_server.use(5, 1234)
        books.know(5)
        books.bill()
        books.store.save(replace(ANN, discounts=()))
        books.correct(1)
        chunks = invoices_document.write(books.ledger, books.ledger.invoices())
        first, credit, new = json.loads(b"".join(chunks))["invoices"]
        assert "kind" not in first
        assert (credit["kind"], credit["corrects"], new["corrects"]) == ("credit_note", "000001", "000001")
        assert [line["amount"] for line in credit["lines"]] == ["-1.23"]
        rows = list(csv.DictReader("".join(invoices_csv.write(books.ledger.invoices())).splitlines()))
        assert [(row["kind"], row["corrects"], row["total"]) for row in rows] == [
            ("invoice", "", "1.41"),
            ("credit_note", "000001", "-1.41"),
            ("invoice", "000001", "1.48"),
        ]
        assert (rows[0]["service_from"], rows[0]["service_to"]) == ("2026-03-01", "2026-03-31")
        assert [rows[0][name] for name in ("subtotal", "discounts", "taxes", "rounding")] == [
            "1.23",
            "-0.06",
            "0.23",
            "0.01",
        ]


USAGE = st.lists(st.tuples(st.sampled_from([None, 5, 6, 7, 8]), st.integers(0, 10**7)), max_size=30)


def plain(invoice):
    # Nobody knows when the real run will be.
    return replace(invoice, issued_at=None, due_on=None)


@settings(max_examples=25, deadline=None)
@given(usage=USAGE, known=st.sets(st.sampled_from([5, 6, 7, 8])), later=st.sets(st.sampled_from([5, 6, 7])))
def test_a_dry_run_shows_exactly_what_the_run_makes(usage_of_march, usage, known, later):
    usage_of_march.lines.clear()
    for customer, tokens in usage:
        usage_of_march.use(customer, tokens)
    with (
        Database.in_memory() as database,
        SolusioClient(usage_of_march.url, "access-token") as solusio,
    ):
        books = Books(database, solusio)
        for ids in (known, later):
            books.know(*ids)
            before = list(books.ledger.invoices())
            shown = list(preview(MARCH, solusio, books.store, books.ledger))
            assert list(books.ledger.invoices()) == before
            books.bill()
            made = list(books.ledger.invoices())[len(before) :]
            assert [plain(one) for one in shown] == [plain(one) for one in made]


class TestCommands:
    @pytest.fixture
    def run(self, place, usage_server):
        with CustomerStore(Database.at(place)) as store:
            store.save(ANN)

        def invoke(command, *arguments: str):
            names = {"SOLUSIO_URL": usage_server.url, "SOLUSIO_ACCESS_TOKEN": "t"}
            return CliRunner().invoke(command, [*arguments, "--store", place], env=names)

        invoke.place = place
        return invoke

    def test_from_a_dry_run_to_a_correction(self, run, usage_server):
        usage_server.use(5, 1000)
        usage_server.use(None, 2000)
        shown = run(commands.bill, "2026-03", "--dry-run", "--due-days", "30")
        assert shown.exit_code == 0
        row = shown.stdout.splitlines()[1].split()
        assert row[:-1] == ["000001", "invoice", "2026-03", "5", "1", "1000", "1.14"]
        assert run(commands.bill, "2026-03").exit_code == 4
        usage_server.lines[1]["billing_user_id"] = 5
        found = run(commands.recollect, "2026-03")
        assert found.stdout.splitlines() == [
            "2026-03: 1 usage lines found their customer.",
            "Next: mock-solusio reference bill 2026-03",
        ]
        assert run(commands.bill, "2026-03").exit_code == 0
        refused = run(commands.correct, "2")
        assert refused.exit_code == 1
        assert refused.stderr == (
            "Error: Invoice 2 is not corrected: the new invoice would be the same; "
            "change the customer's prices first.\n"
        )
        with CustomerStore(Database.at(run.place)) as store:
            store.save(replace(ANN, discounts=()))
        shown = run(commands.correct, "2").stdout.splitlines()
        assert [row.split()[:-1] for row in shown[1:]] == [
            ["000003", "credit", "note", "2026-03", "5", "1", "2000", "-2.28"],
            ["000004", "invoice", "2026-03", "5", "1", "2000", "2.40"],
        ]

    def test_a_run_ends_when_its_time_is_up(self, run, usage_server):
        usage_server.use(5, 1000)
        usage_server.disturbed[1] = lambda _: 503  # and then the client waits
        done = run(commands.bill, "2026-03", "--max-seconds", "0.1")
        assert done.exit_code == 1
        assert done.stderr.endswith("did not finish within 0.1 seconds; run it again to continue.\n")
        assert run(commands.bill, "2026-03", "--max-seconds", "60").exit_code == 0

    def test_a_month_without_usage(self, run):
        done = run(commands.bill, "2026-03")
        assert done.exit_code == 0
        assert done.stdout.startswith("2026-03 is billed: SolusIO has no usage for it.\n")
