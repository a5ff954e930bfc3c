"""Real sockets against servers that follow a script, well-behaved or not."""

import errno
import gzip
import socket
import ssl
import time
from collections.abc import Callable
from typing import Any

import pytest

from solusio_contracts.http.connection import LARGEST, Connection, ExchangeError, check_headers, exchange_on
from solusio_contracts.http.exchange import FORM_TYPE, Exchange, FailureKind, Request
from solusio_contracts.http.url import Origin

QUESTION = Request.form((("action", "GetTokenPricing"), ("userid", "1")))
LARGE = Request.form((("userid", "1"), ("filler", "x" * 3_000_000)))
HUGE = Request(b"x" * 24_000_000)
"""More than the buffers between two sockets take."""
BODY = b'{"base_token_unit_cost": 1.34}'
GOOD = b"HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nContent-Length: 30\r\n\r\n" + BODY
LONG = 10.0
"""Seconds that are never waited: whatever goes wrong shows long before."""
SOON = 0.3
"""Seconds after which an answer that does not come is given up."""


def ask(
    url: str,
    request: Request = QUESTION,
    *,
    timeout: float = LONG,
    tls: ssl.SSLContext | None = None,
    **more: Any,
) -> Exchange:
    with Connection(Origin.of(url), tls=tls, timeout=timeout) as connection:
        return exchange_on(connection, request, number=7, description="a question", **more)


def answering(*parts: bytes | float, close: bool = True) -> Callable[[Any], None]:
    """Return a script: read one request, send the parts; numbers are pauses in seconds."""

    def script(peer: Any) -> None:
        peer.request()
        for part in parts:
            if isinstance(part, bytes):
                peer.send(part)
            else:
                peer.pause(part)
        if not close:
            peer.until_closed()

    return script


# A good response


def test_the_bytes_are_kept(scripted: Any) -> None:
    server = scripted(answering(GOOD, close=False))
    seen = ask(server.url)
    host = f"127.0.0.1:{server.port}"
    assert (
        seen.sent
        == (
            f"POST /solusio/api/ HTTP/1.1\r\nHost: {host}\r\nUser-Agent: mock-solusio-check\r\n"
            f"Accept: application/json\r\nContent-Type: {FORM_TYPE}\r\nContent-Length: 31\r\n\r\n"
            "action=GetTokenPricing&userid=1"
        ).encode()
    )
    assert b"".join(server.peers[0].reads) == seen.sent
    assert seen.received == GOOD
    assert (seen.status, seen.reason, seen.body, seen.content) == (200, "OK", BODY, BODY)
    assert seen.headers == (("Content-Type", "application/json"), ("Content-Length", "30"))
    assert (seen.failure, seen.failure_text, seen.decode_problem, seen.leftover) == (None, "", None, b"")
    assert (seen.number, seen.description, seen.reusable, seen.ok) == (7, "a question", True, True)
    assert 0 < seen.seconds < LONG


@pytest.mark.parametrize(
    ("answer", "body", "reusable"),
    [
        (
            b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n1e\r\n" + BODY + b"\r\n0\r\n\r\n",
            BODY,
            True,
        ),
        (b"HTTP/1.1 200 OK\r\nContent-Length: 30\r\nConnection: close\r\n\r\n" + BODY, BODY, False),
        (b"HTTP/1.1 200 OK\r\n\r\n" + BODY, BODY, False),
        (b"HTTP/1.0 200 OK\r\n\r\n" + BODY, BODY, False),
        (b"HTTP/1.0 200 OK\r\nContent-Length: 30\r\n\r\n" + BODY, BODY, False),
        (b"HTTP/1.1 204 No Content\r\n\r\n", b"", True),
        (b"HTTP/1.1 403\r\nContent-Length: 0\r\n\r\n", b"", True),
        (b"HTTP/1.1 100 Continue\r\n\r\n" + GOOD, BODY, True),
        (b"HTTP/1.1 103 Early Hints\r\nLink: </a>\r\n\r\nHTTP/1.1 102 Processing\r\n\r\n" + GOOD, BODY, True),
        (b"HTTP/1.1 200 OK\nContent-Length: 30\n\n" + BODY, BODY, True),
    ],
)
def test_complete_responses(scripted: Any, answer: bytes, body: bytes, reusable: bool) -> None:
    seen = ask(scripted(answering(answer)).url)
    assert (seen.failure, seen.body, seen.reusable, seen.received) == (None, body, reusable, answer)


