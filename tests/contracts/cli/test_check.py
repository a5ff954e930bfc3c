"""What `mock-solusio check` finds, prints, writes and sends."""

import html.parser
import json
import os
import pty
import re
import signal
import socket
import subprocess
import sys
import tomllib
import urllib.parse
import xml.etree.ElementTree as ET
from importlib import resources

import jsonschema_rs
import pytest

from mock_solusio.server.uvicorn_server import running
from solusio_contracts.contract.clauses import clause
from solusio_contracts.rules import all_rules
from solusio_reference.app import create_app
from solusio_reference.storage.customers import CustomerStore, seed_demo
from support.pricing import VENDOR_EXAMPLE

VARIABLE = "MOCK_SOLUSIO_TOKEN"
COMMAND = [sys.executable, "-m", "mock_solusio", "check"]
USER = ("--user-id", "1")
USERS = (*USER, "--user-id", "2")
KINDS = ("json", "junit", "html", "sarif")


# The verdict


def test_a_conformant_endpoint(conformant):
    assert conformant.code == 0
    assert "\nConformant: " in conformant.output
    assert conformant.errors == ""
    outcomes = {result["outcome"] for result in conformant.json["results"] if result["area"] != "fuzz"}
    assert outcomes == {"pass"}


def test_what_no_fuzz_leaves_out_is_not_a_pass(conformant):
    left_out = [one for one in conformant.json["results"] if one["area"] == "fuzz"]
    assert [(one["rule"], one["outcome"], one["reason"]) for one in left_out] == [
        (rule.name, "skip", "left out with --no-fuzz") for rule in all_rules() if rule.generated
    ]
    assert "2 skipped: left out with --no-fuzz" in conformant.output


def test_a_misspelt_discount_key(failed):
    assert failed.code == 1
    (result,) = [one for one in failed.json["results"] if one["outcome"] in ("fail", "warn", "error")]
    assert result["rule"] == "discount-key"
    # Customer 1 of the reference endpoint has one discount and customer 2 has two.
    assert [finding["clause"] for finding in result["findings"]] == ["TP-041"] * 3
    assert "TP-041" in failed.output
    assert re.search(r"SolusIO needs +the key `multipler`", failed.output)
    assert "`multiplier` instead" in failed.output
    assert re.search(r"Fix +rename `multiplier` to `multipler`", failed.output)
    assert "\nNot conformant: 1 rule failed" in failed.output


@pytest.mark.usefixtures("misspelt")  # still running
def test_the_curl_line_repeats_the_request(token, failed):
    line = next(line for line in failed.output.splitlines() if line.startswith("curl "))
    result = subprocess.run(
        ["bash", "-c", line], env={**os.environ, VARIABLE: token}, capture_output=True, timeout=30, check=True
    )
    assert result.stdout.startswith(b"HTTP/1.1 200")
    assert b'"multiplier"' in result.stdout


def test_the_output_that_the_page_shows_is_the_real_one(check, root, serve):
    endpoint = serve(lambda body: body.replace(b'"multipler"', b'"multiplier"'), token="plain-token-77")
    run = check(endpoint.url, *USER, "--only", "discount-key", token="plain-token-77", columns=100)
    page = (root / "docs" / "check.md").read_text(encoding="utf-8")
    (sample,) = re.findall(r"<!-- output: multiplier -->\n```\n(.*?)```", page, re.DOTALL)
    shown = re.sub(r"http://127\.0\.0\.1:\d+/", "https://billing.example.com/solusio/", run.output)
    assert sample.strip()
    assert sample.strip() in shown


def test_the_vendors_example_passes_with_a_warning_for_its_arithmetic(check, root, serve, tmp_path):
    endpoint = serve(lambda _: VENDOR_EXAMPLE, token=None)
    run = check(endpoint.url, *USERS, "--no-fuzz", token=None, folder=tmp_path)
    assert run.code == 0
    concerns = [one for one in run.json["results"] if one["outcome"] not in ("pass", "skip")]
    assert [one["outcome"] for one in concerns] == ["warn"]
    assert {finding["clause"] for finding in concerns[0]["findings"]} == {"TP-070"}
    # 1.34 x 0.95 x 1.06 x 1.02 = 1.273 x 1.0812
    assert {finding["expected"] for finding in concerns[0]["findings"]} == {"1.3763676"}
    assert {finding["actual"] for finding in concerns[0]["findings"]} == {"1.0812"}
    assert_documented_requests("open", run, root)


