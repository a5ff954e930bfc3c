"""`mock-solusio invoices` as people run it."""

import json
import os
import shlex
import signal
import subprocess
import sys
import xml.etree.ElementTree as ET
from importlib import resources
from pathlib import Path

import jsonschema_rs
import pytest

from solusio_contracts.invoices.job import BillingJob
from solusio_contracts.invoices.scenario import load_scenarios
from support.commands import invoke
from support.endpoint import Asked, Response, endpoint

PLAIN = "resize-mid-month"
SCRIPT = """
import json, os, sys, urllib.request
from decimal import ROUND_HALF_UP, Decimal
from pathlib import Path

state = Path(sys.argv[2])
books = json.loads(state.read_text()) if state.exists() else {"customers": {}, "invoices": {}}
period = os.environ["SOLUSIO_PERIOD"]
if sys.argv[1] == "prepare":
    text = Path(os.environ["SOLUSIO_CUSTOMERS"]).read_text()
    for one in json.loads(text, parse_float=str, parse_int=str)["customers"]:
        books["customers"][one["billing_user_id"]] = one["pricing"]
elif sys.argv[1] == "bill":
    url = os.environ["SOLUSIO_URL"] + "/api/v1/usage?per_page=1000&from=" + sys.argv[3] + "&to=" + sys.argv[4]
    bearer = "Bearer " + os.environ["SOLUSIO_ACCESS_TOKEN"]
    ask = urllib.request.Request(url, headers={"Authorization": bearer})
    for line in json.load(urllib.request.urlopen(ask))["data"]:
        key = str(line["billing_user_id"]) + " " + period
        if key in books["invoices"] and books["invoices"][key].get("done"):
            continue
        customer = books["customers"][key.split()[0]]
        invoice = books["invoices"].setdefault(key, {
            "number": key, "billing_user_id": line["billing_user_id"], "period": period,
            "currency": customer["currency"]["code"], "lines": []})
        tokens = TOKENS
        invoice["lines"].append({"server": line["server_name"], "resource": line["resource"],
            "plan": line["plan"]["name"], "hours": line["hours"], "tokens": tokens})
        price = Decimal(customer["user_token_unit_cost"])
        total = sum(one["tokens"] for one in invoice["lines"]) * price
        invoice["total"] = str(total.quantize(Decimal("0.01"), ROUND_HALF_UP))
    for invoice in books["invoices"].values():
        invoice["done"] = True
else:
    print(json.dumps({"invoices": [one for one in books["invoices"].values() if one["period"] == period]}))
state.write_text(json.dumps(books))
"""


@pytest.fixture
def billing(tmp_path):
    """Write a billing system as a script; return the options that run it."""

    def write(tokens: str = 'line["tokens"]') -> list[str]:
        script = tmp_path / "billing.py"
        script.write_text(SCRIPT.replace("TOKENS", tokens))
        program = shlex.join([sys.executable, "-S", str(script)])
        state = shlex.quote(str(tmp_path / "state.json"))
        (tmp_path / "state.json").unlink(missing_ok=True)
        return [
            *("--prepare", f"{program} prepare {state}"),
            *("--bill", f"{program} bill {state} {{from}} {{to}}"),
            *("--invoices", f"{program} invoices {state}"),
        ]

    return write


@pytest.fixture
def invoices(tmp_path, monkeypatch):
    """Run the command in an empty folder."""
    monkeypatch.chdir(tmp_path)

    return lambda *words: invoke("invoices", *words)


NO_CAP = 'line["hours"] * line["tokens_per_hour"]'


def test_a_command_that_bills_right_is_conformant(invoices, billing):
    run = invoices("check", *billing(), "--only", PLAIN)
    assert run.exit_code == 0, run.output
    assert "Conformant: 3 scenarios passed (5 calls," in run.output


def test_one_that_knows_no_cap_is_not_and_is_told_so(invoices, billing):
    run = invoices("check", *billing(NO_CAP), "--only", "vendor-730-hours")
    assert run.exit_code == 1
    lines = [line.strip() for line in run.output.splitlines()]
    assert "Expected       730 hours, 5000 tokens" in lines
    assert "You billed     730 hours, 5110 tokens" in lines
    assert any(
        line.startswith("Fix            You probably charge every hour, without the monthly")
        for line in lines
    )
    (alone,) = [line for line in lines if line.startswith("mock-solusio invoices check")]
    assert alone.endswith("--only vendor-730-hours")
    assert "Learn more: mock-solusio invoices show vendor-730-hours" in lines
    assert "SolusIO needs" not in run.output


