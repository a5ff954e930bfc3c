import json
import os
import shutil
import signal
import socket
import subprocess
import sys
import threading
from contextlib import contextmanager
from dataclasses import replace
from decimal import Decimal
from pathlib import Path

import httpx
import pytest
from click.testing import CliRunner

from solusio_reference.cli import reference
from solusio_reference.demo import DEMO_CUSTOMERS
from solusio_reference.store import Store, seed_demo

TOKEN_VARIABLE = "MOCK_SOLUSIO_BILLING_TOKEN"
COMMAND = [
    sys.executable,
    "-W",
    "error",
    "-c",
    "from solusio_reference.cli import reference; reference(prog_name='mock-solusio reference')",
]
FORM = {"action": "GetTokenPricing", "userid": "1"}


@contextmanager
def serving(*options: str, **variables: str):
    """Start `serve` on a free port; give the process and what it printed once it is ready."""
    environment = {name: value for name, value in os.environ.items() if name != TOKEN_VARIABLE}
    process = subprocess.Popen(
        [*COMMAND, "serve", "--port", "0", *options],
        env={**environment, **variables},
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )
    watchdog = threading.Timer(60, process.kill)
    watchdog.start()
    try:
        printed = []
        for line in process.stdout:
            printed.append(line)
            if line.startswith("Press Ctrl-C"):
                break
        else:
            pytest.fail(f"serve ended early: {process.stderr.read()}")
        yield process, "".join(printed)
    finally:
        process.kill()
        process.communicate()
        watchdog.cancel()


def url_in(printed: str) -> str:
    return printed.splitlines()[0].rpartition(" ")[2]


def invoke(*arguments: str):
    return CliRunner(env={TOKEN_VARIABLE: None}).invoke(reference, arguments)


def test_serve_greets_answers_and_stops_on_ctrl_c():
    with serving() as (process, printed):
        url = url_in(printed)
        assert httpx.post(url, data=FORM).status_code == 200
        process.send_signal(signal.SIGINT)
        rest, errors = process.communicate(timeout=30)
    assert process.returncode == 0
    assert rest == "Stopped.\n"
    assert errors == ""
    rows = [line.split() for line in printed.splitlines()]
    assert ["1", "Vendor's", "example", "GBP", "1.34", "1.3763676"] in rows
    assert ["10", "Very", "small", "cost", "USD", "0.00001", "0.00001"] in rows
    assert f"  mock-solusio check {url} --user-id 1 --user-id 2 --unknown-user-id 999999\n" in printed


@pytest.mark.skipif(shutil.which("curl") is None, reason="curl is not installed")
@pytest.mark.parametrize("source", ["option", "variable"])
def test_the_printed_curl_line_works_with_a_token(source):
    token = 'it\'s a "$HOME" & 100%'
    options = ["--token", token] if source == "option" else []
    variables = {TOKEN_VARIABLE: token} if source == "variable" else {}
    with serving(*options, **variables) as (_, printed):
        [line] = [line for line in printed.splitlines() if line.startswith("  curl ")]
        result = subprocess.run(
            ["sh", "-c", f"{line} --silent"],
            env={**os.environ, **variables},
            capture_output=True,
            timeout=30,
            check=True,
        )
        assert json.loads(result.stdout)["user_token_unit_cost"] == 1.3763676
        assert httpx.post(url_in(printed), data=FORM).status_code == 401
    if source == "variable":
        assert token not in printed
        assert f'\n  MOCK_SOLUSIO_TOKEN="${TOKEN_VARIABLE}" mock-solusio check http' in printed


def test_no_token_wins_over_the_variable_and_a_full_store_is_not_seeded(tmp_path):
    path = tmp_path / "customers.db"
    own = replace(DEMO_CUSTOMERS[0], id=999_999, base_token_unit_cost=Decimal(2))
    with Store.in_file(path) as store:
        store.save(own)
    options = ["--no-token", "--store", str(path), "--path", "/solusio/api/"]
    with serving(*options, **{TOKEN_VARIABLE: "secret"}) as (_, printed):
        url = url_in(printed)
        assert url.endswith("/solusio/api/")
        assert httpx.post(url, data={**FORM, "userid": "999999"}).status_code == 200
        assert httpx.post(url, data=FORM).status_code == 404
    assert TOKEN_VARIABLE not in printed
    assert "--user-id 999999 --unknown-user-id 1000000\n" in printed
    with Store.in_file(path) as store:
        assert store.all() == [own]


def test_an_empty_store_is_seeded_and_kept(tmp_path):
    path = tmp_path / "new.db"
    with serving("--store", str(path)):
        pass
    with Store.in_file(path) as store:
        assert store.all() == list(DEMO_CUSTOMERS)


def test_an_empty_store_stays_empty_when_asked_to():
    with serving("--no-seed-demo") as (_, printed):
        assert httpx.post(url_in(printed), data=FORM).status_code == 404
    assert "There are no customers" in printed
    assert "mock-solusio check" not in printed


def test_seed_demo_brings_the_demo_customers_back(tmp_path):
    path = tmp_path / "customers.db"
    with Store.in_file(path) as store:
        seed_demo(store)
        store.save(*(replace(DEMO_CUSTOMERS[0], id=number) for number in (1, 2, *range(50, 65))))
    with serving("--store", str(path), "--seed-demo") as (_, printed):
        assert "  ... and 5 more\n" in printed  # 10 demo customers and 15 others, 20 shown
    with Store.in_file(path) as store:
        assert store.all()[:10] == list(DEMO_CUSTOMERS)
        assert len(store.all()) == 25


