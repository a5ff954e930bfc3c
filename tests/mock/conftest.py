"""A mock in this process, strict and on a frozen clock, and a way to call it without sockets."""

import asyncio
import json
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

import pytest

from mock_solusio.app import Mock
from mock_solusio.clock import Clock
from mock_solusio.moment import parse_moment
from mock_solusio.options import Options
from mock_solusio.server.messages import Request

START = parse_moment("2026-03-01T00:00:00Z")
ADMIN_TOKEN = "administrators-own-access-token"


@dataclass(frozen=True)
class Answer:
    """What came back."""

    status: int
    headers: dict[str, str]
    body: bytes

    @property
    def json(self) -> Any:
        return json.loads(self.body)

    @property
    def data(self) -> Any:
        return self.json["data"]

    @property
    def message(self) -> str:
        return self.json["message"]

    @property
    def errors(self) -> dict[str, list[str]]:
        return self.json["errors"]


class Caller:
    """Calls a mock as an HTTP client would: `api.get("users", token=...)`; paths are below /api/v1."""

    def __init__(self, mock: Mock, runner: asyncio.Runner, token: str | None = ADMIN_TOKEN) -> None:
        self.mock = mock
        self.token = token
        self._runner = runner

    def acting_as(self, token: str | None) -> "Caller":
        """Return the same, with another access token."""
        return Caller(self.mock, self._runner, token)

    def as_user(self, user_id: int) -> "Caller":
        """Return the same, acting as this user."""
        made = self.post(f"users/{user_id}/tokens", {"is_one_time": False})
        assert made.status in (200, 201), made
        return self.acting_as(made.data["access_token"])

    def call(
        self,
        method: str,
        path: str,
        body: Any = None,
        *,
        raw: bytes | None = None,
        headers: dict[str, str] | None = None,
    ) -> Answer:
        target, _, query = path.partition("?")
        if not target.startswith("/"):
            target = f"/api/v1/{target}"
        sent = {"host": "mock.test", **(headers or {})}
        if self.token is not None:
            sent.setdefault("authorization", f"Bearer {self.token}")
        data = raw if raw is not None else b"" if body is None else json.dumps(body).encode()
        if data:
            sent["content-length"] = str(len(data))
        lines = [(name.lower().encode(), value.encode("latin-1")) for name, value in sent.items()]
        request = Request(method, target, query.encode(), lines, data, "http", "127.0.0.1")
        scope = {
            "type": "http",
            "asgi": {"version": "3.0"},
            "http_version": "1.1",
            "method": method,
            "path": target,
            "raw_path": target.encode(),
            "query_string": query.encode(),
            "headers": lines,
            "scheme": "http",
            "client": ("127.0.0.1", 40000),
            "server": ("mock.test", 80),
            "root_path": "",
        }
        response = self._runner.run(self.mock.answer(request, scope))
        if response.status >= 500:
            raise AssertionError(f"{method} {path}: {response.status} {response.body.decode()}")
        got = {name.decode(): value.decode("latin-1") for name, value in response.headers}
        return Answer(response.status, got, response.body)

    def get(self, path: str, **more: Any) -> Answer:
        return self.call("GET", path, **more)

    def post(self, path: str, body: Any = None, **more: Any) -> Answer:
        return self.call("POST", path, body, **more)

    def put(self, path: str, body: Any = None, **more: Any) -> Answer:
        return self.call("PUT", path, body, **more)

    def patch(self, path: str, body: Any = None, **more: Any) -> Answer:
        return self.call("PATCH", path, body, **more)

    def delete(self, path: str, body: Any = None, **more: Any) -> Answer:
        return self.call("DELETE", path, body, **more)


@pytest.fixture
def mock() -> Iterator[Mock]:
    """A fresh mock: strict, seeded, its clock frozen at 2026-03-01T00:00:00Z."""
    made = Mock(Options(clock=Clock(START, speed=0), seed="test", admin_token=ADMIN_TOKEN, strict=True))
    yield made
    made.close()


@pytest.fixture
def api(mock: Mock) -> Iterator[Caller]:
    """Calls the mock as the administrator."""
    with asyncio.Runner() as runner:
        yield Caller(mock, runner)
