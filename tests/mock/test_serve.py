"""`mock-solusio serve` as its user runs it: a process, its words, its state file, its end."""

import json
import re
import signal
import socket
import ssl
import stat
import subprocess
import sys
import time
import urllib.error
import urllib.request
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest

from support.commands import invoke
from support.programs import program

TOKEN = "administrators-own-access-token"


@contextmanager
def serving(*arguments: str) -> Iterator[tuple[subprocess.Popen[str], str, str]]:
    """Run the command on a free port; give the process, what it said first, and its URL."""
    with program("serve", "--port", 0, *arguments) as made:
        yield made.process, made.said, made.url


def call(
    url: str, path: str, body: Any = None, *, token: str = TOKEN, method: str | None = None, **more: Any
):
    data = None if body is None else json.dumps(body).encode()
    request = urllib.request.Request(f"{url}{path}", data=data, method=method)  # noqa: S310 - our own server
    request.add_header("Authorization", f"Bearer {token}")
    request.add_header("Content-Type", "application/json")
    with urllib.request.urlopen(request, timeout=30, **more) as answer:  # noqa: S310
        text = answer.read()
    return json.loads(text) if text else None


def test_it_says_what_a_newcomer_needs_and_its_lines_work():
    with serving() as (_, said, url):
        token = re.search(r"Access token +(\S+)", said)
        assert token
        for path in ("/", "/api/v1", "/docs", "/_mock/"):
            assert f"{url}{path}\n" in said
        lines = re.findall(r"^  (curl .*)$", said, re.MULTILINE)
        assert len(lines) == 3
        for line in lines:
            result = subprocess.run(
                ["bash", "-c", f"{line} -sS --fail"], capture_output=True, text=True, timeout=60, check=False
            )
            assert result.returncode == 0, (line, result.stdout, result.stderr)
            json.loads(result.stdout)


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
@pytest.mark.parametrize(
    "command", [("serve", "--tls"), ("demo", "--users", 1, "--billing-port", 0), ("reference", "serve")]
)
def test_ctrl_c_and_sigterm_end_it_with_a_word(command, number, tmp_path):
    with program(*command, "--port", 0, TMPDIR=str(tmp_path)) as made:
        code, out, err = made.interrupt(number)
    assert (code, out.split("\n")[-2:], err) == (0, ["Stopped.", ""], "")
    assert list(tmp_path.iterdir()) == [], "the temporary certificate is still there"


def test_sigterm_writes_everything_into_the_state_file(tmp_path):
    state = tmp_path / "state.sqlite"
    with program("serve", "--port", 0, "--state", state, "--admin-token", TOKEN) as made:
        call(made.url, "/api/v1/users", {"email": "ann@example.com"})
        assert made.interrupt(signal.SIGTERM)[0] == 0
    assert sorted(path.name for path in tmp_path.iterdir()) == ["state.sqlite", "state.sqlite-key"]
    with serving("--state", str(state), "--admin-token", TOKEN) as (_, _, url):
        assert call(url, "/api/v1/users")["meta"]["total"] == 2


def test_the_same_access_token_and_clock_after_a_restart(tmp_path):
    state = tmp_path / "state.sqlite"
    with serving("--state", str(state), "--clock", "2026-03-01T00:00:00Z") as (_, said, url):
        token = re.search(r"Access token +(\S+)", said)
        assert token
        call(url, "/_mock/clock", {"advance": "P1M"})
    with serving("--state", str(state)) as (_, said, url):
        assert f"Access token   {token[1]}\n" in said
        assert "2026-04-01T00:00:00.000000Z, frozen" in said
        assert call(url, "/api/v1/users", token=token[1])["meta"]["total"] == 1


def test_https_with_its_own_certificate():
    with serving("--tls", "--admin-token", TOKEN) as (_, said, url):
        assert url.startswith("https://127.0.0.1:")
        authority = re.search(r"Certificate +(\S+\.pem)", said)
        assert authority
        context = ssl.create_default_context(cafile=authority[1])
        answer = call(url, "/api/v1/users", context=context)
        assert answer["links"]["first"].startswith(f"{url}/api/v1/users?")


def test_the_same_seed_and_calls_give_the_same_bytes():
    def bytes_of(seed: str) -> list[bytes]:
        with serving("--seed", seed, "--clock", "2026-03-01T00:00:00Z", "--port", "0") as (_, said, url):
            token = re.search(r"Access token +(\S+)", said)
            assert token
            made = call(url, "/api/v1/users", {"email": "ann@example.com"}, token=token[1])
            link = call(url, f"/api/v1/users/{made['data']['id']}/tokens", {}, token=token[1])
            servers = {"name": "web", "plan": 1, "location": 1, "os": 1, "user": made["data"]["id"]}
            server = call(url, "/api/v1/servers", servers, token=token[1])
            return [json.dumps(one).encode() for one in (token[1], made, link, server)]

    assert bytes_of("a") == bytes_of("a")
    assert bytes_of("a") != bytes_of("b")


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (["--clock", "tomorrow"], "Invalid value for '--clock': expected a moment"),
        (["--clock", "@fast"], "expected a number as the speed"),
        (["--port", "70000"], "Invalid value for '--port'"),
        (["--billing-url", "billing.test"], "expected an http or https URL, got 'billing.test'"),
        (["--admin-token", " "], "expected an access token, got nothing"),
        (["--state", "/nowhere/at/all"], "Invalid value for --state: cannot use /nowhere/at/all"),
        (["--fixtures", "/nowhere"], "Invalid value for '--fixtures'"),
        (["--host", "192.0.2.1"], "Cannot listen on 192.0.2.1:8008: Cannot assign requested address."),
    ],
)
def test_bad_options_are_named(arguments, message):
    result = invoke("serve", *arguments)
    assert result.exit_code == 2
    assert message in " ".join(result.output.split())


