"""Accounts while responses are lost, programs die, and several programs do the same together.

Whatever happens, in the end every customer has exactly one user, with the right address and status.
"""

import subprocess
import sys
import time
from collections import Counter
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field, replace
from threading import Barrier

import httpx
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from solusio_reference.accounts.accounts import AccountError, Accounts
from solusio_reference.accounts.wanted import Account, Profile, WantedAccounts, set_profile
from solusio_reference.solusio.client import LostResponse, SolusioClient, SolusioError
from solusio_reference.storage.database import Database

ANN = "ann@example.com"
PATIENCE = 60

PROGRAM = """
import os, sys
from solusio_reference.accounts.accounts import Accounts
from solusio_reference.accounts.wanted import Profile
from solusio_reference.storage.database import Database
from solusio_reference.solusio.client import SolusioClient

file, url, step, *arguments = sys.argv[1:]
token = os.environ["ACCESS_TOKEN"]
with Database.at(file) as database, SolusioClient(url, token, sleep=lambda _: None) as solusio:
    accounts = Accounts(database, solusio)
    print("ready", flush=True)
    sys.stdin.readline()
    if step == "many":
        for customer_id in range(1, int(arguments[0]) + 1):
            accounts.ensure(customer_id, Profile(f"user{customer_id}@example.com"))
    else:
        getattr(accounts, step)(7, *map(Profile, arguments))
"""


@pytest.fixture
def solusio(server):
    """Return a mock after a reset."""
    reset(server)
    return server


@pytest.fixture
def api(solusio):
    with SolusioClient(solusio.url, solusio.admin_token, timeout=5, sleep=lambda _: None) as client:
        yield client


@pytest.fixture(params=["sqlite"])
def place(request, tmp_path):
    """Return the database: an SQLite file, or PostgreSQL if a test asks for it."""
    if request.param == "postgresql":
        return request.getfixturevalue("postgresql_server")()
    return "sqlite://" if request.param == "memory" else str(tmp_path / "billing.db")


@pytest.fixture
def database(place):
    with Database.at(place) as opened:
        yield opened


@pytest.fixture
def accounts(database, api):
    return Accounts(database, api)


everywhere = pytest.mark.parametrize("place", ["sqlite", "postgresql"], indirect=True)


@pytest.fixture
def program(solusio, place):
    """Return a function that starts another process, which waits for `go`."""
    running = []

    def start(*arguments):
        process = subprocess.Popen(
            [sys.executable, "-c", PROGRAM, place, solusio.url, *arguments],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
            env={"ACCESS_TOKEN": solusio.admin_token},
        )
        running.append(process)
        return process

    yield start
    for process in running:
        process.kill()
        process.communicate(timeout=PATIENCE)


def reset(solusio):
    solusio.client.post(f"{solusio.url}/_mock/reset").raise_for_status()


def fail(solusio, **fault):
    solusio.client.post(f"{solusio.url}/_mock/faults", json=fault).raise_for_status()


def heal(solusio):
    solusio.client.delete(f"{solusio.url}/_mock/faults").raise_for_status()


def users_of(solusio):
    """Return the SolusIO users of customers."""
    found, page = [], "users?per_page=100"
    while page:
        answer = solusio.client.get(page)
        answer.raise_for_status()
        found += answer.json()["data"]
        page = answer.json()["links"]["next"]
    return [
        (user["billing_user_id"], user["email"], user["status"])
        for user in found
        if user["billing_user_id"] is not None
    ]


def go(process):
    assert process.stdout.readline() == "ready\n"
    process.stdin.write("\n")
    process.stdin.flush()


# One response is lost

