import json
import os
import shutil
import signal
import socket
import subprocess
import sys
import threading
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import replace
from decimal import Decimal
from pathlib import Path

import httpx
import pytest
from click.testing import CliRunner

from solusio_reference.accounts.wanted import Profile
from solusio_reference.cli import reference
from solusio_reference.customers_document import write
from solusio_reference.demo_customers import DEMO_CUSTOMERS
from solusio_reference.storage.customers import CustomerStore, seed_demo
from solusio_reference.storage.database import Database

TOKEN_VARIABLE = "MOCK_SOLUSIO_TOKEN"
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
    """Start `serve` on a free port; yield the process and its output once it runs."""
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


def test_serve_prints_a_greeting_serves_prices_and_stops_on_ctrl_c():
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


def test_no_token_overrides_the_variable_and_a_store_with_customers_is_not_seeded(tmp_path):
    path = tmp_path / "customers.db"
    own = replace(DEMO_CUSTOMERS[0], id=999_999, base_token_unit_cost=Decimal(2))
    with CustomerStore(Database.at(str(path))) as store:
        store.save(own)
    options = ["--no-token", "--store", str(path), "--path", "/solusio/api/"]
    with serving(*options, **{TOKEN_VARIABLE: "secret"}) as (_, printed):
        url = url_in(printed)
        assert url.endswith("/solusio/api/")
        assert httpx.post(url, data={**FORM, "userid": "999999"}).status_code == 200
        assert httpx.post(url, data=FORM).status_code == 404
    assert TOKEN_VARIABLE not in printed
    assert "--user-id 999999 --unknown-user-id 1000000\n" in printed
    with CustomerStore(Database.at(str(path))) as store:
        assert store.all() == [own]


def test_an_empty_store_is_seeded(tmp_path):
    path = tmp_path / "new.db"
    with serving("--store", str(path)):
        pass
    with CustomerStore(Database.at(str(path))) as store:
        assert store.all() == list(DEMO_CUSTOMERS)


def test_no_seed_demo_leaves_an_empty_store_empty():
    with serving("--no-seed-demo") as (_, printed):
        assert httpx.post(url_in(printed), data=FORM).status_code == 404
    assert "There are no customers" in printed
    assert "mock-solusio check" not in printed


def test_seed_demo_restores_the_demo_customers(tmp_path):
    path = tmp_path / "customers.db"
    with CustomerStore(Database.at(str(path))) as store:
        seed_demo(store)
        store.save(*(replace(DEMO_CUSTOMERS[0], id=number) for number in (1, 2, *range(50, 65))))
    with serving("--store", str(path), "--seed-demo") as (_, printed):
        assert "  ... and 5 more\n" in printed  # 10 demo customers and 15 others, 20 shown
    with CustomerStore(Database.at(str(path))) as store:
        assert store.all()[:10] == list(DEMO_CUSTOMERS)
        assert len(store.all()) == 25


def test_a_port_in_use_is_a_clear_error():
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = taken.getsockname()[1]
        result = invoke("serve", "--port", str(port))
    assert result.exit_code == 2
    assert f"Cannot listen on 127.0.0.1:{port}: Address already in use." in result.output
    assert "Choose another --port, or 0 for a free one." in result.output


@pytest.mark.parametrize("host", ["no such host", "host..invalid"])
def test_an_invalid_host_is_a_clear_error(host):
    result = invoke("serve", "--port", "0", "--host", host)
    assert result.exit_code == 2
    assert f"Cannot listen on {host}:0: " in result.output
    assert "--port" not in result.output, "another port would not help"


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
def test_invalid_options_are_usage_errors_before_the_port_is_taken(options, complaint):
    with socket.create_server(("127.0.0.1", 0)) as taken:
        result = invoke("serve", "--port", str(taken.getsockname()[1]), *options)
    assert result.exit_code == 2
    assert complaint in result.output
    assert isinstance(result.exception, SystemExit)


def test_an_unusable_store_is_a_clear_error(tmp_path):
    (tmp_path / "notes.txt").write_text("not a database " * 100)
    for path, reason in [
        (tmp_path / "missing" / "a.db", "No such file or directory"),
        (tmp_path / "notes.txt", "it is not a database"),
    ]:
        result = invoke("serve", "--port", "0", "--store", str(path))
        assert result.exit_code == 2
        assert f"Cannot use {path}: {reason}." in " ".join(result.output.split())
        assert isinstance(result.exception, SystemExit)
    result = invoke("serve", "--port", "0", "--store", str(tmp_path))
    assert result.exit_code == 2
    assert f"{tmp_path} is a folder; expected a file in it." in " ".join(result.output.split())