def test_a_closed_port_is_one_clear_line(check):
    with socket.create_server(("127.0.0.1", 0)) as listener:
        port = listener.getsockname()[1]
    run = check(f"http://127.0.0.1:{port}/solusio/", *USER)
    assert run.code == 3
    (line,) = run.output.splitlines()
    assert line.startswith("Inconclusive: the endpoint cannot be reached: Connection refused")
    assert f"http://127.0.0.1:{port}/solusio/" in line
    assert run.errors == ""


def test_nothing_checked_is_never_a_pass(check, good):
    # Without a token, there is nothing to check about it.
    run = check(good.url, *USER, "--only", "whole-token", token=None)
    assert run.code == 3
    assert "Inconclusive" in run.output


# Secrets, terminals


@pytest.mark.parametrize("name", ["conformant", "failed"])
def test_the_token_is_shown_nowhere(token, name, request):
    run = request.getfixturevalue(name)
    files = {file.name: file.read_text(encoding="utf-8") for file in run.folder.iterdir()}
    assert {f"report.{kind}" for kind in KINDS} <= set(files)
    spellings = {token, urllib.parse.quote(token, safe=""), urllib.parse.quote_plus(token)}
    spellings |= {json.dumps(token)[1:-1], token.replace("&", "&amp;")}
    for where, text in {**files, "stdout": run.output, "stderr": run.errors}.items():
        for spelling in spellings:
            assert spelling not in text, where


def test_headers_and_passwords_are_sent_and_shown_nowhere(check, misspelt, tmp_path):
    address = misspelt.url.replace("http://", "http://tester:open-sesame@")
    header = ["--header", "X-Api-Key: hush-hush-7"]
    run = check(address, *USER, *header, "--only", "discount-key", folder=tmp_path)
    assert run.code == 1
    sent = misspelt.headers[-1]
    assert sent[b"x-api-key"] == b"hush-hush-7"
    assert sent[b"authorization"] == b"Basic dGVzdGVyOm9wZW4tc2VzYW1l"  # base64 of tester:open-sesame
    texts = [run.output, run.errors, *(run.report(kind) for kind in KINDS)]
    for secret in ("hush-hush-7", "open-sesame", "dGVzdGVyOm9wZW4tc2VzYW1l"):
        assert not [text for text in texts if secret in text]


def test_a_pipe_gets_no_escape_codes(token, good):
    command = [*COMMAND, good.url, *USER, "--only", "fields"]
    plain = {key: value for key, value in os.environ.items() if key not in ("FORCE_COLOR", "TTY_COMPATIBLE")}
    for extra in ({}, {"NO_COLOR": "1"}):
        env = {**plain, VARIABLE: token, "TERM": "xterm-256color", **extra}
        result = subprocess.run(command, env=env, capture_output=True, timeout=60, check=True)
        assert b"Conformant" in result.stdout
        assert b"\x1b" not in result.stdout + result.stderr


@pytest.mark.parametrize(("no_color", "coloured"), [({}, True), ({"NO_COLOR": "1"}, False)])
def test_a_terminal_gets_colours_by_default(token, good, no_color, coloured):
    ours, theirs = pty.openpty()
    dropped = ("NO_COLOR", "FORCE_COLOR", "TTY_COMPATIBLE", "TTY_INTERACTIVE", "COLORTERM")
    plain = {key: value for key, value in os.environ.items() if key not in dropped}
    env = {**plain, VARIABLE: token, "TERM": "xterm-256color", **no_color}
    command = [*COMMAND, good.url, *USER, "--only", "fields"]
    with subprocess.Popen(command, env=env, stdout=theirs, stderr=theirs) as process:
        os.close(theirs)
        text = bytearray()
        try:
            while chunk := os.read(ours, 4096):
                text += chunk
        except OSError:
            pass  # Linux reports the end of a terminal as an error
        os.close(ours)
    assert process.returncode == 0
    assert b"Conformant" in text
    # SGR 30 to 37 and 90 to 97 are colours.
    assert bool(re.search(rb"\x1b\[(?:\d+;)*(?:3[0-7]|9[0-7])m", text)) is coloured


def test_quiet_shows_the_verdict_only(check, good):
    run = check(good.url, *USER, "--only", "fields", "--quiet")
    assert run.code == 0
    (line,) = run.output.splitlines()
    assert line.startswith("Conformant: ")
    assert run.errors == ""


def test_verbose_shows_the_exchange(check, misspelt):
    run = check(misspelt.url, *USER, "--only", "discount-key", "--verbose")
    assert "> POST / HTTP/1.1" in run.output
    assert "< HTTP 200" in run.output


# Reports, read by other parsers than ours


