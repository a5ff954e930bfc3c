"""A mock behind a real socket, requests as exact bytes, and decoders as particular as the clients' own."""

import http.client
import json
import re
import socket
import tomllib
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

from mock_solusio.clock import Clock
from mock_solusio.moment import SECOND, parse_moment
from mock_solusio.options import Options
from mock_solusio.testing import Solusio, started

START = parse_moment("2026-03-01T00:00:00Z")
HERE = Path(__file__).parent
PAGES = 100
"""No list of these tests has more pages: a client that asks on runs in circles."""


@dataclass(frozen=True)
class Answer:
    """What came over the wire."""

    status: int
    headers: Mapping[str, str]
    body: bytes

    @property
    def json(self) -> Any:
        return json.loads(self.body)

    @property
    def data(self) -> Any:
        return self.json["data"]


class Wire:
    """One connection that is kept alive; what is given is what is sent, nothing is added but `Host`.

    An answer out of step (a body that was not read, a length that is wrong) breaks the next one.
    """

    def __init__(self, url: str) -> None:
        self.host = url.removeprefix("http://")
        self.url = url
        name, _, port = self.host.partition(":")
        self._socket = socket.create_connection((name, int(port)), timeout=30)

    def send(self, method: str, target: str, headers: Mapping[str, str], body: bytes = b"") -> Answer:
        head = "".join(f"{name}: {value}\r\n" for name, value in {"Host": self.host, **headers}.items())
        self._socket.sendall(f"{method} {target} HTTP/1.1\r\n{head}\r\n".encode("latin-1") + body)
        response = http.client.HTTPResponse(self._socket, method=method)
        try:
            response.begin()
            got = response.read()
        finally:
            response.close()
        answer = Answer(response.status, {k.lower(): v for k, v in response.headers.items()}, got)
        if got:
            # What NodeAtlas and aiohttp insist on, also of errors.
            assert answer.headers["content-type"].partition(";")[0] == "application/json", answer
            answer.json  # noqa: B018 - raises unless it is JSON
        assert answer.status < 500, answer
        return answer

    def close(self) -> None:
        self._socket.close()


@pytest.fixture(scope="module")
def panel() -> Iterator[Solusio]:
    """A mock that a test file shares: strict, seeded, its clock standing still until it is advanced."""
    with started(Options(clock=Clock(START, speed=0), seed="clients", strict=True)) as solusio:
        yield solusio


@pytest.fixture(scope="module")
def wire(panel: Solusio) -> Iterator[Wire]:
    """A connection to the mock."""
    made = Wire(panel.url)
    yield made
    made.close()


@pytest.fixture(scope="module")
def wait(panel: Solusio) -> Callable[[float], None]:
    """Let seconds pass."""
    return lambda seconds: panel.clock.advance(round(seconds * SECOND)) and None


@pytest.fixture(scope="module")
def pages() -> int:
    """How many pages a client may ask for before it is taken to run in circles."""
    return PAGES


# Types of clients, as data

_SCALARS: dict[str, Callable[[Any], bool]] = {
    "int": lambda value: type(value) is int,
    "float": lambda value: type(value) in (int, float),
    "bool": lambda value: type(value) is bool,
    "str": lambda value: type(value) is str,
    "any": lambda value: True,
}


def problems(value: Any, kind: str, types: Mapping[str, Any], place: str = "$") -> Iterator[str]:
    """Yield where a decoded JSON value is not what a client's type says.

    A type is `int`, `str` ..., a name of `types`, or one of them in brackets for a list. `?` behind it: may be
    null. Members of a type are all wanted, unless `_lenient` says that absent and null are fine (Go).
    """
    nullable, kind = kind.endswith("?"), kind.removesuffix("?")
    if value is None:
        if not nullable:
            yield f"{place} is null, wanted {kind}"
    elif kind.startswith("["):
        if type(value) is not list:
            yield f"{place} is {value!r}, wanted a list"
            return
        for number, one in enumerate(value):
            yield from problems(one, kind[1:-1], types, f"{place}[{number}]")
    elif kind in _SCALARS:
        if not _SCALARS[kind](value):
            yield f"{place} is {value!r}, wanted {kind}"
    elif type(value) is not dict:
        yield f"{place} is {value!r}, wanted {kind}"
    elif "_values" in types[kind]:
        for name, one in value.items():
            yield from problems(one, types[kind]["_values"], types, f"{place}.{name}")
    else:
        yield from _members(value, types[kind], types, place)


def _members(
    value: Mapping[str, Any], members: Mapping[str, Any], types: Mapping[str, Any], place: str
) -> Iterator[str]:
    lenient = types.get("_lenient", False)
    for name, kind in members.items():
        if name not in value:
            if not lenient:
                yield f"{place}.{name} is missing"
        elif not (lenient and value[name] is None):
            yield from problems(value[name], kind, types, f"{place}.{name}")


Check = Callable[[Any, str], Any]


def _checker(file: str) -> Check:
    types = tomllib.loads((HERE / file).read_text())

    def check(value: Any, kind: str) -> Any:
        found = list(problems(value, kind, types))
        assert not found, found
        return value

    return check


@pytest.fixture(scope="session")
def go_decodes() -> Check:
    """Decode as Go's encoding/json into the structs of the Go SDK; return the value."""
    return _checker("go_sdk.toml")


@pytest.fixture(scope="session")
def runetech_reads() -> Check:
    """Check every member that the models of runetech0/solusvm-api-async read; return the value."""
    return _checker("runetech.toml")


@pytest.fixture(scope="session")
def type_problems() -> Callable[..., Iterator[str]]:
    """The check itself, for a test of it."""
    return problems


MOMENT = re.compile(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{6}Z")


@pytest.fixture(scope="session")
def is_moment() -> Callable[[str], bool]:
    """Tell whether a text is a moment as SolusIO writes it: UTC, with microseconds."""
    return lambda text: MOMENT.fullmatch(text) is not None


@pytest.fixture(scope="session")
def walk() -> Callable[[Any], Iterator[tuple[Sequence[str], Any]]]:
    """Go through a JSON value: each place (names; `*` for a place in a list) with what is there."""

    def go(value: Any, place: tuple[str, ...] = ()) -> Iterator[tuple[Sequence[str], Any]]:
        yield place, value
        if isinstance(value, dict):
            for name, one in value.items():
                yield from go(one, (*place, name))
        elif isinstance(value, list):
            for one in value:
                yield from go(one, (*place, "*"))

    return go
