"""What leaks.find finds, and what it ignores. The responses are in two separate files."""

import base64
import html
import json
import re
import tomllib
import urllib.parse
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from solusio_contracts.checking import leaks
from solusio_contracts.contract.clauses import clauses
from solusio_contracts.http.exchange import Exchange, Headers, Request

HERE = Path(__file__).parent
TOKEN = "kZ7-qf3XwT9b"
PATH = "/solusio/api/"


def answers(name: str) -> list[dict[str, Any]]:
    entries: list[dict[str, Any]] = tomllib.loads((HERE / name).read_text("utf-8"))["answer"]
    return entries


LEAKING, HARMLESS = answers("leaking_answers.toml"), answers("harmless_answers.toml")


def answer(
    body: str | bytes,
    *,
    userid: str = "1",
    token: str = TOKEN,
    headers: Headers = (),
    request: Request | None = None,
) -> Exchange:
    """Return an exchange with `body` as the response to a request for a user."""
    form = (("token", token), ("action", "GetTokenPricing"), ("userid", userid))
    content = body.encode() if isinstance(body, str) else body
    return Exchange(
        number=1,
        request=request or Request.form(form),
        received=content,
        status=200,
        headers=headers,
        content=content,
    )


def found(exchange: Exchange, token: str | None = TOKEN, path: str = PATH) -> list[str]:
    return [leak.clause for leak in leaks.find(exchange, token, path)]


def named(entries: list[dict[str, Any]]) -> Any:
    return pytest.mark.parametrize("entry", entries, ids=[entry["name"] for entry in entries])


@named(LEAKING)
def test_a_leak_is_found_and_nothing_else(entry):
    assert sorted(found(answer(entry["body"]))) == entry["clauses"]


@named([entry for entry in LEAKING if not entry["body"].lstrip().startswith("{")])
def test_a_leak_that_another_program_passes_on_as_json_is_found(entry):
    passed_on = json.dumps({"error": "upstream", "answer": entry["body"]})
    assert sorted(found(answer(passed_on))) == entry["clauses"]


@named([entry for entry in LEAKING if "<" not in entry["body"]])
def test_a_leak_escaped_for_html_is_found(entry):
    assert sorted(found(answer(f"<p>{html.escape(entry['body'])}</p>"))) == entry["clauses"]


@named(LEAKING)
def test_a_leak_behind_a_long_page_is_found(entry):
    assert set(found(answer("<p>Lorem ipsum dolor.</p>\n" * 300 + entry["body"]))) == set(entry["clauses"])


@named(HARMLESS)
def test_a_harmless_response_gives_nothing(entry):
    headers = tuple((name, value) for name, value in entry.get("headers", ()))
    exchange = answer(entry["body"], userid=entry.get("userid", "NoSuchAction"), headers=headers)
    assert found(exchange, path=entry.get("path", PATH)) == []


@named(HARMLESS)
def test_a_harmless_response_with_the_token_sent_gives_nothing(entry):
    """Without a token nothing is masked, and the result is the same."""
    exchange = answer(entry["body"], userid=entry.get("userid", "NoSuchAction"))
    assert found(exchange, token=None, path=entry.get("path", PATH)) == []


# The patterns themselves


def test_patterns_cite_clauses_that_exist():
    cited = {pattern.clause for pattern in leaks.known_patterns()}
    assert cited == {"TP-502", "TP-503", "TP-504"}
    assert cited <= set(clauses())


def test_patterns_are_valid_and_stand_once():
    every = [regex for pattern in leaks.known_patterns() for _, regex in pattern.searches]
    assert len(every) == len(set(every))
    for regex in every:
        re.compile(regex)


def test_patterns_for_any_case_are_in_lower_case():
    for pattern in leaks.known_patterns():
        for _, regex in pattern.searches if pattern.ignore_case else ():
            assert re.sub(r"\\.", "", regex).islower(), regex


def test_a_literal_is_in_every_match():
    """Otherwise the search would miss a leak."""
    texts = [text for entry in LEAKING for text in (entry["body"], html.unescape(entry["body"]))]
    matches = 0
    for pattern in leaks.known_patterns():
        for literal, regex in pattern.searches:
            for text in texts:
                searched = text.lower() if pattern.ignore_case else text
                for match in re.finditer(regex, searched):
                    matches += 1
                    assert literal in match[0]
    assert matches > len(LEAKING)


