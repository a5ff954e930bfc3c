"""`mock-solusio demo` as its user runs it: two processes, what they say, and that nothing of them stays."""

import json
import os
import re
import select
import signal
import socket
import subprocess
import sys
import time
import urllib.request
from decimal import ROUND_HALF_UP, Decimal
from pathlib import Path

import pytest

from support.commands import invoke

FEW = ("--users", "4")


@pytest.fixture(scope="module")
def small_demo(demonstrating):
    """One with few customers, for tests that leave it running."""
    with demonstrating(*FEW) as made:
        yield made


def read(url, **headers):
    request = urllib.request.Request(url, headers=headers)  # noqa: S310 - our own server
    with urllib.request.urlopen(request, timeout=30) as answer:  # noqa: S310
        return answer.read().decode()


def post(url, body=None):
    data = json.dumps(body).encode()
    request = urllib.request.Request(url, data=data, headers={"Content-Type": "application/json"})  # noqa: S310
    with urllib.request.urlopen(request, timeout=30) as answer:  # noqa: S310
        return answer.read().decode()


def invoices(demo, period):
    document = read(f"{demo.billing}/adapter/invoices?period={period}")
    return json.loads(document, parse_float=Decimal)["invoices"]


def total_of(invoice):
    return sum(line["tokens"] for line in invoice["lines"])


def test_every_address_that_it_prints_answers(demo):
    bearer = {"Authorization": f"Bearer {demo.shown('Access token')}"}
    for name in ("Start here", "Customer", "Customers", "Invoice", "Invoices", "API reference"):
        assert "<!doctype html>" in read(demo.shown(name)).lower(), name
    assert json.loads(read(f"{demo.shown('API')}/plans", **bearer))["meta"]["total"] == 4
    assert json.loads(read(f"{demo.shown('Operator')}health"))["status"] == "ok"


def test_it_says_what_the_billing_endpoint_answers(demo):
    asked = re.search(
        r"^ +The billing endpoint answers: user (\d+) pays [\d.]+ EUR a token\.$", demo.said, re.MULTILINE
    )
    assert asked
    assert demo.shown("Customer").endswith(f"/{asked[1]}")


def test_the_first_command_to_try_works(demo):
    lines = re.findall(r"^  (curl .*)$", demo.said, re.MULTILINE)
    assert len(lines) == 2
    usage = subprocess.run(
        ["bash", "-c", f"{lines[0]} -sS --fail"], capture_output=True, text=True, timeout=60, check=True
    )
    assert json.loads(usage.stdout)["data"]


def test_three_closed_months_are_billed_and_every_invoice_is_the_usage_at_the_price(demo):
    bearer = {"Authorization": f"Bearer {demo.shown('Access token')}"}
    made = 0
    for period, following in (("2025-12", "2026-01"), ("2026-01", "2026-02"), ("2026-02", "2026-03")):
        tokens: dict[int, int] = {}
        address = (
            f"{demo.shown('API')}/usage?from={period}-01T00:00:00Z&to={following}-01T00:00:00Z&per_page=1000"
        )
        usage = json.loads(read(address, **bearer))
        assert (usage["links"]["next"], usage["meta"]["closed"]) == (None, True)
        for line in usage["data"]:
            tokens[line["billing_user_id"]] = tokens.get(line["billing_user_id"], 0) + line["tokens"]
        billed = invoices(demo, period)
        assert {
            one["billing_user_id"]: sum(line["tokens"] for line in one["lines"]) for one in billed
        } == tokens
        assert len(billed) > 20
        made += len(billed)
    assert f"({made} from 2025-12 to 2026-02)" in demo.said


def test_the_shown_customer_pays_his_tokens_in_euros_with_his_tax(demo):
    number = int(demo.shown("Invoice").rpartition("/")[2])
    (invoice,) = (one for one in invoices(demo, "2026-02") if int(one["number"]) == number)
    assert invoice["currency"] == "EUR"
    net = total_of(invoice) * Decimal("0.00091")
    for discount in invoice["discounts"]:
        net *= {"Early customer": Decimal("0.95"), "Large account": Decimal("0.9")}[discount["name"]]
    (tax,) = invoice["taxes"]
    gross = net * {"MwSt.": Decimal("1.19"), "TVA": Decimal("1.2")}[tax["label"]]
    assert Decimal(invoice["total"]) == gross.quantize(Decimal("0.01"), ROUND_HALF_UP)