def test_a_response_in_pieces_with_pauses(scripted: Any) -> None:
    parts = [GOOD[:7], 0.02, GOOD[7:40], 0.02, GOOD[40:90], 0.02, GOOD[90:]]
    seen = ask(scripted(answering(*parts)).url)
    assert (seen.failure, seen.received) == (None, GOOD)
    assert seen.seconds >= 0.06


def test_a_response_to_head_has_no_body(scripted: Any) -> None:
    seen = ask(scripted(answering(GOOD[: -len(BODY)], close=False)).url, Request(b"", (), "HEAD"))
    assert (seen.failure, seen.status, seen.body) == (None, 200, b"")


# Wrong lengths


def test_a_length_too_long_and_closed(scripted: Any) -> None:
    seen = ask(scripted(answering(GOOD.replace(b"30", b"31"))).url)
    assert (seen.failure, seen.failure_text) == (FailureKind.CUT, "the connection was closed in mid-response")
    assert (seen.status, seen.body, seen.content, seen.reusable) == (200, BODY, BODY, False)


def test_a_length_too_long_and_kept_open(scripted: Any) -> None:
    seen = ask(scripted(answering(GOOD.replace(b"30", b"31"), close=False)).url, timeout=SOON)
    assert seen.failure is FailureKind.TIMEOUT
    assert seen.failure_text == f"only {len(GOOD)} bytes of an unfinished response within 0.3 s"
    assert (seen.status, seen.body) == (200, BODY)


def test_a_length_too_short(scripted: Any) -> None:
    seen = ask(scripted(answering(GOOD.replace(b"30", b"28"), close=False)).url)
    assert (seen.failure, seen.body, seen.leftover, seen.reusable) == (None, BODY[:28], BODY[28:], False)


def test_bytes_after_the_end_that_come_late(scripted: Any) -> None:
    server = scripted(answering(GOOD, 0.03, b"late", close=False))
    assert ask(server.url).leftover == b""
    seen = ask(server.url, linger=LONG)
    assert (seen.failure, seen.leftover, seen.reusable) == (None, b"late", False)


def test_lingering_ends_with_the_connection(scripted: Any) -> None:
    seen = ask(scripted(answering(GOOD)).url, linger=LONG)
    assert (seen.failure, seen.leftover) == (None, b"")


def test_two_responses_to_one_request(scripted: Any) -> None:
    seen = ask(scripted(answering(GOOD + GOOD, close=False)).url)
    assert (seen.failure, seen.body, seen.leftover, seen.reusable) == (None, BODY, GOOD, False)


@pytest.mark.parametrize(
    "answer",
    [
        b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n1e\r\n" + BODY,
        b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n1e\r\n" + BODY + b"\r\n",
        b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n1e\r\n" + BODY + b"\r\n0\r\n",
    ],
)
def test_chunks_without_their_end(scripted: Any, answer: bytes) -> None:
    seen = ask(scripted(answering(answer)).url)
    assert (seen.failure, seen.status, seen.body) == (FailureKind.CUT, 200, BODY)
    late = ask(scripted(answering(answer, close=False)).url, timeout=SOON)
    assert (late.failure, late.body) == (FailureKind.TIMEOUT, BODY)


# What is not a response


@pytest.mark.parametrize(
    "answer",
    [
        b"SSH-2.0-OpenSSH_9.2\r\n",
        b"hello\r\n\r\n",
        b"<html>no head</html>\r\n\r\n",
        b"HTTP/1.1 OK\r\n\r\n",
        b"HTTP/2 200\r\n\r\n",
        b"HTTP/1.1 200 OK\r\nno colon\r\n\r\n",
        b"HTTP/1.1 200 OK\r\nContent-Length: x\r\n\r\n",
        b"HTTP/1.1 200 OK\r\nContent-Length: -1\r\n\r\n",
        b"HTTP/1.1 200 OK\r\nContent-Length: 1\r\nContent-Length: 2\r\n\r\nab",
        b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\nxyz\r\n",
        b"HTTP/1.1 101 Switching Protocols\r\n\r\n",
        b"\x16\x03\x01\x00\x05hello\r\n\r\n",
        b"HTTP/1.1 200 OK\r\nX: " + b"x" * 300_000,
    ],
)
def test_what_is_not_http(scripted: Any, answer: bytes) -> None:
    seen = ask(scripted(answering(answer, close=False)).url)
    assert seen.failure is FailureKind.PROTOCOL
    assert seen.failure_text.startswith("not HTTP: ")
    assert answer.startswith(seen.received)


