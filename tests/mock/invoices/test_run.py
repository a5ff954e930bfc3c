"""Whole runs against a billing system in this process."""

import datetime
import json
import re
from dataclasses import replace
from decimal import Decimal
from fractions import Fraction

import httpx
import msgspec
import pytest

from mock_solusio.invoices import run as runs
from mock_solusio.invoices.run import METHOD, NUMBERS, ZONES, numbered
from mock_solusio.invoices.scenario_run import BillingSystem
from mock_solusio.meeting_point import MeetingPoint
from solusio_contracts.adapter.steps import BillingError, UnreachableError
from solusio_contracts.invoices.scenario import load_scenarios
from solusio_contracts.reporting.report import Exit, Outcome

PLAIN = "resize-mid-month"


def clauses(findings):
    return {one.clause for one in findings}


# What is right


def test_one_scenario_of_each_area_is_billed_right(books, check):
    areas = {one.area: one.id for one in load_scenarios() if one.id != "servers-10000"}
    report = check(books, *areas.values())
    assert report.exit is Exit.CONFORMANT
    assert [one.rule for one in report.results if one.outcome is not Outcome.PASS] == []
    assert [one.rule for one in report.results] == [*areas.values(), METHOD, NUMBERS]
    assert all(one.checks for one in report.results)


def test_scenarios_share_no_customer():
    ids = [number for one in numbered(load_scenarios(), 5) for number in one.ids.values()]
    assert len(ids) == len(set(ids))
    assert min(ids) == 5


def test_calls_are_prepare_once_bill_and_invoices_twice_and_invoices_of_earlier_periods(books, check):
    report = check(books, "months-in-a-row")
    (scenario,) = [one for one in load_scenarios() if one.id == "months-in-a-row"]
    assert len(scenario.periods) > 1
    assert report.requests == 1 + 4 * len(scenario.periods) + len(scenario.periods) - 1


def test_the_clock_stands_an_hour_after_the_period(books, check):
    seen = []

    def prepare(order):
        clock = httpx.get(f"{order.solusio_url}/_mock/clock", trust_env=False).json()
        seen.append(clock)
        return type(books).prepare(books, order)

    books.prepare = prepare
    check(books, PLAIN)
    assert "2026-04-01T01:00:00" in json.dumps(seen[0])


# A month that is billed while it is open


def refusing(books, *, early):
    """Let books refuse a month as `early` says while it is open."""

    def bill(order):
        books.usage(order)
        clock = httpx.get(f"{order.solusio_url}/_mock/clock", trust_env=False).json()
        if clock["data"]["moment"] < order.until:
            raise early
        return type(books).bill(books, order)

    books.bill = bill


def test_a_month_that_is_open_may_be_refused(books, check):
    refusing(books, early=BillingError("`bill` ended with exit code 255", "2026-03 is open"))
    report = check(books, "billed-early", "billed-on-the-first-day")
    assert report.exit is Exit.CONFORMANT


def test_a_month_that_was_billed_while_it_was_open_has_its_whole_usage(books, check, findings):
    found = findings(check(books, "billed-early"))
    (one,) = [finding for finding in found if finding.clause == "INV-018"]
    assert (one.subject, one.expected) == ("ann: invoice", "all of the month: 2976 tokens")
    assert one.actual == "1872 tokens, as when the month was billed early, at 2026-03-20T12:00:00Z"
    assert "bill a month that is still open" in one.hint


def test_a_crash_is_no_refusal_of_a_month_that_is_open(books, check, findings):
    crash = BillingError("`bill` was ended by signal 11", ended=False)
    refusing(books, early=crash)
    (one,) = findings(check(books, "billed-early"))
    assert (one.clause, one.actual) == ("INV-001", "`bill` was ended by signal 11")


# Prices that change


def test_customers_are_prepared_again_when_a_price_changes(books, check):
    told = []

    def prepare(order):
        told.append((order.period, order.customers == order.customers_file.read_bytes()))
        return type(books).prepare(books, order)

    books.prepare = prepare
    assert check(books, "price-changes").exit is Exit.CONFORMANT
    assert told == [("2026-03", True), ("2026-04", True)]


def test_a_price_cannot_change_without_prepare(books, check, result_of):
    report = check(books, "price-changes", prepare=False)
    assert result_of(report, "price-changes").outcome == "skip"
    assert report.exit is Exit.INCONCLUSIVE


