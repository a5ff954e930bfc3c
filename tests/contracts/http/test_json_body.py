"""Strict reading that continues after the first problem, and never raises."""

import codecs
import json
import math
from decimal import Decimal
from typing import Any

import pytest

from solusio_contracts.http.json_body import DEEPEST, Flaw, Reading, excerpt, read_json

PRICE = b'{"base_token_unit_cost": 1.34, "discounts": []}'


VALUE = {"base_token_unit_cost": Decimal("1.34"), "discounts": []}


def plain(value: Any) -> Any:
    """Return a value as json.loads would read it."""
    if isinstance(value, Decimal):
        return float(value)
    if isinstance(value, dict):
        return {key: plain(member) for key, member in value.items()}
    return [plain(member) for member in value] if isinstance(value, list) else value


def flaws(reading: Reading) -> list[Flaw]:
    return [problem.flaw for problem in reading.problems]


def test_a_clean_document():
    assert read_json(PRICE) == Reading(VALUE, True, ())


@pytest.mark.parametrize("text", [b"null", b"true", b"0", b"-1", b'""', b"[]", b"{}", b" \t\r\n[1] \t\r\n"])
def test_any_value_is_a_document(text):
    reading = read_json(text)
    assert (reading.value, reading.readable, reading.problems) == (json.loads(text), True, ())


# Numbers


@pytest.mark.parametrize(
    "text", ["1.34", "0.1", "1e3", "1E-7", "-0.0", "0.00000000000000000000000000091", "1.10"]
)
def test_fractions_are_exact(text):
    value = read_json(text.encode()).value
    assert isinstance(value, Decimal)
    assert str(value) == str(Decimal(text))


def test_integers_are_integers():
    assert read_json(b"[1, -0, 9223372036854775808]").value == [1, 0, 2**63]
    assert all(isinstance(one, int) for one in read_json(b"[1, -0, 1234567890]").value)


@pytest.mark.parametrize(
    ("text", "value"), [("1e99999999999999999999", math.inf), ("-1e99999999999999999999", -math.inf)]
)
def test_a_number_beyond_every_range_is_infinite(text, value):
    """As for json.loads; the number is valid JSON, so nothing is wrong with the text."""
    reading = read_json(f'{{"a": {text}}}'.encode())
    assert reading.readable
    assert reading.value["a"] == Decimal(value)
    assert reading.problems == ()


def test_a_number_below_every_range_is_zero():
    assert read_json(b"1e-99999999999999999999").value == 0


def test_an_integer_of_thousands_of_digits_is_read():
    """int() refuses more than 4300 digits."""
    reading = read_json(b"9" * 5000)
    assert (reading.readable, reading.problems) == (True, ())
    assert reading.value == Decimal("9" * 5000)


@pytest.mark.parametrize("text", ["NaN", "Infinity", "-Infinity"])
def test_what_is_not_a_number_is_reported(text):
    reading = read_json(f'{{"a": {text}, "b": 1}}'.encode())
    assert flaws(reading) == [Flaw.NOT_FINITE]
    assert reading.problems[0].detail == f"{text}, which is not JSON"
    assert reading.value["b"] == 1
    assert not reading.value["a"].is_finite()


# Encodings


@pytest.mark.parametrize(
    ("mark", "encoding", "detail"),
    [
        (codecs.BOM_UTF8, "utf-8", "the bytes ef bb bf (utf-8 byte order mark)"),
        (codecs.BOM_UTF16_LE, "utf-16-le", "the bytes ff fe (utf-16 byte order mark)"),
        (codecs.BOM_UTF16_BE, "utf-16-be", "the bytes fe ff (utf-16 byte order mark)"),
        (codecs.BOM_UTF32_LE, "utf-32-le", "the bytes ff fe 00 00 (utf-32 byte order mark)"),
        (codecs.BOM_UTF32_BE, "utf-32-be", "the bytes 00 00 fe ff (utf-32 byte order mark)"),
    ],
)
def test_a_byte_order_mark_is_reported_and_skipped(mark, encoding, detail):
    reading = read_json(mark + '{"a": "£"}'.encode(encoding))
    assert flaws(reading) == [Flaw.BOM]
    assert reading.problems[0].detail == detail
    assert reading.value == {"a": "£"}


@pytest.mark.parametrize("encoding", ["utf-16-le", "utf-16-be", "utf-32-le", "utf-32-be"])
def test_another_encoding_is_reported_and_read(encoding):
    reading = read_json('{"a": "£"}'.encode(encoding))
    assert (flaws(reading), reading.value) == ([Flaw.ENCODING], {"a": "£"})


def test_latin_1_is_reported_and_read():
    reading = read_json('{"display_prefix": "£"}'.encode("latin-1"))
    assert flaws(reading) == [Flaw.ENCODING]
    # The symbol is the 21st byte: {"display_prefix": " has 20.
    assert reading.problems[0].detail == 'byte 0xa3 at offset 20, near b\'y_prefix": "\\xa3"}\''
    assert reading.value == {"display_prefix": "£"}


