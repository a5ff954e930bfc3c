"""Endpoints to fuzz."""

import contextlib
import json
import urllib.parse
from collections.abc import Iterator

import pytest

from solusio_contracts.fuzzing import search
from support.endpoint import Asked, Response
from support.endpoint import endpoint as endpoint_of
from support.fuzzing import Fuzzed, Judge, Serve


@pytest.fixture
def serve() -> Iterator[Serve]:
    """Return a function that starts endpoints."""
    with contextlib.ExitStack() as stack:

        def start(judge: Judge) -> Fuzzed:
            def answer(asked: Asked) -> Response | None:
                reply = judge(urllib.parse.parse_qs(asked.body.decode("ascii"), True))
                if reply is None:
                    return None
                content = reply[1] if isinstance(reply[1], bytes) else json.dumps(reply[1]).encode()
                return reply[0], {"Content-Type": "application/json"}, content

            return Fuzzed(stack.enter_context(endpoint_of(answer)))

        yield start


@pytest.fixture(autouse=True)
def patient(monkeypatch: pytest.MonkeyPatch) -> None:
    """Limit shrinking by counts, not by the clock."""
    monkeypatch.setattr(search, "SHRINK_SECONDS", 120.0)