MISHAPS = {
    "closed before": {"kind": "cut"},
    "closed after": {"kind": "cut", "effect": True},
    "reset after": {"kind": "cut", "effect": True, "reset": True},
    "cut in the body": {"kind": "cut", "at": "body"},
    "500 before": {"kind": "status", "status": 500},
    "500 after": {"kind": "status", "status": 500, "effect": True},
    "429 after": {"kind": "status", "status": 429, "retry_after": 2, "effect": True},
    "503 after": {"kind": "status", "status": 503, "retry_after": 2, "effect": True},
    "nonsense after": {"kind": "status", "status": 201, "effect": True, "body": {"data": {"id": "x"}}},
}


@pytest.mark.parametrize("mishap", MISHAPS)
@pytest.mark.parametrize("skip", [0, 1])
def test_creating_a_user(accounts, solusio, mishap, skip):
    """The first creation fails, or it succeeds and the search after it fails."""
    fail(solusio, **MISHAPS["closed after"], operation="createUser")
    fail(solusio, **{**MISHAPS[mishap], "operation": "createUser"}, skip=skip)
    if mishap != "nonsense after":  # which is not a list
        fail(solusio, **MISHAPS[mishap], operation="listUsers", skip=1)
    made = accounts.ensure(7, Profile(ANN))
    heal(solusio)
    assert users_of(solusio) == [(7, ANN, "active")]
    assert solusio.call("GET", f"users/{made.solusio_user_id}")["billing_user_id"] == 7


@pytest.mark.parametrize("mishap", ["closed after", "500 after", "nonsense after"])
def test_after_a_lost_response_the_user_is_looked_up_before_another_is_created(accounts, solusio, mishap):
    """A SolusIO may accept a second user with the same billing_user_id."""
    fail(solusio, **MISHAPS[mishap], operation="createUser")
    accounts.ensure(7, Profile(ANN))
    requests = [entry.method for entry in solusio.journal.read() if entry.kind == "api"]
    assert requests == ["GET", "GET", "POST", "GET"]  # the user, the role, then the user again


@pytest.mark.parametrize("mishap", [name for name in MISHAPS if name != "nonsense after"])
@pytest.mark.parametrize(
    ("step", "operation", "expected"),
    [
        ("suspend", "replaceUser", [(7, ANN, "suspended")]),
        ("suspend", "getUser", [(7, ANN, "suspended")]),
        ("remove", "deleteUser", []),
        ("remove", "getUser", []),
    ],
)
def test_changing_and_removing_a_user(accounts, solusio, mishap, step, operation, expected):
    accounts.ensure(7, Profile(ANN))
    fail(solusio, **MISHAPS[mishap], operation=operation)
    getattr(accounts, step)(7)
    assert users_of(solusio) == expected


@pytest.mark.parametrize("mishap", MISHAPS)
def test_a_login_link(accounts, solusio, mishap):
    accounts.ensure(7, Profile(ANN))
    fail(solusio, **MISHAPS[mishap], operation="createUserToken")
    with httpx.Client(follow_redirects=True) as browser:
        assert ANN in browser.get(accounts.login_link(7)).text


def test_a_user_is_created_although_the_response_times_out(database, solusio):
    fail(solusio, kind="timeout", seconds=PATIENCE, effect=True, operation="createUser")
    with SolusioClient(solusio.url, solusio.admin_token, timeout=0.5, sleep=lambda _: None) as api:
        Accounts(database, api).ensure(7, Profile(ANN))
    assert users_of(solusio) == [(7, ANN, "active")]


# Nothing works for a while


@pytest.mark.parametrize("fault", [{"kind": "status", "status": 500}, {"kind": "cut"}])
def test_a_user_who_could_not_be_created_is_created_later(accounts, solusio, fault):
    fail(solusio, **fault, operation="createUser", times=None)
    with pytest.raises(LostResponse):
        accounts.ensure(7, Profile(ANN))
    heal(solusio)
    assert users_of(solusio) == []
    assert [problem for _, problem in accounts.sync()] == [None]
    assert users_of(solusio) == [(7, ANN, "active")]