# Faults of SolusIO


@pytest.mark.parametrize("name", ["usage-fails-once", "usage-refused-for-now", "usage-page-cut"])
def test_a_run_that_a_fault_stopped_is_repeated(books, check, name):
    report = check(books, name)
    assert report.exit is Exit.CONFORMANT
    assert report.requests == 6  # prepare, the run that fails, and bill and invoices twice


def test_a_page_that_comes_twice_is_billed_once(books, check, result_of):
    assert check(books, "usage-page-twice").exit is Exit.CONFORMANT
    books.invoices.clear()
    books.usage = lambda order: [
        line for page in books.pages(order, order.since, order.until) for line in page
    ]
    report = check(books, "usage-page-twice")
    assert "INV-004" in clauses(result_of(report, "usage-page-twice").findings)


def test_a_fault_is_not_a_month_without_usage(books, check, result_of):
    def usage(order):
        try:
            return type(books).usage(books, order)
        except httpx.HTTPError:
            return []

    books.usage = usage
    report = check(books, "usage-fails-once", "usage-page-cut")
    for name in ("usage-fails-once", "usage-page-cut"):
        assert "INV-002" in clauses(result_of(report, name).findings)


# How the billing system fails


def test_a_failing_run_is_a_failure_that_says_why(books, check, result_of):
    def bill(order):
        books.usage(order)
        raise BillingError(
            "`php bill.php` ended with exit code 255", "notes\nPHP Fatal error: no table\n#0 main"
        )

    books.bill = bill
    report = check(books, PLAIN)
    assert report.exit is Exit.NOT_CONFORMANT
    (finding,) = result_of(report, PLAIN).findings
    assert (finding.clause, finding.actual) == ("INV-001", "`php bill.php` ended with exit code 255")
    assert finding.hint == "It said: PHP Fatal error: no table"
    assert finding.response.endswith("#0 main")


def test_a_refusal_to_bill_again_is_no_failure(books, check, result_of):
    billed = set()

    def bill(order):
        if order.period in billed:
            raise BillingError("`bill` ended with exit code 3", "billed already", refused=True)
        billed.add(order.period)
        return type(books).bill(books, order)

    books.bill = bill
    report = check(books, PLAIN)
    assert report.exit is Exit.CONFORMANT
    (note,) = result_of(report, PLAIN).notes
    assert note == "billing 2026-03 again was refused: `bill` ended with exit code 3"


def test_one_that_cannot_be_reached_decides_nothing(books, check):
    def prepare(_):
        raise UnreachableError("php cannot be started: No such file or directory")

    books.prepare = prepare
    report = check(books, PLAIN, "yen")
    assert report.exit is Exit.INCONCLUSIVE
    assert {one.reason for one in report.results} == {"php cannot be started: No such file or directory"}


def test_one_that_never_takes_in_customers_is_not_set_up(books, check):
    def prepare(_):
        raise BillingError("`prepare` ended with exit code 1", "BILLING_DATABASE is not set\n")

    books.prepare = prepare
    report = check(books, PLAIN, "yen")
    assert report.exit is Exit.INCONCLUSIVE
    expected = "--prepare failed: `prepare` ended with exit code 1: BILLING_DATABASE is not set"
    assert {one.reason for one in report.results} == {expected}


def test_but_one_that_stops_taking_them_in_fails(books, check, result_of):
    def prepare(order):
        if b"JPY" in order.customers:
            raise BillingError("`prepare` ended with exit code 1")
        return type(books).prepare(books, order)

    books.prepare = prepare
    report = check(books, PLAIN, "yen")
    assert result_of(report, PLAIN).outcome is Outcome.PASS
    assert result_of(report, "yen").outcome is Outcome.FAIL


def test_an_invoice_of_nobody_that_does_not_fit_leaves_all_undecided(books, check, result_of):
    books.told = lambda _: b'{"invoices": [{"number": 1}]}'
    report = check(books, PLAIN)
    assert report.exit is Exit.INCONCLUSIVE
    result = result_of(report, PLAIN)
    assert result.outcome is Outcome.ERROR
    assert result.reason.startswith("its invoices cannot be read: the invoices document: invoices[0].")


def broken_for(books, index):
    """Let one invoice of each period lack its total."""

    def told(order):
        found = json.loads(type(books).told(books, order))["invoices"]
        found[index]["total"] = None
        return json.dumps({"invoices": found}).encode()

    return told


