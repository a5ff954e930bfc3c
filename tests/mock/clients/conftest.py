"""A mock behind a real socket, requests as exact bytes, and decoders as particular as the clients' own."""

import http.client
import json
import re
import socket
import tomllib
from collections.abc import Callable, Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any
from urllib.parse import urlencode

import pytest

from mock_solusio.clock import Clock
from mock_solusio.moment import SECOND
from mock_solusio.options import Options
from mock_solusio.testing import Solusio, started
from support.calls import START, Answer

HERE = Path(__file__).parent
ON_PURPOSE = "test_common_mistakes"
"""The test file whose clients make mistakes."""
PAGES = 100
"""No list of these tests has more pages: a client that asks on runs in circles."""


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
def panel(request: pytest.FixtureRequest) -> Iterator[Solusio]:
    """A mock that a test file shares: strict, seeded, its clock standing still until it is advanced.

    What public clients do is not wrong, so the referee finds no violation of a must.
    """
    with started(Options(clock=Clock(START, speed=0), seed="clients", strict=True)) as solusio:
        yield solusio
        wrong = [str(finding) for finding in solusio.findings if finding.level == "must"]
        assert wrong == [] or request.module.__name__.endswith(ON_PURPOSE), wrong


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
    "any": lambda _: True,
}


def problems(value: Any, kind: str, types: Mapping[str, Any], place: str = "$") -> Iterator[str]:
    """Yield where a decoded JSON value is not what a client's type says.

    A type is `int`, `str` ..., a name of `types`, or one of them in brackets for a list. `?` behind it: may
    be null. Members of a type are all wanted, unless `_lenient` says that absent and null are fine (Go).
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


class RefusedError(Exception):
    """The Go SDK's HTTPError: the status is not exactly the one that it expects."""

    def __init__(self, method: str, path: str, answer: Answer) -> None:
        super().__init__(f"{method} {path}: {answer.status} {answer.body.decode()[:600]}")
        self.answer = answer


class GoClient:
    """Asks as the official Go SDK does, expects exactly the status it expects, decodes as it decodes.

    The Terraform provider is built on an older version of it, which differs only in names of units.
    """

    def __init__(self, wire: Wire, token: str, decodes: Check) -> None:
        self._wire = wire
        self._decodes = decodes
        self._headers = {
            "User-Agent": "Go SDK client",
            "Accept": "application/json",
            "Content-Type": "application/json",
            "Authorization": f"Bearer {token}",
            "Accept-Encoding": "gzip",
        }

    def request(self, method: str, path: str, body: Any = None, *, status: int) -> Any:
        """Return the decoded JSON; `path` may be a whole URL, as one of `links` is."""
        target = path.removeprefix(self._wire.url) if "://" in path else f"/api/v1/{path}"
        assert "://" not in target, f"{path} does not lead back to {self._wire.url}"
        data = b"" if body is None else json.dumps(body).encode()
        headers = dict(self._headers)
        if body is not None or method != "GET":
            headers["Content-Length"] = str(len(data))
        answer = self._wire.send(method, target, headers, data)
        if answer.status != status:
            raise RefusedError(method, path, answer)
        return answer.json if answer.body else None

    def _data(self, kind: str, *asked: Any, status: int) -> Any:
        return self._decodes(self.request(*asked, status=status)["data"], kind)

    def create(self, path: str, kind: str, body: Any) -> Any:
        return self._data(kind, "POST", path, body, status=201)

    def get(self, path: str, kind: str) -> Any:
        return self._data(kind, "GET", path, status=200)

    def update(self, path: str, kind: str, body: Any) -> Any:
        return self._data(kind, "PUT", path, body, status=200)

    def patch(self, path: str, kind: str, body: Any) -> Any:
        return self._data(kind, "PATCH", path, body, status=200)

    def sync_delete(self, path: str, body: Any = None) -> None:
        assert self.request("DELETE", path, body, status=204) is None

    def async_post(self, path: str, body: Any = None) -> Any:
        return self._task(self._data("Task", "POST", path, body, status=200))

    def async_delete(self, path: str) -> Any:
        return self._task(self._data("Task", "DELETE", path, status=200))

    @staticmethod
    def _task(task: Any) -> Any:
        assert task["id"] != 0, "the SDK takes a task without id for a mistake of the server"
        return task

    def list(self, path: str, kind: str, filters: Mapping[str, str] | None = None) -> list[Any]:
        """Walk the pages as the SDK's `Next` does: by `links.next`, until the page is the last."""
        query = urlencode(sorted((filters or {}).items()))
        asked, rows = f"{path}?{query}" if query else path, []
        for _ in range(PAGES):
            page = self.request("GET", asked, status=200)
            self._decodes(page["meta"], "Meta")
            self._decodes(page["links"], "Links")
            rows += self._decodes(page["data"], f"[{kind}]")
            if page["meta"]["last_page"] == page["meta"]["current_page"]:
                return rows
            asked = page["links"]["next"]
        raise AssertionError(f"the SDK would never end with {path}")


@pytest.fixture(scope="module")
def go(panel: Solusio, wire: Wire, go_decodes: Check) -> GoClient:
    """The Go SDK with the administrator's access token."""
    return GoClient(wire, panel.admin_token, go_decodes)


@pytest.fixture(scope="module")
def go_as(wire: Wire, go_decodes: Check) -> Callable[[str], GoClient]:
    """The Go SDK with another access token."""
    return lambda token: GoClient(wire, token, go_decodes)


@pytest.fixture(scope="session")
def refused() -> type[RefusedError]:
    """What the Go SDK raises."""
    return RefusedError