@pytest.mark.parametrize(
    ("step", "operation", "after"),
    [
        ("suspend", "replaceUser", [(7, ANN, "suspended")]),
        ("remove", "deleteUser", []),
        ("remove", "getUser", []),
    ],
)
def test_a_change_that_could_not_be_applied_is_applied_later(accounts, solusio, step, operation, after):
    accounts.ensure(7, Profile(ANN))
    fail(solusio, kind="status", status=503, operation=operation, times=None)
    with pytest.raises(SolusioError, match="503"):
        getattr(accounts, step)(7)
    heal(solusio)
    assert users_of(solusio) == [(7, ANN, "active")]
    assert [problem for _, problem in accounts.sync()] == [None]
    assert users_of(solusio) == after


def test_a_user_who_keeps_being_deleted_is_a_conflict(accounts, solusio):
    accounts.ensure(7, Profile(ANN))
    fail(solusio, kind="status", status=404, operation="replaceUser", times=None)
    with pytest.raises(AccountError, match="keeps deleting the SolusIO user"):
        accounts.lock(7)


def test_a_change_that_solusio_accepts_but_does_not_apply(accounts, solusio):
    made = accounts.ensure(7, Profile(ANN))
    body = {"data": {"id": made.solusio_user_id, "email": ANN, "status": "active", "billing_user_id": 7}}
    fail(solusio, kind="status", status=200, body=body, operation="replaceUser")
    with pytest.raises(SolusioError, match="did not apply it"):
        accounts.lock(7)
    assert [account.status for account, _ in accounts.sync()] == ["locked"]
    assert users_of(solusio) == [(7, ANN, "locked")]


# Programs die


@pytest.mark.parametrize(
    ("step", "operation", "done", "after"),
    [
        (("ensure", ANN), "createUser", [(7, ANN, "active")], [(7, ANN, "active")]),
        (("suspend",), "replaceUser", [(7, ANN, "suspended")], [(7, ANN, "suspended")]),
        (("remove",), "deleteUser", [], []),
    ],
)
@pytest.mark.parametrize("finish", ["again", "sync"])
def test_killed_after_solusio_applied_a_change_and_before_we_stored_it(
    accounts, solusio, program, step, operation, done, after, finish
):
    """SolusIO has applied the change, the response is on its way, and the program is killed."""
    if step[0] != "ensure":
        accounts.ensure(7, Profile(ANN))
    fail(solusio, kind="timeout", seconds=PATIENCE, effect=True, operation=operation)
    process = program(*step)
    go(process)
    deadline = time.monotonic() + PATIENCE
    while users_of(solusio) != done:
        assert time.monotonic() < deadline, "it never called SolusIO"
        assert process.poll() is None
    process.kill()
    process.wait(PATIENCE)
    heal(solusio)
    if finish == "sync":
        assert [problem for _, problem in accounts.sync()] == [None]
    else:
        getattr(accounts, step[0])(7, *map(Profile, step[1:]))
    assert users_of(solusio) == after
    user_id = accounts.find(7).solusio_user_id
    assert (user_id is None) == (not after)
    assert [problem for _, problem in accounts.sync()] == [None]
    assert users_of(solusio) == after


def test_killed_before_solusio_applied_a_change(accounts, solusio, program):
    fail(solusio, kind="timeout", seconds=PATIENCE, operation="createUser")
    process = program("ensure", ANN)
    go(process)
    deadline = time.monotonic() + PATIENCE
    while not solusio.client.get(f"{solusio.url}/_mock/faults").json()["data"][0]["hits"]:
        assert time.monotonic() < deadline, "it never called SolusIO"
        assert process.poll() is None
    process.kill()
    process.wait(PATIENCE)
    heal(solusio)
    assert users_of(solusio) == []
    assert [problem for _, problem in accounts.sync()] == [None]
    assert users_of(solusio) == [(7, ANN, "active")]


# Several together


