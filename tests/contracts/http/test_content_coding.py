"""Content codings, right and wrong."""

import functools
import gzip
import os
import zlib

import pytest
from hypothesis import given
from hypothesis import strategies as st

from solusio_contracts.http.content_coding import LARGEST, decode_content

BODY = b'{"base_token_unit_cost": 1.34}'
_gzip = functools.partial(gzip.compress, mtime=0)  # test ids must not contain the time of day
BOTH = "gzip, deflate"


def raw(data: bytes) -> bytes:
    stream = zlib.compressobj(wbits=-15)
    return stream.compress(data) + stream.flush()


@pytest.mark.parametrize("coding", [None, "", "identity", " identity , "])
def test_what_is_not_coded_stays(coding):
    assert decode_content(BODY, coding, None) == (BODY, None)


@pytest.mark.parametrize(
    ("body", "coding"),
    [
        (_gzip(BODY), "gzip"),
        (_gzip(BODY), "x-gzip"),
        (_gzip(BODY), "GZIP"),
        (_gzip(BODY), "identity, gzip"),
        (_gzip(BODY[:9]) + _gzip(BODY[9:]), "gzip"),
        (zlib.compress(BODY), "deflate"),
        (raw(BODY), "deflate"),
        (zlib.compress(_gzip(BODY)), "gzip, deflate"),
        (_gzip(_gzip(BODY)), "gzip, gzip"),
    ],
)
def test_what_was_offered_is_undone(body, coding):
    assert decode_content(body, coding, BOTH) == (BODY, None)


def test_what_was_not_offered_is_a_problem_and_undone():
    content, problem = decode_content(_gzip(BODY), "gzip", None)
    assert content == BODY
    assert problem == "Content-Encoding: gzip, but the request accepts no compression"


def test_an_unknown_coding_is_a_problem():
    assert decode_content(b"x", "br", BOTH) == (
        b"x",
        "Content-Encoding: br, which the request does not accept",
    )
    content, problem = decode_content(b"x", "br", None)
    assert content == b"x"
    assert problem == "Content-Encoding: br, but the request accepts no compression"


@pytest.mark.parametrize(
    ("body", "coding", "why"),
    [
        (BODY, "gzip", "incorrect header"),
        (_gzip(BODY)[:-9], "gzip", "is incomplete"),
        (_gzip(BODY)[:-1] + b"\xff", "gzip", "length check|data check"),
        (_gzip(BODY) + b"\n", "gzip", "1 bytes after the end"),
        (_gzip(BODY) + BODY, "gzip", "30 bytes after the end"),
        (_gzip(BODY) + b"\x1f\x8b", "gzip", "is incomplete"),
        (zlib.compress(BODY) + zlib.compress(BODY), "deflate", "bytes after the end"),
        (_gzip(BODY), "gzip, gzip", "incorrect header"),
        (_gzip(b"0" * (LARGEST + 1)), "gzip", f"more than {LARGEST} bytes"),
        (_gzip(b"") * 150_000, "gzip", "more than 1000 gzip members"),
        (_gzip(b"0" * LARGEST) + _gzip(b"0"), "gzip", f"more than {LARGEST} bytes"),
        (
            _gzip(_gzip(os.urandom(LARGEST * 2 // 3))),
            "gzip, gzip",
            f"more than {LARGEST} bytes",
        ),
    ],
)
def test_a_wrong_coding_is_a_problem(body, coding, why):
    _, problem = decode_content(body, coding, BOTH)
    assert problem is not None
    assert (
        problem.startswith(f"Content-Encoding: {coding}, but the body is not valid gzip (")
        or coding == "deflate"
    )
    assert any(part in problem for part in why.split("|"))


def test_the_largest_response_is_decoded():
    content, problem = decode_content(_gzip(b"0" * LARGEST), "gzip", BOTH)
    assert (len(content), problem) == (LARGEST, None)


def test_an_empty_body_has_no_coding():
    """A 204 response, or one to HEAD, has the header but no body."""
    assert decode_content(b"", "gzip", BOTH) == (b"", None)


@given(st.binary(max_size=200), st.sampled_from(["gzip", "deflate", "gzip, deflate", "br", ","]))
def test_any_body_is_decoded_or_a_problem(body, coding):
    _, problem = decode_content(body, coding, BOTH)
    assert problem is None or problem.startswith("Content-Encoding: ")


@given(st.binary(max_size=200))
def test_what_is_compressed_comes_back(body):
    assert decode_content(_gzip(body), "gzip", BOTH) == (body, None)
    assert decode_content(zlib.compress(body), "deflate", BOTH) == (body, None)