@pytest.mark.parametrize(
    "answer", [b"HTTP/1.1 200 OK\r\nContent-Le", b"HTTP/1.1 200 OK\r\n", b"HTTP/1.1 100 Continue\r\n\r\n"]
)
def test_a_head_without_an_end(scripted: Any, answer: bytes) -> None:
    seen = ask(scripted(answering(answer)).url)
    assert (seen.failure, seen.status, seen.received) == (FailureKind.CUT, None, answer)
    late = ask(scripted(answering(answer, close=False)).url, timeout=SOON)
    assert (late.failure, late.status, late.received) == (FailureKind.TIMEOUT, None, answer)


def test_a_connection_closed_without_a_response(scripted: Any) -> None:
    seen = ask(scripted(answering()).url)
    assert (seen.failure, seen.failure_text) == (
        FailureKind.CUT,
        "the connection was closed without a response",
    )


@pytest.mark.parametrize(("sent", "text"), [(b"", "without a response"), (GOOD[:50], "in mid-response")])
def test_a_reset(scripted: Any, sent: bytes, text: str) -> None:
    def script(peer: Any) -> None:
        peer.request()
        peer.send(sent)
        peer.pause(0.05)
        peer.reset()

    seen = ask(scripted(script).url)
    assert (seen.failure, seen.failure_text) == (FailureKind.CUT, f"the connection was reset {text}")
    assert seen.received == sent


def test_silence(scripted: Any) -> None:
    seen = ask(scripted(answering(close=False)).url, timeout=SOON)
    assert (seen.failure, seen.failure_text) == (FailureKind.TIMEOUT, "no response within 0.3 s")
    assert SOON <= seen.seconds < SOON + 1


def test_a_drip_does_not_extend_the_deadline(scripted: Any) -> None:
    """Each byte comes long before a single read would time out."""

    def script(peer: Any) -> None:
        peer.request()
        peer.drip(GOOD, 0.02)  # about two seconds

    seen = ask(scripted(script).url, timeout=SOON)
    assert seen.failure is FailureKind.TIMEOUT
    assert 0 < len(seen.received) < len(GOOD)
    assert seen.seconds < 1


def test_an_endless_response(scripted: Any) -> None:
    def script(peer: Any) -> None:
        peer.request()
        peer.send(b"HTTP/1.1 200 OK\r\n\r\n")
        while not peer.stopped.is_set():
            peer.send(b"x" * 65536)

    seen = ask(scripted(script).url)
    assert (seen.failure, seen.failure_text) == (FailureKind.TOO_LARGE, "more than 4194304 bytes came")
    assert len(seen.body) < LARGEST + 1_000_000


def test_endless_interim_responses(scripted: Any) -> None:
    def script(peer: Any) -> None:
        peer.request()
        while not peer.stopped.is_set():
            peer.send(b"HTTP/1.1 103 Early Hints\r\nX: " + b"x" * 60_000 + b"\r\n\r\n")

    seen = ask(scripted(script).url)
    assert (seen.failure, seen.status) == (FailureKind.TOO_LARGE, None)


# Early responses, and several requests on one connection

REFUSED = b"HTTP/1.1 413 Too Large\r\nContent-Length: 2\r\n\r\nno"


def refusing(peer: Any) -> None:
    """Respond before the large body is read, and continue without reading it."""
    peer.head()
    peer.send(REFUSED)
    peer.stopped.wait(LONG)


def test_an_early_response_to_a_large_body(scripted: Any) -> None:
    seen = ask(scripted(refusing).url, HUGE)
    assert (seen.failure, seen.status, seen.body) == (None, 413, b"no")
    assert seen.seconds < LONG / 2


def test_an_early_response_over_tls(
    scripted: Any, server_tls: ssl.SSLContext, client_tls: ssl.SSLContext
) -> None:
    seen = ask(scripted(refusing, tls=server_tls).url, HUGE, tls=client_tls)
    assert (seen.failure, seen.status, seen.body) == (None, 413, b"no")
    assert seen.seconds < LONG / 2