@pytest.mark.parametrize("place", ["sqlite", "memory", "postgresql"], indirect=True)
def test_threads_create_the_same_user_together(solusio, database, accounts):
    for customer_id in range(1, 6):
        email = f"user{customer_id}@example.com"
        WantedAccounts(database).set_profiles([(customer_id, Profile(email))])
        begin = Barrier(8)

        def ensure(worker, customer_id=customer_id, email=email, begin=begin):
            begin.wait(PATIENCE)
            if worker % 2:
                return [problem for _, problem in accounts.sync() if problem]
            accounts.ensure(customer_id, Profile(email))
            return []

        with ThreadPoolExecutor(8) as workers:
            assert list(workers.map(ensure, range(8))) == [[]] * 8
    assert users_of(solusio) == [(number, f"user{number}@example.com", "active") for number in range(1, 6)]


@pytest.mark.parametrize("place", ["postgresql"], indirect=True)
def test_an_account_inserted_by_another_program_is_changed_and_not_lost(database, place):
    with Database.at(place) as other:
        theirs = WantedAccounts(other)

        def change(stored):
            if stored is None:
                theirs.set_profiles([(7, Profile("first@example.com"))])
                return Account(7, ANN)
            return replace(stored, locked=True)

        wanted = WantedAccounts(database)
        before, after = wanted.change(7, change)
    assert before == Account(7, "first@example.com")
    assert after == wanted.get(7)
    assert (after.email, after.status) == ("first@example.com", "locked")


def test_a_late_change_does_not_undo_a_later_one(solusio, accounts, api, monkeypatch):
    accounts.ensure(7, Profile(ANN))
    update = api.update_user

    def late(user_id, changes):
        monkeypatch.setattr(api, "update_user", update)
        accounts.unsuspend(7)  # a complete change, while the request to suspend is on its way
        return update(user_id, changes)

    monkeypatch.setattr(api, "update_user", late)
    accounts.suspend(7)
    assert accounts.find(7).status == "active"
    assert users_of(solusio) == [(7, ANN, "active")]


@everywhere
def test_threads_store_the_same_customers_together(database):
    wanted = WantedAccounts(database)
    addresses = [(number, f"user{number}@example.com") for number in range(1, 20)]
    begin = Barrier(6)

    def want(worker):
        begin.wait(PATIENCE)
        if worker % 2:
            wanted.set_profiles((number, Profile(email)) for number, email in reversed(addresses))
        else:
            for customer_id, email in addresses:
                wanted.change(customer_id, set_profile(customer_id, Profile(email)))

    with ThreadPoolExecutor(6) as workers:
        list(workers.map(want, range(6)))
    assert [(account.customer_id, account.email) for account in wanted.all()] == addresses


@everywhere
def test_threads_with_different_changes_end_in_the_stored_state(solusio, accounts):
    accounts.ensure(7, Profile(ANN))
    steps = ["suspend", "unsuspend", "lock", "unlock"] * 2
    for _ in range(4):
        begin = Barrier(len(steps))

        def change(step, begin=begin):
            begin.wait(PATIENCE)
            getattr(accounts, step)(7)

        with ThreadPoolExecutor(len(steps)) as workers:
            list(workers.map(change, steps))
        noted = accounts.find(7)
        [(_, email, status)] = users_of(solusio)
        assert (email, status) == (noted.email, noted.status)


@everywhere
def test_programs_create_the_same_users_together(solusio, program):
    programs = [program("many", "15") for _ in range(3)]
    for process in programs:
        go(process)
    assert [process.wait(PATIENCE) for process in programs] == [0, 0, 0]
    assert sorted(users_of(solusio)) == [
        (number, f"user{number}@example.com", "active") for number in range(1, 16)
    ]


# Random sequences


class Killed(BaseException):
    """Ends an operation as a kill would: after SolusIO has applied it, before we have stored it."""


@dataclass(frozen=True)
class Step:
    what: str
    customer: int
    email: str
    fault: dict | None
    killed: bool


