"""`mock-solusio users` as people run it."""

from __future__ import annotations

import json
import os
import shlex
import signal
import socket
import subprocess
import sys
import xml.etree.ElementTree as ET
from importlib import resources

import jsonschema_rs
import pytest

from solusio_contracts.users.scenario import load_scenarios
from support.commands import invoke
from support.customer_system import CustomerSystem
from support.endpoint import Response, endpoint

SCRIPT = """
import json, os, sys
from pathlib import Path
from urllib.error import HTTPError
from urllib.parse import quote
from urllib.request import ProxyHandler, Request, build_opener

def call(method, path, body=None):
    request = Request(os.environ["SOLUSIO_URL"] + "/api/v1/" + path, method=method)
    request.add_header("Authorization", "Bearer " + os.environ["SOLUSIO_ACCESS_TOKEN"])
    request.add_header("Content-Type", "application/json")
    data = None if body is None else json.dumps(body).encode()
    text = build_opener(ProxyHandler({})).open(request, data, timeout=10).read()
    return json.loads(text)["data"] if text else None

number = int(os.environ["SOLUSIO_CUSTOMER"])
customers = json.loads(Path(os.environ["SOLUSIO_CUSTOMERS"]).read_text())["customers"]
try:
    users = [one for one in call("GET", "users?" + SEARCH) if OWN]
    if sys.argv[1] == "create" and not users:
        (customer,) = [one for one in customers if one["billing_user_id"] == number]
        assert customer["email"] == os.environ["SOLUSIO_EMAIL"]
        call("POST", "users", {"email": customer["email"], "billing_user_id": number})
    elif sys.argv[1] == "suspend":
        call("PUT", "users/%d" % users[0]["id"], {"status": "suspended"})
    elif sys.argv[1] == "login":
        token = call("POST", "users/%d/tokens" % users[0]["id"], {"is_one_time": True})
        print(os.environ["SOLUSIO_URL"] + "/auth/by_token/" + token["access_token"])
except HTTPError as error:
    sys.exit("SolusIO answered %d" % error.code)
"""
RIGHT = ('"filter[billing_user_id]=%d" % number', 'one["billing_user_id"] == number')
BY_MAIL = ('"filter[search]=" + quote(os.environ["SOLUSIO_EMAIL"])', "True")
"""The first user that a search for the mail address finds."""


@pytest.fixture
def billing(tmp_path):
    """Write a billing system as a script; return the options that run it."""

    def write(*finding: str) -> list[str]:
        search, own = finding or RIGHT
        script = tmp_path / "billing.py"
        script.write_text(SCRIPT.replace("SEARCH", search).replace("OWN", own))
        program = shlex.join([sys.executable, "-S", str(script)])
        return [
            part for name in ("create", "suspend", "login") for part in (f"--{name}", f"{program} {name}")
        ]

    return write


@pytest.fixture
def users(tmp_path, monkeypatch):
    """Run the command in an empty folder."""
    monkeypatch.chdir(tmp_path)

    return lambda *words: invoke("users", *words)


def test_a_billing_system_that_is_right_conforms(users, billing):
    run = users("check", *billing(), "--only", "suspend", "--only", "login-twice", "--only", "delete-twice")
    assert run.exit_code == 0, run.output
    assert "Conformant: 2 scenarios passed, 1 skipped (10 requests," in run.output
    assert "the adapter has no --delete" in run.output


HANGS = shlex.join([sys.executable, "-S", "-c", "import time; time.sleep(600)"])


@pytest.mark.parametrize("jobs", ["1", "2"])
def test_the_run_ends_in_time_and_names_what_was_not_run(users, tmp_path, jobs):
    report = tmp_path / "report.json"
    words = ["--create", HANGS, "--only", "create", "--only", "create-twice", "--max-seconds", "1"]
    run = users("check", *words, "--jobs", jobs, "--report", f"json={report}")
    assert run.exit_code == 3, run.output
    reason = "not run: the time of --max-seconds (1 s) is over"
    told = [(one["outcome"], one["reason"]) for one in json.loads(report.read_text())["results"]]
    assert set(told) == {("error", reason)}
    assert reason in run.output