HANGS = shlex.join([sys.executable, "-S", "-c", "import time; time.sleep(600)"])


def test_the_run_ends_in_time_and_names_what_was_not_run(invoices, billing, tmp_path):
    report = tmp_path / "report.json"
    words = [*billing(), "--bill", HANGS, "--only", PLAIN, "--only", "locked-user", "--max-seconds", "1"]
    run = invoices("check", *words, "--report", f"json={report}")
    assert run.exit_code == 3, run.output
    reason = "not run: the time of --max-seconds (1 s) is over"
    told = {one["rule"]: (one["outcome"], one["reason"]) for one in json.loads(report.read_text())["results"]}
    assert told == {PLAIN: ("error", reason), "locked-user": ("error", reason)}
    assert reason in run.output


def test_quiet_is_one_line(invoices, billing):
    run = invoices("check", *billing(NO_CAP), "--only", "vendor-730-hours", "-q")
    assert (run.exit_code, run.stdout.count("\n")) == (1, 1)
    assert run.stdout.startswith("Not conformant: 1 scenario failed, 2 passed (5 calls,")


def test_verbose_shows_the_invoice(invoices, billing):
    run = invoices("check", *billing(NO_CAP), "--only", "vendor-730-hours", "-v")
    assert '<   "currency": "USD",' in run.output
    assert "✓ no two invoices in one database have the same number" in run.output


def test_every_report(invoices, billing, tmp_path):
    wanted = [
        word for kind in ("json", "junit", "html", "sarif") for word in ("--report", f"{kind}=r.{kind}")
    ]
    assert invoices("check", *billing(NO_CAP), "--only", "vendor-730-hours", *wanted).exit_code == 1
    report = json.loads((tmp_path / "r.json").read_text())
    schema = json.loads(
        resources.files("solusio_contracts.reporting").joinpath("report.schema.json").read_text()
    )
    jsonschema_rs.validator_for(schema).validate(report)
    assert (report["command"], report["schema_version"], report["exit_code"]) == ("invoices check", "1.2", 1)
    (finding,) = report["results"][0]["findings"]
    assert (finding["clause"], finding["subject"]) == ("INV-005", "web, plan 1 Core, 1 GB RAM")
    (failure,) = ET.fromstring((tmp_path / "r.junit").read_text()).iter("failure")  # noqa: S314 - our own
    assert "Expected: 730 hours, 5000 tokens" in (failure.text or "")
    page = (tmp_path / "r.html").read_text()
    assert "You billed" in page
    assert "SolusIO needs" not in page
    assert ">Scenarios<" in page
    sarif = json.loads((tmp_path / "r.sarif").read_text())
    (result,) = sarif["runs"][0]["results"]
    text = result["message"]["text"]
    assert "Cause: you probably charge every hour" in text
    assert "expected 730 hours, 5000 tokens; you billed web, plan 1 Core, 1 GB RAM: 730 hours, 5110" in text
    assert result["locations"][0]["physicalLocation"]["artifactLocation"]["uri"] == "billing-system"


def test_a_baseline_accepts_and_goes_stale(invoices, billing, tmp_path):
    only = ("--only", "vendor-730-hours")
    assert invoices("check", *billing(NO_CAP), *only, "--write-baseline", "known.toml").exit_code == 1
    written = (tmp_path / "known.toml").read_text()
    assert "`mock-solusio invoices check --baseline FILE`" in written
    unexplained = invoices("check", *billing(NO_CAP), *only, "--baseline", "known.toml")
    assert unexplained.exit_code == 2
    assert "accept[0].reason (line 5): expected" in unexplained.output
    (tmp_path / "known.toml").write_text(written.replace('reason = ""', 'reason = "caps come in March"'))
    accepted = invoices("check", *billing(NO_CAP), *only, "--baseline", "known.toml")
    assert accepted.exit_code == 0
    assert "No new failures" in accepted.output
    (tmp_path / "other.toml").write_text('version = 2\n[[accept]]\nrule = "vendor-730-hors"\nreason = "x"\n')
    unknown = invoices("check", *billing(), *only, "--baseline", "other.toml")
    assert unknown.exit_code == 2
    assert "'vendor-730-hors' is not a scenario. Did you mean: vendor-730-hours?" in unknown.output
    run = invoices("check", *billing(), *only, "--baseline", "known.toml")
    assert run.exit_code == 1
    assert "1 stale baseline entry" in run.output