SHARED = "customers-with-prices-of-their-own"


def test_a_broken_invoice_leaves_its_own_customer_undecided(books, check, result_of):
    books.told = broken_for(books, 0)
    report = check(books, SHARED)
    assert report.exit is Exit.INCONCLUSIVE
    result = result_of(report, SHARED)
    assert result.outcome is Outcome.ERROR
    assert result.reason.startswith("the invoice of ")
    assert result.reason.endswith("invoices[0].total: expected a decimal number, got null")
    books.invoices.clear()
    books.total = lambda *_: Decimal(1)
    names = {one.subject.partition(":")[0] for one in result_of(check(books, SHARED), SHARED).findings}
    (scenario,) = [one for one in load_scenarios() if one.id == SHARED]
    assert len(names) == len(scenario.customers) - 1


def test_a_broken_invoice_of_another_scenario_matters_no_more(books, check, result_of):
    books.told = broken_for(books, 0)
    report = check(books, "vendor-700-hours", "vendor-730-hours")
    assert [result_of(report, name).outcome for name in ("vendor-700-hours", "vendor-730-hours")] == [
        Outcome.ERROR,
        Outcome.PASS,
    ]


# What never reaches the mock


@pytest.mark.parametrize(
    ("fails", "begins"),
    [(False, "The billing system never asked"), (True, "`bill` ended with exit code 1: ")],
)
def test_one_that_never_asks_the_mock_is_not_judged(books, check, fails, begins):
    def bill(order):
        bill.jobs.append(order)
        if fails:
            raise BillingError("`bill` ended with exit code 1", "cURL error 7: connection refused.")
        return b""

    bill.jobs = []
    books.bill = bill
    report = check(books, PLAIN, "yen")
    assert report.exit is Exit.INCONCLUSIVE
    assert len(bill.jobs) == 1
    (reason,) = {one.reason for one in report.results}
    assert reason.startswith(begins)
    assert f"which listens at {bill.jobs[0].solusio_url}. " in reason
    assert "--host, --solusio-url and --exchange-dir" in reason


def test_a_proxy_is_named_if_one_is_set(books, check, monkeypatch):
    books.bill = lambda _: b""
    monkeypatch.setenv("HTTP_PROXY", "http://proxy.test:3128")
    (result,) = check(books, PLAIN).results
    assert "add the mock's host to NO_PROXY" in result.reason


# Where they meet


def test_it_is_told_the_url_and_the_folder_that_it_can_reach(books, check, tmp_path):
    jobs = []

    def prepare(job):
        jobs.append(job)
        assert job.customers_file.read_bytes() == job.customers
        return type(books).prepare(books, job)

    books.prepare = prepare
    folder = tmp_path / "shared" / "solusio"
    meeting = MeetingPoint(
        host="0.0.0.0",  # noqa: S104 - so that 127.0.0.2 is one of its addresses
        solusio_url="http://127.0.0.2:{port}/api/v1/",
        exchange_dir=folder,
    )
    report = check(books, PLAIN, meeting=meeting)
    assert report.exit is Exit.CONFORMANT
    (job,) = jobs
    assert re.fullmatch(r"http://127\.0\.0\.2:[0-9]+", job.solusio_url)
    assert job.customers_file.parent == folder
    assert list(folder.iterdir()) == []


# Other local times


def test_month_borders_are_billed_in_other_time_zones_too(books, check, result_of):
    zones = []

    def bill(job):
        zones.append(job.time_zone)
        return type(books).bill(books, job)

    def usage(job):
        offset = {"Pacific/Auckland": "+13:00"}.get(job.time_zone, "Z") if books.local else "Z"
        since, until = (one.replace("Z", offset) for one in (job.since, job.until))
        return [line for page in books.pages(job, since, until) for line in page]

    def prepare(job):
        books.invoices.clear()
        return type(books).prepare(books, job)

    books.bill, books.usage, books.prepare, books.local = bill, usage, prepare, False
    name = "midnight-of-the-first"
    assert check(books, name, PLAIN, zones=ZONES).exit is Exit.CONFORMANT
    assert list(dict.fromkeys(zones)) == ["", *ZONES]
    assert zones[-2:] == ["", ""]  # PLAIN is not about the borders of months
    books.local = True
    found = result_of(check(books, name, zones=ZONES), name).findings
    assert len(found) == 1
    assert "with TZ=Pacific/Auckland" in found[0].subject
    assert found[0].hint.startswith("You probably calculate the month in the machine's local time.")


