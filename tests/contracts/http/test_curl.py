"""The curl line of a finding, run by a real shell: it must repeat the request byte for byte."""

import json
import os
import subprocess
import urllib.parse
from dataclasses import dataclass

import pytest
from hypothesis import HealthCheck, assume, given, settings
from hypothesis import strategies as st

from solusio_contracts.http.curl import LONGEST_ARGUMENT, curl
from solusio_contracts.http.exchange import FORM_TYPE, SOLUSIO_HEADERS, Headers, Request
from solusio_contracts.http.masking import Mask, encoded

URL = "http://127.0.0.1:8000/solusio/api/"
TOKEN = "kZ7-qf3XwT9b"
SHOWN = "${MOCK_SOLUSIO_TOKEN}"

# Prints its arguments, and its input if it is to read it, instead of sending anything.
STUB = r"""curl() { printf '%s\0' "$#" "$@"; if [ "${!#}" = @- ]; then cat; fi; }; """


@dataclass(frozen=True)
class Replay:
    """What curl would send."""

    url: bytes
    method: str
    headers: list[bytes]
    body: bytes
    options: list[bytes]


def replay(line: str, token: str = TOKEN) -> Replay:
    """Let bash run a line, and parse curl's arguments."""
    environment = {**os.environb, b"MOCK_SOLUSIO_TOKEN": encoded(token), b"LC_ALL": b"C.UTF-8"}
    done = subprocess.run(
        [b"bash", b"-c", (STUB + line).encode()], env=environment, capture_output=True, check=True, timeout=30
    )
    assert done.stderr == b""
    count, _, rest = done.stdout.partition(b"\0")
    *words, fed = rest.split(b"\0", int(count))
    url, method, headers, body, options = b"", "POST", [], b"", []
    arguments = iter(words)
    for word in arguments:
        if word == b"-H":
            headers.append(next(arguments))
        elif word == b"-X":
            method = next(arguments).decode()
        elif word == b"-I":
            method = "HEAD"
        elif word in (b"--data-binary", b"--data-raw"):
            body = next(arguments)
            if word == b"--data-binary" and body.startswith(b"@"):
                assert body == b"@-"
                body = fed
        elif word.startswith(b"-"):
            options.append(word)
        else:
            assert url == b""
            url = word
    return Replay(url, method, headers, body, options)


def masking(token: str = TOKEN) -> Mask:
    mask = Mask()
    mask.hide(token, SHOWN)
    return mask


def expected_headers(headers: Headers) -> list[bytes]:
    return [encoded(f"{name}: {value}" if value else f"{name};") for name, value in headers]


def assert_repeats(request: Request, url: str = URL, token: str = TOKEN) -> str:
    """Assert that the line sends exactly the request and contains no token; return the line."""
    line = curl(request, url, masking(token))
    seen = replay(line, token)
    assert seen.url == encoded(url)
    assert seen.method == request.method
    assert seen.body == request.body
    expected = expected_headers(request.headers)
    assert [one for one in seen.headers if one != b"Content-Type:"] == expected
    return line


def test_the_line_of_the_vendors_request_is_easy_to_read():
    request = Request.form((("token", TOKEN), ("action", "GetTokenPricing"), ("userid", "1")))
    assert assert_repeats(request) == (
        f"curl -sS -i {URL} -H 'Accept: application/json' -H 'Content-Type: {FORM_TYPE}' "
        f'--data-binary "token={SHOWN}&action=GetTokenPricing&userid=1"'
    )


def test_a_line_without_a_token_has_no_variable():
    request = Request.form((("action", "GetTokenPricing"), ("userid", "1")))
    line = curl(request, URL, Mask())
    assert line.endswith(" --data-binary 'action=GetTokenPricing&userid=1'")


@pytest.mark.parametrize(
    "body",
    [
        b'token=x\'; echo $HOME `id` $(id) "quoted" \\ \\n !x *',
        f"token={TOKEN}&a='\"$HOME`id`$(id)\\!!".encode(),
        f"{TOKEN}'{TOKEN}\"{TOKEN}".encode(),
        b"line one\nline two\r\n\ttab",
        f"a\n{TOKEN}\nb!".encode(),
        b"userid=\xff\xfe raw",
        f"userid=\xff&token={TOKEN}!&x=\x01\x7f".encode("latin-1"),
        "größe=ключ".encode(),
        b"@file",
        f"@{TOKEN}".encode(),
        b"a\0b%s%%\\0\n'\xff",
        f"token={TOKEN}\0x%41&'".encode(),
        bytes(range(256)),
        bytes(range(1, 256)),
        b"-",
        b"--data",
        b" ",
    ],
)
def test_any_body_is_repeated(body):
    line = assert_repeats(Request(body))
    assert TOKEN not in line
    assert "\n" not in line


