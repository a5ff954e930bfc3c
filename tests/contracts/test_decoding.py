"""What is written wrongly is named: the source, the place, what was expected, what is there."""

import json
from decimal import Decimal
from typing import Annotated, Any, Literal

import msgspec
import pytest
from msgspec import Meta

from solusio_contracts.decoding import (
    DecodingError,
    MisfitError,
    convert,
    from_json,
    from_toml,
    parse_json,
    parse_toml,
    read_text,
    text_of,
)


class Wheel(msgspec.Struct, forbid_unknown_fields=True):
    spokes: Annotated[int, Meta(ge=1)] = 1


class Cart(msgspec.Struct, forbid_unknown_fields=True, tag_field="kind", tag="cart"):
    wheels: list[Wheel]
    colour: Literal["red", "blue"] = "red"
    name: Annotated[str, Meta(pattern="^[a-z]+$")] = "x"
    month: Annotated[str, Meta(pattern="^[0-9]{4}-[0-9]{2}$", examples=["2026-03"])] | None = None
    weights: dict[str, int] = {}
    spares: dict[str, Wheel] = {}
    access_token: Annotated[str, Meta(min_length=8)] = "12345678"


class Boat(msgspec.Struct, forbid_unknown_fields=True, tag_field="kind", tag="boat"):
    length: int | None = None


class Fleet(msgspec.Struct, forbid_unknown_fields=True):
    boats: list[Boat] = []
    price: Decimal = Decimal(0)
    speed: float = 0.0


Vehicle: Any = Cart | Boat


@pytest.mark.parametrize(
    ("text", "place", "problem"),
    [
        ('{"kind": "cart"}', "wheels", "is missing"),
        ('{"kind": "boat", "size": 1}', "size", "is not a known field; known fields: length"),
        ('{"kind": "plane"}', "kind", 'expected one of cart, boat, got "plane"'),
        ('{"kind": "boot"}', "kind", 'expected one of cart, boat, got "boot". Did you mean: boat?'),
        ('{"kind": 7}', "kind", "expected a string, got 7"),
        ("{}", "kind", "is missing"),
        ('{"kind": "boat", "length": "x"}', "length", 'expected an integer or null, got "x"'),
        ('{"kind": "boat", "length": true}', "length", "expected an integer or null, got true"),
        ('{"kind": "cart", "wheels": {}}', "wheels", "expected a list, got an empty object"),
        (
            '{"kind": "cart", "wheels": [{}, {"spokes": 0}]}',
            "wheels[1].spokes",
            "expected an integer >= 1, got 0",
        ),
        (
            '{"kind": "cart", "wheels": [{"nails": 1}]}',
            "wheels[0].nails",
            "is not a known field; known fields: spokes",
        ),
        (
            '{"kind": "cart", "wheels": [{"spoks": 1}]}',
            "wheels[0].spoks",
            "is not a known field; known fields: spokes. Did you mean: spokes?",
        ),
        (
            '{"kind": "cart", "wheels": [], "colour": "pink"}',
            "colour",
            'expected one of blue, red, got "pink"',
        ),
        (
            '{"kind": "cart", "wheels": [], "name": "A"}',
            "name",
            "expected a string matching '^[a-z]+$', got \"A\"",
        ),
        (
            '{"kind": "cart", "wheels": [], "month": "March"}',
            "month",
            'expected a string such as 2026-03, got "March"',
        ),
        (
            '{"kind": "cart", "wheels": [], "weights": {"a": "b"}}',
            "weights.*",
            "expected an integer, got a string",
        ),
        (
            '{"kind": "cart", "wheels": [], "spares": {"a": {"nails": 1}}}',
            "spares.*.nails",
            "is not a known field; known fields: spokes",
        ),
        (
            '{"kind": "cart", "wheels": [], "access_token": "hunter2"}',
            "access_token",
            "expected a string of length >= 8, got ***",
        ),
        ("[1, 2]", "", "expected an object, got a list of 2"),
    ],
)
def test_an_error_names_place_expectation_and_value(text, place, problem):
    with pytest.raises(MisfitError) as caught:
        from_json(text, Vehicle, "cart.json")
    assert (caught.value.place, caught.value.problem) == (place, problem)
    assert str(caught.value) == f"cart.json: {f'{place}: ' if place else ''}{problem}"


def test_what_is_right_is_read():
    assert from_json('{"kind": "boat", "length": 3}', Vehicle) == Boat(length=3)


@pytest.mark.parametrize("text", [b"", b"{", b"\xff", b"{} {}", b"[" * 100_000, b'{"a": \xff}'])
def test_what_is_not_json(text):
    with pytest.raises(DecodingError, match=r"^cart\.json: not valid JSON: .") as caught:
        from_json(text, Vehicle, "cart.json")
    assert len(str(caught.value)) < 200


def test_long_values_are_shortened():
    with pytest.raises(MisfitError) as caught:
        from_json('{"kind": "cart", "wheels": [], "name": "%s"}' % ("A" * 10_000), Vehicle)
    assert len(str(caught.value)) < 300


def test_a_value_inside_a_larger_one_has_its_place_there():
    with pytest.raises(MisfitError, match=r"^carts\[2\]\.spokes: expected an integer >= 1, got 0$"):
        convert({"spokes": 0}, Wheel, at="carts[2]")
    with pytest.raises(MisfitError, match=r"^carts\[2\]: expected an object, got null$"):
        convert(None, Wheel, at="carts[2]")


# TOML


def test_a_table_of_a_list_is_named_with_its_line():
    text = "\n[[boats]]\nkind = 'boat'\n[[boats]]\nkind = 'boat'\nsails = 3\n"
    with pytest.raises(MisfitError) as caught:
        from_toml(text, Fleet, "fleet.toml")
    expected = "fleet.toml: boats[1].sails (line 4): is not a known field; known fields: length"
    assert str(caught.value) == expected