@dataclass
class Wanted:
    email: str
    marks: set = field(default_factory=set)

    @property
    def status(self):
        return next((mark for mark in ("suspended", "locked") if mark in self.marks), "active")


FAULTS = st.fixed_dictionaries({"skip": st.integers(0, 2), "times": st.integers(1, 7)}).flatmap(
    lambda counts: st.sampled_from(
        [{**mishap, **counts} for name, mishap in MISHAPS.items() if name != "nonsense after"]
    )
)


@st.composite
def steps(draw):
    customer = draw(st.integers(1, 3))
    return Step(
        what=draw(
            st.sampled_from(
                [
                    "ensure",
                    "ensure",
                    "edit",
                    "lock",
                    "unlock",
                    "suspend",
                    "unsuspend",
                    "remove",
                    "sync",
                    "delete",
                ]
            )
        ),
        customer=customer,
        # No two customers share an address; other tests cover taken addresses.
        email=f"user{customer}{draw(st.sampled_from(['', 'a', 'b']))}@example.com",
        fault=draw(st.none() | FAULTS),
        killed=draw(st.integers(0, 4)) == 0,
    )


MARKS = {"lock": "locked", "unlock": "locked", "suspend": "suspended", "unsuspend": "suspended"}


def expect(wanted, step):
    """Apply the step to the expected state."""
    if step.what == "ensure":
        wanted.setdefault(step.customer, Wanted(step.email)).email = step.email
    elif step.customer not in wanted:
        return
    elif step.what == "edit":
        wanted[step.customer].email = step.email
    elif step.what in {"lock", "suspend"}:
        wanted[step.customer].marks.add(MARKS[step.what])
    elif step.what in {"unlock", "unsuspend"}:
        wanted[step.customer].marks.discard(MARKS[step.what])
    elif step.what == "remove":
        del wanted[step.customer]


def take(accounts, solusio, step):
    if step.what == "sync":
        assert [problem for _, problem in accounts.sync() if problem] == []
    elif step.what == "delete":  # as an administrator does in the panel
        heal(solusio)
        for user in solusio.call("GET", "users?per_page=100"):
            if user["billing_user_id"] == step.customer:
                solusio.call("DELETE", f"users/{user['id']}")
    elif step.what in {"ensure", "edit"}:
        getattr(accounts, step.what)(step.customer, Profile(step.email))
    else:
        getattr(accounts, step.what)(step.customer)


@settings(
    max_examples=60,
    suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow],
)
@given(plan=st.lists(steps(), min_size=1, max_size=12))
def test_any_sequence_of_steps_and_faults_ends_in_sync(server, plan):
    reset(server)
    wanted = {}
    with (
        Database.in_memory() as database,
        SolusioClient(server.url, server.admin_token, sleep=lambda _: None) as api,
    ):
        accounts = Accounts(database, api)
        noting = accounts._wanted.record_user

        def killed(*_):
            raise Killed

        for step in plan:
            if step.fault:
                fail(server, **step.fault, path="/api/v1/*")
            known = step.customer in wanted
            expect(wanted, step)
            accounts._wanted.record_user = killed if step.killed else noting
            try:
                take(accounts, server, step)
            except AccountError:
                # Only changes of customers without a user are refused here.
                assert not known
                assert step.what not in {"ensure", "sync", "delete"}
            except (SolusioError, Killed):
                pass  # the change stays pending
            heal(server)
            per_customer = Counter(customer for customer, _, _ in users_of(server))
            assert all(count == 1 for count in per_customer.values())
        accounts._wanted.record_user = noting
        assert [problem for _, problem in accounts.sync() if problem] == []
        assert sorted(users_of(server)) == sorted(
            (customer, one.email, one.status) for customer, one in wanted.items()
        )
        for customer, one in wanted.items():
            noted = accounts.find(customer)
            assert (noted.email, noted.status) == (one.email, one.status)
