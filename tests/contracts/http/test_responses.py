"""Responses of servers that follow a script, well-behaved or not."""

import gzip
import socket
from typing import Any

import pytest

from solusio_contracts.http.connection import LARGEST, Connection, exchange_on
from solusio_contracts.http.exchange import FORM_TYPE, FailureKind, Request
from solusio_contracts.http.url import Origin
from support.exchanges import BODY, GOOD, LONG, QUESTION, SOON, answering, ask

LARGE = Request.form((("userid", "1"), ("filler", "x" * 3_000_000)))


HUGE = Request(b"x" * 24_000_000)
"""More than the buffers between two sockets take."""


# A good response


def test_the_bytes_are_kept(scripted):
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
def test_complete_responses(scripted, answer, body, reusable):
    seen = ask(scripted(answering(answer)).url)
    assert (seen.failure, seen.body, seen.reusable, seen.received) == (None, body, reusable, answer)


def test_a_response_in_pieces_with_pauses(scripted):
    parts = [GOOD[:7], 0.02, GOOD[7:40], 0.02, GOOD[40:90], 0.02, GOOD[90:]]
    seen = ask(scripted(answering(*parts)).url)
    assert (seen.failure, seen.received) == (None, GOOD)
    assert seen.seconds >= 0.06


def test_a_response_to_head_has_no_body(scripted):
    seen = ask(scripted(answering(GOOD[: -len(BODY)], close=False)).url, Request(b"", (), "HEAD"))
    assert (seen.failure, seen.status, seen.body) == (None, 200, b"")


# Wrong lengths


def test_a_length_too_long_and_closed(scripted):
    seen = ask(scripted(answering(GOOD.replace(b"30", b"31"))).url)
    assert (seen.failure, seen.failure_text) == (FailureKind.CUT, "the connection was closed in mid-response")
    assert (seen.status, seen.body, seen.content, seen.reusable) == (200, BODY, BODY, False)


def test_a_length_too_long_and_kept_open(scripted):
    seen = ask(scripted(answering(GOOD.replace(b"30", b"31"), close=False)).url, timeout=SOON)
    assert seen.failure is FailureKind.TIMEOUT
    assert seen.failure_text == f"only {len(GOOD)} bytes of an unfinished response within 0.3 s"
    assert (seen.status, seen.body) == (200, BODY)


def test_a_length_too_short(scripted):
    seen = ask(scripted(answering(GOOD.replace(b"30", b"28"), close=False)).url)
    assert (seen.failure, seen.body, seen.leftover, seen.reusable) == (None, BODY[:28], BODY[28:], False)


def test_bytes_after_the_end_that_come_late(scripted):
    server = scripted(answering(GOOD, 0.03, b"late", close=False))
    assert ask(server.url).leftover == b""
    seen = ask(server.url, linger=LONG)
    assert (seen.failure, seen.leftover, seen.reusable) == (None, b"late", False)


def test_lingering_ends_with_the_connection(scripted):
    seen = ask(scripted(answering(GOOD)).url, linger=LONG)
    assert (seen.failure, seen.leftover) == (None, b"")


def test_two_responses_to_one_request(scripted):
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
def test_chunks_without_their_end(scripted, answer):
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
def test_what_is_not_http(scripted, answer):
    seen = ask(scripted(answering(answer, close=False)).url)
    assert seen.failure is FailureKind.PROTOCOL
    assert seen.failure_text.startswith("not HTTP: ")
    assert answer.startswith(seen.received)


@pytest.mark.parametrize(
    "answer", [b"HTTP/1.1 200 OK\r\nContent-Le", b"HTTP/1.1 200 OK\r\n", b"HTTP/1.1 100 Continue\r\n\r\n"]
)
def test_a_head_without_an_end(scripted, answer):
    seen = ask(scripted(answering(answer)).url)
    assert (seen.failure, seen.status, seen.received) == (FailureKind.CUT, None, answer)
    late = ask(scripted(answering(answer, close=False)).url, timeout=SOON)
    assert (late.failure, late.status, late.received) == (FailureKind.TIMEOUT, None, answer)


def test_a_connection_closed_without_a_response(scripted):
    seen = ask(scripted(answering()).url)
    assert (seen.failure, seen.failure_text) == (
        FailureKind.CUT,
        "the connection was closed without a response",
    )


@pytest.mark.parametrize(("sent", "text"), [(b"", "without a response"), (GOOD[:50], "in mid-response")])
def test_a_reset(scripted, sent, text):
    def script(peer: Any) -> None:
        peer.request()
        peer.send(sent)
        peer.pause(0.05)
        peer.reset()

    seen = ask(scripted(script).url)
    assert (seen.failure, seen.failure_text) == (FailureKind.CUT, f"the connection was reset {text}")
    assert seen.received == sent


def test_silence(scripted):
    seen = ask(scripted(answering(close=False)).url, timeout=SOON)
    assert (seen.failure, seen.failure_text) == (FailureKind.TIMEOUT, "no response within 0.3 s")
    assert SOON <= seen.seconds < SOON + 1


def test_a_drip_does_not_extend_the_deadline(scripted):
    """Each byte comes long before a single read would time out."""

    def script(peer: Any) -> None:
        peer.request()
        peer.drip(GOOD, 0.02)  # about two seconds

    seen = ask(scripted(script).url, timeout=SOON)
    assert seen.failure is FailureKind.TIMEOUT
    assert 0 < len(seen.received) < len(GOOD)
    assert seen.seconds < 1


