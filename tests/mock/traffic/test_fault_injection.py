"""Faults on the wire, against the mock under its real server."""

import contextlib
import gzip
import http.client
import json
import socket
import threading
import time
from collections.abc import Iterator
from contextlib import closing, contextmanager

import pytest

from mock_solusio.app import Mock
from mock_solusio.clock import Clock
from mock_solusio.options import Options
from mock_solusio.server.uvicorn_server import running as serving
from mock_solusio.testing import started
from mock_solusio.traffic.faults import CutFault
from support.calls import START, Answer

TIMEOUT = 10
"""Seconds after which a test gives up; nothing takes that long."""


@pytest.fixture(scope="module")
def running():
    """The mock under uvicorn, shared: each test deletes its faults."""
    with started(
        Options(clock=Clock(START, speed=0), seed="faults", admin_token="administrators-token")
    ) as solusio:
        yield solusio


@pytest.fixture
def plan(running):
    """Add a fault through the control API; all are deleted at the end."""

    def add(**members) -> int:
        return control(running, "POST", "/_mock/faults", members)["data"]["id"]

    control(running, "DELETE", "/_mock/faults")
    control(running, "DELETE", "/_mock/journal")
    yield add
    control(running, "DELETE", "/_mock/faults")


def address(running) -> tuple[str, int]:
    host, _, port = running.url.removeprefix("http://").partition(":")
    return host, int(port)


def control(running, method: str, path: str, body=None):
    """Call the control API."""
    answer = ask(running, method, path, "" if body is None else json.dumps(body))
    assert answer.status < 300, answer.body
    return answer.json if answer.body else None


def ask(running, method: str = "GET", path: str = "/api/v1/roles", body: str = "") -> Answer:
    """Send a request over a connection of its own."""
    with closing(http.client.HTTPConnection(*address(running), timeout=TIMEOUT)) as connection:
        return ask_over(connection, running, method, path, body)


def ask_over(connection, running, method="GET", path="/api/v1/roles", body="") -> Answer:
    return read_pieces(connection, running, method, path, body)[0]


def read_pieces(connection, running, method="GET", path="/api/v1/roles", body="") -> tuple[Answer, int]:
    """Return the answer, and in how many pieces its body arrived."""
    headers = {"Authorization": f"Bearer {running.admin_token}", "Content-Type": "application/json"}
    connection.request(method, path, body or None, headers)
    with connection.getresponse() as response:
        pieces = list(iter(lambda: response.read1(65536), b""))
        if response.length:
            raise http.client.IncompleteRead(b"".join(pieces), response.length)
        got = {name.lower(): value for name, value in response.headers.items()}
        return Answer(response.status, got, b"".join(pieces)), len(pieces)


@contextmanager
def raw(running) -> Iterator[socket.socket]:
    """Send a request over a bare socket."""
    with socket.create_connection(address(running), timeout=TIMEOUT) as connection:
        lines = ["GET /api/v1/roles HTTP/1.1", "Host: {}:{}".format(*address(running))]
        lines += [f"Authorization: Bearer {running.admin_token}", "\r\n"]
        connection.sendall("\r\n".join(lines).encode())
        yield connection


def read_to_end(connection: socket.socket) -> bytes:
    parts = []
    while part := connection.recv(65536):
        parts.append(part)
    return b"".join(parts)


def journal(running) -> dict:
    """Return the one exchange with the API that the journal has."""
    found = wait_for(lambda: control(running, "GET", "/_mock/journal?kind=api")["data"])
    assert len(found) == 1
    return found[0]


def wait_for(look):
    """Ask again until there is something: a cut connection is noted only after the client knows of it."""
    deadline = time.monotonic() + TIMEOUT
    while time.monotonic() < deadline:
        found = look()
        if found:
            return found
    raise AssertionError("nothing happened")


# Statuses


