"""Scenarios several at a time: in a database of each job, with the report of a run with one job."""

import itertools
import json
import sys
import threading
from collections import defaultdict
from pathlib import Path

import pytest

from mock_solusio.invoices import own_databases
from mock_solusio.invoices.run import NUMBERS, numbered, run, shared_out
from mock_solusio.invoices.scenario_run import BillingSystem
from solusio_contracts.adapter.steps import BillingError, UnreachableError
from solusio_contracts.invoices.scenario import load_scenarios
from solusio_contracts.reporting.json_report import document
from solusio_contracts.reporting.report import Exit, Outcome
from support.commands import invoke

FEW = (
    *("vendor-700-hours", "vendor-five-minutes", "half-a-cent", "euro-with-a-comma", "yen"),
    *("months-in-a-row", "price-changes", "customers-take-turns", "deleted-user", "usage-page-twice"),
)
ID_AFTER_ALL = 900_001


class ByJob:
    """A step that each job takes on books of its own, unless told otherwise."""

    def __init__(self, books, step):
        self.books = books
        self.step = step

    def run(self, order):
        return getattr(self.books[order.job_number - 1], self.step)(order)

    def shown(self, order):
        return f"{self.step} {order.period}"


def system_of(books, *, prepare=True):
    steps = {"prepare": "prepare", "bill": "bill", "invoices": "told"}
    adapters = {name: ByJob(books, step) for name, step in steps.items()}
    if not prepare:
        adapters["prepare"] = None
    return BillingSystem(described="books", **adapters)


def chosen(*names):
    return [one for one in numbered(load_scenarios(), 700_001) if one.scenario.id in names]


def checked(books, *names, jobs, **options):
    """Hold one billing system, or one for each job, to scenarios."""
    system = system_of(books, prepare=options.pop("prepare", True))
    token = "access-token-of-the-test"
    return run(system, chosen(*names), access_token=token, jobs=jobs, spare_id=ID_AFTER_ALL, **options)


def comparable(report):
    found = document(report)
    for one in (found, *found["results"]):
        del one["seconds"]
    del found["started"]
    return found


# The report is that of one job


def no_cap(books):
    """Charge every hour."""

    def line(one):
        tokens = one["hours"] * one["tokens_per_hour"]
        return {**type(books).line(books, one), "tokens": tokens}

    books.line = line


def first_price(books):
    """Charge everybody the price of the first customer."""

    def invoice(customer, period, lines):
        first = next(iter(books.customers.values()))["pricing"]
        books.customers[customer] = {**books.customers[customer], "pricing": first}
        return type(books).invoice(books, customer, period, lines)

    books.invoice = invoice


def billed_twice(books):
    """Make another invoice in each run."""

    def bill(order):
        earlier = {key: one for key, one in books.invoices.items() if order.period in key}
        for customer, period in earlier:
            books.invoices[customer, f"{period} before"] = books.invoices.pop((customer, period))
        return type(books).bill(books, order)

    def told(order):
        found = [one for one in books.invoices.values() if one["period"] == order.period]
        return json.dumps({"invoices": found}).encode()

    books.bill, books.told = bill, told


def one_number(books):
    """Give all invoices the same number."""

    def invoice(customer, period, lines):
        return {**type(books).invoice(books, customer, period, lines), "number": "1"}

    books.invoice = invoice


def right(books):
    """Bill as one should."""


def number_by_customer(books):
    """Number invoices alike in every database: findings show them."""
    counters = defaultdict(itertools.count)

    def invoice(customer, period, lines):
        number = f"{customer}-{next(counters[customer])}"
        return {**type(books).invoice(books, customer, period, lines), "number": number}

    books.invoice = invoice