def test_the_json_report_fits_its_published_schema(failed, conformant):
    schema = json.loads(
        resources.files("solusio_contracts.reporting").joinpath("report.schema.json").read_text()
    )
    validator = jsonschema_rs.Draft202012Validator(schema)
    for run in (failed, conformant):
        validator.validate(run.json)
    assert failed.json["schema_version"] == "1.2"
    assert failed.json["users"] == [1, 2]


def test_the_junit_report_has_a_case_for_each_rule(failed):
    cases = list(ET.fromstring(failed.report("junit")).iter("testcase"))  # noqa: S314 - our own
    assert len(cases) == len(failed.json["results"])
    (broken,) = [case for case in cases if case.find("failure") is not None]
    assert "multipler" in broken.find("failure").text


def test_the_sarif_report_names_the_clause(failed):
    log = json.loads(failed.report("sarif"))
    assert log["version"] == "2.1.0"
    assert {(one["ruleId"], one["level"]) for one in log["runs"][0]["results"]} == {("TP-041", "error")}


def test_the_html_report_is_whole_and_loads_nothing(failed):
    open_tags: list[str] = []
    seen: set[str] = set()

    class Reader(html.parser.HTMLParser):
        def handle_starttag(self, tag, attrs):
            seen.add(tag)
            assert not {"src", "srcset"} & {name for name, _ in attrs}
            if tag not in ("meta", "br", "hr", "img", "link", "input", "wbr"):
                open_tags.append(tag)

        def handle_endtag(self, tag):
            assert open_tags.pop() == tag

    page = failed.report("html")
    reader = Reader()
    reader.feed(page)
    reader.close()
    assert open_tags == []
    assert "html" in seen
    assert not seen & {"script", "link", "iframe"}
    assert "TP-041" in page


# Selecting rules


def test_only_and_skip(check, good, tmp_path):
    def chosen(*options: str) -> list[str]:
        run = check(good.url, *USER, "--no-fuzz", *options, folder=tmp_path)
        return [result["rule"] for result in run.json["results"]]

    assert chosen("--only", "discount-key") == ["discount-key"]
    assert chosen("--only", "tp-041") == ["discount-key"]
    assert chosen("--only", "TP-03?", "--skip", "currency-*") == ["base-cost", "user-cost"]
    fields = [rule.name for rule in all_rules() if rule.area == "fields"]
    assert chosen("--only", "fields") == fields


def test_list_rules_needs_no_url(check):
    run = check("--list-rules")
    assert run.code == 0
    assert [line.split()[0] for line in run.output.splitlines()[1:]] == [rule.name for rule in all_rules()]


@pytest.mark.parametrize("name", ["discount-key", "TP-041", "tp-041"])
def test_explain(check, name):
    run = check("--explain", name)
    assert run.code == 0
    text = " ".join(run.output.split())
    expected = clause("TP-041")
    for words in (
        "discount-key",
        "TP-041 must, documented: step 6",
        expected.text,
        expected.why,
        expected.fix,
    ):
        assert words in text


# A baseline


def test_a_baseline_accepts_what_it_lists_and_fails_when_it_is_stale(check, failed, misspelt, good, tmp_path):
    baseline = failed.folder / "baseline.toml"
    written = baseline.read_text(encoding="utf-8")
    assert tomllib.loads(written)["accept"] == [{"rule": "discount-key", "reason": ""}]
    assert "1 entry needs a reason" in failed.errors
    baseline = tmp_path / "baseline.toml"
    baseline.write_text(written.replace('reason = ""', 'reason = "fixed in 4.2"'), encoding="utf-8")
    options = [*USERS, "--only", "discount-key", "--baseline", baseline]
    accepted = check(misspelt.url, *options, folder=tmp_path)
    assert accepted.code == 0
    assert "No new failures: no rule failed, 1 accepted by the baseline" in accepted.output
    assert accepted.json["stale"] == []
    stale = check(good.url, *options, folder=tmp_path)
    assert stale.code == 1
    assert stale.json["stale"] == ["discount-key"]


@pytest.mark.parametrize(
    ("entry", "message"),
    [
        ('rule = "discount-key"\nreason = " "', "accept[0].reason (line 2): expected a string such as"),
        ('rule = "discount-key"', "accept[0].reason (line 2): is missing"),
        ('rule = "discont-key"\nreason = "x"', "'discont-key' is not a rule. Did you mean: discount-key?"),
    ],
)
def test_a_baseline_that_explains_nothing_or_names_no_rule_is_refused(entry, message, check, good, tmp_path):
    baseline = tmp_path / "baseline.toml"
    baseline.write_text(f"version = 2\n[[accept]]\n{entry}\n", encoding="utf-8")
    sent = len(good.bodies)
    refused = check(good.url, *USER, "--baseline", baseline)
    assert refused.code == 2
    assert message in " ".join(refused.errors.split())
    assert len(good.bodies) == sent, "nothing was checked"


