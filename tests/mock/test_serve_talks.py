"""`mock-solusio serve` says what happens: every request, every price, and whether billing works."""

import json
import os
import pty
import re
import signal
import socket
import subprocess
import sys
import urllib.error
import urllib.request

import pytest

from support.commands import invoke
from support.endpoint import endpoint
from support.pricing import VENDOR_EXAMPLE
from support.programs import program

TOKEN = "administrators-own-access-token"
ANN = """
[[users]]
email = "ann@example.com"
billing_user_id = 7
"""
SERVE = ("serve", "--port", 0, "--admin-token", TOKEN)


def get(url: str, path: str) -> int:
    request = urllib.request.Request(f"{url}{path}", headers={"Authorization": f"Bearer {TOKEN}"})  # noqa: S310
    try:
        with urllib.request.urlopen(request, timeout=30) as answer:  # noqa: S310
            answer.read()
            return answer.status
    except urllib.error.HTTPError as error:
        return error.code


@pytest.fixture
def with_ann(tmp_path):
    """Options for a mock with one customer."""
    file = tmp_path / "world.toml"
    file.write_text(ANN)
    return ("--fixtures", file)


def test_a_line_for_every_request_on_standard_error():
    with program(*SERVE) as made:
        assert get(made.url, "/api/v1/plans") == 200
        assert get(made.url, "/api/v1/plams") == 404
        page = urllib.request.urlopen(f"{made.url}/login", timeout=30).read().decode()  # noqa: S310
        (style,) = re.findall(r'href="(/static/style[^"]+)"', page)
        assert get(made.url, style) == 200
        assert get(made.url, "/_mock/health") == 200
        _, out, err = made.interrupt()
    lines = [line.split() for line in err.splitlines() if not line.startswith(" ")]
    assert [(line[1], line[2], line[5]) for line in lines] == [
        ("GET", "200", "/api/v1/plans"),
        ("GET", "404", "/api/v1/plams"),
        ("GET", "200", "/login"),
    ]
    assert "CL-004 should: the API has no operation GET /api/v1/plams" in err
    assert "/api/v1/plans" not in out
    assert "\x1b" not in err


def test_quiet():
    with program(*SERVE, "--quiet") as made:
        get(made.url, "/api/v1/plams")
        _, out, err = made.interrupt()
    assert err == ""
    assert "CL-004" in out  # the list at the end stays


def test_json_is_one_object_a_line(with_ann):
    with (
        endpoint(lambda _: (401, {}, b"{}")) as billing,
        program(*SERVE, "--log", "json", *with_ann, "--billing-url", billing.url) as made,
    ):
        get(made.url, f"/api/v1/plams?api_token={TOKEN}")
        assert made.process.stdout is not None
        said = made.process.stdout.readline()
        _, _, err = made.interrupt()
    lines = {line["kind"]: line for line in map(json.loads, err.splitlines())}
    assert set(lines) == {"api", "billing"}
    assert lines["api"]["query"] == "api_token=***"
    assert {one["clause"] for one in lines["api"]["findings"]} == {"CL-002", "CL-004"}
    assert (lines["billing"]["status"], lines["billing"]["path"]) == (401, billing.url)
    assert said.startswith("No price for user 7: The billing endpoint refuses a request without")
    assert "MOCK_SOLUSIO_TOKEN" in said


def test_log_and_quiet_contradict_each_other():
    result = invoke("serve", "--quiet", "--log", "json")
    assert result.exit_code == 2
    assert "--log and --quiet exclude each other" in result.output


# The billing endpoint, asked at the start


def after_the_greeting(*options: object, **environment: str) -> tuple[str, str]:
    """Return the line below the greeting, and the lines about requests."""
    with program(*SERVE, *options, **environment) as made:
        assert made.process.stdout is not None
        said = made.process.stdout.readline()
        _, _, err = made.interrupt()
    return said, err