def test_too_many_requests(running, plan):
    plan(kind="status", status=429, retry_after=3, times=2)
    for _ in range(2):
        answer = ask(running)
        assert (answer.status, answer.headers["retry-after"]) == (429, "3")
        assert answer.headers["content-type"] == "application/json"
        assert answer.json == {"message": "Too Many Attempts."}
    assert ask(running).status == 200


def test_a_429_says_when_to_come_back_even_if_nobody_said(running, plan):
    plan(kind="status", status=429)
    assert ask(running).headers["retry-after"] == "1"


@pytest.mark.parametrize("status", [500, 503, 418, 301])
def test_any_status_with_the_apis_words(running, plan, status):
    plan(kind="status", status=status)
    answer = ask(running)
    assert (answer.status, answer.headers.get("retry-after")) == (status, None)
    assert isinstance(answer.json["message"], str)


@pytest.mark.parametrize(
    ("members", "content_type", "body"),
    [
        ({"body": {"a": [1]}}, "application/json", b'{"a":[1]}'),
        ({"body": None}, "application/json", b"null"),
        ({"body": "<h1>Bad Gateway</h1>"}, "text/html; charset=utf-8", b"<h1>Bad Gateway</h1>"),
        ({"body": "{", "content_type": "application/json"}, "application/json", b"{"),
        ({"body": ""}, "text/html; charset=utf-8", b""),
    ],
)
def test_a_status_with_a_body(running, plan, members, content_type, body):
    plan(kind="status", status=502, **members)
    answer = ask(running)
    assert (answer.status, answer.headers["content-type"], answer.body) == (502, content_type, body)


def test_a_status_without_a_body(running, plan):
    plan(kind="status", status=204)
    answer = ask(running)
    assert (answer.status, answer.body, answer.headers.get("content-length")) == (204, b"", None)


def test_the_connection_serves_on_after_a_status(running, plan):
    plan(kind="status", status=500)
    with closing(http.client.HTTPConnection(*address(running), timeout=TIMEOUT)) as connection:
        assert ask_over(connection, running).status == 500
        kept = connection.sock
        assert ask_over(connection, running).status == 200
        assert connection.sock is kept


def test_a_fault_without_effect_prevents_the_request(running, plan):
    before = count(running)
    plan(kind="status", status=500, operation="createRole")
    assert ask(running, "POST", body='{"name": "Prevented", "permissions": []}').status == 500
    assert count(running) == before


@pytest.mark.parametrize(
    "fault",
    [
        {"kind": "status", "status": 500},
        {"kind": "cut"},
        {"kind": "cut", "at": "body"},
        {"kind": "timeout", "seconds": 0},
    ],
)
def test_a_fault_with_effect_leaves_the_client_in_doubt(running, plan, fault):
    before = count(running)
    effect = {} if fault.get("at") == "body" else {"effect": True}
    plan(**fault, **effect, operation="createRole")
    body = json.dumps({"name": f"Role {before} {fault}"[:60], "permissions": []})
    try:
        answer = ask(running, "POST", body=body)
    except (http.client.HTTPException, OSError):
        pass
    else:
        assert answer.status == 500
    assert count(running) == before + 1


def count(running) -> int:
    return ask(running).json["meta"]["total"]


# Cuts


def test_a_cut_before_the_answer(running, plan):
    plan(kind="cut")
    with raw(running) as connection:
        assert read_to_end(connection) == b""
    entry = journal(running)
    assert (entry["status"], entry["notes"]) == (None, ["fault: connection cut before the response"])


def test_a_cut_in_the_body(running, plan):
    whole = ask(running).body
    control(running, "DELETE", "/_mock/journal")
    plan(kind="cut", at="body")
    with raw(running) as connection:
        head, _, body = read_to_end(connection).partition(b"\r\n\r\n")
    assert head.startswith(b"HTTP/1.1 200 ")
    assert b"content-length: %d\r\n" % len(whole) in head.lower() + b"\r\n"
    assert body == whole[: len(body)]
    assert 0 < len(body) < len(whole)
    entry = journal(running)
    assert entry["status"] == 200
    assert f"after {len(body)} of {len(whole)} bytes" in entry["notes"][0]


