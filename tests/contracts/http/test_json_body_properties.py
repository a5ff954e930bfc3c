"""Any value, any bytes and any text as a body: what holds for all of them."""

import json
from decimal import Decimal
from typing import Any

from hypothesis import assume, example, given
from hypothesis import strategies as st

from solusio_contracts.http.json_body import Flaw, Reading, read_json


def flaws(reading: Reading) -> list[Flaw]:
    return [problem.flaw for problem in reading.problems]


# Properties


def plain(value: Any) -> Any:
    """Return a value as json.loads would read it."""
    if isinstance(value, Decimal):
        return float(value)
    if isinstance(value, dict):
        return {key: plain(member) for key, member in value.items()}
    return [plain(member) for member in value] if isinstance(value, list) else value


json_values = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False, allow_infinity=False) | st.text(),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.text(), inner, max_size=4),
    max_leaves=20,
)


@given(value=json_values, ascii_only=st.booleans(), indent=st.sampled_from([None, 2, "\t"]))
def test_what_is_valid_is_read_like_json_loads(value, ascii_only, indent):
    text = json.dumps(value, ensure_ascii=ascii_only, indent=indent)
    assume(not isinstance(value, str))
    reading = read_json(text.encode())
    assert (reading.readable, reading.problems) == (True, ())
    assert plain(reading.value) == json.loads(text)


@given(content=st.binary(max_size=200))
@example(b"\xff\xfe\x00")
@example(b"\xef\xbb\xbf")
@example(b"\x00\x00\x00")
@example(b'"\\ud800"')
@example(b'{"a":1e+}')
def test_no_bytes_raise(content):
    reading = read_json(content)
    try:
        expected = json.loads(content)
    except (ValueError, RecursionError):
        assert reading.problems
    else:
        assert reading.readable
        if not reading.problems and not isinstance(expected, str):
            assert plain(reading.value) == plain(expected)


JSONISH = st.lists(
    st.sampled_from(
        [
            "{",
            "}",
            "[",
            "]",
            ":",
            ",",
            '"',
            "'",
            "a",
            "\\",
            "\\u",
            "d83d",
            "1",
            ".5",
            "e9",
            "null",
            " ",
            "(",
            ")",
            ";",
            "NaN",
            "\n",
            '"a":',
            "\ufeff",
        ]
    ),
    max_size=40,
).map("".join)


@given(JSONISH)
def test_no_text_that_looks_like_json_raises(text):
    reading = read_json(text.encode())
    try:
        json.loads(text)
    except (ValueError, RecursionError):
        assert reading.problems
    else:
        assert reading.readable


@given(value=json_values, before=st.text("abc <>/\n:", max_size=20), after=st.text("abc <>/\n:", max_size=20))
def test_an_object_is_found_in_other_output(value, before, after):
    document = {"base_token_unit_cost": value}
    reading = read_json(f"{before}{json.dumps(document)}{after}".encode())
    assert plain(reading.value) == json.loads(json.dumps(document))
    assert (Flaw.SURROUNDED in flaws(reading)) is bool((before + after).strip(" \t\r\n"))