def test_an_early_response_before_the_connection_is_closed(scripted: Any) -> None:
    def script(peer: Any) -> None:
        peer.head()
        peer.send(REFUSED)
        peer.connection.shutdown(socket.SHUT_WR)
        peer.stopped.wait(LONG)

    seen = ask(scripted(script).url, HUGE)
    assert (seen.failure, seen.status, seen.reusable) == (None, 413, False)


def test_a_connection_is_not_reused_after_an_early_response(scripted: Any) -> None:
    """The server would read the next request as the rest of the body."""
    server = scripted(refusing)
    with Connection(Origin.of(server.url), tls=None, timeout=LONG) as connection:
        first = exchange_on(connection, HUGE, number=1, description="")
        second = exchange_on(connection, QUESTION, number=2, description="")
    assert (first.status, first.reusable) == (413, False)
    assert (second.failure, second.sent, second.received) == (FailureKind.CUT, b"", b"")
    assert second.failure_text == "the connection was not usable after the previous response"


def test_a_body_that_the_server_does_not_read(scripted: Any) -> None:
    def script(peer: Any) -> None:
        peer.stopped.wait(LONG)

    seen = ask(scripted(script).url, HUGE, timeout=SOON)
    assert (seen.failure, seen.failure_text) == (
        FailureKind.TIMEOUT,
        "the server did not read the request in time",
    )


def test_a_body_that_the_server_does_not_read_over_tls(
    scripted: Any, server_tls: ssl.SSLContext, client_tls: ssl.SSLContext
) -> None:
    def script(peer: Any) -> None:
        peer.stopped.wait(LONG)

    seen = ask(scripted(script, tls=server_tls).url, HUGE, timeout=SOON, tls=client_tls)
    assert (seen.failure, seen.failure_text) == (
        FailureKind.TIMEOUT,
        "the server did not read the request in time",
    )


@pytest.mark.parametrize("secure", [False, True])
def test_a_large_body_is_sent_whole(
    scripted: Any, server_tls: ssl.SSLContext, client_tls: ssl.SSLContext, secure: bool
) -> None:
    server = scripted(answering(GOOD), tls=server_tls if secure else None)
    seen = ask(server.url, LARGE, tls=client_tls if secure else None)
    assert seen.ok
    assert b"".join(server.peers[0].reads) == seen.sent


def test_several_requests_on_one_connection(scripted: Any) -> None:
    def script(peer: Any) -> None:
        for count in range(3):
            peer.request()
            peer.send(GOOD.replace(b"1.34", b"1.3%d" % count))

    server = scripted(script)
    with Connection(Origin.of(server.url), tls=None, timeout=LONG) as connection:
        seen = [exchange_on(connection, QUESTION, number=n, description="") for n in range(4)]
    assert [one.body[-5:] for one in seen[:3]] == [b"1.30}", b"1.31}", b"1.32}"]
    assert all(one.reusable and one.received.startswith(b"HTTP/1.1 200") for one in seen[:3])
    assert (seen[3].failure, seen[3].received) == (FailureKind.CUT, b"")
    assert len(server.peers) == 1


def test_what_comes_before_the_next_request_is_taken_for_its_response(scripted: Any) -> None:
    """As a proxy would take it: this is the fault that the rule about open connections looks for."""

    def script(peer: Any) -> None:
        peer.request()
        peer.send(GOOD)
        peer.pause(0.05)
        peer.send(b"trailing bytes\r\n\r\n")
        peer.until_closed()

    with Connection(Origin.of(scripted(script).url), tls=None, timeout=LONG) as connection:
        first = exchange_on(connection, QUESTION, number=1, description="")
        second = exchange_on(connection, QUESTION, number=2, description="", pieces=(10,), pause=0.1)
    assert first.reusable
    assert second.failure is FailureKind.PROTOCOL


def test_the_second_request_says_that_the_first_one_closed(scripted: Any) -> None:
    server = scripted(answering(GOOD.replace(b"\r\n\r\n", b"\r\nConnection: close\r\n\r\n")))
    with Connection(Origin.of(server.url), tls=None, timeout=LONG) as connection:
        assert exchange_on(connection, QUESTION, number=1, description="").ok
        second = exchange_on(connection, QUESTION, number=2, description="")
    assert (second.failure, second.sent, second.status) == (FailureKind.CUT, b"", None)


# How a request is written


