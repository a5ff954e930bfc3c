"""What is written to the control API: a body that does not fit is refused like one of SolusIO's own API."""

import msgspec
import pytest

from mock_solusio.decoding import parse
from mock_solusio.domain.errors import BadRequest, Invalid


class Wheel(msgspec.Struct, forbid_unknown_fields=True):
    spokes: int = 1


@pytest.mark.parametrize(
    ("text", "place", "problem"),
    [
        (b'{"spokes": "x"}', "spokes", 'expected an integer, got "x"'),
        (b'{"spokes": 3.5}', "spokes", "expected an integer, got 3.5"),
        (b"[]", "body", "expected an object, got an empty list"),
    ],
)
def test_an_error_is_by_place(text, place, problem):
    with pytest.raises(Invalid) as caught:
        parse(text, Wheel)
    assert caught.value.errors == {place: [problem]}
    assert caught.value.message == (problem if place == "body" else f"{place}: {problem}")
    assert caught.value.status == 422


def test_whole_numbers_may_have_a_point():
    assert parse(b'{"spokes": 3.0}', Wheel) == Wheel(3)


def test_nothing_is_an_empty_object():
    assert parse(b" \n", Wheel) == Wheel()


def test_what_is_not_json_cannot_be_read():
    with pytest.raises(BadRequest, match=r"^The body: not valid JSON: "):
        parse(b"{", Wheel)
