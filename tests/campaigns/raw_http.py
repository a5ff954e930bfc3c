"""Raw bytes at `serve` and `reference serve`: no 5xx, one response a request, bounded memory, and an end."""

import contextlib
import re
import selectors
import socket
import time
import urllib.request
from collections.abc import Iterable, Iterator
from itertools import repeat
from pathlib import Path
from urllib.parse import urlsplit

import pytest

from support.programs import Program, program

KIB = 1024
MOST = 128 * KIB * KIB
"""Bytes of what is called endless: a server that keeps them shows it in its memory."""
MEBIBYTES = 160
"""Bound of a server's memory; it takes 50 to 80 MiB before the campaign."""
SECONDS = 30
"""Bound of a response; a normal request takes milliseconds on an idle machine."""
CROWD = 100
"""Connections of each kind at the same time."""
LATE = 200
"""Bound of what a server may wait for a client; `serve` gives a body 120 s."""

GET = b"GET / HTTP/1.1\r\nHost: a\r\n"
POST = b"POST / HTTP/1.1\r\nHost: a\r\nContent-Type: application/x-www-form-urlencoded\r\n"
CHUNKED = POST + b"Transfer-Encoding: chunked\r\n\r\n"
SMUGGLED = b"GET /smuggled HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n"


def endless(begin: bytes, piece: bytes) -> Iterator[bytes]:
    yield begin
    yield from repeat(piece * (64 * KIB // len(piece)), MOST // (64 * KIB))


MESSAGES: dict[str, Iterable[bytes]] = {
    # Too large
    "a head of 10 MiB": [GET + b"X-Long: " + b"x" * 10 * KIB * KIB + b"\r\n\r\n"],
    "100,000 headers": [GET + b"X-H: y\r\n" * 100_000 + b"\r\n"],
    "a URL of a mebibyte": [b"GET /" + b"x" * KIB * KIB + b" HTTP/1.1\r\nHost: a\r\n\r\n"],
    "endless method": endless(b"", b"G"),
    "endless URL": endless(b"GET /", b"x"),
    "endless header line": endless(GET + b"X-Endless: ", b"x"),
    "endless headers": endless(GET, b"X-Header: x\r\n"),
    "endless empty lines": endless(b"", b"\r\n"),
    "endless chunks": endless(CHUNKED, b"400\r\n" + b"x" * KIB + b"\r\n"),
    "endless chunks of a byte": endless(CHUNKED, b"1\r\nx\r\n"),
    "endless size of a chunk": endless(CHUNKED, b"0"),
    "endless chunk extension": endless(CHUNKED + b"1;", b"x"),
    "endless trailers": endless(CHUNKED + b"0\r\n", b"X-T: x\r\n"),
    "endless line of a trailer": endless(CHUNKED + b"0\r\nX-T: ", b"x"),
    "endless body": endless(POST + b"Content-Length: 999999999999\r\n\r\n", b"x"),
    "endless parameters": endless(POST + b"Content-Length: 999999999999\r\n\r\n", b"a[]=1&"),
    "20,000 requests, unread": [GET + b"\r\n"] * 20_000,
    # Malformed
    "NUL": [b"\0" * 1000],
    "binary": [bytes(range(256)) * 100],
    "TLS": [bytes.fromhex("16030100050100000100")],
    "HTTP/2": [b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n"],
    "HTTP/0.9": [b"GET /\r\n"],
    "HTTP/9.9": [b"GET / HTTP/9.9\r\nHost: a\r\n\r\n"],
    "no Host": [b"GET / HTTP/1.1\r\n\r\n"],
    "two Hosts": [GET + b"Host: b\r\n\r\n"],
    "a Host that is none": [b"GET / HTTP/1.1\r\nHost: [::1]]:x@/\\ \xff\r\n\r\n"],
    "an asterisk": [b"OPTIONS * HTTP/1.1\r\nHost: a\r\n\r\n"],
    "absolute form": [b"GET http://[::1/%zz HTTP/1.1\r\nHost: a\r\n\r\n"],
    "CONNECT": [b"CONNECT a:443 HTTP/1.1\r\nHost: a\r\n\r\n"],
    "percent signs": [b"GET /%00%ff%c0%ae/..%2f%?%=%&%ff HTTP/1.1\r\nHost: a\r\n\r\n"],
    "bytes in a URL": [b"GET /\xff\x80?\xfe HTTP/1.1\r\nHost: a\r\n\r\n"],
    "a websocket": [GET + b"Upgrade: websocket\r\nConnection: Upgrade\r\nSec-WebSocket-Key: x\r\n\r\n"],
    "h2c": [GET + b"Upgrade: h2c\r\nConnection: Upgrade, HTTP2-Settings\r\nHTTP2-Settings: \r\n\r\n"],
    "Expect": [POST + b"Expect: 100-continue, 999\r\nContent-Length: 5\r\n\r\n"],
    "a header without a name": [GET + b": x\r\n\r\n"],
    "a cookie of bytes": [GET + b"Cookie: \xff\xfe=\x80; =; ;;=\r\nAuthorization: \xff\r\n\r\n"],
    "a length below zero": [POST + b"Content-Length: -5\r\n\r\nx"],
    "a length of 10,000 digits": [POST + b"Content-Length: " + b"9" * 10_000 + b"\r\n\r\nx"],
    "a chunk of 2^64 bytes": [CHUNKED + b"10000000000000000\r\nx"],
    "a chunk below zero": [CHUNKED + b"-1\r\nx\r\n"],
    "a body that is cut off": [POST + b"Content-Length: 50\r\n\r\naction=GetTokenPricing"],
    "gzip": [POST + b"Content-Encoding: gzip\r\nContent-Length: 5\r\n\r\n\x1f\x8b\x08\0\0"],
    "multipart without end": [
        POST.replace(b"application/x-www-form-urlencoded", b"multipart/form-data; boundary=\xff")
        + b"Content-Length: 9\r\n\r\n--\xff\r\n\r\nxx"
    ],
}
"""One connection each. The client says all, and then that it has no more to say."""


def ambiguous(*headers: bytes, body: bytes) -> bytes:
    return POST + b"".join(one + b"\r\n" for one in headers) + b"\r\n" + body


CHUNK = b"%x\r\n%b\r\n" % (len(SMUGGLED), SMUGGLED)
LENGTH = b"Content-Length: %d" % (5 + len(SMUGGLED))
BEHIND = b"0\r\n\r\n" + SMUGGLED
CHUNKS = b"Transfer-Encoding: chunked"
SMUGGLING = {
    "length and chunks": ambiguous(LENGTH, CHUNKS, body=BEHIND),
    "chunks and length": ambiguous(
        CHUNKS, b"Content-Length: 4", body=b"%x\r\n%b\r\n0\r\n\r\n" % (len(SMUGGLED), SMUGGLED)
    ),
    "two lengths": ambiguous(b"Content-Length: 0", LENGTH, body=SMUGGLED),
    "two lengths in one": ambiguous(b"Content-Length: 0, 59", body=SMUGGLED),
    "plus in the length": ambiguous(b"Content-Length: +0", body=SMUGGLED),
    "hexadecimal length": ambiguous(b"Content-Length: 0x0", body=SMUGGLED),
    "length with a space before the colon": ambiguous(b"Content-Length : 0", body=SMUGGLED),
    "length with an underscore in its digits": ambiguous(b"Content-Length: 0_0", body=SMUGGLED),
    "folded coding": ambiguous(LENGTH, b"Transfer-Encoding:\r\n chunked", body=BEHIND),
    "space before the colon": ambiguous(LENGTH, b"Transfer-Encoding : chunked", body=BEHIND),
    "tab behind the coding": ambiguous(LENGTH, b"Transfer-Encoding: chunked\t", body=BEHIND),
    "vertical tab before the coding": ambiguous(LENGTH, b"Transfer-Encoding: \x0bchunked", body=BEHIND),
    "unknown coding": ambiguous(b"Transfer-Encoding: xchunked", body=BEHIND),
    "chunked, then identity": ambiguous(b"Transfer-Encoding: chunked, identity", body=BEHIND),
    "two codings": ambiguous(LENGTH, CHUNKS, b"Transfer-Encoding: identity", body=BEHIND),
    "bare line feeds": POST.replace(b"\r\n", b"\n") + LENGTH + b"\n" + CHUNKS + b"\n\n" + BEHIND,
    "bare carriage return": ambiguous(LENGTH, b"X: y\rTransfer-Encoding: chunked", body=BEHIND),
    "NUL in a name": ambiguous(LENGTH, b"Transfer-Encoding\0: chunked", body=BEHIND),
    "HTTP/1.0 with chunks": ambiguous(LENGTH, CHUNKS, body=BEHIND).replace(b"HTTP/1.1", b"HTTP/1.0", 1),
    "signed chunk size": ambiguous(CHUNKS, body=b"+0\r\n\r\n" + SMUGGLED),
    "hexadecimal prefix of a chunk size": ambiguous(CHUNKS, body=b"0x0\r\n\r\n" + SMUGGLED),
    "chunk size ended by a line feed": ambiguous(CHUNKS, body=b"2;\nxx\r\n" + SMUGGLED),
    "chunk longer than its size": ambiguous(CHUNKS, body=b"1\r\nxx\r\n0\r\n\r\n" + SMUGGLED),
}
"""Requests of which two programs see different ends: whoever answers what is behind them can be deceived."""

UNFINISHED = {
    "nothing": b"",
    "half a request line": b"GET /",
    "half a head": GET + b"X-Slow: ",
    "half a body": POST + b"Content-Length: 1000\r\n\r\naction=",
    "half a chunk": CHUNKED + b"ff\r\naction=",
    "a request and a half": GET + b"\r\n" + GET,
}
"""What clients send who then send nothing more, or a byte a second."""


@pytest.fixture(scope="module", params=["serve", "reference serve"])
def server(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Program]:
    state = ["--quiet", "--state", tmp_path_factory.mktemp("raw") / "state"]
    own = state if request.param == "serve" else []
    with program(*request.param.split(), "--port", 0, *own) as running:
        yield running
        code, _, errors = running.interrupt()
        assert (code, errors) == (0, "")


@pytest.fixture(autouse=True)
def unharmed(server: Program) -> Iterator[None]:
    yield
    answers_normally(server)
    assert memory(server) <= MEBIBYTES


def answers_normally(server: Program) -> None:
    body = b"action=GetTokenPricing&userid=1" if server.url.endswith("/") else None
    path = "" if body else "/_mock/health"
    with urllib.request.urlopen(server.url + path, body, timeout=SECONDS) as response:  # noqa: S310
        assert response.status == 200


def memory(server: Program) -> float:
    """Return the most memory that the server had, in MiB (Linux)."""
    status = Path(f"/proc/{server.process.pid}/status").read_text()
    found = re.search(r"^VmHWM:\s+(\d+) kB", status, re.MULTILINE)
    assert found, status
    return int(found[1]) / KIB


@contextlib.contextmanager
def connected(server: Program, timeout: float = SECONDS) -> Iterator[socket.socket]:
    parts = urlsplit(server.url)
    with socket.create_connection((parts.hostname, parts.port), timeout=timeout) as connection:
        yield connection


def rest(connection: socket.socket) -> tuple[bytes, bool]:
    """Return what comes, and whether the server closed the connection before the socket's timeout."""
    received = b""
    try:
        while part := connection.recv(64 * KIB):
            received += part
    except ConnectionError:
        return received, True
    except (TimeoutError, BlockingIOError):
        return received, False
    return received, True


def statuses(received: bytes) -> list[int]:
    return [int(status) for status in re.findall(rb"^HTTP/1\.[01] (\d{3}) ", received, re.MULTILINE)]


@pytest.mark.parametrize("name", MESSAGES)
def test_no_message_harms_it(server, name):
    with connected(server) as connection:
        with contextlib.suppress(OSError):  # the server need not read on
            for piece in MESSAGES[name]:
                connection.sendall(piece)
            connection.shutdown(socket.SHUT_WR)
        received, closed = rest(connection)
    assert closed
    assert not [status for status in statuses(received) if status >= 500], received[:2000]


@pytest.mark.parametrize("name", SMUGGLING)
def test_nothing_is_smuggled(server, name):
    with connected(server, timeout=2) as connection:
        connection.sendall(SMUGGLING[name])
        received, closed = rest(connection)
        if not closed:  # it waits for the rest of a body
            connection.shutdown(socket.SHUT_WR)
            received += rest(connection)[0]
    found = statuses(received)
    assert len(found) <= 1, received
    assert not [status for status in found if status >= 500], received


def test_crowds_that_never_finish_are_sent_away(server):
    began = time.monotonic()
    with contextlib.ExitStack() as stack, selectors.DefaultSelector() as selector:
        for begin in UNFINISHED.values():
            for number in range(CROWD):
                connection = stack.enter_context(connected(server))
                connection.sendall(begin)
                connection.setblocking(False)
                # Every other one continues slowly.
                selector.register(connection, selectors.EVENT_READ, b"x" if number % 2 and begin else b"")
        answers_normally(server)
        drip = began
        while selector.get_map():
            assert time.monotonic() < began + LATE, f"{len(selector.get_map())} connections are still open"
            for key, _ in selector.select(1):
                if rest(key.fileobj)[1]:
                    selector.unregister(key.fileobj)
            if time.monotonic() > drip + 1:
                drip = time.monotonic()
                answers_normally(server)
                for key in list(selector.get_map().values()):
                    with contextlib.suppress(OSError):
                        key.fileobj.send(key.data)