def test_pieces_arrive_one_by_one(scripted: Any) -> None:
    server = scripted(answering(GOOD))
    whole = len(ask(server.url).sent)
    seen = ask(server.url, pieces=(whole - 31, 5, whole - 1, whole, 0, -3, whole + 9), pause=0.05)
    reads = server.peers[1].reads
    assert seen.ok
    assert b"".join(reads) == seen.sent
    assert [len(one) for one in reads] == [5, whole - 36, 30, 1]


def sent_for(scripted: Any, request: Request) -> list[bytes]:
    """Return the lines of the head that is sent for a request."""
    seen = ask(scripted(answering(GOOD)).url, request)
    assert seen.ok
    return seen.sent.partition(b"\r\n\r\n")[0].split(b"\r\n")


def test_a_host_of_ones_own_replaces_the_usual_one(scripted: Any) -> None:
    lines = sent_for(scripted, Request(b"x", (("host", "billing.example"), ("User-Agent", "mine"))))
    assert lines[1:] == [b"host: billing.example", b"User-Agent: mine", b"Content-Length: 1"]


def test_headers_beyond_ascii_are_utf_8(scripted: Any) -> None:
    lines = sent_for(scripted, Request(b"", (("X-Name", " größe\t"), ("X-Raw", "\udcff"), ("X-Empty", ""))))
    assert lines[3:6] == ["X-Name: größe".encode(), b"X-Raw: \xff", b"X-Empty: "]


@pytest.mark.parametrize(
    ("request_", "measured"),
    [
        (Request(b""), True),
        (Request(b"", method="PUT"), True),
        (Request(b"", method="GET"), False),
        (Request(b"", method="DELETE"), False),
        (Request(b"x", method="DELETE"), True),
        (Request(b"", method="OPTIONS"), False),
    ],
)
def test_when_a_length_is_sent(scripted: Any, request_: Request, measured: bool) -> None:
    lines = sent_for(scripted, request_)
    assert (f"Content-Length: {len(request_.body)}".encode() in lines) is measured


def test_a_chunked_request(scripted: Any) -> None:
    def script(peer: Any) -> None:
        seen = peer.head()
        while not seen.endswith(b"0\r\n\r\n"):
            seen += peer.read()
        peer.send(GOOD)

    seen = ask(scripted(script).url, Request(b"userid=1", (("Transfer-Encoding", "chunked"),)))
    assert seen.ok
    assert seen.sent.endswith(b"\r\n\r\n8\r\nuserid=1\r\n0\r\n\r\n")


@pytest.mark.parametrize(
    ("url", "query", "target"),
    [
        ("http://127.0.0.1:{}/a", "b=1", b"/a?b=1"),
        ("http://127.0.0.1:{}/a?x", "b=ü y", b"/a?x&b=%C3%BC%20y"),
        ("http://127.0.0.1:{}/a?x#part", "", b"/a?x"),
    ],
)
def test_the_target_of_a_request(scripted: Any, url: str, query: str, target: bytes) -> None:
    server = scripted(answering(GOOD))
    seen = ask(url.format(server.port), Request(b"", method="GET", query=query))
    assert seen.sent.split(b" ")[1] == target


@pytest.mark.parametrize(
    "request_",
    [
        Request(b"", (("Bad Name", "x"),)),
        Request(b"", (("X", "a\r\nY: b"),)),
        Request(b"", (("X", "a\0b"),)),
        Request(b"", (("Größe", "1"),)),
        Request(b"", method="BAD METHOD"),
        Request(b"", method="MÉTHOD"),
        Request(b"abc", (("Content-Length", "2"),)),
        Request(b"", (("Content-Length", "1"), ("Content-Length", "2"))),
    ],
)
def test_what_cannot_be_written_is_the_callers_mistake(scripted: Any, request_: Request) -> None:
    """It is not the endpoint's error: it must not be reported as a closed connection."""
    server = scripted(answering(GOOD, close=False))
    with (
        Connection(Origin.of(server.url), tls=None, timeout=LONG) as connection,
        pytest.raises(ValueError, match=r"."),
    ):
        exchange_on(connection, request_, number=1, description="")


def test_headers_that_may_be_added() -> None:
    check_headers(
        (("Host", "billing.example"), ("X-Name", "größe"), ("Authorization", "Basic dTpw"), ("X-Empty", " "))
    )


@pytest.mark.parametrize(
    "header",
    [
        ("Bad Name", "x"),
        ("", "x"),
        ("X", "a\nb"),
        ("X", "a\0"),
        ("Größe", "x"),
        ("content-length", "1"),
        ("Transfer-Encoding", "chunked"),
    ],
)
def test_headers_that_may_not_be_added(header: tuple[str, str]) -> None:
    with pytest.raises(ValueError, match=r"is not a valid header|cannot be set"):
        check_headers((header,))


