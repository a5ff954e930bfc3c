"""Billing endpoints that do their worst: `check` still ends in time, in little memory, with one verdict."""

import gzip
import json
import os
import re
import signal
import subprocess
import sys
import time
import zlib
from collections.abc import Callable
from contextlib import suppress

import pytest

from support.pricing import VENDOR_EXAMPLE, vendor_example
from support.scripted import Peer, ScriptedServer

MAX_SECONDS = 8
"""Given to `check` as its limit."""
SECONDS = 60
"""Bound of a run: its limit, its start, and a machine that does other work."""
MEBIBYTES = 350
"""Bound of a run's memory; `check` takes about 110 MiB with an endpoint that is right."""

Hostile = Callable[[Peer], None]
"""Answers a request that was read."""

HEAD = b"HTTP/1.1 200 OK\r\nContent-Type: application/json\r\n"
CHUNKED = HEAD + b"Transfer-Encoding: chunked\r\n\r\n"
KIB = 1024


def answer(body: bytes, *headers: str) -> bytes:
    lines = "".join(f"{one}\r\n" for one in (*headers, f"Content-Length: {len(body)}"))
    return HEAD + lines.encode() + b"\r\n" + body


def sends(*parts: bytes) -> Hostile:
    def respond(peer: Peer) -> None:
        for part in parts:
            peer.send(part)

    return respond


def stalls(data: bytes) -> Hostile:
    def respond(peer: Peer) -> None:
        peer.send(data)
        peer.until_closed()

    return respond


def closes(data: bytes) -> Hostile:
    def respond(peer: Peer) -> None:
        peer.send(data)
        peer.connection.close()

    return respond


def resets(data: bytes) -> Hostile:
    def respond(peer: Peer) -> None:
        peer.send(data)
        peer.reset()

    return respond


def endless(begin: bytes, piece: bytes) -> Hostile:
    def respond(peer: Peer) -> None:
        peer.send(begin)
        while not peer.stopped.is_set():
            peer.send(piece)

    return respond


def drips(begin: bytes, data: bytes) -> Hostile:
    def respond(peer: Peer) -> None:
        peer.send(begin)
        while not peer.stopped.is_set():
            peer.drip(data, 0.05)

    return respond


def json_of(text: str) -> Hostile:
    return sends(answer(text.encode("utf-8", "surrogatepass")))


def changed(**members: object) -> Hostile:
    return sends(answer(json.dumps(vendor_example() | members).encode()))


def with_text(text: str) -> Hostile:
    """Put a text wherever the example has one."""
    rate = {"label": text, "rate": 6}
    currency = dict.fromkeys(vendor_example()["currency"], text)
    return changed(
        currency=currency,
        discounts=[{"label": text, "multipler": 0.95}],
        taxes={"compound": True, "rates": [rate]},
    )


def with_number(number: str) -> Hostile:
    """Put a number in the place of every number."""
    return sends(answer(re.sub(rb"\b\d+(\.\d+)?\b", number.encode(), VENDOR_EXAMPLE)))


def bomb(layers: int) -> bytes:
    packed = gzip.compress(b" " * 64 * KIB * KIB, 9)
    for _ in range(layers - 1):
        packed = gzip.compress(packed, 9)
    return packed