@pytest.mark.parametrize("fault", [{"kind": "cut", "at": "body"}, {"kind": "slow", "chunk": 500, "pause": 0}])
def test_the_next_one_is_answered_whole(running, plan, fault):
    whole = ask(running).body
    plan(**fault)
    with contextlib.suppress(http.client.HTTPException):
        ask(running)
    control(running, "DELETE", "/_mock/journal")
    assert ask(running).body == whole
    assert journal(running)["notes"] == []


def test_a_fault_of_an_operation_meets_no_page_of_that_name(running, plan):
    plan(kind="status", status=503, operation="createServer", times=None)
    assert ask(running, "POST", "/api/v1/servers", "{}").status == 503
    assert ask(running, "POST", "/servers", "").status == 303  # the form of the user area: log in first


def test_the_journal_names_the_operation_that_failed(running, plan):
    plan(kind="cut")
    plan(kind="status", status=500)
    with pytest.raises(http.client.RemoteDisconnected):
        ask(running)
    ask(running)
    entries = control(running, "GET", "/_mock/journal?operation=listRoles")["data"]
    assert [entry["status"] for entry in entries] == [None, 500]


def test_an_answer_without_a_body_is_cut_before_its_head(running, plan):
    role = ask(running, "POST", body='{"name": "Short", "permissions": []}').json["data"]["id"]
    plan(kind="cut", at="body", operation="deleteRole")
    with pytest.raises(http.client.RemoteDisconnected):
        ask(running, "DELETE", f"/api/v1/roles/{role}")
    assert ask(running, path=f"/api/v1/roles/{role}").status == 404


def test_a_reset(running, plan):
    plan(kind="cut", reset=True)
    with raw(running) as connection, pytest.raises(ConnectionResetError):
        read_to_end(connection)


def test_cuts_over_tls(server_tls, client_tls):
    mock = Mock(Options(admin_token="administrators-token"))
    mock.faults.add(CutFault())
    mock.faults.add(CutFault(at="body"))
    try:
        with serving(mock, tls=server_tls) as url:
            host, _, port = url.removeprefix("https://").partition(":")
            answers = []
            for _ in range(2):
                with (
                    socket.create_connection((host, int(port)), timeout=TIMEOUT) as plain,
                    client_tls.wrap_socket(plain, server_hostname=host) as connection,
                ):
                    connection.sendall(
                        b"GET /api/v1/languages HTTP/1.1\r\nHost: x\r\n"
                        b"Authorization: Bearer administrators-token\r\n\r\n"
                    )
                    answers.append(read_to_end(connection))
    finally:
        mock.close()
    assert answers[0] == b""
    head, _, body = answers[1].partition(b"\r\n\r\n")
    assert head.startswith(b"HTTP/1.1 200 ")
    assert body.startswith(b'{"data":')
    with pytest.raises(json.JSONDecodeError):
        json.loads(body)


# Timeouts


def test_no_answer_for_a_while(running, plan):
    plan(kind="timeout", seconds=0.2)
    began = time.monotonic()
    with raw(running) as connection:
        assert read_to_end(connection) == b""
    assert 0.19 < time.monotonic() - began < TIMEOUT


def test_no_answer_until_the_client_gives_up(running, plan):
    plan(kind="timeout", seconds=3600)
    with raw(running) as connection:
        connection.settimeout(0.05)
        with pytest.raises(TimeoutError):
            connection.recv(1)
    # The server notices that the client is gone, long before the hour is over.
    entry = journal(running)
    assert (entry["status"], entry["notes"]) == (None, ["fault: no response"])


def test_deleting_the_faults_lets_go(running, plan):
    plan(kind="timeout", seconds=3600)
    with raw(running) as connection:
        wait_for(lambda: running.mock.faults.holds)
        control(running, "DELETE", "/_mock/faults")
        assert read_to_end(connection) == b""