def test_a_config_file_gives_options_and_may_be_that_of_check_as_well(invoices, billing, tmp_path):
    _, prepare, _, bill, _, told = billing()
    (tmp_path / "mock-solusio.toml").write_text(
        f"[check]\nuser-id = [1]\n[invoices]\nprepare = {json.dumps(prepare)}\nbill = {json.dumps(bill)}\n"
        f'invoices = {json.dumps(told)}\nonly = ["{PLAIN}"]\n'
    )
    run = invoices("check")
    assert run.exit_code == 0, run.output
    (tmp_path / "mock-solusio.toml").write_text("[invoices]\nbil = 'x'\n")
    run = invoices("check")
    assert run.exit_code == 2
    assert "[invoices] has no option 'bil'" in run.output


@pytest.mark.parametrize(
    ("words", "said"),
    [
        ((), "Missing option '--bill'"),
        (("--bill", "x"), "Missing option '--invoices'"),
        (("--bill", "x {month}", "--invoices", "y"), "--bill: unknown placeholder {month}"),
        (("--bill", "x", "--invoices", "http://"), "--invoices: not a valid URL"),
        (("--bill", "x", "--invoices", "y", "--only", "nope"), "'nope' is not a scenario, area or clause"),
        (("--bill", "x", "--invoices", "y", "--skip", "*"), "leave no scenario"),
        (("--bill", "x", "--invoices", "y", "--header", "A: b"), "--header is for URLs"),
        (("--bill", "x", "--invoices", "y", "-q", "-v"), "exclude each other"),
        (("--bill", "x", "--invoices", "y", "--access-token", "a b"), "--access-token"),
        (
            ("--bill", "x", "--invoices", "y", "--first-customer-id", "0"),
            "expected an integer from 1, got '0'",
        ),
        (("--bill", "x", "--invoices", "y", "--timeout", "nan"), "--timeout"),
        (("--bill", "x", "--invoices", "y", "--report", "pdf=x"), "expected one of json=FILE"),
    ],
)
def test_wrong_usage(invoices, words, said):
    run = invoices("check", *words)
    assert run.exit_code == 2
    assert said in " ".join(run.output.split())
    assert "a b" not in run.output


def test_a_port_that_is_taken(invoices):
    import socket

    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = str(taken.getsockname()[1])
        run = invoices("check", "--bill", "x", "--invoices", "y", "--only", PLAIN, "--port", port)
    assert run.exit_code == 2
    assert f"Cannot listen on 127.0.0.1:{port}: Address already in use." in run.output
    assert "Choose another --port, or 0 for a free one." in run.output


def test_a_program_that_is_not_there_decides_nothing(invoices):
    run = invoices("check", "--bill", "/no/such/php bill", "--invoices", "y")
    assert run.exit_code == 3
    assert run.output.startswith("Inconclusive: /no/such/php cannot be started: No such file or directory")
    assert run.output.count("\n") == 1


ASKS = """
import os, urllib.request
ask = urllib.request.Request(os.environ["SOLUSIO_URL"] + "/api/v1/usage")
ask.add_header("Authorization", "Bearer " + os.environ["SOLUSIO_ACCESS_TOKEN"])
urllib.request.build_opener(urllib.request.ProxyHandler({})).open(ask).read()
"""


def test_garbage_is_undecided_and_a_crash_is_a_failure(invoices):
    true = shlex.join([sys.executable, "-S", "-c", ASKS])
    garbage = shlex.join(
        [sys.executable, "-S", "-c", "import sys; sys.stdout.buffer.write(b'\\xff\\x00 <br>')"]
    )
    run = invoices("check", "--bill", true, "--invoices", garbage, "--only", PLAIN)
    assert run.exit_code == 3
    assert "its invoices cannot be read: the invoices document: expected JSON" in " ".join(run.output.split())
    crash = shlex.join([sys.executable, "-S", "-c", ASKS + "raise SystemExit('no such table: usage')"])
    run = invoices("check", "--bill", crash, "--invoices", true, "--only", PLAIN)
    assert run.exit_code == 1
    assert "It said: no such table: usage" in " ".join(run.output.split())


