"""A billing run of 1,000 customers, killed repeatedly (SIGKILL): nothing is lost, nothing is done twice."""

import os
import signal
import subprocess
import sys
import time
from contextlib import contextmanager
from decimal import Decimal
from random import Random

import pytest

from solusio_reference.period import Period
from solusio_reference.pricing import Currency, Customer
from solusio_reference.storage.customers import CustomerStore
from solusio_reference.storage.database import Database
from solusio_reference.storage.ledger import Ledger

MARCH = Period(2026, 3)
CUSTOMERS = range(1, 1001)
SECONDS = 300
"""Limit for what takes a few seconds on an idle machine."""

KILLS = int(os.environ.get("MOCK_SOLUSIO_KILLS", "5"))
"""Kills at random moments; `nox -s adversary` does more."""

# Processes are forked, since starting Python takes a hundred times longer. A step is a statement or a commit.
RUN = """
import os, signal, sys
from sqlalchemy import event
from sqlalchemy.engine import Engine
from solusio_reference.billing_run import bill
from solusio_reference.storage.database import Database
from solusio_reference.storage.ledger import Ledger
from solusio_reference.period import Period
from solusio_reference.solusio.client import SolusioClient
from solusio_reference.storage.customers import CustomerStore

place, url, *steps = sys.argv[1:]

def run(last_step):
    with Database.at(place) as database, SolusioClient(url, "access-token") as solusio:
        store, ledger = CustomerStore(database), Ledger(database)
        numbers = [one.number for one in ledger.invoices()]
        assert numbers == list(range(1, len(numbers) + 1)), numbers
        steps_done = 0
        def step(*_):
            nonlocal steps_done
            steps_done += 1
            if steps_done == last_step:
                os.kill(os.getpid(), signal.SIGKILL)
        event.listen(Engine, "before_cursor_execute", step)
        event.listen(Engine, "commit", step)
        bill(Period(2026, 3), solusio, store, ledger)
"""

# Runs a process for each step at which one will be killed, and one that is not killed.
KILLED_AT = (
    RUN
    + """
for last_step in [*map(int, steps), 0]:
    child = os.fork()
    if child == 0:
        run(last_step)
        os._exit(0)
    _, status = os.waitpid(child, 0)
    assert status == (signal.SIGKILL if last_step else 0), (last_step, status)
"""
)

# Runs a process for each number of seconds after which one will be killed, until one has billed everything,
# and one that is not killed. Prints how many were killed.
KILLED_AFTER = (
    RUN
    + """
signal.pthread_sigmask(signal.SIG_BLOCK, [signal.SIGCHLD])
killed = 0
for seconds in [*map(float, steps), 3600]:
    child = os.fork()
    if child == 0:
        run(0)
        os._exit(0)
    signal.sigtimedwait([signal.SIGCHLD], seconds)
    os.kill(child, signal.SIGKILL)
    _, status = os.waitpid(child, 0)
    signal.sigtimedwait([signal.SIGCHLD], 0)  # or the next process would seem to have ended
    assert status in {0, signal.SIGKILL}, status
    killed += status != 0
    if status == 0:
        break
print(killed)
"""
)


@pytest.fixture
def usage(usage_server):
    """Serve usage of a thousand customers."""
    for number in CUSTOMERS:
        usage_server.use(number, 1000 * number)
    for number in CUSTOMERS:
        usage_server.use(number, 500)
    usage_server.per_page = 100
    return usage_server


def save_customers(place: str) -> str:
    prices = Decimal("0.001"), Currency("USD")
    with CustomerStore(Database.at(place)) as store:
        store.save(*(Customer(number, f"Customer {number}", *prices) for number in CUSTOMERS))
    return place


@pytest.fixture
def books(place):
    """Return the database of a billing system that knows the customers."""
    return save_customers(place)


def check_invoices(place: str) -> None:
    with Database.at(place) as database:
        ledger = Ledger(database)
        billed = list(ledger.invoices())
        assert [one.number for one in billed] == list(CUSTOMERS)
        # customer 7 has 7000 + 500 tokens, at a tenth of a cent: 7.50
        totals = {one.customer_id: str(one.total) for one in billed}
        assert totals == {number: f"{number}.50" for number in CUSTOMERS}
        assert {one.lines_count for one in billed} == {2}
        assert ledger.usage.state(MARCH).lines == 2000
        assert ledger.unbilled(MARCH) == ()


def count(place: str) -> int:
    with Database.at(place) as database:
        return Ledger(database).count(MARCH)


