import json
import os
import shlex
import subprocess
import sys
from dataclasses import replace
from datetime import UTC, datetime
from decimal import Decimal

import pytest
from click.testing import CliRunner

from solusio_reference.commands.bill import bill
from solusio_reference.commands.invoices import invoices
from solusio_reference.invoicing import DUE_DAYS
from solusio_reference.period import Period
from solusio_reference.pricing import Currency, Customer, Tax
from solusio_reference.storage.customers import CustomerStore
from solusio_reference.storage.database import Database

ANN = Customer(
    id=5,
    name="Ann",
    base_token_unit_cost=Decimal("0.001"),
    currency=Currency("EUR", "", " €", ".", ","),
    taxes=(Tax("VAT", Decimal(19)),),
)
TOKEN = "access-token-of-the-test"


@pytest.fixture
def books(place):
    with CustomerStore(Database.at(place)) as store:
        store.save(ANN)
    return place


def run(command, *arguments: str, **environment: str):
    return CliRunner().invoke(command, arguments, env=environment)


def run_bill(place: str, url: str, *arguments: str):
    names = {"SOLUSIO_URL": url, "SOLUSIO_ACCESS_TOKEN": TOKEN}
    return run(bill, "--store", place, *arguments, **names)


def test_bill_prints_its_result(books, usage_server):
    usage_server.use(5, 1_000_000, lines=12)
    done = run_bill(books, usage_server.url, "2026-03")
    assert (done.exit_code, done.stderr) == (0, "")
    assert done.stdout.splitlines() == [
        "2026-03 is billed.",
        "  new invoices                       1",
        "  earlier invoices                   0",
        "  invoices of earlier months         0",
        "  usage lines                       12",
        "  tokens                      12000000",
    ]
    again = run_bill(books, usage_server.url, "2026-03")
    assert again.stdout.splitlines()[1:3] == [
        "  new invoices                       0",
        "  earlier invoices                   1",
    ]


def test_the_days_until_an_invoice_is_due_are_those_of_the_library():
    # The command imports nothing before it runs, so it names the number again.
    (option,) = (one for one in bill.params if one.name == "due_days")
    assert option.default == DUE_DAYS


def test_bill_lists_unbilled_usage_on_standard_error(books, usage_server):
    usage_server.use(5, 10)
    usage_server.use(None, 7, user=31)
    usage_server.use(77, 5000, lines=2, user=32)
    done = run_bill(books, usage_server.url, "2026-03")
    assert done.exit_code == 4
    assert "77" not in done.stdout
    assert done.stderr.splitlines()[1:] == [
        "Not billed, because these customers are not known here:",
        "  period   billing_user_id  SolusIO user  lines  tokens",
        "  2026-03  none                       31      1       7",
        "  2026-03  77                         32      2   10000",
    ]
    assert run_bill(books, usage_server.url, "2026-03", "--allow-unbilled").exit_code == 0


def test_bill_lists_at_most_20_unknown_customers(books, usage_server):
    for number in range(100, 130):
        usage_server.use(number)
    said = run_bill(books, usage_server.url, "2026-03").stderr.splitlines()
    assert len(said) == 24
    assert said[-1] == "  ... and 10 more"


def test_bill_defaults_to_the_last_complete_month(books, usage_server):
    before = Period.before(datetime.now(UTC))
    done = run_bill(books, usage_server.url, "--workers", "1")  # the server has only March 2026
    assert done.exit_code == 1
    # At midnight on the first of a month, either may be right.
    assert any(f"{period} is not billed" in done.stderr for period in (before, before.following))


def test_a_month_that_is_not_over_is_an_error_of_one_line(books, usage_server):
    usage_server.closed = False
    done = run_bill(books, usage_server.url, "2026-03")
    assert (done.exit_code, done.stdout) == (1, "")
    assert done.stderr == (
        "Error: 2026-03 is not billed: 2026-03 is not closed: SolusIO has metered it until"
        " 2026-03-20 07:30 UTC.\n"
    )


@pytest.mark.parametrize(
    ("arguments", "complaint"),
    [
        (["2026-13"], "PERIOD: expected a month such as 2026-03, got '2026-13'."),
        (["2026-03", "--workers", "0"], "'--workers': 0 is not in the range 1<=x<=64."),
        (["2026-03", "--solusio-url", "ftp://x"], "must begin with http:// or https://"),
        (["2026-03", "--access-token", "a b"], "an access token has only printable ASCII characters"),
    ],
)
def test_invalid_input_is_named(books, arguments, complaint):
    done = run_bill(books, "http://127.0.0.1:1", *arguments)
    assert (done.exit_code, done.stdout) == (2, "")
    assert complaint in done.stderr


def test_workers_on_sqlite_are_refused(tmp_path, usage_server):
    place = str(tmp_path / "books.db")
    with CustomerStore(Database.at(place)) as store:
        store.save(ANN)
    done = run_bill(place, usage_server.url, "2026-03", "--workers", "2")
    assert done.exit_code == 2
    assert "Invalid value for --workers: More than 1 needs PostgreSQL" in done.stderr