def test_a_scenario_that_is_not_what_the_mock_says_is_our_mistake():
    (scenario,) = [one for one in load_scenarios() if one.id == PLAIN]
    (invoice,) = scenario.invoices
    line = msgspec.structs.replace(invoice.lines[0], hours=1)
    wrong = msgspec.structs.replace(invoice, lines=(line, *invoice.lines[1:]))
    changed = msgspec.structs.replace(scenario, invoices=(wrong,))
    chosen = [replace(one, scenario=changed) for one in numbered([scenario], 700_001)]
    report = runs.run(
        BillingSystem(prepare=None, bill=None, invoices=None, described="x"),  # never called
        chosen,
        access_token="x" * 20,
    )
    assert report.exit is Exit.INCONCLUSIVE
    assert report.results[0].reason.startswith("the mock and the scenario differ about 2026-03: expected")


# Which invoices there are


def test_no_invoice(books, check, findings):
    books.bill = books.usage
    (finding,) = findings(check(books, PLAIN))
    assert finding.clause == "INV-002"
    assert finding.expected.startswith("one invoice over 13.02 USD (Ann Example, billing_user_id 7")
    assert finding.actual == "none"


def test_two_invoices(books, check, findings):
    def told(order):
        found = json.loads(type(books).told(books, order))["invoices"]
        return json.dumps(
            {"invoices": [*found, *({**one, "number": f"{one['number']}b"} for one in found)]}
        ).encode()

    books.told = told
    found = findings(check(books, PLAIN))
    assert [(one.clause, one.actual) for one in found] == [("INV-002", "2 invoices: 1, 1b")]


def test_invoices_of_others_and_of_other_months_are_nobodys_business(books, check):
    def told(order):
        document = json.loads(type(books).told(books, order))
        (own,) = document["invoices"]
        others = [{**own, "number": "x", "billing_user_id": 1}, {**own, "number": "y", "period": "2026-02"}]
        return json.dumps({"invoices": [own, *others]}).encode()

    books.told = told
    assert check(books, PLAIN).exit is Exit.CONFORMANT


def test_an_invoice_without_usage_warns_and_one_with_lines_fails(books, check, result_of):
    def bill(order):
        type(books).bill(books, order)
        for customer in books.customers:
            if (customer, order.period) not in books.invoices:
                books.invoices[customer, order.period] = books.invoice(customer, order.period, books.extra)
        return b""

    books.bill, books.extra = bill, []
    result = result_of(check(books, "customer-without-usage"), "customer-without-usage")
    assert (result.outcome, clauses(result.findings)) == (Outcome.WARN, {"INV-003"})
    line = {"server_name": "web", "resource": "server", "plan": {"name": "small"}, "hours": 1, "tokens": 7}
    books.extra = [line]
    books.invoices.clear()
    result = result_of(check(books, "customer-without-usage"), "customer-without-usage")
    assert (result.outcome, clauses(result.findings)) == (Outcome.FAIL, {"INV-003", "INV-004"})


def test_numbers_that_stand_twice(books, check, result_of):
    original = type(books).invoice

    def invoice(*args):
        books.number = 0
        return original(books, *args)

    books.invoice = invoice
    report = check(books, PLAIN, "yen")
    assert report.exit is Exit.NOT_CONFORMANT
    (finding,) = result_of(report, NUMBERS).findings
    assert finding.clause == "INV-013"
    assert finding.actual.startswith("1 is the invoice of customer 7")
    assert result_of(report, PLAIN).outcome is Outcome.PASS
    assert [one.rule for one in check(books, PLAIN, skip=[METHOD, NUMBERS]).results] == [PLAIN]


@pytest.mark.parametrize(
    ("change", "said"),
    [
        (lambda one, again: [{**one, "number": "2"}] if again else [one], "other numbers: 1 became 2"),
        (lambda one, again: [one, {**one, "number": "2"}] if again else [one], "1 more invoice: 2"),
        (lambda one, again: [] if again else [one], "1 invoice gone: 1"),
        (lambda one, again: [{**one, "total": "13.03"}] if again else [one], "changed: 1"),
        (lambda one, again: [one, one] if again else [one], "an invoice is there twice"),
    ],
)
def test_billing_again_changes_nothing(books, check, result_of, change, said):
    asked = []

    def told(order):
        (one,) = json.loads(type(books).told(books, order))["invoices"]
        asked.append(order)
        return json.dumps({"invoices": change(one, len(asked) > 1)}).encode()

    books.told = told
    (finding,) = result_of(check(books, PLAIN), PLAIN).findings
    assert (finding.clause, finding.subject, finding.actual) == ("INV-012", "billing again", said)


