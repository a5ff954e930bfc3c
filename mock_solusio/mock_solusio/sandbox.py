"""A mock SolusIO for a billing system under check: one URL, with one world after the other behind it."""

import ssl
from collections.abc import AsyncIterator, Callable, Iterator
from contextlib import asynccontextmanager, closing, contextmanager
from functools import lru_cache
from typing import Final, TypeVar

from mock_solusio.app import Mock
from mock_solusio.clock import Clock
from mock_solusio.moment import Micros
from mock_solusio.options import Options
from mock_solusio.server.asgi import Receive, Scope, Send, run_lifespan, send_response
from mock_solusio.server.loop_thread import LoopThread
from mock_solusio.server.messages import json_response
from mock_solusio.server.uvicorn_server import running

T = TypeVar("T")

INSTALLATIONS: Final = 16
"""Fresh installations that are kept; most scenarios of a check begin in the same month."""


class SandboxError(Exception):
    """A scenario cannot be played; the text says why."""


class Sandbox:
    """An ASGI application: the mock that is shown answers."""

    def __init__(self) -> None:
        self._mock: Mock | None = None
        self._last: Mock | None = None
        self._thread = LoopThread()
        self.was_asked = False
        """Whether any request to the API has arrived."""

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer a request from the world that is shown."""
        if scope["type"] != "http":
            await run_lifespan(receive, send, self._running())
            return
        if scope["path"].startswith("/api/"):
            self.was_asked = True
        if (mock := self._mock) is None:
            answer = json_response(503, {"message": "Between two scenarios: there is nothing to do now."})
            await send_response(answer, send)
        else:
            await mock(scope, receive, send)

    def show(self, mock: Mock) -> None:
        """Show a mock, and close the one before."""
        self.clear()
        self._last, self._mock = mock, mock

    def hide(self) -> None:
        """Answer no requests, so that the world can be inspected."""
        self._mock = None

    def clear(self) -> None:
        """Close the world that was shown."""
        self.hide()
        if self._last is not None:
            self._last.close()
            self._last = None

    def between_requests(self, work: Callable[[], T]) -> T:
        """Do something in the thread that answers requests, between two of them; return its result.

        Raises what `work` raises. Only within `open`.
        """
        return self._thread.run(work)

    @contextmanager
    def open(
        self, host: str = "127.0.0.1", port: int = 0, *, tls: ssl.SSLContext | None = None
    ) -> Iterator[str]:
        """Listen on an address of this machine; yield the URL, without `/api/v1`.

        Raises:
            OSError: the port is in use.
        """
        try:
            with running(self, host=host, port=port, tls=tls) as url:
                yield url
        finally:
            self.clear()

    @asynccontextmanager
    async def _running(self) -> AsyncIterator[None]:
        self._thread.enter()
        yield


def installed(moment: Micros, *, seed: str, access_token: str) -> Mock:
    """Return a fresh installation, made at a moment where its clock is frozen."""
    return Mock(_options(moment, seed, access_token, _installation(moment, seed, access_token)))


@lru_cache(INSTALLATIONS)
def _installation(moment: Micros, seed: str, access_token: str) -> bytes:
    """Return the state of a fresh installation: to copy it is faster than to make it again."""
    with closing(Mock(_options(moment, seed, access_token))) as mock:
        return mock.store.snapshot()


def _options(moment: Micros, seed: str, access_token: str, snapshot: bytes | None = None) -> Options:
    return Options(clock=Clock(moment, speed=0), seed=seed, admin_token=access_token, snapshot=snapshot)