def test_one_that_finds_users_by_mail_is_not_and_reads_why(users, billing):
    run = users("check", *billing(*BY_MAIL), "--only", "similar-mail")
    assert run.exit_code == 1
    text = " ".join(run.output.split())
    assert "joann@example.com (id" in text
    assert "status changed from active to suspended" in text
    assert "You probably take the first user that filter[search] finds." in text
    (alone,) = [line for line in run.output.splitlines() if line.startswith("mock-solusio users check")]
    assert alone.endswith("--only similar-mail")
    assert "Learn more: mock-solusio users show similar-mail" in run.output


def test_every_report(users, billing, tmp_path):
    wanted = [
        word for kind in ("json", "junit", "html", "sarif") for word in ("--report", f"{kind}=r.{kind}")
    ]
    assert users("check", *billing(*BY_MAIL), "--only", "similar-mail", *wanted).exit_code == 1
    report = json.loads((tmp_path / "r.json").read_text())
    schema = json.loads(
        resources.files("solusio_contracts.reporting").joinpath("report.schema.json").read_text()
    )
    jsonschema_rs.validator_for(schema).validate(report)
    assert (report["command"], report["exit_code"]) == ("users check", 1)
    (failure,) = ET.fromstring((tmp_path / "r.junit").read_text()).iter("failure")  # noqa: S314 - our own
    assert "joann@example.com" in (failure.text or "")
    page = (tmp_path / "r.html").read_text()
    assert ">Scenarios<" in page
    assert "SolusIO needs" not in page
    assert "joann@example.com" in (tmp_path / "r.sarif").read_text()


def test_a_baseline_accepts_and_goes_stale(users, billing, tmp_path):
    only = ("--only", "similar-mail")
    assert users("check", *billing(*BY_MAIL), *only, "--write-baseline", "known.toml").exit_code == 1
    written = (tmp_path / "known.toml").read_text()
    (tmp_path / "known.toml").write_text(written.replace('reason = ""', 'reason = "one of these days"'))
    assert users("check", *billing(*BY_MAIL), *only, "--baseline", "known.toml").exit_code == 0
    assert users("check", *billing(), *only, "--baseline", "known.toml").exit_code == 1


def test_a_config_file_gives_options(users, billing, tmp_path):
    given = dict(zip(billing()[::2], billing()[1::2], strict=True))
    lines = [f"{name.removeprefix('--')} = {json.dumps(value)}" for name, value in given.items()]
    (tmp_path / "mock-solusio.toml").write_text("\n".join(["[users]", *lines, 'only = ["create-twice"]']))
    run = users("check")
    assert run.exit_code == 0, run.output
    (tmp_path / "mock-solusio.toml").write_text("[users]\ncreat = 'x'\n")
    run = users("check")
    assert run.exit_code == 2
    assert "[users] has no option 'creat'" in run.output


@pytest.mark.parametrize(
    ("words", "said"),
    [
        ((), "Missing option '--create'"),
        (("--create", "x {period}"), "--create: unknown placeholder {period}"),
        (("--create", "x", "--prepare", "y {customer}"), "--prepare: unknown placeholder {customer}"),
        (("--create", "x", "--login", "http://"), "--login: not a valid URL"),
        (("--create", "x", "--only", "nope"), "'nope' is not a scenario, area or clause"),
        (("--create", "x", "--jobs", "2", "--port", "8008"), "--port is for one mock SolusIO"),
        (("--create", "x", "--jobs", "0"), "--jobs"),
        (("--create", "x", "--header", "A: b"), "--header is for URLs"),
    ],
)
def test_wrong_usage(users, words, said):
    run = users("check", *words)
    assert run.exit_code == 2
    assert said in " ".join(run.output.split())


def test_a_port_that_is_taken(users):
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = str(taken.getsockname()[1])
        run = users("check", "--create", "x", "--port", port)
    assert run.exit_code == 2
    assert f"Cannot listen on 127.0.0.1:{port}: Address already in use." in run.output
    assert "Choose another --port, or 0 for a free one." in run.output


