"""Clients that send too much, or never finish."""

import socket
from collections.abc import Iterator
from contextlib import suppress
from urllib.parse import urlsplit

import pytest

from solusio_reference import protocol


@pytest.fixture
def connection(open_url: str) -> Iterator[socket.socket]:
    parts = urlsplit(open_url)
    with socket.create_connection((parts.hostname, parts.port), timeout=30) as opened:
        yield opened


def rest(connection: socket.socket) -> bytes:
    """Return what comes until the server closes the connection."""
    received = b""
    with suppress(ConnectionResetError):
        while part := connection.recv(65536):
            received += part
    return received


@pytest.fixture
def short(monkeypatch):
    monkeypatch.setattr(protocol, "REQUEST_SECONDS", 1.0)


def test_a_large_head_gets_431(connection):
    connection.sendall(b"GET / HTTP/1.1\r\nHost: a\r\nX-Long: " + b"x" * 65 * 1024)
    answer = rest(connection)
    assert answer.startswith(b"HTTP/1.1 431 ")
    assert answer.endswith(b"The head of the request has more than 65536 bytes.\n")


def test_what_is_not_http_gets_400(connection):
    connection.sendall(b"no colon\r\n\r\n")
    assert rest(connection).startswith(b"HTTP/1.1 400 ")


def test_a_head_of_32_kib_is_read(connection):
    long = "x" * 32 * 1024
    connection.sendall(f"GET / HTTP/1.1\r\nHost: a\r\nX-Long: {long}\r\n".encode())
    connection.sendall(b"Connection: close\r\n\r\n")
    assert rest(connection).startswith(b"HTTP/1.1 405 ")


@pytest.mark.usefixtures("short")
def test_a_late_head_gets_408(connection):
    connection.sendall(b"GET / HTTP/1.1\r\nHost:")
    answer = rest(connection)
    assert answer.startswith(b"HTTP/1.1 408 ")
    assert answer.endswith(b"The request did not arrive within 1 s.\n")


@pytest.mark.usefixtures("short")
@pytest.mark.parametrize("sent", [b"", b"POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 9\r\n\r\ntoken"])
def test_a_late_request_or_body_ends_the_connection(connection, sent):
    connection.sendall(sent)
    assert b" 200 " not in rest(connection)
