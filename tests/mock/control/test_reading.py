"""Errors of what people write: the place, what was expected, what was found."""

from typing import Annotated, Literal

import msgspec
import pytest
from msgspec import Meta

from mock_solusio.decoding import parse
from mock_solusio.domain.errors import BadRequest, Invalid


class Wheel(msgspec.Struct, forbid_unknown_fields=True):
    spokes: Annotated[int, Meta(ge=1)] = 1


class Cart(msgspec.Struct, forbid_unknown_fields=True, tag_field="kind", tag="cart"):
    wheels: list[Wheel]
    colour: Literal["red", "blue"] = "red"
    name: Annotated[str, Meta(pattern="^[a-z]+$")] = "x"
    weights: dict[str, int] = {}


class Boat(msgspec.Struct, forbid_unknown_fields=True, tag_field="kind", tag="boat"):
    length: int | None = None


Vehicle = Cart | Boat


@pytest.mark.parametrize(
    ("text", "place", "error"),
    [
        ('{"kind": "cart"}', "wheels", "is missing"),
        ('{"kind": "boat", "size": 1}', "size", "is not known here; there are length"),
        ('{"kind": "plane"}', "kind", "expected one of cart, boat, got 'plane'"),
        ('{"kind": 7}', "kind", "expected `str`, got `int`"),
        ("{}", "kind", "is missing"),
        ('{"kind": "boat", "length": "x"}', "length", "expected `int | null`, got `str`"),
        ('{"kind": "cart", "wheels": [{}, {"spokes": 0}]}', "wheels[1].spokes", "expected `int` >= 1, got 0"),
        (
            '{"kind": "cart", "wheels": [{"nails": 1}]}',
            "wheels[0].nails",
            "is not known here; there are spokes",
        ),
        (
            '{"kind": "cart", "wheels": [], "colour": "pink"}',
            "colour",
            "expected one of blue, red, got 'pink'",
        ),
        (
            '{"kind": "cart", "wheels": [], "name": "A"}',
            "name",
            "expected `str` matching regex '^[a-z]+$', got 'A'",
        ),
        ('{"kind": "cart", "wheels": [], "weights": {"a": "b"}}', "weights", "expected `int`, got `str`"),
        ("[]", "body", "expected `object`, got `array`"),
    ],
)
def test_an_error_names_place_expectation_and_value(text, place, error):
    with pytest.raises(Invalid) as caught:
        parse(text.encode(), Vehicle)
    assert caught.value.errors == {place: [error]}
    assert caught.value.message == (error if place == "body" else f"{place}: {error}")
    assert caught.value.status == 422


def test_what_is_right_is_read():
    assert parse(b'{"kind": "boat", "length": 3}', Vehicle) == Boat(length=3)


def test_whole_numbers_may_have_a_point():
    assert parse(b'{"spokes": 3.0}', Wheel) == Wheel(3)
    with pytest.raises(Invalid, match="got `float`"):
        parse(b'{"spokes": 3.5}', Wheel)


def test_nothing_is_an_empty_object():
    assert parse(b" \n", Wheel) == Wheel()


@pytest.mark.parametrize("text", [b"{", b"\xff", b"{} {}", b"[" * 100_000])
def test_what_is_no_json(text):
    with pytest.raises(BadRequest, match="not JSON"):
        parse(text, Wheel)


def test_long_values_are_shortened():
    with pytest.raises(Invalid) as caught:
        parse(b'{"kind": "cart", "wheels": [], "name": "%s"}' % (b"A" * 10_000), Vehicle)
    assert len(caught.value.message) < 200