def test_a_program_that_is_not_there_decides_nothing(users):
    run = users("check", "--create", "/no/such/php create")
    assert run.exit_code == 3
    assert run.output.startswith("Inconclusive: /no/such/php cannot be started: No such file or directory")


def test_one_that_never_calls_the_mock_is_not_judged_and_soon_left_alone(users, tmp_path):
    mark = tmp_path / "runs"
    step = shlex.join([sys.executable, "-S", "-c", f"open({str(mark)!r}, 'a').write('x')"])
    run = users("check", "--create", step, "--only", "create")
    assert run.exit_code == 3
    assert "never asked the mock SolusIO" in " ".join(run.output.split())
    assert len(mark.read_text()) < 20


def test_urls_get_the_event_and_the_customer_and_may_redirect(users):
    planted = CustomerSystem()

    def answer(asked) -> Response:
        event = json.loads(asked.body)
        job = _job(event)
        done = planted.steps[event["event"]].run(job)
        if event["event"] == "login":
            return 302, {"Location": done.decode()}, b""
        return 200, {}, b""

    with endpoint(answer) as server:
        run = users(
            "check", "--create", f"{server.url}/users/{{customer}}?mail={{email}}", "--login", server.url,
            *("--only", "login-twice", "--only", "mail-with-plus"),
        )  # fmt: skip
    assert run.exit_code == 0, run.output
    assert "2 scenarios passed" in run.output
    targets = {asked.target for asked in server.asked if asked.target != "/"}
    assert any(target.endswith("?mail=ann%2Bhosting%40example.com") for target in targets)
    shown = json.loads(server.asked[0].body)
    assert set(shown) == {"event", "customer", "solusio_url", "access_token", "ca_file"}
    assert {"billing_user_id", "name", "email", "language_id", "limit_group_id", "pricing"} == set(
        shown["customer"]
    )


def _job(event):
    from solusio_contracts.users.customers import PRICING, UserCustomer
    from solusio_contracts.users.job import CustomerJob

    given = event["customer"]
    customer = UserCustomer(
        billing_user_id=given["billing_user_id"], name=given["name"], email=given["email"], pricing=PRICING
    )
    return CustomerJob(
        customer=customer,
        solusio_url=event["solusio_url"],
        access_token=event["access_token"],
        ca_file=None,
        customers=(customer,),
        customers_file=None,
    )


@pytest.mark.parametrize("jobs", ["1", "3"])
def test_an_interrupted_run_leaves_no_process(tmp_path, jobs):
    fifo = tmp_path / "pids"
    os.mkfifo(fifo)
    code = f"import os, time; open({str(fifo)!r}, 'w').write(f'{{os.getpid()}} '); time.sleep(600)"
    create = shlex.join([sys.executable, "-S", "-c", code])
    command = [sys.executable, "-m", "mock_solusio", "users", "check", "--create", create, "--jobs", jobs]
    pipe = subprocess.PIPE
    with subprocess.Popen(command, stdout=pipe, stderr=pipe, text=True, cwd=tmp_path) as process:
        try:
            started = [int(pid) for pid in fifo.read_text().split()]
            process.send_signal(signal.SIGTERM)
            _, errors = process.communicate(timeout=60)
        finally:
            process.kill()
    assert process.returncode == 130
    assert errors == "Interrupted: nothing was decided.\n"
    for pid in started:
        with pytest.raises(ProcessLookupError):
            os.kill(pid, 0)


def test_list_and_show(users):
    listed = users("list").output
    for one in load_scenarios():
        assert one.id in listed
        assert users("show", one.id).exit_code == 0
    assert "cl-033" in listed
    shown = users("show", "created-and-cut").output
    assert "customer.create  ann, createUser: cut after it was carried out, may fail" in shown
    assert "everybody else  unchanged" in shown
    assert "not a scenario: judged over the requests of all scenarios" in users("show", "cl-033").output
    wrong = users("show", "create-twic")
    assert wrong.exit_code == 2
    assert "'create-twic' is not a scenario. Did you mean: create-twice" in wrong.output