@pytest.mark.parametrize("mistake", [right, no_cap, billed_twice])
def test_the_report_of_several_jobs_is_that_of_one(mistake, new_books):
    reports = []
    for jobs in (1, 3):
        books = [new_books() for _ in range(jobs)]
        for one in books:
            number_by_customer(one)
            mistake(one)
        reports.append(checked(books, *FEW, jobs=jobs))
    assert (reports[0].exit is Exit.CONFORMANT) == (mistake is right)
    assert comparable(reports[0]) == comparable(reports[1])


def test_each_database_has_a_first_customer_of_its_own(new_books):
    names = ("euro-with-a-comma", "forint-without-decimals", "krona-with-fixed-spaces", "yen", "dinar")
    for jobs in (1, 2):
        books = [new_books() for _ in range(jobs)]
        for one in books:
            first_price(one)
        report = checked(books, *names, jobs=jobs)
        assert sum(one.outcome is Outcome.FAIL for one in report.results[: len(names)]) == len(names) - jobs
        assert [cause.id for cause in report.causes] == ["others-price"]


def test_numbers_are_compared_within_a_database(new_books, result_of):
    books = [new_books() for _ in range(2)]
    names = ("vendor-700-hours", "vendor-five-minutes", "yen", "half-a-cent")
    report = checked(books, *names, jobs=2, gapless=True)
    numbers = [one["number"] for one in books[0].invoices.values()]
    assert set(numbers) & {one["number"] for one in books[1].invoices.values()}
    assert report.exit is Exit.CONFORMANT
    for one in books:
        one.invoices.clear()
        one_number(one)
    found = result_of(checked(books, *names, jobs=2), NUMBERS)
    assert found.outcome is Outcome.FAIL
    assert {one.clause for one in found.findings} == {"INV-013"}


def test_each_job_has_its_own_mock_and_always_the_same_scenarios(new_books):
    urls = {}
    seen = []

    def noted(books):
        def prepare(order):
            urls.setdefault(order.job_number, set()).add(order.solusio_url)
            seen.append((order.job_number, order.customers_file.stem))
            return type(books).prepare(books, order)

        books.prepare = prepare
        return books

    runs = []
    for _ in range(2):
        seen.clear()
        checked([noted(new_books()) for _ in range(3)], *FEW, jobs=3)
        runs.append(sorted(seen))
    assert runs[0] == runs[1]
    assert {job for job, _ in seen} == {1, 2, 3}
    assert all(len(of_job) == 2 for of_job in urls.values())  # one in each run
    assert len(set().union(*urls.values())) == 6


def test_scenarios_are_billed_at_the_same_time(new_books):
    """Each job waits for the other one: with one after the other, neither would ever end."""
    meeting = threading.Barrier(2, timeout=30)

    def waiting(books):
        def bill(order):
            if order.period != own_databases.PERIOD:
                meeting.wait()
            return type(books).bill(books, order)

        books.bill = bill
        return books

    report = checked([waiting(new_books()) for _ in range(2)], "yen", "half-a-cent", jobs=2)
    assert report.exit is Exit.CONFORMANT


def test_the_work_is_shared_out_evenly_and_in_order():
    every = numbered(load_scenarios(), 700_001)
    shares = shared_out(every, 4, zones=2)
    places = [place for share in shares for place, _ in share]
    assert sorted(places) == list(range(len(every)))
    assert all([place for place, _ in share] == sorted(place for place, _ in share) for share in shares)
    months = [sum(len(one.scenario.periods) for _, one in share) for share in shares]
    (large,) = [share for share in shares if any(one.scenario.id == "servers-10000" for _, one in share)]
    assert len(large) < max(map(len, shares))
    assert min(months) * 2 > max(months)


# What stops one job stops all


def test_one_that_is_gone_leaves_all_undecided(new_books):
    books = [new_books() for _ in range(2)]

    def bill(_):
        raise UnreachableError("php cannot be started: No such file or directory")

    books[0].bill = books[1].bill = bill
    report = checked(books, *FEW, jobs=2)
    assert report.exit is Exit.INCONCLUSIVE
    assert len(report.results) == len(FEW)
    assert {one.reason for one in report.results} == {"php cannot be started: No such file or directory"}


