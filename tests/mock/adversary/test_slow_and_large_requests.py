"""Clients that never finish a request, or send more than anybody may."""

import json
import socket
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from urllib.parse import urlsplit

import pytest

from mock_solusio.server import protocol
from mock_solusio.testing import Solusio, started

KIB = 1024


@pytest.fixture(scope="module")
def solusio() -> Iterator[Solusio]:
    with started() as running:
        yield running


@contextmanager
def connected(solusio: Solusio) -> Iterator[socket.socket]:
    parts = urlsplit(solusio.url)
    with socket.create_connection((parts.hostname, parts.port), timeout=30) as connection:
        yield connection


def rest(connection: socket.socket) -> bytes:
    """Return what comes until the mock closes the connection, also if it does so with our data unread."""
    received = b""
    with suppress(ConnectionResetError):
        while part := connection.recv(65536):
            received += part
    return received


def journal(solusio: Solusio) -> tuple[int, str]:
    (entry,) = solusio.journal.read(limit=1)
    return entry.status, entry.notes[0]


def head(path: str, *headers: str, method: str = "POST") -> bytes:
    return "\r\n".join([f"{method} {path} HTTP/1.1", "Host: localhost", *headers, "", ""]).encode()


class TestSize:
    @pytest.mark.parametrize("piece", [300 * KIB, 1000])
    def test_a_large_head_gets_431(self, solusio, piece):
        sent = head("/api/v1/users", "X-Long: " + "x" * 300 * KIB, method="GET")
        with connected(solusio) as connection:
            with suppress(ConnectionError):  # it is refused before we have sent all
                for start in range(0, len(sent), piece):
                    connection.sendall(sent[start : start + piece])
            received = rest(connection)
        # The refusal may be lost with a connection that is reset; the journal has it.
        assert received.startswith(b"HTTP/1.1 431 ") or received == b""
        assert journal(solusio) == (431, "The head of the request has more than 65536 bytes.")

    def test_one_endless_header_line_ends_soon(self, solusio):
        with connected(solusio) as connection:
            connection.sendall(b"GET / HTTP/1.1\r\nX-Endless: ")
            with suppress(ConnectionError):
                for _ in range(64 * KIB):
                    connection.sendall(b"x" * KIB)
        assert journal(solusio)[0] == 431

    @pytest.mark.parametrize("piece", [b"X-T: x\r\n" * 128, b"X-T: " * 200])
    def test_endless_trailers_end_soon(self, solusio, piece):
        with connected(solusio) as connection:
            connection.sendall(head("/api/v1/users", "Transfer-Encoding: chunked") + b"0\r\n")
            with suppress(ConnectionError):
                for _ in range(64 * KIB):
                    connection.sendall(piece)
        assert journal(solusio) == (431, "The trailers of the request have more than 65536 bytes.")

    def test_a_chunked_body_larger_than_that_is_read(self, solusio):
        body = json.dumps({"email": "large@example.com", "languages": "y" * 100 * KIB}).encode()
        chunks = b"".join(
            b"400\r\n%b\r\n" % body[at : at + KIB].ljust(KIB) for at in range(0, len(body), KIB)
        )
        sent = head(
            "/api/v1/users",
            f"Authorization: Bearer {solusio.admin_token}",
            "Content-Type: application/json",
            "Transfer-Encoding: chunked",
            "Connection: close",
        )
        with connected(solusio) as connection:
            connection.sendall(sent + chunks + b"0\r\nX-T: x\r\n\r\n")
            assert rest(connection).startswith(b"HTTP/1.1 201 ")

    def test_a_head_of_32_kib_is_read(self, solusio):
        sent = head("/api/v1/auth", "X-Long: " + "x" * 32 * KIB, "Connection: close", method="GET")
        with connected(solusio) as connection:
            for start in range(0, len(sent), 1000):
                connection.sendall(sent[start : start + 1000])
            assert rest(connection).startswith(b"HTTP/1.1 401 ")

    @pytest.mark.parametrize(
        ("path", "status"),
        [("/api/v1/users", 413), ("/auth/login", 413), ("/_mock/fixtures", 403)],
    )
    def test_a_large_body_is_not_read_from_whoever_may_not_send_it(self, solusio, path, status):
        # To the control API, a page of another site.
        length = f"Content-Length: {10**7}"
        with connected(solusio) as connection:
            connection.sendall(head(path, "Origin: https://example.com", length) + b"x" * 70 * KIB)
            received = rest(connection)  # though most of the body is missing
        assert received.startswith(b"HTTP/1.1 %d " % status)
        assert b"connection: close" in received.lower()

    def test_whoever_has_the_right_sends_a_large_body(self, solusio):
        user = {"email": "large@example.com", "password": "x", "languages": "y" * 100 * KIB}
        for token, status in ((solusio.admin_token, 422), ("wrong", 413)):
            body = json.dumps(user).encode()
            answer = head(
                "/api/v1/users",
                f"Authorization: Bearer {token}",
                "Content-Type: application/json",
                f"Content-Length: {len(body)}",
                "Connection: close",
            )
            with connected(solusio) as connection:
                connection.sendall(answer + body)
                assert rest(connection).startswith(b"HTTP/1.1 %d " % status)
        world = {"users": [{"email": f"user{number}@example.com"} for number in range(3000)]}
        assert len(json.dumps(world)) > 64 * KIB
        assert solusio.client.post(f"{solusio.url}/_mock/fixtures", json=world).is_success


