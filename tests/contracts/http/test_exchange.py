"""Requests as SolusIO sends them, and how a response is classified."""

import os
import urllib.parse
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from solusio_contracts.http.exchange import FORM_TYPE, SOLUSIO_HEADERS, Exchange, FailureKind, Request

PRICE = '{"base_token_unit_cost": 1.34, "user_token_unit_cost": 1.2}'


def exchange(content: str | bytes = "", status: int | None = 200, **changes: Any) -> Exchange:
    body = content.encode() if isinstance(content, str) else content
    members: dict[str, Any] = {
        "number": 1,
        "request": Request(b""),
        "sent": b"",
        "received": b"",
        "seconds": 0.26,
        "status": status,
        "content": body,
    }
    return Exchange(**(members | changes))


# Requests


def test_the_form_is_the_vendors():
    request = Request.form((("token", "xxxxxxx"), ("action", "GetTokenPricing"), ("userid", "1")))
    # The curl line of step 6.
    assert request.body == b"token=xxxxxxx&action=GetTokenPricing&userid=1"
    assert request.headers == (("Accept", "application/json"), ("Content-Type", FORM_TYPE))
    assert (request.method, request.query) == ("POST", "")


def test_headers_replace_those_of_the_same_name():
    request = Request.form((), headers=(("content-type", "text/plain"), ("X", "y")))
    assert request.headers == (("Accept", "application/json"), ("content-type", "text/plain"), ("X", "y"))
    assert request.body == b""


def test_a_form_is_escaped():
    assert Request.form((("a b", "c&d=é+%"), ("", ""))).body == b"a+b=c%26d%3D%C3%A9%2B%25&="


def test_bytes_of_the_command_line_are_sent_as_they_are():
    """A token that is not UTF-8 reaches Python as lone surrogates."""
    assert Request.form((("token", os.fsdecode(b"\xff\xfea")),)).body == b"token=%FF%FEa"
    assert Request.form((("userid", "\ud83d"),)).body == b"userid=%ED%A0%BD"


@given(st.lists(st.tuples(st.text(min_size=1), st.text())))
def test_any_form_is_read_back(pairs):
    body = Request.form(pairs).body.decode("ascii")
    read = urllib.parse.parse_qsl(body, keep_blank_values=True, errors="surrogatepass")
    assert read == pairs


@given(st.text(), st.text())
def test_a_form_is_what_urlencode_makes(name, value):
    expected = urllib.parse.urlencode([(name, value)], errors="surrogatepass")
    assert Request.form(((name, value),)).body.decode() == expected


# Responses


@pytest.mark.parametrize(
    ("status", "refused", "error"),
    [
        (None, False, False),
        (200, False, False),
        (302, False, False),
        (399, False, False),
        (400, True, False),
        (411, True, False),
        (499, True, False),
        (500, False, True),
        (501, False, True),
        (599, False, True),
    ],
)
def test_refusals_and_server_errors(status, refused, error):
    seen = exchange(status=status)
    assert (seen.refused, seen.server_error) == (refused, error)
    assert seen.ok is (status == 200)


def test_an_unfinished_response_is_not_ok():
    assert not exchange(PRICE, failure=FailureKind.CUT).ok
    assert not exchange(PRICE, failure=FailureKind.CUT).priced


@pytest.mark.parametrize(
    "content",
    [
        PRICE,
        '{"user_token_unit_cost":null}',
        '{"data":{"base_token_unit_cost" : 1}}',
        "{'base_token_unit_cost': 1}",
        "{base_token_unit_cost: 1}",
        '"{\\"base_token_unit_cost\\":1.34}"',
        'cb({"base_token_unit_cost":1})',
        "<b>Warning</b>\n" + PRICE,
        "<price><base_token_unit_cost>1.34</base_token_unit_cost></price>",
        'array(1) { ["base_token_unit_cost"]=> float(1.34) }',
        "base_token_unit_cost=1.34",
        PRICE.encode("utf-8-sig"),
        PRICE.encode("utf-16"),
        PRICE.encode("utf-16-le"),
        PRICE.encode("utf-16-be"),
        PRICE.encode("utf-32"),
        PRICE.encode("latin-1") + b"\xa3",
    ],
)
def test_whatever_is_shaped_like_a_price_is_one(content):
    assert exchange(content).priced
    assert exchange(content, 500).priced
    assert not exchange(content, 403).priced
    assert not exchange(content, None).priced


@pytest.mark.parametrize(
    "content",
    [
        "",
        "{}",
        '{"error": "no price"}',
        '{"error": "the field base_token_unit_cost could not be computed"}',
        '{"fields": ["base_token_unit_cost", "user_token_unit_cost"]}',
        "<p>base_token_unit_cost</p>",
        b"\x00" * 20,
    ],
)
def test_what_only_speaks_of_prices_is_none(content):
    assert not exchange(content).priced


def test_headers_are_found_in_any_case():
    seen = exchange(headers=(("content-TYPE", "a"), ("Content-Type", "b")))
    assert seen.header("Content-Type") == "a"
    assert seen.header("X") is None


@pytest.mark.parametrize(
    ("changes", "summary"),
    [
        ({"content": PRICE}, "status 200 with a price"),
        ({"content": "{}"}, "status 200, 2 bytes"),
        ({"content": "{}", "headers": (("Content-Type", "text/html"),)}, "status 200, 2 bytes of text/html"),
        ({"content": PRICE, "status": 403}, "status 403, 59 bytes"),
        (
            {"content": PRICE, "failure": FailureKind.CUT, "failure_text": "the connection was closed"},
            "status 200, then the connection was closed",
        ),
        (
            {"status": None, "failure": FailureKind.TIMEOUT, "failure_text": "no answer"},
            "no answer after 0.3 s",
        ),
        ({"status": None, "failure": FailureKind.TIMEOUT}, "timeout after 0.3 s"),
        ({"failure": FailureKind.CUT}, "status 200, then cut"),
    ],
)
def test_a_summary(changes, summary):
    assert exchange(**changes).summary == summary


def test_the_content_is_read_once():
    seen = exchange(PRICE)
    assert seen.reading is seen.reading
    assert seen.reading.readable


def test_the_usual_headers_are_the_vendors():
    assert Request(b"").headers is SOLUSIO_HEADERS