# Content codings


def test_a_response_is_decompressed(scripted: Any) -> None:
    packed = gzip.compress(BODY)
    head = b"HTTP/1.1 200 OK\r\nContent-Encoding: gzip\r\nContent-Length: %d\r\n\r\n" % len(packed)
    server = scripted(answering(head + packed))
    seen = ask(server.url, Request(b"", (("accept-encoding", "gzip"),)))
    assert (seen.body, seen.content, seen.decode_problem) == (packed, BODY, None)
    unasked = ask(server.url)
    assert unasked.content == BODY
    assert unasked.decode_problem == "Content-Encoding: gzip, but the request accepts no compression"


def test_two_headers_of_coding_are_two_codings(scripted: Any) -> None:
    packed = gzip.compress(gzip.compress(BODY))
    head = b"HTTP/1.1 200 OK\r\nContent-Encoding: gzip\r\ncontent-encoding: gzip\r\n\r\n"
    seen = ask(scripted(answering(head + packed)).url, Request(b"", (("Accept-Encoding", "gzip"),)))
    assert (seen.content, seen.decode_problem) == (BODY, None)


def test_half_a_response_is_not_decompressed(scripted: Any) -> None:
    packed = gzip.compress(BODY)
    head = b"HTTP/1.1 200 OK\r\nContent-Encoding: gzip\r\nContent-Length: 500\r\n\r\n"
    seen = ask(scripted(answering(head + packed)).url)
    assert (seen.failure, seen.content, seen.decode_problem) == (FailureKind.CUT, packed, None)


# Connecting


def refused(url: str, **options: Any) -> ExchangeError:
    with pytest.raises(ExchangeError) as caught:
        Connection(Origin.of(url), **({"tls": None, "timeout": LONG} | options))
    return caught.value


def test_a_closed_port(closed_port: int) -> None:
    error = refused(f"http://127.0.0.1:{closed_port}/")
    assert (error.failure, error.text, str(error)) == (
        FailureKind.UNREACHABLE,
        "Connection refused",
        "Connection refused",
    )


def test_a_name_that_does_not_exist(monkeypatch: pytest.MonkeyPatch) -> None:
    def fails(*_: Any, **__: Any) -> Any:
        raise socket.gaierror(socket.EAI_NONAME, "Name or service not known")

    monkeypatch.setattr(socket, "getaddrinfo", fails)
    error = refused("http://nothing.invalid/")
    assert (error.failure, error.text) == (FailureKind.UNREACHABLE, "Name or service not known")