class TestTime:
    @pytest.fixture(autouse=True)
    def short(self, monkeypatch):
        monkeypatch.setattr(protocol, "HEAD_SECONDS", 1.0)
        monkeypatch.setattr(protocol, "BODY_SECONDS", 1.0)

    def test_a_connection_without_a_request_is_closed(self, solusio):
        with connected(solusio) as connection:
            assert rest(connection) == b""

    def test_a_dripped_head_gets_408(self, solusio):
        began = time.monotonic()
        with connected(solusio) as connection:
            connection.settimeout(0.02)
            connection.sendall(b"GET / HTTP/1.1\r\nX-Drip: ")
            received = b""
            while time.monotonic() < began + 20 and not received:
                try:
                    connection.sendall(b"x")
                    received = connection.recv(1000)
                except TimeoutError:
                    continue
        assert received.startswith(b"HTTP/1.1 408 ")
        assert journal(solusio) == (408, "The head of the request did not arrive within 1 s.")

    def test_a_body_that_stops_gets_408(self, solusio):
        with connected(solusio) as connection:
            connection.sendall(head("/api/v1/users?page=2", "Content-Length: 10") + b"{")
            received = rest(connection)
        assert received.startswith(b"HTTP/1.1 408 ")
        assert b"The body of the request did not arrive" in received
        (entry,) = solusio.journal.read(limit=1)
        assert (entry.method, entry.path, entry.query) == ("POST", "/api/v1/users", "page=2")

    def test_a_request_behind_one_that_is_still_being_answered_has_time(self, solusio, monkeypatch):
        late = protocol.Protocol._late
        looked = threading.Event()

        def once(connection: protocol.Protocol) -> None:
            monkeypatch.setattr(protocol, "HEAD_SECONDS", 30.0)
            late(connection)
            looked.set()

        monkeypatch.setattr(protocol.Protocol, "_late", once)
        fault = {"kind": "slow", "path": "/api/v1/users", "delay": 1.5, "times": 1}
        assert solusio.client.post(f"{solusio.url}/_mock/faults", json=fault).is_success
        sent = head("/api/v1/users", f"Authorization: Bearer {solusio.admin_token}", method="GET")
        with connected(solusio) as connection, connection.makefile("rb") as answers:
            connection.sendall(sent + b"GET /api/v1/auth HTTP/1.1\r\nHost: loc")
            assert looked.wait(30)
            assert answers.readline().startswith(b"HTTP/1.1 200 ")
            connection.sendall(b"alhost\r\nConnection: close\r\n\r\n")
            assert b"HTTP/1.1 401 " in answers.read()