# --- the pages ---------------------------------------------------------------------------------

SOLUSIO = ("--solusio-url", "http://127.0.0.1:9")
EVERYWHERE = "0.0.0.0"  # noqa: S104 - during a test


def test_with_a_solusio_the_pages_are_served_and_their_url_is_printed():
    with serving(*SOLUSIO, SOLUSIO_ACCESS_TOKEN="access-secret") as (_, printed):
        url = url_in(printed)
        assert f"\n  {url}billing\n" in printed
        assert "with SolusIO at http://127.0.0.1:9:" in printed
        assert "access-secret" not in printed
        assert httpx.get(f"{url}billing").status_code == 200
        assert httpx.get(f"{url}adapter/invoices").json() == {"invoices": []}
        assert httpx.get(f"{url}billing", headers={"Host": "evil.example"}).status_code == 421
        assert httpx.post(url, data=FORM).status_code == 200


@pytest.mark.parametrize(
    ("options", "served"),
    [
        ([], False),
        (["--pages"], True),
        ([*SOLUSIO, "--no-pages"], False),
        ([*SOLUSIO, "--host", EVERYWHERE], False),
        ([*SOLUSIO, "--host", EVERYWHERE, "--pages"], True),
    ],
)
def test_when_the_pages_are_served(options, served):
    with serving(*options, SOLUSIO_ACCESS_TOKEN="x") as (_, printed):
        answer = httpx.get(f"{url_in(printed)}billing")
    assert answer.status_code == (200 if served else 404)
    assert ("/billing\n" in printed) is served
    assert ("anyone who can reach them can log in" in printed) is (served and EVERYWHERE in options)


def test_customers_are_imported_and_no_demo_customers_added(tmp_path):
    document, place = tmp_path / "customers.json", tmp_path / "billing.db"
    document.write_bytes(write([(replace(DEMO_CUSTOMERS[0], id=77), Profile("ann@example.com"))]))
    options = ["--customers", str(document), "--store", str(place), "--pages"]
    with serving(*options) as (_, printed):
        url = url_in(printed)
        assert httpx.post(url, data={**FORM, "userid": "77"}).status_code == 200
        assert httpx.post(url, data=FORM).status_code == 404
        assert "ann@example.com" in httpx.get(f"{url}billing/customers/77").text


def test_the_url_file_is_written_at_the_start_and_the_end_of_input_stops_the_server(tmp_path):
    file = tmp_path / "url"
    file.write_text("of an earlier server")
    process = subprocess.Popen(
        [*COMMAND, "serve", "--port", "0", "--url-file", str(file), "--until-stdin-closes"],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )
    watchdog = threading.Timer(60, process.kill)
    watchdog.start()
    try:
        first = process.stdout.readline()  # the file exists before the greeting
        url = file.read_text().strip()
        assert url == first.split()[-1]
        assert httpx.post(url, data=FORM).status_code == 200
        process.stdin.write("this does not stop it\n")
        process.stdin.flush()
        assert httpx.post(url, data=FORM).status_code == 200
        rest, errors = process.communicate(timeout=30)  # closes standard input
    finally:
        process.kill()
        process.wait()
        watchdog.cancel()
    assert process.returncode == 0
    assert rest.splitlines()[-1] == "Stopped."
    assert errors == ""
    assert [found.name for found in tmp_path.iterdir()] == ["url"]


def test_ctrl_c_during_a_billing_run_stops_without_a_traceback():
    with socket.create_server(("127.0.0.1", 0)) as silent, ThreadPoolExecutor(1) as pool:
        silent.settimeout(30)
        solusio = f"http://127.0.0.1:{silent.getsockname()[1]}"
        with serving("--solusio-url", solusio, SOLUSIO_ACCESS_TOKEN="x") as (process, printed):
            bill = f"{url_in(printed)}adapter/bill"
            answer = pool.submit(httpx.post, bill, json={"period": "2026-03"}, timeout=30)
            silent.accept()[0].close()  # SolusIO does not respond; the client will try again
            connection, _ = silent.accept()
            with connection:
                process.send_signal(signal.SIGINT)
                rest, errors = process.communicate(timeout=30)
    assert answer.result().json()["error"]["code"] == "stopping"
    assert process.returncode == 0
    assert rest == "Stopped.\n"
    assert "Traceback" not in errors