def test_held_requests_do_not_hold_others(running, plan):
    plan(kind="timeout", seconds=3600)
    with raw(running):
        wait_for(lambda: running.mock.faults.holds)
        assert ask(running).status == 200


def test_a_held_request_does_not_hold_the_end_of_the_server():
    results = []

    def hold(solusio) -> None:
        with raw(solusio) as connection:
            results.append(read_to_end(connection))

    began = time.monotonic()
    with started(Options(admin_token="administrators-token")) as solusio:
        control(solusio, "POST", "/_mock/faults", {"kind": "timeout", "seconds": 3600})
        client = threading.Thread(target=hold, args=(solusio,), daemon=True)
        client.start()
        wait_for(lambda: solusio.mock.faults.holds)
    client.join(TIMEOUT)
    assert not client.is_alive()
    assert time.monotonic() - began < TIMEOUT


# Slowness


def test_a_late_answer(running, plan):
    plan(kind="slow", delay=0.2)
    began = time.monotonic()
    answer = ask(running)
    assert answer.status == 200
    assert time.monotonic() - began > 0.19
    assert answer.json["data"]


def test_an_answer_in_drops(running, plan):
    whole = ask(running).body
    size = len(whole) // 4 + 1
    plan(kind="slow", chunk=size, pause=0.05)
    began = time.monotonic()
    with closing(http.client.HTTPConnection(*address(running), timeout=TIMEOUT)) as connection:
        answer, pieces = read_pieces(connection, running)
    assert answer.body == whole
    assert pieces > 1
    assert time.monotonic() - began > 0.14  # three pauses


def test_deleting_the_faults_hurries(running, plan):
    plan(kind="slow", delay=3600)
    with raw(running) as connection:
        wait_for(lambda: running.mock.faults.holds)
        control(running, "DELETE", "/_mock/faults")
        assert connection.recv(65536).startswith(b"HTTP/1.1 200 ")


def test_a_compressed_answer_is_for_clients_that_accept_it(running, plan):
    whole = ask(running)
    plan(kind="gzip", times=None)
    plain = ask(running)
    assert (plain.body, "content-encoding" in plain.headers) == (whole.body, False)
    with closing(http.client.HTTPConnection(*address(running), timeout=TIMEOUT)) as connection:
        headers = {"Authorization": f"Bearer {running.admin_token}", "Accept-Encoding": "gzip, br"}
        connection.request("GET", "/api/v1/roles", headers=headers)
        with connection.getresponse() as response:
            body = response.read()
    assert (response.status, response.headers["Content-Encoding"]) == (200, "gzip")
    assert gzip.decompress(body) == whole.body
    (entry,) = running.mock.journal.read(text="fault: compressed")
    assert json.loads(entry.response.body) == whole.json


# What faults are not for


def test_the_control_api_meets_no_faults(running, plan):
    plan(kind="status", status=500, times=None)
    assert control(running, "GET", "/_mock/health")["status"] == "ok"
    assert ask(running).status == 500


def test_head_requests(running, plan):
    plan(kind="status", status=503)
    answer = ask(running, "HEAD")
    assert (answer.status, answer.body) == (503, b"")
    plan(kind="slow", chunk=1, pause=0)
    answer = ask(running, "HEAD")
    assert (answer.status, answer.body) == (200, b"")


def test_a_page_comes_again_in_place_of_the_next(running, plan):
    page = "/api/v1/permissions?per_page=2&page="
    first, second = (ask(running, path=f"{page}{number}").json for number in (1, 2))
    assert first["data"] != second["data"]
    plan(kind="duplicate-page", times=2)
    assert ask(running, path=f"{page}2").json == first
    assert ask(running, path=f"{page}1").json == first
    assert ask(running, path=f"{page}2").json == second
    entries = control(running, "GET", "/_mock/journal?kind=api")["data"]
    noted = {note: json.dumps(entry) for entry in entries for note in entry["notes"]}
    assert "page=2" in noted["fault: page 1 again, instead of page 2"]
    assert "page=1" in noted["fault: no page comes before this one"]