@pytest.mark.parametrize(
    ("change", "said"),
    [
        (lambda one: one | {"total": "1.00"}, "changed: 1"),
        (lambda one: one | {"number": "9"}, "other numbers: 1 became 9"),
    ],
    ids=["another total", "another number"],
)
def test_invoices_of_earlier_months_stay_as_they_are(books, check, result_of, change, said):
    def bill(order):
        type(books).bill(books, order)
        for key, one in books.invoices.items():
            if order.period == "2027-04" and one["period"] == "2027-01":
                books.invoices[key] = change(one)
        return b""

    books.bill = bill
    (finding,) = result_of(check(books, "months-in-a-row"), "months-in-a-row").findings
    found = (finding.clause, finding.subject, finding.actual)
    assert found == ("INV-012", "2027-01: after later months", said)
    assert "change the invoices of earlier months when a later one is billed" in finding.hint


# What they probably did: mistakes in how lines are made


def test_hours_of_the_clock(books, check, findings):
    def line(one):
        since, until = (datetime.datetime.fromisoformat(one[name]) for name in ("from", "to"))
        hours = -(-until.timestamp() // 3600) - since.timestamp() // 3600
        made = type(books).line(books, one)
        return {**made, "hours": int(hours), "tokens": int(hours) * one["tokens_per_hour"]}

    books.line = line
    found = findings(check(books, "hours-from-creation"))
    assert clauses(found) == {"INV-005"}
    assert all("count clock hours" in one.hint for one in found)


def test_lines_of_ids_instead_of_names(books, check, findings):
    books.line = lambda one: {**type(books).line(books, one), "server": str(one["server_id"])}
    found = findings(check(books, PLAIN))
    assert clauses(found) == {"INV-004"}
    assert all("use other names for the right lines" in one.hint for one in found)


def test_many_lines_of_one_fault_are_add_grouped(books, check, findings):
    books.line = lambda one: {**type(books).line(books, one), "hours": 1}
    (finding,) = [one for one in findings(check(books, "servers-150")) if one.clause == "INV-005"]
    assert finding.subject == "many lines"
    assert "and 149 more lines like this" in finding.actual


def test_the_cause_is_told_once_for_all_scenarios(books, check):
    books.line = lambda one: {**type(books).line(books, one), "tokens": one["hours"] * one["tokens_per_hour"]}
    report = check(books, "vendor-730-hours", "vendor-month-of-31-days", "vendor-700-hours")
    (cause,) = report.causes
    assert cause.title == "you probably charge every hour, without the monthly price as a cap (2 scenarios)"
    assert len(report.failed) == 2
    assert {one.cause for result in report.failed for one in result.findings} == {cause.id}


def test_the_line_that_runs_a_scenario_alone_stands_there_once(books, check, result_of):
    books.total = lambda *_: Decimal(1)
    report = check(books, "customers-with-prices-of-their-own", curl_of=lambda name: f"run {name}")
    found = result_of(report, "customers-with-prices-of-their-own").findings
    assert len(found) > 1
    assert [one.curl for one in found if one.curl] == ["run customers-with-prices-of-their-own"]


def test_the_invoice_is_shown(books, check, findings):
    books.total = lambda *_: Decimal(1)
    (finding,) = findings(check(books, PLAIN))
    assert finding.request == "bill 2026-03\ninvoices 2026-03"
    assert '"total": "1"' in finding.response


def test_the_expected_total_follows_from_tokens_and_price(books, check, findings):
    """13.02: 2604 + 10416 tokens x 0.001."""
    assert Fraction(2604 + 10416) * Fraction("0.001") == Fraction("13.02")
    books.total = lambda *_: Decimal("20.00")
    (finding,) = findings(check(books, PLAIN))
    assert finding.clause == "INV-006"
    assert finding.expected == "13.02 USD (13020 tokens x 0.001)"
    assert finding.actual == "20.00 USD"