def test_the_same_seed_and_clock_give_the_same_demo(demo, demonstrating):
    def plain(text):
        # Ports differ.
        return re.sub(r":\d{4,5}\b", ":PORT", text)

    with demonstrating("--seed", "tests") as other:
        assert plain(other.said) == plain(demo.said)


def test_another_start_has_other_secrets_and_the_same_people(small_demo, demonstrating):
    def shown(demo):
        return (
            re.findall(r"logs (.*) in, once", demo.said),
            demo.shown("Access token"),
            demo.shown("Its token"),
        )

    with demonstrating(*FEW) as other:
        (people, access, authorization), (same, *others) = shown(small_demo), shown(other)
    assert people == same
    assert not {access, authorization} & set(others)


def test_secrets_are_not_in_the_arguments_of_the_billing_system(demo):
    (child,) = demo.children
    arguments = Path(f"/proc/{child}/cmdline").read_text()
    assert "reference\0serve" in arguments
    assert demo.shown("Access token") not in arguments
    assert demo.shown("Its token") not in arguments


def test_ctrl_c_ends_both_and_leaves_nothing_behind(demonstrating, ended, tmp_path):
    with demonstrating(*FEW, environment={"TMPDIR": str(tmp_path)}) as demo:
        (child,) = demo.children
        # A terminal signals a whole group; the billing system is not in it, and goes when it is told.
        assert os.getpgid(child) != os.getpgid(demo.process.pid)
        # Not later, either: whoever is killed cannot clean up.
        assert list(tmp_path.iterdir()) == []
        assert demo.interrupt() == (0, "Stopped.\n", "")
        ended(child)
    assert list(tmp_path.iterdir()) == []


def test_ctrl_c_before_anything_is_ready(ended, tmp_path):
    command = [sys.executable, "-m", "mock_solusio", "demo", "--port", "0", "--billing-port", "0"]
    environment = {**os.environ, "TMPDIR": str(tmp_path)}
    with subprocess.Popen(
        command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True, env=environment
    ) as process:
        try:
            children = Path(f"/proc/{process.pid}/task/{process.pid}/children")
            deadline = time.monotonic() + 60
            while not (found := children.read_text().split()):
                assert process.poll() is None
                assert time.monotonic() < deadline
            process.send_signal(signal.SIGINT)
            out, err = process.communicate(timeout=60)
            assert (process.returncode, out, err) == (0, "Stopped.\n", "")
            ended(*map(int, found))
        finally:
            process.kill()
    assert list(tmp_path.iterdir()) == []


def test_the_billing_system_ends_when_the_demo_is_killed(demonstrating, ended, tmp_path):
    with demonstrating(*FEW, environment={"TMPDIR": str(tmp_path)}) as demo:
        (child,) = demo.children
        demo.process.kill()
        demo.process.communicate(timeout=30)
        ended(child)
    assert list(tmp_path.iterdir()) == []


def test_sigterm_ends_both(demonstrating, ended):
    with demonstrating(*FEW) as demo:
        (child,) = demo.children
        demo.process.terminate()
        demo.process.communicate(timeout=30)
        ended(child)


def test_the_demo_ends_with_an_error_when_the_billing_system_dies(demonstrating):
    with demonstrating(*FEW) as demo:
        (child,) = demo.children
        os.kill(child, signal.SIGKILL)
        out, err = demo.process.communicate(timeout=30)
        assert (demo.process.returncode, out) == (3, "")
        assert err == "Error: The billing system ended with exit code -9: it printed nothing\n"