def test_a_baseline_is_brought_up_to_date_with_its_reasons(check, misspelt, tmp_path):
    baseline = tmp_path / "baseline.toml"
    entry = '[[accept]]\nrule = "discount-key"\nclause = "TP-041"\nreason = "fixed in 4.2"\n'
    stale = '[[accept]]\nrule = "user-cost"\nclause = "TP-031"\n'
    baseline.write_text(f"version = 1\n{entry}{stale}")
    options = ["--only", "TP-041", "--only", "TP-031", "--baseline", baseline, "--write-baseline", baseline]
    check(misspelt.url, *USER, *options)
    kept = tomllib.loads(baseline.read_text(encoding="utf-8"))["accept"]
    assert kept == [{"rule": "discount-key", "reason": "fixed in 4.2"}]


# What is sent


def test_nothing_that_is_sent_changes_anything(conformant, good):
    """Guards the promise of docs/check.md: SQL that only reads, actions that do not exist."""
    assert conformant.code == 0
    sent = [urllib.parse.unquote_plus(body.decode("latin-1")) for body in good.bodies]
    assert len(sent) > 100
    harmful = re.compile(r"\b(drop|delete|update|insert|alter|truncate|exec|sleep|shutdown)\b", re.IGNORECASE)
    assert [body for body in sent if harmful.search(body)] == []


def assert_documented_requests(name, run, root):
    """Compare the number of requests with the rounded one in docs/check.md."""
    page = (root / "docs" / "check.md").read_text(encoding="utf-8")
    (stated,) = re.findall(rf"<!-- requests: {name} -->(\d+)", page)
    assert run.json["requests"] == pytest.approx(int(stated), rel=0.15)


def test_the_documented_number_of_requests(conformant, root):
    assert_documented_requests("token", conformant, root)


def test_the_same_seed_sends_the_same_data(check, serve, tmp_path):
    def sent(seed: int) -> list[bytes]:
        endpoint = serve()
        # Enough time, so that the clock does not limit the examples.
        fuzz = ["--only", "fuzz", "--fuzz-examples", 30, "--fuzz-seconds", 300]
        options = ["--only", "wrong-token", *fuzz, "--seed", seed]
        run = check(endpoint.url, *USER, *options, folder=tmp_path)
        assert (run.code, run.json["seed"]) == (0, seed)
        return endpoint.bodies

    sent(4)  # in a checkout it matters which of our modules are loaded, and now they are
    once = sent(5)
    assert len(once) > 30
    assert sent(5) == once
    assert sent(6) != once


# Interruption, TLS


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_an_interrupt_ends_the_run_without_a_verdict(number):
    with socket.create_server(("127.0.0.1", 0)) as silent:
        silent.settimeout(20)
        url = f"http://127.0.0.1:{silent.getsockname()[1]}/"
        process = subprocess.Popen(
            [*COMMAND, url, *USER, "--timeout", "60"],
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
        )
        with process:
            connection, _ = silent.accept()
            with connection:
                connection.settimeout(20)
                assert connection.recv(4096).startswith(b"POST / ")  # it is now waiting for the response
                process.send_signal(number)
                output, errors = process.communicate(timeout=60)
    assert process.returncode == 130
    assert output.startswith("Inconclusive: not run: the check was interrupted (")
    assert errors == ""


@pytest.fixture(scope="module")
def secure(token, authority, server_tls, tmp_path_factory):
    """The reference endpoint behind an unknown certificate: its URL, and the issuer."""
    issuer = tmp_path_factory.mktemp("tls") / "issuer.pem"
    authority.cert_pem.write_to_path(issuer)
    with CustomerStore.in_memory() as store:
        seed_demo(store)
        with running(create_app(store, token=token), tls=server_tls) as url:
            yield f"{url}/", issuer


def test_an_unknown_certificate_is_trusted_only_on_request(check, secure):
    url, issuer = secure
    only = ["--only", "answered"]
    run = check(url, *USER, *only)
    assert run.code == 3
    assert "TLS" in run.output
    assert "unable to get local issuer certificate" in run.output
    assert check(url, *USER, *only, "--insecure").code == 0
    assert check(url, *USER, *only, "--cacert", issuer).code == 0