@pytest.mark.parametrize("command", [bill, invoices])
def test_a_missing_file_is_not_created(tmp_path, command):
    missing = tmp_path / "misspelt.db"
    done = run(command, "--store", str(missing), SOLUSIO_URL="http://x", SOLUSIO_ACCESS_TOKEN="t")
    assert done.exit_code == 2
    assert f"There is no file {missing}" in done.stderr
    assert not missing.exists()


def test_an_unreachable_database_is_reported_without_its_password():
    place = "postgresql://user:geheim@127.0.0.1:1/books"
    done = run(invoices, "--store", place)
    assert done.exit_code == 2
    assert "--store: Cannot use the database" in done.stderr
    assert "geheim" not in done.stderr


def test_invoices_are_listed(books, usage_server):
    assert run(invoices, "--store", books).stdout == "There are no invoices.\n"
    usage_server.use(5, 1_000_000)
    usage_server.use(6, 500)
    with CustomerStore(Database.at(books)) as store:
        store.save(Customer(6, "Bob", Decimal("0.01"), Currency("JPY", "¥")))
    run_bill(books, usage_server.url, "2026-03")
    # 1,000,000 x 0.001 x 1.19 = 1190; 500 x 0.01 = 5
    head, ann, bob = run(invoices, "--store", books).stdout.splitlines()
    assert head.split() == ["number", "kind", "period", "customer", "lines", "tokens", "total", "due"]
    assert ann.split()[:-1] == ["000001", "invoice", "2026-03", "5", "1", "1000000", "1.190,00", "€"]
    assert bob.split()[:-1] == ["000002", "invoice", "2026-03", "6", "1", "500", "¥5"]
    (_, only) = run(invoices, "2026-03", "--store", books, "--customer", "6").stdout.splitlines()
    assert only.split() == bob.split()
    assert run(invoices, "2026-04", "--store", books).stdout == "There are no invoices.\n"


def test_invoices_as_json(books, usage_server):
    usage_server.use(5, 1_000_000, lines=2)
    run_bill(books, usage_server.url, "2026-03")
    done = run(invoices, "2026-03", "--store", books, "--json")
    (document,) = json.loads(done.stdout)["invoices"]
    assert (document["billing_user_id"], document["period"], document["total"]) == (5, "2026-03", "2380.00")
    assert [line["amount"] for line in document["lines"]] == ["1000.00", "1000.00"]
    assert json.loads(run(invoices, "2026-04", "--store", books, "--json").stdout) == {"invoices": []}


def test_the_commands_run_as_programs(books, usage_server):
    usage_server.use(5, 1_000_000)
    environment = {**os.environ, "SOLUSIO_URL": usage_server.url, "SOLUSIO_ACCESS_TOKEN": TOKEN}
    command = [sys.executable, "-m", "mock_solusio", "reference"]
    for arguments, expected in (
        (["bill", "2026-03"], "2026-03 is billed."),
        (["invoices"], "1.190,00 €"),
    ):
        done = subprocess.run(
            [*command, *arguments, "--store", books],
            env=environment,
            capture_output=True,
            text=True,
            timeout=60,
            check=True,
        )
        assert expected in done.stdout
        assert done.stderr == ""


def test_invoices_check_runs_these_commands_with_a_store_for_each_scenario():
    # All three bill the same month, whose usage a store collects once; so each gets a store of its own.
    reference = [sys.executable, "-m", "mock_solusio", "reference"]
    store = ["--store", "{customers}.books"]
    scenarios = ["resize-mid-month", "resize-down", "resize-and-back"]
    steps = {
        "--prepare": [*reference, "customers", "import", "{customers}", *store],
        "--bill": [*reference, "bill", "{period}", "--allow-unbilled", *store],
        "--invoices": [*reference, "invoices", "{period}", "--json", *store],
    }
    arguments = [word for name, words in steps.items() for word in (name, shlex.join(words))]
    arguments += [word for scenario in scenarios for word in ("--only", scenario)]
    without = {"SOLUSIO_URL": "http://127.0.0.1:1", "SOLUSIO_ACCESS_TOKEN": "of another SolusIO"}
    check = [sys.executable, "-m", "mock_solusio", "invoices", "check", *arguments]
    done = subprocess.run(
        [*check, "--access-token", TOKEN, "--skip", "invoice-numbers"],
        env={**os.environ, **without},
        capture_output=True,
        text=True,
        timeout=120,
        check=False,
    )
    assert "3 passed" in done.stdout, done.stdout
    assert done.returncode == 0


def test_a_currency_cannot_control_the_terminal(tmp_path, usage_server):
    place = str(tmp_path / "books")
    with CustomerStore(Database.at(place)) as store:
        store.save(replace(ANN, currency=Currency("EUR", "\x1b[31m", "\u00a0€", ".", ",")))
    usage_server.use(5, 1000)
    run_bill(place, usage_server.url, "2026-03")
    assert (
        run(invoices, "--store", place)
        .stdout.splitlines()[-1]
        .rpartition("  ")[0]
        .endswith("  ?[31m1,19\u00a0€")
    )