@pytest.mark.parametrize("option", ["--port", "--billing-port"])
def test_a_port_that_is_taken_is_named(option, tmp_path):
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = taken.getsockname()[1]
        ports = {"--port": 0, "--billing-port": 0, option: port}
        command = [sys.executable, "-m", "mock_solusio", "demo", *FEW]
        command += [word for name, number in ports.items() for word in (name, str(number))]
        result = subprocess.run(
            command,
            capture_output=True,
            text=True,
            timeout=60,
            check=False,
            env={**os.environ, "TMPDIR": str(tmp_path)},
        )
    assert (result.returncode, result.stdout) == (2, "")
    assert f"Cannot listen on 127.0.0.1:{port}: Address already in use." in result.stderr
    assert f"Choose another {option}, or 0 for a free one." in result.stderr
    assert list(tmp_path.iterdir()) == []


def test_a_second_demo_on_the_ports_of_the_first(small_demo):
    ports = [url.rpartition(":")[2] for url in (small_demo.solusio, small_demo.billing)]
    second = invoke("demo", "--port", ports[0], "--billing-port", ports[1])
    assert second.exit_code == 2
    assert "Choose another --port" in second.output
    assert "<!doctype html>" in read(small_demo.shown("User area")).lower()


def test_open_shows_the_tour_in_a_browser(demonstrating, tmp_path):
    opened = tmp_path / "opened"
    os.mkfifo(opened)
    browser = tmp_path / "browser"
    browser.write_text(f'#!/bin/sh\necho "$1" > {opened}\n')
    browser.chmod(0o755)
    # Opened for both, so that it neither waits for a writer nor ends with one.
    descriptor = os.open(opened, os.O_RDWR | os.O_NONBLOCK)
    try:
        with demonstrating(*FEW, "--open", environment={"BROWSER": f"{browser} %s"}) as demo:
            text = ""
            while not text.endswith("\n"):
                ready, _, _ = select.select([descriptor], [], [], 30)
                assert ready, f"only {text!r} was opened"
                text += os.read(descriptor, 65536).decode()
            assert text == f"{demo.solusio}/demo\n" == f"{demo.shown('Start here')}\n"
            assert "My servers" in read_as_browser(demo.shown("User area"))
    finally:
        os.close(descriptor)


def read_as_browser(url):
    opener = urllib.request.build_opener(urllib.request.HTTPCookieProcessor())
    with opener.open(url, timeout=30) as answer:
        return answer.read().decode()


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (("--clock", "yesterday"), "Invalid value for '--clock'"),
        (("--clock", "1975-01-01T00:00:00Z"), "expected a moment in the years from 1980 to 9000."),
        (("--users", "0"), "Invalid value for '--users'"),
        (("--port", "70000"), "Invalid value for '--port'"),
    ],
)
def test_options_that_cannot_be(arguments, said):
    result = invoke("demo", "--port", "0", "--billing-port", "0", *arguments)
    assert result.exit_code == 2
    assert said in result.output


def test_a_month_passes_and_is_billed(small_demo):
    assert invoices(small_demo, "2026-03") == []
    clock, address = re.search(
        r"^  (curl --json .*)\n  (\S+)$", small_demo.said.partition("Advance a month")[2], re.MULTILINE
    ).groups()
    subprocess.run(["bash", "-c", f"{clock} -sS --fail"], capture_output=True, timeout=60, check=True)
    assert address.endswith("/billing/invoices?period=2026-03")
    post(f"{small_demo.billing}/adapter/bill", {"period": "2026-03"})
    assert invoices(small_demo, "2026-03")


def test_both_sides_say_what_they_are_asked(demonstrating):
    with demonstrating(*FEW, "--log", "json") as demo:
        read(f"{demo.billing}/billing")
        browser = urllib.request.build_opener(urllib.request.HTTPCookieProcessor())
        browser.open(demo.shown("User area"), timeout=30).close()
        _, _, err = demo.interrupt()
    lines = [json.loads(line) for line in err.splitlines()]
    shown = [(line["source"], line["kind"], line["method"], line["path"]) for line in lines]
    assert ("billing", "ui", "GET", "/billing") in shown
    assert ("solusio", "ui", "GET", "/auth/by_token/***") in shown
    assert ("billing", "api", "POST", "/") in shown
    (price,) = (line for line in lines if line["kind"] == "billing")
    assert price["status"] == 200
    assert " pays 0.00" in price["notes"][0]
    assert demo.shown("Its token") not in err