@pytest.mark.parametrize(
    ("regex", "literal"),
    [
        ("abc", "abc"),
        (r"\babc\b", "abc"),
        (r"abc?d", "ab"),
        (r"ab{0,2}cd", "cd"),
        (r"a.{1,5}?bcd", "bcd"),
        (r"(?:abcd|e)fg", "fg"),
        (r"abc|d", ""),
        (r"[abc]+x[]y]z", "x"),
        (r"a\.b\d+cdef", "cdef"),
        (r"a\[b", "a[b"),
        (r"(?<![\w(])/x(?=[)])", "/x"),
    ],
)
def test_the_literal_of_an_expression(regex, literal):
    assert leaks.literal_of(regex) == literal


@pytest.mark.parametrize(
    "unit",
    ["<style ", "<a ", "@/", "a\\", "at /", "Warning: in . on line 1 ", "A::", "a.", "x[1] is not a ", "&"],
)
def test_a_hostile_response_is_searched_in_linear_time(unit):
    """A search that starts over at every position would take hours."""
    assert found(answer(unit * (leaks.LOOKED_AT // len(unit)))) in ([], ["TP-502"])


# The authorization token

SPELLINGS = {
    "plain": lambda token: token,
    "form": urllib.parse.quote_plus,
    "json": lambda token: json.dumps(token)[1:-1],
    "php json": lambda token: json.dumps(token)[1:-1].replace("/", "\\/"),
    "html": html.escape,
    "php html": lambda token: html.escape(token).replace("&#x27;", "&#039;"),
    "percent": lambda token: "".join(f"%{byte:02x}" for byte in token.encode()),
    "base64": lambda token: base64.b64encode(token.encode()).decode(),
    "base64 in more": lambda token: base64.b64encode(f"user:{token}:x".encode()).decode(),
}
UNLIKELY = ["kZ7-qf3XwT9b", "a+b/c=d&e\"f'g<h>9", "ключ-0123-钥匙", "0123456789abcdef0123456789abcdef"]


@pytest.mark.parametrize("token", UNLIKELY)
@pytest.mark.parametrize("spelling", SPELLINGS)
@pytest.mark.parametrize("around", ['{{"error":"expected {}"}}', "<p>token: {}</p>", "{}"])
def test_the_token_is_found_in_any_spelling(token, spelling, around):
    spelt = SPELLINGS[spelling](token)
    (leak,) = leaks.find(answer(around.format(spelt), token="wrong-on-purpose"), token, PATH)
    assert leak.clause == "TP-501"
    assert spelt not in leak.excerpt
    assert "${MOCK_SOLUSIO_TOKEN}" in leak.excerpt


def test_the_token_is_found_in_a_header():
    headers = (("X-Debug", f"token={TOKEN}"), ("Location", "/login"))
    assert found(answer("{}", headers=headers)) == ["TP-501"]
    assert found(answer("{}", headers=(("Location", f"/login?token={TOKEN}"),))) == ["TP-501"]


def test_the_right_token_repeated_is_a_leak():
    assert found(answer(f'{{"request":{{"token":"{TOKEN}","userid":"5"}}}}')) == ["TP-501"]


@pytest.mark.parametrize("sent", [f"{TOKEN}x", f"x{TOKEN}", f"{TOKEN}{TOKEN}", f"{TOKEN},x", f"a-{TOKEN}-b"])
@pytest.mark.parametrize("length", [8, 12, 14, 100])
def test_a_wrong_token_may_be_repeated_or_cut_short(sent, length):
    body = f'{{"error":"wrong token {sent[:length]}…"}}'
    assert found(answer(body, token=sent)) == []


def test_the_expected_token_beside_a_wrong_one_is_a_leak():
    body = f'{{"error":"expected {TOKEN}, got wrong-on-purpose"}}'
    assert found(answer(body, token="wrong-on-purpose")) == ["TP-501"]


@pytest.mark.parametrize(
    ("token", "body"),
    [
        ("secret", '{"error":"wrong secret"}'),
        ("secret", '{"error":"secret is wrong","secret":null}'),
        ("token", '{"error":"token is missing"}'),
        ("password", "<p>The password is wrong</p>"),
        ("1234", '{"base_token_unit_cost":0.1234,"userid":1234}'),
        ("12345678", '{"error":"no user 12345678","id":12345678}'),
        ("test", '{"discounts":[{"name":"test customer","description":"a \\"fine\\" test"}]}'),
        ("abc", '{"error":"expected abc"}'),
        ("", '{"error":"expected "}'),
    ],
)
def test_a_token_like_any_word_is_not_a_leak_on_its_own(token, body):
    assert found(answer(body, token="wrong-on-purpose"), token=token) == []


@pytest.mark.parametrize(
    ("token", "body"),
    [
        ("secret", "{\"error\":\"expected 'secret', got 'x'\"}"),
        ("secret", '{"error":"the token must be: secret"}'),
        ("secret", '{"error":"wrong","expected":"secret"}'),
        ("s3cr3t", '{"error":"wrong token, s3cr3t != x","token":"s3cr3t"}'),
        ("12345678", '{"expected_token": "12345678", "expected": 12345678}'),
        ("letmein", "token=letmein&action=GetTokenPricing"),
    ],
)
def test_a_short_token_is_found_where_it_is_named(token, body):
    assert found(answer(body, token="wrong-on-purpose"), token=token) == ["TP-501"]


@given(
    token=st.from_regex(r"[a-z]{4}[0-9][A-Za-z0-9+/=_.&%' -]{7,30}", fullmatch=True),
    spelling=st.sampled_from(sorted(SPELLINGS)),
    before=st.text(max_size=30),
    after=st.text(max_size=30),
)
def test_any_token_in_any_text_is_found(token, spelling, before, after):
    # A letter or digit next to base64 would be part of it.
    body = f"{before} {SPELLINGS[spelling](token)} {after}"
    assert "TP-501" in found(answer(body.encode("utf-8", "replace"), token="wrong-on-purpose"), token=token)


@given(
    token=st.from_regex(r"[a-z]{4}[0-9]{4}[A-Za-z0-9_-]{4,30}", fullmatch=True), body=st.binary(max_size=300)
)
def test_no_token_is_found_where_there_is_none(token, body):
    assert "TP-501" not in found(answer(body), token=token)


def test_an_excerpt_holds_no_half_of_a_token():
    """If it were cut before masking, the excerpt of the path would end within the token."""
    for gap in range(60, 130):
        body = f"/srv/billing/{'x' * gap}/{TOKEN}/price.php and more of it, " + "y" * 100
        for leak in leaks.find(answer(body, token="wrong-on-purpose"), TOKEN, PATH):
            assert not any(TOKEN[:size] in leak.excerpt for size in range(6, len(TOKEN))), gap


def test_an_excerpt_shows_what_was_found():
    (leak,) = leaks.find(answer("<p>No rows:   SELECT id\n FROM clients</p>"), TOKEN, PATH)
    assert leak == leaks.Leak("TP-504", "an SQL statement", "No rows: SELECT id FROM clients")


def test_what_was_received_of_an_unfinished_response_is_searched():
    request = Request.form((("userid", "1"),))
    exchange = Exchange(
        number=1, request=request, received=b"HTTP/1.1 500 X\r\n\r\nSQLSTATE[42000]", status=500
    )
    assert found(exchange) == ["TP-504"]


def test_what_a_json_request_holds_may_be_repeated():
    request = Request(b'{"userid": "SELECT a FROM b"}', (("Content-Type", "application/json"),))
    assert found(answer('{"error":"no SELECT a FROM b"}', request=request)) == []
    assert found(answer('{"error":"no SELECT c FROM d"}', request=request)) == ["TP-504"]


def test_what_a_query_holds_may_be_repeated():
    request = Request(b"", method="GET", query="userid=SELECT+a+FROM+b")
    assert found(answer('{"error":"no SELECT a FROM b"}', request=request)) == []


def test_a_word_of_the_language_is_not_a_echo():
    exchange = answer('{"error":"Cannot read properties of undefined"}', userid="undefined")
    assert found(exchange) == ["TP-502"]