def test_a_command_without_end_that_never_asks_is_not_judged(invoices):
    endless = shlex.join([sys.executable, "-S", "-c", "import time; time.sleep(600)"])
    run = invoices("check", "--bill", endless, "--invoices", "y", "--only", PLAIN, "--timeout", "0.5")
    assert run.exit_code == 3
    assert "did not end within 0.5 s" in " ".join(run.output.split())


@pytest.mark.parametrize(("number", "jobs"), [(signal.SIGINT, 1), (signal.SIGTERM, 1), (signal.SIGTERM, 3)])
def test_an_interrupted_run_leaves_no_process(tmp_path, number, jobs):
    fifo = tmp_path / "pid"
    os.mkfifo(fifo)
    code = f"import os, time; open({str(fifo)!r}, 'w').write(f'{{os.getpid()}} '); time.sleep(600)"
    bill = shlex.join([sys.executable, "-S", "-c", code])
    command = [sys.executable, "-m", "mock_solusio", "invoices", "check", "--bill", bill, "--invoices", "y"]
    with subprocess.Popen(
        [*command, "--only", "metering", "--jobs", str(jobs)],
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        cwd=tmp_path,
    ) as process:
        try:
            pids = [int(pid) for pid in fifo.read_text().split()]
            process.send_signal(number)
            _, errors = process.communicate(timeout=60)
        finally:
            process.kill()
    assert process.returncode == 130
    assert errors == "Interrupted: nothing was decided.\n"
    for pid in pids:
        with pytest.raises(ProcessLookupError):
            os.kill(pid, 0)


# URLs


@pytest.fixture
def url(books):
    """Serve the books over HTTP, behind a header."""

    def answer(request: Asked) -> Response:
        if request.method == "GET":
            content = books.told(order(request.target.partition("period=")[2], {}))
        elif request.target == "/customers":
            content = books.prepare(order("", {}, request.body))
        else:
            asked = json.loads(request.body)
            content = books.bill(order(asked["period"], asked))
        return 200 if request.headers["X-Key"] == "key-of-the-test" else 403, {}, content

    def order(period: str, asked: dict[str, str], customers: bytes = b"") -> BillingJob:
        return BillingJob(
            period=period,
            since=asked.get("from", ""),
            until=asked.get("to", ""),
            solusio_url=asked.get("solusio_url", ""),
            access_token=asked.get("access_token", ""),
            customers=customers,
            customers_file=Path(),
        )

    with endpoint(answer) as made:
        yield made.url


def test_urls_are_billed_like_commands(invoices, url):
    steps = ("--prepare", f"{url}/customers", "--bill", f"{url}/bill")
    told = ("--invoices", f"{url}/invoices?period={{period}}")
    key = ("--header", "X-Key: key-of-the-test")
    run = invoices("check", *steps, *told, *key, "--only", PLAIN, "--only", "yen", "-v")
    assert run.exit_code == 0, run.output
    assert "key-of-the-test" not in run.output
    run = invoices("check", *steps, *told, "--only", PLAIN)
    assert run.exit_code == 3
    assert "was answered with status 403" in " ".join(run.output.split())


def test_a_url_that_is_none_is_refused(invoices, billing):
    for wrong in ("host.docker.internal:8008", "http://a b", "http://h:99999", "http://h/?x=1"):
        run = invoices("check", *billing(), "--only", PLAIN, "--solusio-url", wrong)
        assert run.exit_code == 2
        assert "Invalid value for --solusio-url: expected a URL such as" in " ".join(run.output.split())
    run = invoices("check", *billing(), "--only", PLAIN, "--host", "192.0.2.1")
    assert run.exit_code == 2
    assert "Cannot listen on 192.0.2.1" in run.output
    Path("file").touch()
    run = invoices("check", *billing(), "--only", PLAIN, "--exchange-dir", "file/folder")
    assert run.exit_code == 2
    assert "cannot create file/folder" in run.output


