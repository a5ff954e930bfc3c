"""Reads what a person wrote (a fault, a world, a change of the clock) and names the place of every error."""

import re
from collections.abc import Iterable, Sequence
from typing import Any, TypeVar

import msgspec
from msgspec.inspect import (
    ListType,
    LiteralType,
    Metadata,
    StructType,
    Type,
    UnionType,
    VarTupleType,
    type_info,
)

from mock_solusio.domain.errors import BadRequest, Invalid

T = TypeVar("T")

SHOWN = 60
"""Characters of a wrong value that an error repeats."""

_PLACED = re.compile(r"(?P<text>.*) - at `(?:key in )?\$(?P<place>[^`]*)`", re.DOTALL)
_STEP = re.compile(r"\.([^.\[\]]+)|\[(\d+)\]")
_FIELD = re.compile(r"`([^`]+)`")


def parse(data: bytes, kind: type[T]) -> T:
    """Read JSON as `kind`; nothing at all is an empty object.

    Raises:
        BadRequest: it is not JSON.
        Invalid: it is not what it should be; `errors` is by place, such as `users[2].limit_group`.
    """
    value = decode(data) if data.strip() else {}
    if isinstance(value, dict):
        # 3.0 is an integer in JSON. What is deeper is meant literally, such as the body of a fault.
        value = {
            name: int(one) if isinstance(one, float) and one.is_integer() else one
            for name, one in value.items()
        }
    return convert(value, kind)


def decode(data: bytes) -> Any:
    """Read JSON.

    Raises:
        BadRequest: it is not JSON.
    """
    try:
        return msgspec.json.decode(data)
    except (msgspec.DecodeError, RecursionError) as wrong:
        raise BadRequest(f"The body is not JSON: {wrong}.") from None


def convert(value: Any, kind: type[T]) -> T:
    """Return a value that was read as `kind`.

    Raises:
        Invalid: it is not what it should be; `errors` is by place.
    """
    try:
        return msgspec.convert(value, kind)
    except (msgspec.ValidationError, RecursionError) as wrong:
        place, text = _told(value, kind, str(wrong))
        raise invalid(place, text) from None


def invalid(place: str, text: str) -> Invalid:
    """Return the error of one place; its message alone says everything, too."""
    return Invalid({place or "body": [text]}, f"{place}: {text}" if place else text)


def _told(value: Any, kind: Any, message: str) -> tuple[str, str]:
    """Return the place, and what is wrong there: what was expected and what was found."""
    match = _PLACED.fullmatch(message)
    text, path = (match["text"], match["place"]) if match else (message, "")
    steps: list[str | int] = [name or int(number) for name, number in _STEP.findall(path)]
    named = _FIELD.search(text) if "field `" in text else None
    if named:
        known = (
            "is missing"
            if "missing" in text
            else f"is not known here; there are {_names(kind, value, steps)}"
        )
        return place_of([*steps, named[1]]), known
    found = msgspec.UNSET if "[...]" in path else _found(value, steps)
    if "RFC3339" in text:
        return place_of(steps), f"expected a moment such as 2026-03-01T00:00:00Z, got {shown(found)}"
    if text.startswith("Invalid "):  # not one of a choice
        return place_of(steps), f"expected {_choices(kind, value, steps)}, got {shown(found)}"
    text = text[:1].lower() + text[1:]
    if ", got" not in text and found is not msgspec.UNSET:
        text += f", got {shown(found)}"
    return place_of(steps), text


def _found(value: Any, steps: Sequence[str | int]) -> Any:
    for step in steps:
        try:
            value = value[step]
        except (KeyError, IndexError, TypeError):
            return msgspec.UNSET
    return value


def _names(kind: Any, value: Any, steps: Sequence[str | int]) -> str:
    names = [
        *(
            field.encode_name
            for one in _types_at(kind, value, steps)
            if isinstance(one, StructType)
            for field in one.fields
        )
    ]
    return _listed(dict.fromkeys(names))


def _choices(kind: Any, value: Any, steps: Sequence[str | int]) -> str:
    """Return what may stand at a place: the values of a literal, or the tags of a choice of structs."""
    options: list[Any] = []
    for one in _types_at(kind, value, steps):
        if isinstance(one, LiteralType):
            options += one.values
    if not options and steps:
        options = [
            one.tag
            for one in _types_at(kind, value, steps[:-1], any_tag=True)
            if isinstance(one, StructType) and one.tag_field == steps[-1]
        ]
    return f"one of {_listed(options)}" if options else "another value"


def _types_at(kind: Any, value: Any, steps: Sequence[str | int], *, any_tag: bool = False) -> list[Type]:
    """Return the types that may stand at a place of a value, seen from its whole type."""
    types = _alternatives(type_info(kind))
    for step in steps:
        types = [inner for one in _meant(types, value) for inner in _inside(one, step)]
        value = _found(value, [step])
    return types if any_tag else _meant(types, value)


def _alternatives(one: Type) -> list[Type]:
    if isinstance(one, UnionType):
        return [inner for each in one.types for inner in _alternatives(each)]
    return _alternatives(one.type) if isinstance(one, Metadata) else [one]


def _meant(types: list[Type], value: Any) -> list[Type]:
    """Drop the structs whose tag is not the one in the value."""
    return [
        one
        for one in types
        if not (isinstance(one, StructType) and one.tag_field) or _found(value, [one.tag_field]) == one.tag
    ]


def _inside(one: Type, step: str | int) -> list[Type]:
    if isinstance(one, StructType):
        return [
            inner for field in one.fields if field.encode_name == step for inner in _alternatives(field.type)
        ]
    if isinstance(one, ListType | VarTupleType) and isinstance(step, int):
        return _alternatives(one.item_type)
    return []


def _listed(names: Iterable[Any]) -> str:
    return ", ".join(map(str, names))


def place_of(steps: Sequence[str | int]) -> str:
    """Return a place as people write it: `users[2].limit_group`."""
    text = "".join(f"[{step}]" if isinstance(step, int) else f".{step}" for step in steps)
    return text.removeprefix(".")


def shown(value: Any) -> str:
    """Return a value for an error, shortened."""
    text = repr(value) if isinstance(value, str) else msgspec.json.encode(value, enc_hook=str).decode()
    return text if len(text) <= SHOWN else f"{text[:SHOWN]}…"