def test_the_second_address_of_a_name_is_tried(
    scripted: Any, closed_port: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    """`localhost` is ::1 first, where most programs do not listen."""
    server = scripted(answering(GOOD))
    kind = (socket.AF_INET, socket.SOCK_STREAM, 6, "")
    found = [(*kind, ("127.0.0.1", closed_port)), (*kind, ("127.0.0.1", server.port))]
    monkeypatch.setattr(socket, "getaddrinfo", lambda *_, **__: found)
    assert ask("http://localhost/").ok


def test_all_addresses_together_get_the_time_of_one(monkeypatch: pytest.MonkeyPatch) -> None:
    times: list[float] = []

    class Slow(socket.socket):
        def connect(self, _: Any) -> None:
            times.append(self.gettimeout() or 0)
            time.sleep(0.06)
            raise TimeoutError

    kind = (socket.AF_INET, socket.SOCK_STREAM, 6, "", ("127.0.0.1", 9))
    monkeypatch.setattr(socket, "getaddrinfo", lambda *_, **__: [kind] * 50)
    monkeypatch.setattr(socket, "socket", Slow)
    error = refused("http://many.example/", timeout=0.15)
    assert (error.failure, error.text) == (FailureKind.UNREACHABLE, "no connection within 0.15 s")
    assert len(times) == 3
    assert times == sorted(times, reverse=True)


@pytest.mark.parametrize("number", [errno.EMFILE, errno.ENFILE])
def test_what_this_machine_lacks_is_not_the_endpoints_fault(
    monkeypatch: pytest.MonkeyPatch, number: int
) -> None:
    def fails(*_: Any, **__: Any) -> Any:
        raise OSError(number, "Too many open files")

    monkeypatch.setattr(socket, "socket", fails)
    with pytest.raises(OSError, match="Too many open files"):
        Connection(Origin.of("http://127.0.0.1:9/"), tls=None, timeout=LONG)


def test_many_connections_at_a_time(scripted: Any) -> None:
    """More than select() supports, where the system allows so many."""
    server = scripted(answering(GOOD, close=False))
    resource = pytest.importorskip("resource")
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    wanted = 1100
    if hard != resource.RLIM_INFINITY and hard < wanted + 200:
        pytest.skip("the system allows too few open files")
    resource.setrlimit(resource.RLIMIT_NOFILE, (max(soft, wanted + 200), hard))
    held: list[socket.socket] = []
    try:
        while not held or held[-1].fileno() < wanted:
            held.append(socket.socket())
        assert ask(server.url).ok
    finally:
        for one in held:
            one.close()
        resource.setrlimit(resource.RLIMIT_NOFILE, (soft, hard))


# TLS


def test_tls_with_a_trusted_certificate(
    scripted: Any, server_tls: ssl.SSLContext, client_tls: ssl.SSLContext
) -> None:
    assert ask(scripted(answering(GOOD), tls=server_tls).url, tls=client_tls).ok


def test_a_certificate_of_an_unknown_authority(scripted: Any, server_tls: ssl.SSLContext) -> None:
    error = refused(scripted(answering(GOOD), tls=server_tls).url, tls=ssl.create_default_context())
    assert error.failure is FailureKind.TLS
    assert error.text == "TLS: unable to get local issuer certificate"


def test_a_certificate_for_another_name(
    scripted: Any, server_tls: ssl.SSLContext, client_tls: ssl.SSLContext
) -> None:
    server = scripted(answering(GOOD), tls=server_tls)
    error = refused(f"https://localhost:{server.port}/", tls=client_tls)
    assert error.failure is FailureKind.TLS
    assert error.text == "TLS: Hostname mismatch, certificate is not valid for 'localhost'."


def test_any_certificate_where_none_is_verified(scripted: Any, server_tls: ssl.SSLContext) -> None:
    context = ssl.create_default_context()
    context.check_hostname = False
    context.verify_mode = ssl.CERT_NONE
    assert ask(scripted(answering(GOOD), tls=server_tls).url, tls=context).ok


def test_tls_to_a_port_that_speaks_plain_http(scripted: Any, client_tls: ssl.SSLContext) -> None:
    def script(peer: Any) -> None:
        peer.read()
        peer.send(b"HTTP/1.1 400 Bad Request\r\n\r\n")

    server = scripted(script)
    error = refused(f"https://127.0.0.1:{server.port}/", tls=client_tls)
    assert error.failure is FailureKind.TLS
    assert error.text.startswith("TLS: ")
    assert error.text.endswith(" (does this port speak plain HTTP?)")


def test_tls_that_ends_in_the_handshake(scripted: Any, client_tls: ssl.SSLContext) -> None:
    server = scripted(lambda peer: peer.read())
    error = refused(f"https://127.0.0.1:{server.port}/", tls=client_tls)
    assert error.failure is FailureKind.TLS
    assert error.text.startswith("TLS: ")
    assert "None" not in error.text


def test_tls_without_a_handshake(scripted: Any, client_tls: ssl.SSLContext) -> None:
    server = scripted(lambda peer: peer.stopped.wait(LONG))
    error = refused(f"https://127.0.0.1:{server.port}/", tls=client_tls, timeout=SOON)
    assert (error.failure, error.text) == (FailureKind.TIMEOUT, "TLS: no handshake within 0.3 s")


def test_tls_that_is_cut_without_saying_goodbye(
    scripted: Any, server_tls: ssl.SSLContext, client_tls: ssl.SSLContext
) -> None:
    server = scripted(answering(GOOD.replace(b"30", b"31")), tls=server_tls)
    seen = ask(server.url, tls=client_tls)
    assert (seen.failure, seen.status, seen.body) == (FailureKind.CUT, 200, BODY)


def test_plain_http_to_a_port_that_speaks_tls(scripted: Any, server_tls: ssl.SSLContext) -> None:
    server = scripted(answering(GOOD), tls=server_tls)
    seen = ask(f"http://127.0.0.1:{server.port}/")
    assert seen.failure in (FailureKind.CUT, FailureKind.PROTOCOL)
    assert seen.status is None