def test_it_says_that_the_endpoint_answers_and_sends_the_token_of_the_environment(with_ann):
    with endpoint(lambda _: (200, {}, VENDOR_EXAMPLE)) as billing:
        said, err = after_the_greeting(
            *with_ann, "--billing-url", billing.url, MOCK_SOLUSIO_TOKEN="s3cret-s3cret"
        )
    assert said == "The billing endpoint answers: user 7 pays 1.0812 GBP a token.\n"
    assert [asked.body for asked in billing.asked] == [b"token=s3cret-s3cret&action=GetTokenPricing&userid=7"]
    assert re.search(rf"price +200 .* {re.escape(billing.url)}\n +User 7 pays 1\.0812 GBP a token\.\n", err)


def test_it_says_that_nobody_can_be_asked_for():
    with endpoint(lambda _: (200, {}, VENDOR_EXAMPLE)) as billing:
        said, err = after_the_greeting("--billing-url", billing.url)
    assert said.startswith(
        "The billing endpoint was not asked: no user has a billing_user_id yet. Create one "
    )
    assert "/_mock/operator/billing" in said
    assert (billing.asked, err) == ([], "")


@pytest.mark.parametrize(
    ("url", "why"),
    [
        ("http://127.0.0.1:{port}/", "The billing endpoint refuses connections."),
        ("http://no-such-host.invalid/", "The host name of the billing endpoint cannot be resolved."),
    ],
)
def test_it_says_why_the_endpoint_cannot_be_reached(url, why, with_ann):
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = taken.getsockname()[1]
    said, _ = after_the_greeting(*with_ann, "--billing-url", url.format(port=port))
    assert said.startswith(f"No price for user 7: {why} Start the billing endpoint")


def test_it_answers_while_the_billing_endpoint_does_not(with_ann):
    with (
        endpoint(lambda _: made.released.wait(60) and None) as made,
        program(*SERVE, *with_ann, "--billing-url", made.url) as mock,
    ):
        assert get(mock.url, "/api/v1/plans") == 200
        assert get(mock.url, "/_mock/billing") == 200
        assert mock.interrupt()[:2] == (0, "Stopped.\n")


# Outputs that are slow or gone


def command(*arguments: object) -> list[str]:
    return [sys.executable, "-m", "mock_solusio", *map(str, (*SERVE, *arguments))]


def listening(process: subprocess.Popen[bytes]) -> str:
    """Return the URL of the mock, once it has said everything."""
    assert process.stdout is not None
    said = b""
    while b"Ctrl-C" not in said:
        line = process.stdout.readline()
        assert line, said
        said += line
    found = re.search(rb"listening at (\S+)", said)
    assert found
    return found[1].decode()


@pytest.mark.parametrize("closed", [True, False])
def test_a_pipe_that_nobody_reads_does_not_stop_it(closed):
    reading, writing = os.pipe()
    # A pipe holds 64 KiB: with paths this long, it is full after some requests.
    path = "/api/v1/plans?x=" + "x" * 4000
    with subprocess.Popen(command(), stdout=subprocess.PIPE, stderr=writing) as process:
        try:
            os.close(writing)
            if closed:
                os.close(reading)
            url = listening(process)
            for _ in range(40):
                assert get(url, path) == 200
            process.send_signal(signal.SIGINT)
            out, _ = process.communicate(timeout=30)
            assert (process.returncode, out.splitlines()[-1]) == (0, b"Stopped.")
        finally:
            process.kill()
            if not closed:
                os.close(reading)


@pytest.mark.parametrize(("environment", "coloured"), [({}, True), ({"NO_COLOR": "1"}, False)])
def test_colours_are_for_terminals(environment, coloured):
    ours, theirs = pty.openpty()
    kept = {name: value for name, value in os.environ.items() if name not in ("NO_COLOR", "TERM")}
    with subprocess.Popen(
        command(), stdout=subprocess.PIPE, stderr=theirs, env={**kept, "TERM": "xterm", **environment}
    ) as process:
        try:
            os.close(theirs)
            assert get(listening(process), "/api/v1/plams") == 404
            shown = b""
            while b"CL-004" not in shown:
                shown += os.read(ours, 65536)
        finally:
            process.kill()
            os.close(ours)
    assert (b"\x1b[33m404" in shown, b"\x1b[" in shown) == (coloured, coloured)