def test_the_line_that_runs_a_scenario_alone_says_where_they_meet(invoices, billing):
    where = ("--host", "localhost", "--solusio-url", "http://127.0.0.1:{port}", "--exchange-dir", "shared")
    run = invoices("check", *billing(NO_CAP), "--only", "vendor-730-hours", *where)
    assert run.exit_code == 1
    (alone,) = [line for line in run.output.splitlines() if line.startswith("mock-solusio invoices check")]
    assert shlex.join(where) in alone


# How amounts are rounded

UP = ("--only", "half-a-cent", "--only", "vendor-700-hours")


def test_a_method_is_found_out_or_declared(invoices, billing, tmp_path):
    """4165 tokens x 0.001 = 4.165: the script rounds half up."""
    run = invoices("check", *billing(), *UP)
    assert run.exit_code == 0, run.output
    assert "method of rounding: half-up, total rounded once: explains 2 of 2 invoices" in run.output
    run = invoices("check", *billing(), *UP, "--rounding", "half-even")
    assert run.exit_code == 1
    assert "Expected       4.16 USD (4165 tokens x 0.001)" in run.output
    (tmp_path / "mock-solusio.toml").write_text('[invoices.method]\nrounding = "ceiling"\n')
    run = invoices("check", *billing(), *UP)
    assert run.exit_code == 0, run.output
    assert "method of rounding: ceiling, total rounded once: explains 2 of 2 invoices" in run.output


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ('rounding = "up"', "'up' is not one of 'half-up'"),
        ('cash_rounding = "-1"', "expected an amount such as 0.05, got '-1'"),
        ("cash_rounding = 0.05", "expected a string, got 0.05"),
        ('colour = "red"', "has no option 'colour'"),
    ],
)
def test_a_method_that_is_none_is_refused(invoices, billing, tmp_path, text, said):
    (tmp_path / "mock-solusio.toml").write_text(f"[invoices.method]\n{text}\n")
    run = invoices("check", *billing(), *UP)
    assert run.exit_code == 2
    assert said in " ".join(run.output.split())


def test_warnings_fail_if_they_should(invoices, billing, tmp_path):
    """Amounts with three decimals are a warning."""
    steps = billing()
    script = tmp_path / "billing.py"
    script.write_text(
        script.read_text().replace('str(total.quantize(Decimal("0.01"), ROUND_HALF_UP))', 'f"{total:.3f}"')
    )
    chosen = ("--only", "vendor-700-hours", "-q")
    assert invoices("check", *steps, *chosen).exit_code == 0
    (tmp_path / "state.json").unlink()
    run = invoices("check", *steps, *chosen, "--fail-on", "should")
    assert run.exit_code == 1
    assert run.stdout.startswith("Not conformant: 1 warning, 2 passed")


# What else there is


def test_the_list_has_every_scenario(invoices):
    run = invoices("list")
    assert run.exit_code == 0
    first_words = [line.split()[0] for line in run.output.splitlines()[1:] if line[:1].strip()]
    assert first_words == [one.id for one in load_scenarios()]


@pytest.mark.parametrize("scenario", [one.id for one in load_scenarios()])
def test_every_scenario_can_be_shown(scenario):
    run = invoke("invoices", "show", scenario)
    assert run.exit_code == 0, run.output
    assert run.output.startswith(f"{scenario}  (")
    assert run.output.count("\n") < 100


def test_what_is_judged_over_all_scenarios_can_be_shown(invoices):
    run = invoices("show", "invoice-numbers")  # as a report with this failure advises
    assert run.exit_code == 0, run.output
    assert "No two invoices have the same number." in run.output


def test_a_scenario_for_people(invoices):
    run = invoices("show", PLAIN)
    lines = [" ".join(line.split()) for line in run.output.splitlines()]
    assert "2026-03-16T12:00:00Z server.resize: on web, plan large" in lines
    assert "web, plan large 372 hours hourly 10416 tokens 10.42 USD" in lines
    assert "total 13.02 USD" in lines


def test_a_scenario_that_is_not_there(invoices):
    run = invoices("show", "resize-mid-mont")
    assert run.exit_code == 2
    assert "'resize-mid-mont' is not a scenario. Did you mean: resize-mid-month?" in run.output


@pytest.mark.parametrize("document", ["invoices", "customers"])
def test_the_schemas(invoices, document):
    run = invoices("schema", document)
    assert run.exit_code == 0
    jsonschema_rs.validator_for(json.loads(run.output))