def test_a_port_in_use_is_named():
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = taken.getsockname()[1]
        result = invoke("serve", "--port", str(port))
    assert result.exit_code == 2
    problem = f"Cannot listen on 127.0.0.1:{port}: Address already in use."
    assert f"{problem} Choose another --port, or 0 for a free one." in " ".join(result.output.split())


def test_a_state_file_in_use_is_named(tmp_path):
    state = tmp_path / "state.sqlite"
    with serving("--state", str(state)):
        result = invoke("serve", "--state", str(state))
    assert result.exit_code == 2
    assert "another process uses it" in " ".join(result.output.split())


def test_a_request_without_an_access_token_is_refused():
    with serving() as (_, _, url):
        with pytest.raises(urllib.error.HTTPError) as refused:
            call(url, "/api/v1/users", token="wrong")
        assert refused.value.code == 401
        assert json.loads(refused.value.read()) == {"message": "Unauthenticated."}


def test_head_and_body_arrive_together():
    # In two packets, Nagle's algorithm and delayed acknowledgements make some clients wait 40 ms.
    with serving("--admin-token", TOKEN) as (_, _, url):
        host, port = url.removeprefix("http://").split(":")
        request = f"GET /api/v1/users HTTP/1.1\r\nHost: x\r\nAuthorization: Bearer {TOKEN}\r\n\r\n".encode()
        with socket.create_connection((host, int(port))) as connection:
            for _ in range(200):
                connection.sendall(request)
                piece = connection.recv(65536)
                head, _, body = piece.partition(b"\r\n\r\n")
                length = re.search(rb"content-length: (\d+)", head, re.IGNORECASE)
                assert length
                assert len(body) == int(length[1])


def test_it_starts_without_what_it_does_not_need():
    code = (
        "import sys\n"
        "from mock_solusio import serve\n"
        "from mock_solusio.app import Mock\n"
        "from mock_solusio.options import Options\n"
        "import mock_solusio.server.uvicorn_server\n"
        "Mock(Options()).close()\n"
        "heavy = 'schemathesis hypothesis sqlalchemy httpx jinja2 faker rich babel yaml'.split()\n"
        "print([name for name in heavy if name in sys.modules])\n"
    )
    result = subprocess.run(
        [sys.executable, "-c", code], capture_output=True, text=True, timeout=60, check=True
    )
    assert result.stdout == "[]\n"


@pytest.mark.parametrize("how", [signal.SIGINT, signal.SIGTERM])
def test_the_ready_file_is_there_while_it_answers(tmp_path, how):
    file = tmp_path / "ready.json"
    file.write_text("of an earlier start")
    with serving("--ready-file", str(file), "--tls", "--host", "127.0.0.1", "--host", "::1") as (
        process,
        said,
        url,
    ):
        # It is written after the greeting: the next line of a script would wait for it.
        deadline = time.monotonic() + 30
        while not file.exists() and time.monotonic() < deadline:
            pass
        assert stat.S_IMODE(file.stat().st_mode) == 0o600
        ready = json.loads(file.read_text())
        assert ready["url"] == ready["urls"][0] == url
        assert f"Access token   {ready['access_token']}\n" in said
        context = ssl.create_default_context(cafile=ready["certificate"])
        for one in ready["urls"]:
            assert (
                call(one, "/api/v1/account", token=ready["access_token"], context=context)["data"]["id"] == 1
            )
        assert ready["urls"][1].startswith("https://[::1]:")
        assert f"Also at        {ready['urls'][1]}\n" in said
        process.send_signal(how)
        process.wait(timeout=30)
        assert list(tmp_path.iterdir()) == []
        assert not Path(ready["certificate"]).exists()


def test_what_cannot_be_a_ready_file(tmp_path):
    made = invoke("serve", "--ready-file", str(tmp_path / "missing" / "ready.json"))
    assert made.exit_code == 2
    assert "cannot write" in made.output


@pytest.mark.parametrize(
    "origin", ["localhost:3000", "http://localhost:3000/", "http://a b", "ftp://a", "http://u@a", ""]
)
def test_what_is_no_origin(origin):
    made = invoke("serve", "--cors", origin)
    assert made.exit_code == 2
    assert f"expected an origin such as http://localhost:3000, got {origin!r}" in made.output.replace(
        "\n", " "
    )


def test_a_host_that_is_taken_is_named():
    made = invoke("serve", "--port", "0", "--host", "127.0.0.1", "--host", "127.0.0.1")
    assert made.exit_code == 2
    assert "Cannot listen on 127.0.0.1:" in made.output