@pytest.mark.parametrize(
    "token",
    [
        "a+b/c==",
        "100% sure?",
        "a b&c=d",
        "a +b",
        "it's",
        '"quoted"',
        "$HOME`id`",
        "[*]^.$\\/",
        "%41%42",
        "!!??",
        "ab",
    ],
)
@pytest.mark.parametrize("place", ["token={}", "token={}&action=x", "a-{}-b&token={}", "{}{}"])
def test_a_form_encoded_token_is_repeated(token, place):
    """`token=${VARIABLE}` would send + instead of %2B, which means a space."""
    spelt = urllib.parse.quote_plus(token)
    assume_readable = place if len(token) >= 4 else "token={}&action=x"
    line = assert_repeats(Request(assume_readable.replace("{}", spelt).encode()), token=token)
    assert spelt not in line
    assert token not in line


@pytest.mark.parametrize("token", [TOKEN, "a+b/c==", "ключ-é", "x\ny\tz"])
def test_a_wholly_escaped_token_is_repeated(token):
    """As the rule that percent-encodes whole values does."""
    escaped = "".join(f"%{byte:02X}" for byte in token.encode())
    line = assert_repeats(Request(f"token={escaped}&userid=%31".encode()), token=token)
    assert escaped not in line


@pytest.mark.parametrize("token", [TOKEN, 'a"b\\c', "ключ-é"])
def test_a_token_in_json_is_repeated(token):
    body = json.dumps({"token": token, "userid": 1}, ensure_ascii=False).encode()
    assert_repeats(Request(body, (("Content-Type", "application/json"),)), token=token)


def test_a_token_beyond_ascii_means_the_same_in_a_form():
    """The bytes differ, because no common tool escapes only some letters; the decoded form does not."""
    request = Request.form((("token", "ключ+1"), ("userid", "1")))
    line = curl(request, URL, masking("ключ+1"))
    assert urllib.parse.parse_qsl(replay(line, "ключ+1").body.decode()) == [
        ("token", "ключ+1"),
        ("userid", "1"),
    ]


def test_a_token_of_bytes_that_are_no_text_is_repeated():
    token = os.fsdecode(b"abc\xff\xfe123")
    assert_repeats(Request(b"token=abc\xff\xfe123&userid=1"), token=token)


def test_variants_of_the_token_are_computed_by_the_shell():
    mask = masking()
    mask.hide(TOKEN[:-1], "${MOCK_SOLUSIO_TOKEN%?}")
    mask.hide(TOKEN.upper(), "${MOCK_SOLUSIO_TOKEN^^}")
    mask.hide(f"x{TOKEN},y", f"x{SHOWN},y")
    for value in (TOKEN[:-1], f"{TOKEN[:-1]}y", TOKEN.upper(), f"x{TOKEN},y", TOKEN + TOKEN):
        request = Request.form((("token", value), ("userid", "1")))
        line = curl(request, URL, mask)
        assert replay(line).body == request.body
        assert TOKEN[:-1].lower() not in line.lower()


@pytest.mark.parametrize("size", [300, 5_000, 200_000, 1_048_576])
def test_a_long_run_of_one_letter_is_short_in_the_line(size):
    request = Request.form((("token", TOKEN + "x" * size), ("filler", "0" * size), ("userid", "1")))
    line = assert_repeats(request)
    assert len(line) < LONGEST_ARGUMENT


@pytest.mark.parametrize("body", [b"ab" * 5000, b"a\0" * 5000])
def test_what_is_too_long_for_a_line_is_described(body):
    body = f"token={TOKEN}&x=".encode() + body
    line = curl(Request(body), URL, masking())
    command, _, comment = line.partition(" # ")
    assert command.endswith(" --data-binary @-")
    assert comment.startswith(f"a body of {len(body)} bytes: token={SHOWN}&x=a")
    assert "\n" not in line
    assert len(line) < LONGEST_ARGUMENT


def test_a_described_body_shows_no_half_token():
    token = "abcdefgh" * 20 + "0"
    line = curl(Request(f"token={token}&x=".encode() + b"ab" * 5000), URL, masking(token))
    assert "abcd" not in line


# What is not a form


@pytest.mark.parametrize("method", ["GET", "PUT", "OPTIONS", "DELETE", "X-ODD!"])
def test_other_methods(method):
    request = Request(b"", (("Accept", "*/*"),), method)
    assert replay(curl(request, URL, Mask())).method == method