def test_a_port_in_use_is_a_clear_error():
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = taken.getsockname()[1]
        result = invoke("serve", "--port", str(port))
    assert result.exit_code == 2
    assert f"Cannot listen on 127.0.0.1:{port}: Address already in use." in result.output


@pytest.mark.parametrize("host", ["no such host", "host..invalid"])
def test_a_host_that_is_none_is_a_clear_error(host):
    result = invoke("serve", "--port", "0", "--host", host)
    assert result.exit_code == 2
    assert f"Cannot listen on {host}:0: " in result.output


@pytest.mark.parametrize(
    ("options", "complaint"),
    [
        (["--port", "65536"], "'--port'"),
        (["--port", "http"], "'--port'"),
        (["--token", "x", "--no-token"], "--token and --no-token exclude each other."),
        (["--token", ""], "the authorization token must not be empty."),
        (["--path", "api"], "the path must start with /"),
        (["--frobnicate"], "--frobnicate"),
    ],
)
def test_bad_options_are_usage_errors(options, complaint):
    result = invoke("serve", *options)
    assert result.exit_code == 2
    assert complaint in result.output
    assert isinstance(result.exception, SystemExit)


def test_a_store_that_cannot_be_used_is_a_clear_error(tmp_path):
    (tmp_path / "notes.txt").write_text("no database " * 100)
    for path, reason in [
        (tmp_path, "unable to open database file"),
        (tmp_path / "missing" / "a.db", "unable to open database file"),
        (tmp_path / "notes.txt", "file is not a database"),
    ]:
        result = invoke("serve", "--store", str(path))
        assert result.exit_code == 2
        assert f"Cannot use {path}: {reason}." in " ".join(result.output.split())
        assert isinstance(result.exception, SystemExit)


FAKE_PYTHON = """#!{python}
import json, os, pathlib, signal, sys, urllib.parse, urllib.request
url = sys.argv[4]
token = os.environ["MOCK_SOLUSIO_TOKEN"]
form = {{"token": token, "action": "GetTokenPricing", "userid": "2"}}
body = urllib.parse.urlencode(form).encode()
with urllib.request.urlopen(url, body, timeout=30) as response:
    answer = json.load(response)
seen = {{"arguments": sys.argv[1:], "token": token, "answer": answer}}
pathlib.Path({output!r}).write_text(json.dumps(seen))
if "--die" in sys.argv:
    os.kill(os.getpid(), signal.SIGTERM)
sys.exit(3)
"""


@pytest.fixture
def fake_python(tmp_path, monkeypatch) -> Path:
    """Put a stand-in for `python -m mock_solusio check`, which writes down how it was called."""
    script, output = tmp_path / "python", tmp_path / "seen.json"
    script.write_text(FAKE_PYTHON.format(python=sys.executable, output=str(output)))
    script.chmod(0o755)
    monkeypatch.setattr(sys, "executable", str(script))
    return output


def test_check_runs_the_check_on_a_live_endpoint_and_exits_as_it_does(fake_python):
    result = invoke("check", "--no-fuzz", "--report", "json=a b.json", "--user-id", "3", "-q")
    assert result.exit_code == 3
    seen = json.loads(fake_python.read_text())
    url = seen["arguments"][3]
    assert seen["arguments"] == [
        *("-m", "mock_solusio", "check", url),
        *("--user-id", "1", "--user-id", "2", "--unknown-user-id", "999999"),
        *("--no-fuzz", "--report", "json=a b.json", "--user-id", "3", "-q"),
    ]
    assert seen["answer"]["user_token_unit_cost"] == 0.000765
    assert len(seen["token"]) >= 32
    assert seen["token"] not in result.output
    with pytest.raises(httpx.ConnectError):
        httpx.post(url)  # the endpoint is gone with the command


def test_check_reports_a_check_that_was_killed_as_shells_do(fake_python):
    assert invoke("check", "--die").exit_code == 128 + signal.SIGTERM
    assert fake_python.exists()


def test_check_stops_on_ctrl_c_and_takes_the_check_with_it(tmp_path):
    script = tmp_path / "python"
    script.write_text("#!/bin/sh\necho ready\nexec sleep 600\n")
    script.chmod(0o755)
    code = f"import sys; sys.executable = {str(script)!r}; {COMMAND[-1]}"
    process = subprocess.Popen(
        [sys.executable, "-W", "error", "-c", code, "check"],
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        start_new_session=True,
    )
    with process:
        assert process.stdout.readline() == "ready\n"
        os.killpg(process.pid, signal.SIGINT)  # Ctrl-C in a terminal reaches both processes
        # Returns when nobody holds the pipes any more: the check is gone, too.
        _, errors = process.communicate(timeout=60)
    assert process.returncode == 130
    assert errors == ""


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        (["--help"], ["serve", "check", "GetTokenPricing"]),
        (["serve", "--help"], ["--host", "--store", TOKEN_VARIABLE, "--seed-demo"]),
        (["check", "--help"], ["mock-solusio check", "exit code"]),
    ],
)
def test_help(arguments, words):
    result = invoke(*arguments)
    assert result.exit_code == 0
    for word in words:
        assert word in result.output


def test_the_command_line_is_read_without_the_heavy_libraries():
    heavy = ["sqlalchemy", "starlette", "uvicorn", "msgspec", "babel", "asyncio"]
    code = f"import sys, solusio_reference.cli; print([m for m in {heavy} if m in sys.modules])"
    result = subprocess.run(
        [sys.executable, "-c", code], capture_output=True, text=True, check=True, timeout=60
    )
    assert result.stdout == "[]\n"
