"""Reads what the control API and fixtures are given: what does not fit becomes an error of the API."""

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any, TypeVar

from mock_solusio.domain.errors import BadRequest, Invalid
from solusio_contracts import decoding
from solusio_contracts.decoding import DecodingError, MisfitError

T = TypeVar("T")


def parse(data: bytes, kind: type[T]) -> T:
    """Read JSON as `kind`; nothing at all is an empty object.

    Raises:
        BadRequest: it is not JSON.
        Invalid: it does not fit; `errors` is by place, such as `users[2].limit_group`.
    """
    with refusing():
        value = decoding.parse_json(data, "The body") if data.strip() else {}
        if isinstance(value, dict):
            # 3.0 is an integer in JSON. What is deeper is meant literally, such as the body of a fault.
            value = {
                name: int(one) if isinstance(one, float) and one.is_integer() else one
                for name, one in value.items()
            }
        return decoding.convert(value, kind)


def convert(value: Any, kind: type[T]) -> T:
    """Return a parsed value as `kind`.

    Raises:
        Invalid: it does not fit; `errors` is by place.
    """
    with refusing():
        return decoding.convert(value, kind)


@contextmanager
def refusing() -> Iterator[None]:
    """Refuse what cannot be decoded: with 400 what cannot be read, with 422 a value that does not fit."""
    try:
        yield
    except MisfitError as error:
        raise Invalid({error.place or "body": [error.problem]}, str(error)) from None
    except DecodingError as error:
        raise BadRequest(f"{error}.") from None


def invalid(place: str, text: str) -> Invalid:
    """Return the error of one place; its message alone says everything, too."""
    return Invalid({place or "body": [text]}, f"{place}: {text}" if place else text)
