"""How a server ends: at once when nothing is open, and after the responses that are under way."""

import asyncio
import threading
from contextlib import ExitStack, asynccontextmanager

import httpx
import pytest

from mock_solusio.server import uvicorn_server
from mock_solusio.server.asgi import run_lifespan
from mock_solusio.server.uvicorn_server import running

LIMIT = 60
"""Seconds after which a test gives up."""


class App:
    """Answers 200; at `/held` only when it is told to, and at `/never` never."""

    def __init__(self) -> None:
        self.arrived = threading.Event()
        self.go_on = threading.Event()
        self.ended = False

    async def __call__(self, scope, receive, send):
        if scope["type"] == "lifespan":
            await run_lifespan(receive, send, self._life())
            return
        if scope["path"] == "/held":
            self.arrived.set()
            await asyncio.to_thread(self.go_on.wait, LIMIT)
        elif scope["path"] == "/never":
            self.arrived.set()
            await asyncio.Event().wait()
        await send({"type": "http.response.start", "status": 200, "headers": [(b"content-length", b"0")]})
        await send({"type": "http.response.body", "body": b""})

    @asynccontextmanager
    async def _life(self):
        yield
        self.ended = True


@pytest.fixture
def no_ticks(monkeypatch):
    """Whoever waits for a tick waits for an hour."""
    monkeypatch.setattr(uvicorn_server, "TICK", 3600.0)


def leave(stack: ExitStack) -> threading.Thread:
    """Stop a server in a thread of its own."""
    leaving = threading.Thread(target=stack.close, daemon=True)
    leaving.start()
    return leaving


def is_gone(url: str) -> bool:
    """Tell whether nobody listens at a URL any more."""
    try:
        httpx.get(url, trust_env=False)
    except httpx.TransportError:
        return True
    return False


@pytest.mark.usefixtures("no_ticks")
def test_it_ends_without_waiting_for_a_tick_or_for_idle_clients():
    app = App()
    stack = ExitStack()
    url = stack.enter_context(running(app))
    with httpx.Client(trust_env=False) as client:
        assert client.get(url).status_code == 200  # the connection stays open
        leaving = leave(stack)
        leaving.join(LIMIT)
        assert not leaving.is_alive()
    assert app.ended
    with pytest.raises(httpx.ConnectError):
        httpx.get(url, trust_env=False)


def test_a_response_under_way_arrives_before_the_end():
    app = App()
    stack = ExitStack()
    url = stack.enter_context(running(app))
    answers = []
    asking = threading.Thread(
        target=lambda: answers.append(httpx.get(f"{url}/held", trust_env=False, timeout=LIMIT).status_code)
    )
    asking.start()
    assert app.arrived.wait(LIMIT)
    leaving = leave(stack)
    while not is_gone(url):
        assert leaving.is_alive()
    app.go_on.set()
    for thread in (leaving, asking):
        thread.join(LIMIT)
        assert not thread.is_alive()
    assert (answers, app.ended) == ([200], True)


def test_a_response_that_never_comes_does_not_hold_up_the_end(monkeypatch):
    make_server = uvicorn_server.make_server

    def impatient(*arguments, **options):
        server = make_server(*arguments, **options)
        server.config.timeout_graceful_shutdown = 0
        return server

    monkeypatch.setattr(uvicorn_server, "make_server", impatient)
    app = App()
    stack = ExitStack()
    url = stack.enter_context(running(app))
    ends = []

    def ask() -> None:
        try:
            ends.append(httpx.get(f"{url}/never", trust_env=False, timeout=LIMIT).status_code)
        except httpx.TransportError:
            ends.append(0)

    asking = threading.Thread(target=ask)
    asking.start()
    assert app.arrived.wait(LIMIT)
    leaving = leave(stack)
    for thread in (leaving, asking):
        thread.join(LIMIT)
        assert not thread.is_alive()
    assert ends[0] in (0, 500)
    assert app.ended