# Around the document


@pytest.mark.parametrize("text", [b"", b" \r\n\t "])
def test_an_empty_body(text):
    assert flaws(read_json(text)) == [Flaw.EMPTY]
    assert not read_json(text).readable


def test_only_a_byte_order_mark():
    assert flaws(read_json(codecs.BOM_UTF8)) == [Flaw.BOM, Flaw.EMPTY]


NOTICE = b'<br />\n<b>Warning</b>:  Undefined array key "userid" in <b>/x.php</b> on line <b>4</b><br />\n'


@pytest.mark.parametrize(
    ("before", "after"),
    [
        (NOTICE, b""),
        (b"", b"\n<!-- 0.3 s -->"),
        (b"", b"\x00"),
        (b"", b"1"),
        (b'array(1) { ["userid"]=> string(1) "1" }\n', b""),
        (b"Array\n(\n    [userid] => 1\n)\n", b"Array ( [0] => 1 )"),
        (b"[2026-03-01 12:00:00] billing.INFO: asked [] \n", b""),
        (b"body { color: red } a{b:c}", b"}"),
        (b"<style>" + b".a { color: red } " * 3000 + b"</style>", b"</html>"),
        (b'{"debug": true}', b""),
        (b"", b'{"debug": true}'),
        (b"{}", b"{}"),
        (b"[1, 2]", b"[{}]"),
        (b"[", b"] and more"),
        (b"\xa0", b""),
    ],
)
def test_output_around_the_document(before, after):
    reading = read_json(before + PRICE + after)
    assert reading.value == VALUE
    assert Flaw.SURROUNDED in flaws(reading)
    detail = reading.problem(Flaw.SURROUNDED)
    assert detail is not None
    assert ("before the JSON" in detail.detail) is bool(before)
    assert ("after the JSON" in detail.detail) is bool(after)


def test_every_problem_within_surrounded_json_is_reported():
    reading = read_json(b'debug {"a": NaN, "a": 1, "b": "\\ud800"}')
    assert set(flaws(reading)) == {Flaw.SURROUNDED, Flaw.NOT_FINITE, Flaw.DUPLICATE, Flaw.SURROGATE}
    assert reading.value["a"] == 1


def test_the_longest_object_is_the_document():
    reading = read_json(b'{"debug": 1} {"base_token_unit_cost": 1, "discounts": []} {"time": 2}')
    assert reading.value == {"base_token_unit_cost": 1, "discounts": []}


# Broken documents: an object inside must not be taken for the document.


@pytest.mark.parametrize(
    "text",
    [
        '{"base": 1.34, "currency": {"code": "GBP"},}',
        '{"base": 1.34, "currency": {"code": "GBP"}',
        '{"base": 1.34 "currency": {"code": "GBP"}}',
        "{'base': 1.34, 'currency': {\"code\": \"GBP\"}}",
        '{base: 1.34, "currency": {"code": "GBP"}}',
        '{"base": 1.34, // cost\n "currency": {"code": "GBP"}}',
        '{"base": 1,34, "currency": {"code": "GBP"}}',
        '{"base": .5, "currency": {"code": "GBP"}}',
        '{"base": 1., "currency": {"code": "GBP"}}',
        '{"base": 01, "currency": {"code": "GBP"}}',
        '{"base": +1, "currency": {"code": "GBP"}}',
        '{"base": 0x1F, "currency": {"code": "GBP"}}',
        '{"base": undefined, "currency": {"code": "GBP"}}',
        '{"base": None, "currency": {"code": "GBP"}}',
        '{"a": "line\nbreak", "currency": {"code": "GBP"}}',
        '{"a": "\\x41", "currency": {"code": "GBP"}}',
        '{"a": "O"Brien", "currency": {"code": "GBP"}}',
        '[{"base": 1.34},]',
        '[{"base": 1.34}',
        "hello",
        "{",
        "}",
        "\x00",
        "nul",
        "<html><body>404</body></html>",
    ],
)
def test_broken_json_is_unreadable(text):
    reading = read_json(text.encode())
    assert (flaws(reading), reading.readable, reading.value) == ([Flaw.SYNTAX], False, None)


@pytest.mark.parametrize("broken", ['{"base": 1, "currency": {"code": "GBP"},}', '[{"base": {"a": 1}},]'])
def test_broken_json_behind_a_notice_is_both(broken):
    reading = read_json(NOTICE + broken.encode())
    assert flaws(reading) == [Flaw.SURROUNDED, Flaw.SYNTAX]
    assert not reading.readable