def test_an_error_of_ours_ends_all_jobs(new_books):
    books = [new_books() for _ in range(2)]

    def prepare(order):
        if order.period == own_databases.PERIOD:
            return type(books[0]).prepare(books[0], order)
        raise ZeroDivisionError

    books[0].prepare = prepare
    with pytest.raises(ZeroDivisionError):
        checked(books, *FEW, jobs=2)


# Jobs that share a database


def test_jobs_that_share_a_database_are_refused_before_the_first_scenario(new_books):
    (books,) = shared = [new_books()]
    names = []

    def prepare(order):
        names.append(order.customers_file.stem)
        return type(books).prepare(books, order)

    books.prepare = prepare
    with pytest.raises(
        own_databases.SharedDatabaseError, match=r"^Jobs 1 and 2 share a database: both return invoice 1 of"
    ):
        checked(shared * 3, *FEW, jobs=3)
    assert names == ["job-1"]


def test_the_last_job_is_asked_too(new_books):
    one, other = new_books(), new_books()
    with pytest.raises(own_databases.SharedDatabaseError, match=r"^Jobs 1 and 3 share a database"):
        checked([one, other, one], *FEW, jobs=3)


def test_what_an_earlier_run_left_in_a_copy_is_not_shared(new_books):
    one, other = new_books(), new_books()
    first = checked([one, other], "yen", "half-a-cent", jobs=2)
    left = {key: invoice for key, invoice in one.invoices.items() if key[0] == ID_AFTER_ALL}
    assert len(left) == 1
    other.invoices |= left
    one.invoices.clear()
    one.number = 0
    again = checked([one, other], "yen", "half-a-cent", jobs=2)
    assert (first.exit, again.exit) == (Exit.CONFORMANT, Exit.CONFORMANT)


def test_a_new_database_without_tables_is_one_of_its_own(new_books):
    books = [new_books() for _ in range(2)]

    def told(order):
        if order.period == own_databases.PERIOD:
            raise BillingError("`php` ended with exit code 1", "no such table: invoice")
        return type(books[1]).told(books[1], order)

    books[1].told = told
    report = checked(books, "yen", "half-a-cent", jobs=2)
    assert report.exit is Exit.CONFORMANT
    assert [fact.name for fact in report.facts] == ["method of rounding"]


@pytest.mark.parametrize("step", ["prepare", "bill", "told"])
def test_one_that_cannot_be_asked_is_told_in_the_report(step, new_books):
    books = [new_books() for _ in range(2)]

    def failing(one):
        def fails(order):
            if order.period == own_databases.PERIOD:
                raise BillingError("`php` ended with exit code 1")
            return getattr(type(one), step)(one, order)

        return fails

    for one in books:
        setattr(one, step, failing(one))
    report = checked(books, "yen", "half-a-cent", jobs=2)
    assert report.exit is Exit.CONFORMANT
    (fact,) = [fact for fact in report.facts if fact.name == "jobs"]
    assert fact.text.startswith("it is not known whether each has a database of its own")


def test_without_prepare_it_is_not_known(new_books):
    books = [new_books() for _ in range(2)]
    report = checked(books, "yen", "half-a-cent", jobs=2, prepare=False)
    assert "jobs" in {fact.name for fact in report.facts}


def test_the_month_of_the_question_is_in_no_scenario():
    first = min(period for one in load_scenarios() for period in one.periods)
    assert first > own_databases.PERIOD


# As people run it