def test_head_does_not_wait_for_a_body():
    line = curl(Request(b"", (), "HEAD"), URL, Mask())
    assert line == f"curl -sS -i -I {URL}"


def test_an_empty_post_has_a_length():
    """Without a body, curl sends no Content-Length, and some servers respond with 411."""
    line = curl(Request(b""), URL, Mask())
    assert line.endswith(" --data-binary ''")


def test_a_type_that_was_not_sent_is_not_added():
    line = curl(Request(b"x", (("Accept", "*/*"),)), URL, Mask())
    assert replay(line).headers == [b"Accept: */*", b"Content-Type:"]


def test_an_empty_header_is_sent():
    line = curl(Request(b"x", (*SOLUSIO_HEADERS, ("X-Empty", ""))), URL, Mask())
    assert replay(line).headers[-1] == b"X-Empty;"


def test_a_header_with_a_secret():
    mask = masking()
    mask.hide("Basic dTpw", "***")
    request = Request(b"x", (*SOLUSIO_HEADERS, ("Authorization", "Basic dTpw"), ("X-Token", TOKEN)))
    line = curl(request, URL, mask)
    assert replay(line).headers[-2:] == [b"Authorization: ***", f"X-Token: {TOKEN}".encode()]
    assert "dTpw" not in line


@pytest.mark.parametrize(
    ("url", "query", "expected"),
    [
        (URL, "a=1&b=2", f"{URL}?a=1&b=2"),
        (f"{URL}?x=1", "a=1", f"{URL}?x=1&a=1"),
        (f"{URL}#top", "a=1", f"{URL}?a=1"),
        (f"{URL}?x=1#top", "", f"{URL}?x=1"),
        ("http://h/it's/$HOME/ä b", "", "http://h/it's/$HOME/ä b"),
        (f"{URL}?token={TOKEN}", "", f"{URL}?token={TOKEN}"),
    ],
)
def test_urls(url, query, expected):
    line = curl(Request(b"", method="GET", query=query), url, masking())
    assert replay(line).url == expected.encode()
    assert TOKEN not in line


@pytest.mark.parametrize("url", ["http://[::1]:8000/", "http://h/{a,b}", "http://h/?x[]=1"])
def test_brackets_in_a_url_are_no_pattern(url):
    """By default, curl reads [1-9] and {a,b} as several URLs."""
    seen = replay(curl(Request(b"", method="GET"), url, Mask()))
    assert seen.url == url.encode()
    assert b"-g" in seen.options


# Properties: each example starts a shell, so there are few of them.

few = settings(max_examples=40, suppress_health_check=[HealthCheck.too_slow])
printable = st.text(st.characters(min_codepoint=0x20, max_codepoint=0x7E), min_size=4, max_size=20)
any_text = st.text(st.characters(exclude_categories=["Cs"], exclude_characters="\0"), min_size=4, max_size=20)


@few
@given(body=st.binary(max_size=60), token=any_text, places=st.lists(st.integers(0, 60), max_size=3))
def test_any_body_with_any_token_inside_is_repeated(body, token, places):
    data = token.encode()
    # Where two tokens overlap, the remainder has no expression beyond ASCII.
    assume(token.isascii() or not any(data.endswith(data[:size]) for size in range(1, len(data))))
    for place in places:
        body = body[:place] + data + body[place:]
    # The token in ISO 8859-1 is hidden as well, but has no expression of its own.
    latin = token.encode("latin-1", "replace")
    assume(token.isascii() or latin not in body.replace(data, b""))
    line = assert_repeats(Request(body), token=token)
    assert token not in line.replace(SHOWN, "\0") or token in curl(Request(b""), URL, Mask())


@few
@given(token=printable, user=st.text(st.characters(exclude_categories=["Cs"]), max_size=20))
def test_any_request_is_repeated(token, user):
    assert_repeats(
        Request.form((("token", token), ("action", "GetTokenPricing"), ("userid", user))), token=token
    )


@few
@given(
    value=st.text(st.characters(min_codepoint=0x20, max_codepoint=0x7E), min_size=1, max_size=30),
    path=st.text(st.characters(exclude_categories=["Cs", "Cc"], exclude_characters="#[]{}"), max_size=30),
    token=printable,
)
def test_any_url_and_header_is_repeated(value, path, token):
    headers = (*SOLUSIO_HEADERS, ("X-Odd", value), ("X-Token", f"a{token}b"))
    assert_repeats(Request(b"x", headers), f"http://h/{path}", token)
