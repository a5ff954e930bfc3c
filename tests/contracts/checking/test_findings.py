"""Findings: everything is masked, and cut to what a person reads."""

from typing import Any

import pytest

from solusio_contracts.checking.rule import Expect
from solusio_contracts.checking.runner import BODY_SHOWN, finding, response_text
from solusio_contracts.checking.target import Target, TargetSettings
from solusio_contracts.contract.clauses import Level, clause
from solusio_contracts.http.exchange import Exchange, FailureKind, Request
from solusio_contracts.http.masking import Mask

TOKEN = "kZ7-qf3XwT9b"
SHOWN = "${MOCK_SOLUSIO_TOKEN}"


def exchange(**changes: Any) -> Exchange:
    members: dict[str, Any] = {
        "number": 1,
        "request": Request.form((("token", TOKEN), ("userid", "1"))),
        "sent": b"POST / HTTP/1.1\r\nHost: h\r\n\r\ntoken=kZ7-qf3XwT9b&userid=1",
        "received": b"...",
        "seconds": 0.1,
        "status": 200,
        "reason": "OK",
        "headers": (("Content-Type", "text/html"), ("X-Token", TOKEN)),
        "content": f"<p>{TOKEN}</p>".encode(),
        "description": f"a request with {TOKEN}",
    }
    return Exchange(**(members | changes))


@pytest.fixture
def target() -> Target:
    return Target(TargetSettings(url=f"http://127.0.0.1:8000/?token={TOKEN}", users=(1,), token=TOKEN))


def test_every_text_of_a_finding_is_masked(target):
    unmet = Expect(False, f"a {TOKEN}", f"b {TOKEN}", f"c {TOKEN}", exchange(), f"d {TOKEN}")
    found = finding(unmet, clause("TP-501"), Level.MUST, target)
    assert (found.subject, found.expected, found.actual, found.hint) == (
        f"a {SHOWN}",
        f"b {SHOWN}",
        f"c {SHOWN}",
        f"d {SHOWN}",
    )
    assert found.question == f"a request with {SHOWN}"
    assert found.request == f"POST / HTTP/1.1\nHost: h\n\ntoken={SHOWN}&userid=1"
    assert found.response == f"HTTP 200 OK\nContent-Type: text/html\nX-Token: {SHOWN}\n\n<p>{SHOWN}</p>"
    assert found.curl.startswith(f'curl -sS -i "http://127.0.0.1:8000/?token={SHOWN}" -H ')
    assert found.curl.endswith(f' --data-binary "token={SHOWN}&userid=1"')
    assert (found.clause, found.level) == ("TP-501", "must")


def test_a_finding_without_an_exchange(target):
    found = finding(Expect(False, "a", "b", "c"), clause("TP-501"), Level.SHOULD, target)
    assert (found.question, found.curl, found.request, found.response) == ("", "", "", "")
    assert found.level == "should"


@pytest.mark.parametrize("place", range(BODY_SHOWN - len(TOKEN) - 1, BODY_SHOWN + 2))
def test_no_half_token_is_left_at_the_cut(place):
    mask = Mask()
    mask.hide(TOKEN, SHOWN)
    body = b"." * place + TOKEN.encode() + b"." * 500
    text = response_text(exchange(content=body, headers=()), mask)
    shown = ("." * place + SHOWN + "." * 500)[:BODY_SHOWN]
    assert text == f"HTTP 200 OK\n\n{shown}…\n… {len(body)} bytes in total"


def test_a_long_request_is_cut(target):
    found = finding(
        Expect(False, "a", "b", "c", exchange(sent=b"POST / " + b"x" * 5000)),
        clause("TP-405"),
        Level.MUST,
        target,
    )
    assert found.request == "POST / " + "x" * (2 * BODY_SHOWN - 7) + "…\n… 5007 bytes in total"


def test_a_response_that_never_came():
    seen = exchange(
        status=None, received=b"", failure=FailureKind.TIMEOUT, failure_text="no response within 5 s"
    )
    assert response_text(seen, Mask()) == "no response within 5 s"


def test_a_response_that_is_not_http():
    seen = exchange(
        status=None, received=b"hello\x00\r\n", failure=FailureKind.PROTOCOL, failure_text="not HTTP: x"
    )
    assert response_text(seen, Mask()) == "not HTTP: x\nhello\\x00\n"


def test_what_comes_after_a_response_is_reported():
    mask = Mask()
    mask.hide(TOKEN, SHOWN)
    seen = exchange(headers=(), content=b"{}", leftover=TOKEN.encode() + b"\xff" * 100)
    text = response_text(seen, mask)
    assert text.startswith(f"HTTP 200 OK\n\n{{}}\n… then b'{SHOWN}\\xff\\xff")
    assert text.endswith(" after the end of the response")
    cut = exchange(
        headers=(), content=b"{", failure=FailureKind.CUT, failure_text="the connection was closed"
    )
    assert response_text(cut, mask) == "HTTP 200 OK\n\n{\n… then: the connection was closed"


def test_bytes_that_cannot_be_shown_are_escapes():
    seen = exchange(headers=(), reason="", content=b"\xef\xbb\xbf{\x1b[2J\xff}\r\n\t")
    assert response_text(seen, Mask()) == "HTTP 200\n\n\\xfeff{\\x1b[2J\\xff}\n\t"