SCRIPT = """
import json, os, sys, urllib.request
from pathlib import Path

state = Path(sys.argv[2])
books = json.loads(state.read_text()) if state.exists() else {"known": [], "made": []}
period = os.environ["SOLUSIO_PERIOD"]
if sys.argv[1] == "prepare":
    customers = json.loads(Path(os.environ["SOLUSIO_CUSTOMERS"]).read_text())["customers"]
    books["known"] += [one["billing_user_id"] for one in customers]
elif sys.argv[1] == "bill":
    begin, end = sys.argv[3:]
    ask = urllib.request.Request(f"{os.environ['SOLUSIO_URL']}/api/v1/usage?from={begin}&to={end}")
    ask.add_header("Authorization", "Bearer " + os.environ["SOLUSIO_ACCESS_TOKEN"])
    opener = urllib.request.build_opener(urllib.request.ProxyHandler({}))
    for line in json.load(opener.open(ask))["data"]:
        customer = line["billing_user_id"]
        if not any((one["billing_user_id"], one["period"]) == (customer, period) for one in books["made"]):
            tokens = line["tokens"]
            row = {"server": line["server_name"], "resource": "server", "plan": line["plan"]["name"],
                   "hours": line["hours"], "tokens": tokens}
            made = {"number": len(books["made"]) + 1, "billing_user_id": customer, "period": period}
            books["made"].append({**made, "currency": "USD", "lines": [row], "total": f"{tokens / 1000:.2f}"})
else:
    print(json.dumps({"invoices": [one for one in books["made"] if one["period"] == period]}))
state.write_text(json.dumps(books))
"""
ONE_LINE = ("--only", "vendor-730-hours", "--only", "vendor-month-of-31-days")


def steps(folder, state):
    (folder / "billing.py").write_text(SCRIPT)
    script = f"{sys.executable} -S billing.py"
    return (
        *("--prepare", f"{script} prepare {state}", "--bill", f"{script} bill {state} {{from}} {{to}}"),
        *("--invoices", f"{script} invoices {state}"),
    )


@pytest.fixture
def folder(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    return tmp_path


def test_the_placeholder_tells_jobs_apart(folder):
    done = invoke("invoices", "check", *steps(folder, "state-{job}.json"), *ONE_LINE, "--jobs", "2")
    assert done.exit_code == 0, done.output
    made = [json.loads((folder / f"state-{job}.json").read_text())["made"] for job in (1, 2)]
    assert [{one["period"] for one in found} >= {"2026-03"} for found in made] == [True, True]


def test_the_variable_tells_jobs_apart(folder):
    command = [*steps(folder, "state.json"), *ONE_LINE, "--jobs", "2"]
    script = Path("billing.py")
    script.write_text(SCRIPT.replace("Path(sys.argv[2])", "Path(os.environ['SOLUSIO_JOB'] + sys.argv[2])"))
    done = invoke("invoices", "check", *command)
    assert done.exit_code == 0, done.output
    assert Path("1state.json").exists()
    assert Path("2state.json").exists()


def test_one_that_ignores_its_job_is_told_what_to_do(folder):
    done = invoke("invoices", "check", *steps(folder, "state.json"), *ONE_LINE, "--jobs", "2")
    assert done.exit_code == 2
    said = " ".join(done.output.split())
    assert "Jobs 1 and 2 share a database: both return invoice 1 of customer 7" in said
    assert "Give each job its own by {job} or SOLUSIO_JOB, or use --jobs 1." in said


def test_a_configuration_file_says_how_many(folder):
    words = steps(folder, "state-{job}.json")
    pairs = zip(words[::2], words[1::2], strict=True)
    table = "".join(f"{name.removeprefix('--')} = {json.dumps(value)}\n" for name, value in pairs)
    (folder / "mock-solusio.toml").write_text(f"[invoices]\njobs = 2\n{table}")
    done = invoke("invoices", "check", *ONE_LINE)
    assert done.exit_code == 0, done.output
    assert Path("state-2.json").exists()


@pytest.mark.parametrize(
    ("words", "said"),
    [(("--jobs", "2", "--port", "8008"), "--port is for one mock SolusIO"), (("--jobs", "17"), "--jobs")],
)
def test_wrong_usage(folder, words, said):
    done = invoke("invoices", "check", *steps(folder, "state.json"), *words)
    assert done.exit_code == 2
    assert said in " ".join(done.output.split())