def test_an_endless_response(scripted):
    def script(peer: Any) -> None:
        peer.request()
        peer.send(b"HTTP/1.1 200 OK\r\n\r\n")
        while not peer.stopped.is_set():
            peer.send(b"x" * 65536)

    seen = ask(scripted(script).url)
    assert (seen.failure, seen.failure_text) == (FailureKind.TOO_LARGE, "more than 4194304 bytes came")
    assert len(seen.body) < LARGEST + 1_000_000


def test_endless_interim_responses(scripted):
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


def test_an_early_response_to_a_large_body(scripted):
    seen = ask(scripted(refusing).url, HUGE)
    assert (seen.failure, seen.status, seen.body) == (None, 413, b"no")
    assert seen.seconds < LONG / 2


def test_an_early_response_over_tls(scripted, server_tls, client_tls):
    seen = ask(scripted(refusing, tls=server_tls).url, HUGE, tls=client_tls)
    assert (seen.failure, seen.status, seen.body) == (None, 413, b"no")
    assert seen.seconds < LONG / 2


def test_an_early_response_before_the_connection_is_closed(scripted):
    def script(peer: Any) -> None:
        peer.head()
        peer.send(REFUSED)
        peer.connection.shutdown(socket.SHUT_WR)
        peer.stopped.wait(LONG)

    seen = ask(scripted(script).url, HUGE)
    assert (seen.failure, seen.status, seen.reusable) == (None, 413, False)


def test_a_connection_is_not_reused_after_an_early_response(scripted):
    """The server would read the next request as the rest of the body."""
    server = scripted(refusing)
    with Connection(Origin.of(server.url), tls=None, timeout=LONG) as connection:
        first = exchange_on(connection, HUGE, number=1, description="")
        second = exchange_on(connection, QUESTION, number=2, description="")
    assert (first.status, first.reusable) == (413, False)
    assert (second.failure, second.sent, second.received) == (FailureKind.CUT, b"", b"")
    assert second.failure_text == "the connection was not usable after the previous response"


def test_a_body_that_the_server_does_not_read(scripted):
    def script(peer: Any) -> None:
        peer.stopped.wait(LONG)

    seen = ask(scripted(script).url, HUGE, timeout=SOON)
    assert (seen.failure, seen.failure_text) == (
        FailureKind.TIMEOUT,
        "the server did not read the request in time",
    )


def test_a_body_that_the_server_does_not_read_over_tls(scripted, server_tls, client_tls):
    def script(peer: Any) -> None:
        peer.stopped.wait(LONG)

    seen = ask(scripted(script, tls=server_tls).url, HUGE, timeout=SOON, tls=client_tls)
    assert (seen.failure, seen.failure_text) == (
        FailureKind.TIMEOUT,
        "the server did not read the request in time",
    )


@pytest.mark.parametrize("secure", [False, True])
def test_a_large_body_is_sent_whole(scripted, server_tls, client_tls, secure):
    server = scripted(answering(GOOD), tls=server_tls if secure else None)
    seen = ask(server.url, LARGE, tls=client_tls if secure else None)
    assert seen.ok
    assert b"".join(server.peers[0].reads) == seen.sent


def test_several_requests_on_one_connection(scripted):
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


def test_what_comes_before_the_next_request_is_taken_for_its_response(scripted):
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


def test_the_second_request_says_that_the_first_one_closed(scripted):
    server = scripted(answering(GOOD.replace(b"\r\n\r\n", b"\r\nConnection: close\r\n\r\n")))
    with Connection(Origin.of(server.url), tls=None, timeout=LONG) as connection:
        assert exchange_on(connection, QUESTION, number=1, description="").ok
        second = exchange_on(connection, QUESTION, number=2, description="")
    assert (second.failure, second.sent, second.status) == (FailureKind.CUT, b"", None)


# Content codings


def test_a_response_is_decompressed(scripted):
    packed = gzip.compress(BODY)
    head = b"HTTP/1.1 200 OK\r\nContent-Encoding: gzip\r\nContent-Length: %d\r\n\r\n" % len(packed)
    server = scripted(answering(head + packed))
    seen = ask(server.url, Request(b"", (("accept-encoding", "gzip"),)))
    assert (seen.body, seen.content, seen.decode_problem) == (packed, BODY, None)
    unasked = ask(server.url)
    assert unasked.content == BODY
    assert unasked.decode_problem == "Content-Encoding: gzip, but the request accepts no compression"


def test_two_headers_of_coding_are_two_codings(scripted):
    packed = gzip.compress(gzip.compress(BODY))
    head = b"HTTP/1.1 200 OK\r\nContent-Encoding: gzip\r\ncontent-encoding: gzip\r\n\r\n"
    seen = ask(scripted(answering(head + packed)).url, Request(b"", (("Accept-Encoding", "gzip"),)))
    assert (seen.content, seen.decode_problem) == (BODY, None)


def test_half_a_response_is_not_decompressed(scripted):
    packed = gzip.compress(BODY)
    head = b"HTTP/1.1 200 OK\r\nContent-Encoding: gzip\r\nContent-Length: 500\r\n\r\n"
    seen = ask(scripted(answering(head + packed)).url)
    assert (seen.failure, seen.content, seen.decode_problem) == (FailureKind.CUT, packed, None)
