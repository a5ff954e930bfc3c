"""Calls of the control API; every answer is held to its document."""

import asyncio
import json
from typing import Any

import jsonschema_rs

from mock_solusio.app import Mock
from mock_solusio.control.api import Control, find
from mock_solusio.control.operations import document
from mock_solusio.server.messages import Request
from support.calls import Answer


class Controller:
    def __init__(self, mock: Mock, runner: asyncio.Runner) -> None:
        self.mock = mock
        self.control = Control(mock)
        self._runner = runner

    def __call__(self, method: str, path: str, body: Any = None, **more: Any) -> Answer:
        """Ask, and hold the answer to the document."""
        answer = self.ask(method, path, body, **more)
        self.check(method, path.partition("?")[0], answer)
        return answer

    def ask(
        self,
        method: str,
        path: str,
        body: Any = None,
        *,
        raw: bytes = b"",
        headers: dict[str, str] | None = None,
        client: str = "127.0.0.1",
    ) -> Answer:
        target, _, query = path.partition("?")
        sent = {"host": "127.0.0.1:8008", **(headers or {})}
        lines = [(name.encode(), value.encode()) for name, value in sent.items()]
        data = raw if body is None else json.dumps(body).encode()
        request = Request(method, target, query.encode(), lines, data, "http", client)
        response = self._runner.run(self.control.answer(request))
        got = {name.decode(): value.decode("latin-1") for name, value in response.headers}
        return Answer(response.status, got, response.body)

    def check(self, method: str, path: str, answer: Answer) -> None:
        """Hold an answer to the document."""
        route, _, _ = find(method, path)
        if route is None:
            return
        node = document()["paths"][route.path][method.lower()]["responses"]
        described = node[str(answer.status)]
        if "$ref" in described:
            described = document()["components"]["responses"][described["$ref"].rpartition("/")[2]]
        if "content" not in described:
            assert answer.body == b""
            return
        schema = described["content"]["application/json"]["schema"]
        whole = {**schema, "components": document()["components"]}
        jsonschema_rs.Draft202012Validator(whole, validate_formats=True).validate(answer.json)
