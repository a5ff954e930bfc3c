"""How requests are written on real sockets."""

from typing import Any

import pytest

from solusio_contracts.http.connection import Connection, check_headers, exchange_on
from solusio_contracts.http.exchange import Request
from solusio_contracts.http.url import Origin
from support.exchanges import GOOD, LONG, answering, ask

# How a request is written


def test_pieces_arrive_one_by_one(scripted):
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


def test_a_host_of_ones_own_replaces_the_usual_one(scripted):
    lines = sent_for(scripted, Request(b"x", (("host", "billing.example"), ("User-Agent", "mine"))))
    assert lines[1:] == [b"host: billing.example", b"User-Agent: mine", b"Content-Length: 1"]


def test_headers_beyond_ascii_are_utf_8(scripted):
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
def test_when_a_length_is_sent(scripted, request_, measured):
    lines = sent_for(scripted, request_)
    assert (f"Content-Length: {len(request_.body)}".encode() in lines) is measured


def test_a_chunked_request(scripted):
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
def test_the_target_of_a_request(scripted, url, query, target):
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
def test_what_cannot_be_written_is_the_callers_mistake(scripted, request_):
    """It is not the endpoint's error: it must not be reported as a closed connection."""
    server = scripted(answering(GOOD, close=False))
    with (
        Connection(Origin.of(server.url), tls=None, timeout=LONG) as connection,
        pytest.raises(ValueError, match=r"."),
    ):
        exchange_on(connection, request_, number=1, description="")


def test_headers_that_may_be_added():
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
def test_headers_that_may_not_be_added(header):
    with pytest.raises(ValueError, match=r"is not a valid header|cannot be set"):
        check_headers((header,))