MODES: dict[str, Hostile] = {
    # Heads
    "no answer": stalls(b""),
    "half a head": stalls(HEAD),
    "endless header line": endless(HEAD + b"X-Endless: ", b"x" * KIB),
    "endless headers": endless(HEAD, b"X-Header: x\r\n" * 100),
    "dripped head": drips(b"HTTP/1.1 200 OK\r\nX-Drip: ", b"x"),
    "dripped status line": drips(b"", b"HTTP/1.1 200 " + b"O" * 10_000),
    "endless reason": endless(b"HTTP/1.1 200 ", b"OK" * KIB),
    "endless 100": endless(b"", b"HTTP/1.1 100 Continue\r\n\r\n" * 100),
    "endless 103, dripped": drips(b"", b"HTTP/1.1 103 Early Hints\r\nLink: </x>\r\n\r\n"),
    "101": stalls(b"HTTP/1.1 101 Switching Protocols\r\nUpgrade: x\r\nConnection: upgrade\r\n\r\n"),
    "ten thousand headers": sends(HEAD + b"X-H: y\r\n" * 10_000 + b"Content-Length: 2\r\n\r\n{}"),
    "control characters in a header": sends(answer(VENDOR_EXAMPLE, "X-Color: \x1b[31m\x07")),
    "status 999": sends(answer(VENDOR_EXAMPLE).replace(b" 200 ", b" 999 ")),
    "status 0": sends(answer(VENDOR_EXAMPLE).replace(b" 200 ", b" 000 ")),
    "HTTP/9.9": sends(answer(VENDOR_EXAMPLE).replace(b"HTTP/1.1", b"HTTP/9.9")),
    "HTTP/0.9": closes(VENDOR_EXAMPLE),
    # Lengths
    "length too long": closes(answer(VENDOR_EXAMPLE).replace(b"Length: ", b"Length: 9")),
    "length too short": sends(HEAD + b"Content-Length: 9\r\n\r\n" + VENDOR_EXAMPLE),
    "length below zero": sends(HEAD + b"Content-Length: -1\r\n\r\n" + VENDOR_EXAMPLE),
    "length of a thousand digits": stalls(HEAD + b"Content-Length: " + b"9" * 1000 + b"\r\n\r\n{"),
    "two lengths": sends(answer(VENDOR_EXAMPLE, "Content-Length: 2")),
    "length and chunks": sends(answer(VENDOR_EXAMPLE, "Transfer-Encoding: chunked")),
    "204 with a body": sends(answer(VENDOR_EXAMPLE).replace(b"200 OK", b"204 No Content")),
    # Bodies
    "dripped body": drips(HEAD + b"Content-Length: 100000\r\n\r\n", b" "),
    "endless body": endless(HEAD + b"Connection: close\r\n\r\n", b" " * 64 * KIB),
    "endless chunks": endless(CHUNKED, b"2000\r\n" + b" " * 0x2000 + b"\r\n"),
    "endless chunks of a byte": endless(CHUNKED, b"1\r\n \r\n" * 1000),
    "endless size of a chunk": endless(CHUNKED, b"0" * KIB),
    "endless chunk extension": endless(CHUNKED + b"1;", b"x" * KIB),
    "endless trailers": endless(CHUNKED + b"2\r\n{}\r\n0\r\n", b"X-T: x\r\n" * 100),
    "dripped chunks": drips(CHUNKED, b"1\r\n \r\n"),
    "a chunk of 2^64 bytes": stalls(CHUNKED + b"10000000000000000\r\n{"),
    "a second answer behind each": sends(answer(VENDOR_EXAMPLE) * 2),
    # Codings
    "gzip bomb": sends(answer(bomb(1), "Content-Encoding: gzip")),
    "gzip bomb in three layers": sends(answer(bomb(3), "Content-Encoding: gzip, gzip, gzip")),
    "forty codings": sends(answer(bomb(2), "Content-Encoding: " + ", ".join(["gzip"] * 40))),
    "ten thousand gzip members": sends(answer(gzip.compress(b" ") * 10_000, "Content-Encoding: gzip")),
    "deflate that is cut off": sends(answer(zlib.compress(VENDOR_EXAMPLE)[:-9], "Content-Encoding: deflate")),
    "gzip that is not": sends(answer(VENDOR_EXAMPLE, "Content-Encoding: gzip")),
    "an unknown coding": sends(answer(VENDOR_EXAMPLE, "Content-Encoding: \u00ff")),
    # Documents
    "150,000 keys": changed(**{f"key{number}": number for number in range(150_000)}),
    "the same key 100,000 times": json_of("{" + ", ".join(['"currency": {}'] * 100_000) + "}"),
    "5,000 discounts": changed(discounts=[{"label": "x", "multipler": 0.95}] * 5000),
    "100,000 misspelt discounts": changed(discounts=[{"multiplier": 0.95}] * 100_000),
    "5,000 tax rates": changed(taxes={"compound": True, "rates": [{"label": "x", "rate": 6}] * 5000}),
    "deep lists": json_of("[" * 200_000),
    "deep objects": json_of('{"a":' * 100_000 + "1" + "}" * 100_000),
    "deep discounts": json_of('{"discounts": ' + "[" * 50_000 + "]" * 50_000 + "}"),
    "integers of 100,000 digits": with_number("9" * 100_000),
    "exponent of a billion": with_number("1e999999999"),
    "exponent of minus a billion": with_number("1e-999999999"),
    "NaN": with_number("NaN"),
    "control characters": with_text("\x1b]0;title\x07\x1b[2J\x00\r\n\u009b"),
    "bidirectional text": with_text("\u202e\u2066" * 100),
    "lone surrogates": with_text("\ud800"),
    "a text of a mebibyte": with_text("x" * KIB * KIB),
    "markup": with_text("[/red][link=file:///etc/passwd]<script>alert(1)</script>]]>&#0;"),
    "UTF-16": sends(answer(VENDOR_EXAMPLE.decode().encode("utf-16"))),
    "bytes of no encoding": sends(answer(VENDOR_EXAMPLE.replace(b"USD", b"\xff\xfe\xc0"))),
    "an empty body": sends(answer(b"")),
    # Connections
    "closed at once": closes(b""),
    "reset at once": resets(b""),
    "reset in the head": resets(HEAD),
    "reset in the body": resets(answer(VENDOR_EXAMPLE)[:-20]),
    "reset in a chunk": resets(CHUNKED + b"100\r\n{"),
    "TLS garbage": closes(b"\x15\x03\x03\x00\x02\x02\x28"),
    "binary garbage": endless(b"", bytes(range(256)) * 16),
    # Elsewhere
    "redirects in a circle": sends(
        b"HTTP/1.1 302 Found\r\nLocation: /solusio/api/\r\nContent-Length: 0\r\n\r\n"
    ),
    "redirects to nowhere": sends(
        b"HTTP/1.1 308 x\r\nLocation: http://[::\x01]:99999/\r\nContent-Length: 0\r\n\r\n"
    ),
    "busy for ever": sends(
        b"HTTP/1.1 503 Busy\r\nRetry-After: 99999999999999999999\r\nContent-Length: 0\r\n\r\n"
    ),
}
"""Whatever a broken or malicious server may answer to a request."""

