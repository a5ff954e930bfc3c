"""Calls of a mock in this process, without sockets, and what comes back."""

import asyncio
import json
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any, Self

from mock_solusio.app import Mock
from mock_solusio.moment import parse_moment
from mock_solusio.options import Options
from mock_solusio.server.asgi import answered_by
from mock_solusio.server.messages import Request, Response

START = parse_moment("2026-03-01T00:00:00Z")
"""Where the clock of most mocks stands."""
ADMIN_TOKEN = "administrators-own-access-token"


@dataclass(frozen=True)
class Answer:
    """The response to a call; names of headers are in lower case."""

    status: int
    headers: Mapping[str, str]
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


def scope_of(request: Request, raw_path: bytes | None = None) -> dict[str, Any]:
    """Return the ASGI scope with which a server would hand the request over."""
    return {
        "type": "http",
        "asgi": {"version": "3.0"},
        "http_version": "1.1",
        "method": request.method,
        "path": request.path,
        "raw_path": request.path.encode() if raw_path is None else raw_path,
        "query_string": request.query,
        "headers": request.headers,
        "scheme": request.scheme,
        "client": (request.client, 40000),
        "server": ("127.0.0.1", 80),
        "root_path": "",
    }


async def respond(mock: Mock, request: Request, raw_path: bytes | None = None) -> Response:
    """Take a request through all steps of a mock, as a server would."""
    return await answered_by(mock, scope_of(request, raw_path), request)


class Caller:
    """Calls a mock as an HTTP client would: `api.get("users")`; paths are below /api/v1."""

    def __init__(self, mock: Mock, runner: asyncio.Runner, token: str | None = ADMIN_TOKEN) -> None:
        self.mock = mock
        self.token = token
        self.runner = runner
        self.id = 1
        """Of the user who calls; the first one is the administrator."""

    def acting_as(self, token: str | None) -> Self:
        """Return the same, with another access token."""
        return type(self)(self.mock, self.runner, token)

    def as_user(self, user_id: int) -> Self:
        """Return the same, acting as this user."""
        made = self.post(f"users/{user_id}/tokens", {"is_one_time": False})
        assert made.status in (200, 201), made
        caller = self.acting_as(made.data["access_token"])
        caller.id = user_id
        return caller

    def call(self, method: str, path: str, body: Any = None, **more: Any) -> Answer:
        return self.runner.run(self.ask(method, path, body, **more))

    async def ask(
        self,
        method: str,
        path: str,
        body: Any = None,
        *,
        raw: bytes | None = None,
        headers: Mapping[str, str] | None = None,
        client: str = "127.0.0.1",
    ) -> Answer:
        """Call from within the event loop of the mock."""
        target, _, query = path.partition("?")
        if not target.startswith("/"):
            target = f"/api/v1/{target}"
        sent = {"host": "mock.test", **(headers or {})}
        if self.token is not None:
            sent.setdefault("authorization", f"Bearer {self.token}")
        data = raw if raw is not None else b"" if body is None else json.dumps(body).encode()
        if data:
            sent["content-length"] = str(len(data))
            sent.setdefault("content-type", "application/json")
        lines = [(name.lower().encode(), value.encode("latin-1")) for name, value in sent.items()]
        request = Request(method, target, query.encode(), lines, data, "http", client)
        response = await respond(self.mock, request)
        if response.status >= 500:
            raise AssertionError(f"{method} {path}: {response.status} {response.body.decode()}")
        got = {name.decode(): value.decode("latin-1") for name, value in response.headers}
        return Answer(response.status, got, response.body)

    def get(self, path: str, **more: Any) -> Answer:
        return self.call("GET", path, **more)

    def post(self, path: str, body: Any = None, **more: Any) -> Answer:
        return self.call("POST", path, body, **more)

    def create(self, path: str, **fields: Any) -> Any:
        """Post what must be accepted; return the new thing."""
        made = self.post(path, fields)
        assert made.status == 201, made
        return made.data

    def put(self, path: str, body: Any = None, **more: Any) -> Answer:
        return self.call("PUT", path, body, **more)

    def patch(self, path: str, body: Any = None, **more: Any) -> Answer:
        return self.call("PATCH", path, body, **more)

    def delete(self, path: str, body: Any = None, **more: Any) -> Answer:
        return self.call("DELETE", path, body, **more)


@contextmanager
def calling(options: Options) -> Iterator[Caller]:
    """Give a caller of a mock that is closed at the end."""
    mock = Mock(options)
    try:
        with asyncio.Runner() as runner:
            yield Caller(mock, runner, options.admin_token)
    finally:
        mock.close()