@pytest.mark.parametrize(
    ("text", "says"),
    [
        ("boats = ", r"not valid TOML: Invalid value \(at end of document\)"),
        ("[" * 100_000, "not valid TOML: "),
        ("speed = " + "[" * 100_000, "not valid TOML: nested deeper than 200 levels"),
        ("speed = " + "1" * 10_000, "not valid TOML: "),
    ],
)
def test_what_is_not_toml(text, says):
    with pytest.raises(DecodingError, match=rf"^fleet\.toml: {says}"):
        from_toml(text, Fleet, "fleet.toml")


def test_numbers_are_exact_where_that_is_asked_for():
    text = "price = 0.10000000000000000001\nspeed = 0.5"
    assert from_toml(text, Fleet, exact=True) == Fleet(price=Decimal("0.10000000000000000001"), speed=0.5)


# Files


def test_a_file_may_begin_with_a_byte_order_mark(tmp_path):
    file = tmp_path / "fleet.toml"
    file.write_bytes("\ufeffspeed = 1.5\r\n".encode())
    assert from_toml(read_text(file), Fleet) == Fleet(speed=1.5)


def test_a_file_that_cannot_be_read_is_named(tmp_path):
    with pytest.raises(DecodingError, match=r"nowhere\.toml: No such file or directory$"):
        read_text(tmp_path / "nowhere.toml")
    with pytest.raises(DecodingError, match=r"^the list: Is a directory$"):
        read_text(tmp_path, "the list")
    (tmp_path / "binary").write_bytes(b"speed = 1 # \xff")
    with pytest.raises(DecodingError, match=r"binary: not UTF-8 at byte 12; it looks like Windows-1252"):
        read_text(tmp_path / "binary")
    with pytest.raises(DecodingError, match=r"binary: larger than 0 MiB$"):
        read_text(tmp_path / "binary", largest=12)


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "utf-16", "utf-32"])
def test_a_byte_order_mark_names_the_encoding(encoding):
    # Python writes a mark for utf-16 and utf-32, as Windows PowerShell does.
    assert text_of("name = 'Łódź'\r\n".encode(encoding)) == "name = 'Łódź'\r\n"


@pytest.mark.parametrize(
    ("data", "problem"),
    [
        ("name = 1".encode("utf-16-be"), "looks like UTF-16 without a byte order mark"),
        ("name = 'Zażółć'".encode("cp1250"), "not UTF-8 at byte 10; it looks like Windows-1252"),
        (b"\xff\xfe\x00", "not UTF-16 at byte 2"),
        (b"\xef\xbb\xbfa\xff", "not UTF-8 at byte 4"),
    ],
)
def test_the_message_about_another_encoding_names_it(data, problem):
    with pytest.raises(DecodingError, match=problem):
        text_of(data)


# Limits


@pytest.mark.parametrize(
    "text", ["[" * 200 + "]" * 200, '{"a": [' + "[{}]," * 500 + "0]}", '["' + "[" * 300 + '"]']
)
def test_what_is_wide_is_not_deep(text):
    assert parse_json(text) == json.loads(text) == parse_json(text.encode())


@pytest.mark.parametrize(
    "read",
    [
        lambda: parse_json("[" * 201 + "]" * 201),
        lambda: parse_json(b"[" * 100_000),
        lambda: parse_json('{"a":' * 201 + "1" + "}" * 201),
        lambda: parse_json('["]",' + "[" * 201 + "]" * 202),
        lambda: from_json("[" * 201 + "]" * 201, Any),
        lambda: from_json('{"x": ' + "[" * 201 + "]" * 201 + "}", msgspec.Raw),
        lambda: parse_toml("a" + ".a" * 300 + " = 1"),
        lambda: parse_toml("a = " + "[" * 100_000),
        lambda: from_toml("a = " + "{a = " * 300 + "1" + "}" * 300, Fleet),
    ],
)
def test_what_is_nested_too_deeply_is_refused(read):
    with pytest.raises(DecodingError, match="nested deeper than 200 levels"):
        read()


def test_integers_are_those_that_can_be_stored():
    assert parse_json(f"[{2**63 - 1}, {-(2**63)}]") == [2**63 - 1, -(2**63)]
    for text in (f'{{"a": [0, {2**63}]}}', f'{{"a": [0, {-(2**63) - 1}]}}', f'{{"a": [0, {10**4000}]}}'):
        for read in (parse_json, lambda text: from_json(text, dict[str, Any])):
            with pytest.raises(MisfitError, match=r"^a\[1\]: has more than 64 bits$"):
                read(text)
    with pytest.raises(MisfitError, match=r"^a\[1\]: has more than 64 bits$"):
        parse_toml(f"a = [1, {2**63}]")
    with pytest.raises(DecodingError, match="not valid JSON"):
        parse_json("1" * 1_000_000)
    with pytest.raises(DecodingError, match="not valid TOML"):
        parse_toml("a = " + "1" * 1_000_000)


def test_exact_numbers_have_a_limit():
    with pytest.raises(DecodingError, match="a number has more than 1000 characters"):
        parse_toml("a = 0." + "1" * 1000, exact=True)


def test_escape_sequences_do_not_reach_the_terminal():
    with pytest.raises(MisfitError, match=r"^\\x1b\[31mred: is not a known field"):
        from_toml('"\\u001b[31mred" = 1', Fleet)
    with pytest.raises(DecodingError, match=r"^a\\x9bb: "):
        parse_json("x", "a\x9bb")