def test_a_syntax_error_says_where():
    reading = read_json(b'{\n  "base": 1.34,\n  "currency": {"code": "GBP"},\n}')
    # The closing bracket is the first column of the fourth line.
    (problem,) = reading.problems
    assert "at line 4, column 1, near " in problem.detail
    assert '"GBP"},\\n}' in problem.detail


# Other wrappings


@pytest.mark.parametrize(
    "text",
    [
        b'callback({"a": 1})',
        b'callback({"a": 1});',
        b'/**/ jQuery123_4.done ( {"a": 1} ) ;\n',
        b'$cb(\n{"a": 1}\n);',
    ],
)
def test_a_function_call(text):
    reading = read_json(text)
    assert (flaws(reading), reading.value) == ([Flaw.JSONP], {"a": 1})


def test_a_function_call_of_broken_json():
    assert flaws(read_json(b'callback({"a": 1,});')) == [Flaw.SURROUNDED, Flaw.SYNTAX]


def test_every_problem_within_a_function_call_is_reported():
    assert flaws(read_json(b'callback({"a": 1, "a": 2});')) == [Flaw.DUPLICATE, Flaw.JSONP]


@pytest.mark.parametrize("times", [1, 2, 5])
def test_a_document_encoded_again(times):
    text = '{"a": 1, "a": 2}'
    for _ in range(times):
        text = json.dumps(text)
    reading = read_json(text.encode())
    assert reading.value == {"a": 2}
    assert set(flaws(reading)) == {Flaw.IN_STRING, Flaw.DUPLICATE}


@pytest.mark.parametrize("text", ['see {"a": 1}', "1", "null", "plain", "", " ", "f({})", "\ud800"])
def test_a_string_that_is_not_a_document(text):
    reading = read_json(json.dumps(text).encode())
    assert reading.value == text
    assert Flaw.IN_STRING not in flaws(reading)


# Keys and texts


def test_a_repeated_key():
    reading = read_json(b'{"a": 1, "b": {"c": 1, "c": 2}, "a": 3}')
    assert [problem.detail for problem in reading.problems] == [
        "the key 'c' twice in one object",
        "the key 'a' twice in one object",
    ]
    assert reading.value == {"a": 3, "b": {"c": 2}}


@pytest.mark.parametrize("text", ['{"a": "\\ud83d"}', '{"\\uDE00": 1}', '["x", {"a": ["\\ud83d\\ud83d"]}]'])
def test_half_a_surrogate_pair_is_reported(text):
    assert flaws(read_json(text.encode())) == [Flaw.SURROGATE]


@pytest.mark.parametrize("text", ['"\\ud83d\\ude00"', '"\\\\ud83d"', '{"\\uD83D\\uDE00": "😀"}'])
def test_whole_characters_are_fine(text):
    assert read_json(text.encode()).problems == ()


# Depth and size


def nested(depth: int, inner: str = "") -> bytes:
    return ("[" * depth + inner + "]" * depth).encode()


@pytest.mark.parametrize("inner", ["", "1", '"x"'])
def test_the_deepest_document(inner):
    assert read_json(nested(DEEPEST, inner)).readable


@pytest.mark.parametrize("depth", [DEEPEST + 1, 990, 1_000, 100_000])
@pytest.mark.parametrize("opening", ["[", '{"a":'])
def test_a_document_too_deep(depth, opening):
    text = opening * depth + "1" + ("]" if opening == "[" else "}") * depth
    reading = read_json(text.encode())
    assert (flaws(reading), reading.readable) == ([Flaw.SYNTAX], False)
    assert f"more than {DEEPEST} levels" in reading.problems[0].detail


def test_many_brackets_side_by_side_are_not_deep():
    assert read_json(b"[" + b"[],{}," * 2000 + b"[]]").readable


@pytest.mark.parametrize(
    "unit",
    [b"[", b"{", b'{"a":', b"[1,", b"{}", b'x{"a":1}', b'"', b'{"a" ', b"\\", b"a({} ", b"}", b"\xff{"],
)
def test_a_hostile_body_takes_no_time_out_of_proportion(unit):
    """A search that starts over at each bracket of a megabyte would take hours."""
    assert isinstance(read_json(b"x" + unit * (1_000_000 // len(unit))), Reading)


# Helpers


def test_the_first_problem_of_a_kind():
    reading = read_json(codecs.BOM_UTF8 + b'{"a": 1, "a": 2, "b": 1, "b": 2}')
    assert reading.problem(Flaw.SYNTAX) is None
    found = reading.problem(Flaw.SYNTAX, Flaw.DUPLICATE)
    assert found is not None
    assert found.detail == "the key 'a' twice in one object"


def test_an_excerpt_is_quoted_and_cut():
    assert excerpt("a\n") == r"'a\n'"
    assert excerpt("x" * 81) == f"'{'x' * 80}…'"
    assert excerpt("abcd", 3) == "'abc…'"