@pytest.mark.parametrize(
    ("options", "complaint"),
    [
        (["--access-token", "secret"], "--access-token needs --solusio-url."),
        (["--solusio-url", "http://x"], "--solusio-url needs --access-token."),
        (["--solusio-url", "ftp://x", "--access-token", "secret"], "must begin with http:// or https://"),
        (["--solusio-url", "http://x", "--access-token", "two secrets"], "no spaces."),
        (
            ["--customers", "/dev/null"],
            "Cannot read /dev/null: the customers document is not valid",
        ),
        (["--customers", "/no/such/file"], "'--customers'"),
        (
            ["--url-file", "/no/such/folder/url"],
            "Cannot write /no/such/folder/url: No such file or directory.",
        ),
        (["--pages", "--path", "/billing"], "the path must not be under /billing or /adapter"),
        (["--pages", "--path", "/adapter/x"], "the path must not be under /billing or /adapter"),
        (
            ["--store", "nosuch://user:secret@host/db"],
            "Cannot use the database: only PostgreSQL and SQLite are supported",
        ),
    ],
)
def test_invalid_options_of_the_pages_are_usage_errors(options, complaint):
    result = invoke("serve", "--port", "0", *options)
    assert result.exit_code == 2
    assert complaint in " ".join(result.output.split())
    assert "secret" not in result.output
    assert isinstance(result.exception, SystemExit)


# --- checking it against the contract --------------------------------------------------------

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
    """Replace `python -m mock_solusio check` by a script that records how it was called."""
    script, output = tmp_path / "python", tmp_path / "seen.json"
    script.write_text(FAKE_PYTHON.format(python=sys.executable, output=str(output)))
    script.chmod(0o755)
    monkeypatch.setattr(sys, "executable", str(script))
    return output


def test_check_runs_on_a_live_endpoint_and_passes_on_the_exit_code(fake_python):
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
        httpx.post(url)  # the endpoint stopped with the command


FAKE_INVOICES_CHECK = """#!{python}
import json, pathlib, sys, urllib.request
arguments = sys.argv[1:]
invoices = arguments[arguments.index("--invoices") + 1].replace("{{period}}", "2026-03")
answers = []
for job in range(int(arguments[arguments.index("--jobs") + 1])):
    with urllib.request.urlopen(invoices.replace("{{job}}", str(job + 1)), timeout=30) as response:
        answers.append(json.load(response))
pathlib.Path({output!r}).write_text(json.dumps({{"arguments": arguments, "answers": answers}}))
sys.exit(1)
"""


def test_check_invoices_runs_on_a_live_adapter_and_passes_on_the_exit_code(tmp_path, monkeypatch):
    script, output = tmp_path / "python", tmp_path / "seen.json"
    script.write_text(FAKE_INVOICES_CHECK.format(python=sys.executable, output=str(output)))
    script.chmod(0o755)
    monkeypatch.setattr(sys, "executable", str(script))
    result = invoke("check-invoices", "--only", "rounding", "-q")
    assert result.exit_code == 1
    seen = json.loads(output.read_text())
    root = seen["arguments"][7].removesuffix("/customers?period={period}")
    assert seen["arguments"] == [
        *("-m", "mock_solusio", "invoices", "check", "--jobs", "4"),
        *("--prepare", f"{root}/customers?period={{period}}"),
        *("--bill", f"{root}/bill", "--invoices", f"{root}/invoices?period={{period}}"),
        *("--only", "rounding", "-q"),
    ]
    assert seen["answers"] == [{"invoices": []}] * 4


def test_check_users_conforms_with_nothing_skipped(tmp_path):
    file = tmp_path / "report.json"
    command = [sys.executable, "-m", "mock_solusio", "reference", "check-users"]
    command += ["--report", f"json={file}", "-q"]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stdout + done.stderr
    results = json.loads(file.read_text())["results"]
    assert {one["outcome"] for one in results} == {"pass"}
    assert len(results) > 100


def test_a_billing_run_loads_no_server_and_nothing_that_httpx_has_for_a_terminal(usage_server, tmp_path):
    file = tmp_path / "books.db"
    Database.at(str(file)).close()
    arguments = ["bill", "2026-03", "--store", str(file), "--solusio-url", usage_server.url]
    command = [sys.executable, "-X", "importtime", "-m", "mock_solusio", "reference", *arguments]
    environment = os.environ | {"SOLUSIO_ACCESS_TOKEN": "access-token"}
    done = subprocess.run(command, env=environment, capture_output=True, text=True, timeout=120, check=True)
    loaded = {line.rpartition("|")[2].strip().partition(".")[0] for line in done.stderr.splitlines()}
    assert {"httpx", "sqlalchemy"} <= loaded
    assert not loaded & {"rich", "pygments", "jinja2", "starlette", "uvicorn", "psycopg"}