@contextmanager
def billing(place: str, url: str, *options: str):
    """Run `reference bill` in another process."""
    command = [
        sys.executable,
        "-m",
        "mock_solusio",
        "reference",
        "bill",
        "2026-03",
        "--store",
        place,
        *options,
    ]
    environment = {**os.environ, "SOLUSIO_URL": url, "SOLUSIO_ACCESS_TOKEN": "access-token"}
    with subprocess.Popen(
        command, env=environment, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True
    ) as process:
        try:
            yield process
        finally:
            process.kill()


def finish(process) -> None:
    said, complaints = process.communicate(timeout=SECONDS)
    assert (process.returncode, complaints) == (0, "")
    assert said.startswith("2026-03 is billed.")


def kill_after_invoices(process, place: str, wanted: int) -> None:
    """Kill a run after some of its invoices, or those of another one beside it."""
    # On a busy machine the run waits for us, and not the other way round: it ends a tenth of a second later.
    os.setpriority(os.PRIO_PROCESS, process.pid, 19)
    deadline = time.monotonic() + SECONDS
    with Database.at(place) as database:
        ledger = Ledger(database)
        while ledger.count(MARCH) < wanted:
            assert process.poll() is None, process.communicate()
            assert time.monotonic() < deadline
    process.kill()
    assert process.wait(timeout=SECONDS) == -signal.SIGKILL


def test_a_run_killed_at_every_kind_of_step(books, usage):
    # A page takes four or five steps, an invoice about ten: so each kind of step is the last one once.
    reading = [3, *range(8, 14), 35]
    invoicing = [*range(160, 171), 1500]
    command = [sys.executable, "-c", KILLED_AT, books, usage.url, *map(str, reading + invoicing)]
    done = subprocess.run(command, timeout=2 * SECONDS, capture_output=True, text=True, check=False)
    assert (done.returncode, done.stderr) == (0, "")
    check_invoices(books)
    # A page was requested again only if its reader had died: the collection never restarted.
    assert usage.requested.count(1) < len(reading)
    assert len(usage.requested) <= 20 + len(reading)


def test_runs_killed_at_random_moments(tmp_path, usage):
    randomness = Random(14)  # noqa: S311 - repeatable
    left, tries = KILLS, 0
    while left > 0:
        tries += 1
        assert tries <= 1 + KILLS, "the runs end before they are killed"
        books = save_customers(str(tmp_path / f"{tries}.db"))
        # From a run that has not begun to one that creates many invoices.
        moments = [f"{randomness.uniform(0.01, 0.3):.4f}" for _ in range(min(left, 50))]
        command = [sys.executable, "-c", KILLED_AFTER, books, usage.url, *moments]
        done = subprocess.run(command, timeout=5 * SECONDS, capture_output=True, text=True, check=False)
        assert (done.returncode, done.stderr) == (0, "")
        check_invoices(books)
        left -= int(done.stdout)


def test_the_command_killed_while_reading_and_while_billing(books, usage):
    with billing(books, usage.url) as process:

        def kill(_document):
            process.kill()  # it has sent the request, and will never see the response

        usage.disturbed[8] = kill
        assert process.wait(timeout=SECONDS) == -signal.SIGKILL
    assert usage.requested == list(range(1, 9))
    assert count(books) == 0
    with billing(books, usage.url) as process:
        kill_after_invoices(process, books, 100)
    assert 100 <= count(books) < len(CUSTOMERS)
    assert usage.requested == [*range(1, 9), *range(8, 21)]
    with billing(books, usage.url) as process:
        finish(process)
    assert len(usage.requested) == 21
    check_invoices(books)
    with billing(books, usage.url) as process:
        finish(process)
    check_invoices(books)


def test_several_workers_killed(postgresql, usage):
    place = save_customers(postgresql)
    with billing(place, usage.url, "--workers", "4") as process:
        kill_after_invoices(process, place, 100)
    assert 100 <= count(place) < len(CUSTOMERS)
    with billing(place, usage.url, "--workers", "4") as process:
        finish(process)
    check_invoices(place)


def test_two_processes_of_which_one_is_killed(books, usage):
    with billing(books, usage.url) as one, billing(books, usage.url) as other:
        kill_after_invoices(one, books, 100)
        finish(other)
    check_invoices(books)


def test_two_processes_together(books, usage):
    with billing(books, usage.url) as one, billing(books, usage.url) as other:
        finish(one)
        finish(other)
    check_invoices(books)