RIGHT = sends(answer(VENDOR_EXAMPLE))
NO_SUCH_USER = sends(answer(b'{"error": "no such user"}').replace(b"200 OK", b"404 Not Found"))


def right(asked: bytes, peer: Peer) -> None:
    """Answer as the vendor's example does, for its one customer."""
    known = asked.endswith(b"action=GetTokenPricing&userid=1")
    (RIGHT if known else NO_SUCH_USER)(peer)


def always(hostile: Hostile) -> Hostile:
    def script(peer: Peer) -> None:
        while peer.request():
            hostile(peer)

    return script


def every_third(hostile: Hostile) -> Hostile:
    """Be right often enough to be judged: a check that never gets a price ends after its first question."""
    requests = 0

    def script(peer: Peer) -> None:
        nonlocal requests
        while asked := peer.request():
            requests += 1
            if requests % 3:
                right(asked, peer)
            else:
                hostile(peer)

    return script


def at_once(hostile: Hostile) -> Hostile:
    """Answer before any request."""
    return hostile


@pytest.mark.parametrize("name", MODES)
@pytest.mark.parametrize("when", [always, every_third, at_once])
def test_check_ends(name, when):
    with ScriptedServer((when(MODES[name]),), None) as server:
        code, output, errors, mebibytes, seconds = check(server.url)
    verdict = output.strip("\n")
    assert code in {1, 2, 3}, output + errors
    assert verdict, errors
    assert "\n" not in verdict
    assert not re.search(r"[\x00-\x1f\x7f-\x9f]", verdict), repr(verdict)
    assert "Traceback" not in errors + output
    assert "fault of mock-solusio" not in errors + output
    assert mebibytes <= MEBIBYTES
    assert seconds <= SECONDS


MEASURED = """
import resource, subprocess, sys
code = subprocess.call(sys.argv[1:])
print(f"\\n{resource.getrusage(resource.RUSAGE_CHILDREN).ru_maxrss}", end="", file=sys.stderr)
sys.exit(code)
"""
"""Runs a command, and writes the most memory it had in KiB behind its errors."""


def check(url: str) -> tuple[int, str, str, float, float]:
    """Return exit code, output, errors, the most memory in MiB, and seconds of a check."""
    options = [f"--max-seconds={MAX_SECONDS}", "--timeout=1", "--fuzz-examples=20", "--user-id=1", "--quiet"]
    began = time.monotonic()
    command = [sys.executable, "-m", "mock_solusio", "check", url, *options]
    measured = [sys.executable, "-c", MEASURED, *command]
    pipes = {"stdout": subprocess.PIPE, "stderr": subprocess.PIPE}
    with subprocess.Popen(measured, start_new_session=True, text=True, **pipes) as process:
        try:
            output, errors = process.communicate(timeout=2 * SECONDS)
        finally:
            with suppress(ProcessLookupError):
                os.killpg(process.pid, signal.SIGKILL)
    seconds = time.monotonic() - began
    errors, _, kibibytes = errors.rpartition("\n")
    return process.returncode, output, errors, int(kibibytes) / KIB, seconds
