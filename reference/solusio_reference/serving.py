"""Run the application under uvicorn, in the foreground or in a thread."""

import asyncio
import os
import signal
import socket
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from types import FrameType
from typing import NoReturn

import uvicorn
from starlette.types import ASGIApp

from solusio_reference.listening import listen, url_of
from solusio_reference.protocol import MAX_HEAD_BYTES, Protocol

START_SECONDS = 30
"""Limit for the start of a server in a thread."""

TICK = 0.1
"""Seconds between two looks whether a signal asked the server to stop (uvicorn's own)."""


class Server(uvicorn.Server):
    """uvicorn, with a callback for its start; it stops as soon as the last response is sent.

    uvicorn itself looks every tenth of a second whether it should stop, then waits another tenth.
    """

    def __init__(self, config: uvicorn.Config, on_start: Callable[[], None] | None) -> None:
        super().__init__(config)
        self._on_start = on_start
        self._loop: asyncio.AbstractEventLoop | None = None
        self._stop = asyncio.Event()

    def stop(self) -> None:
        """Begin to stop; from another thread."""
        self.should_exit = True
        if self._loop is not None:
            with suppress(RuntimeError):  # its event loop has just been closed
                self._loop.call_soon_threadsafe(self._stop.set)

    async def startup(self, sockets: list[socket.socket] | None = None) -> None:
        """Begin to answer."""
        self._loop = asyncio.get_running_loop()
        await super().startup(sockets)
        if self._on_start is not None and self.started:
            self._on_start()

    async def main_loop(self) -> None:
        """Answer until something asks it to stop."""
        counter = 0
        while not await self.on_tick(counter):
            counter += 1
            with suppress(TimeoutError):
                async with asyncio.timeout(TICK):
                    await self._stop.wait()

    async def shutdown(self, sockets: list[socket.socket] | None = None) -> None:
        """Take no more requests, and finish the open ones in the time that the configuration allows."""
        for server in self.servers:
            server.close()
        for listener in sockets or ():
            listener.close()
        for connection in list(self.server_state.connections):
            connection.shutdown()
        try:
            async with asyncio.timeout(self.config.timeout_graceful_shutdown):
                await self._drain()
        except TimeoutError:
            for task in self.server_state.tasks:
                task.cancel()

    async def _drain(self) -> None:
        """Wait until all connections are closed and all requests are answered, or for a second Ctrl-C."""
        pause = 0.0
        while (self.server_state.connections or self.server_state.tasks) and not self.force_exit:
            await asyncio.sleep(pause)
            pause = min(pause + 0.001, TICK)


def make_server(app: ASGIApp, *, on_start: Callable[[], None] | None = None) -> Server:
    """Wrap the application in a server that logs only unexpected errors.

    It calls ``on_start`` once it accepts requests and handles Ctrl-C.
    """
    config = uvicorn.Config(
        app,
        http=Protocol,
        h11_max_incomplete_event_size=MAX_HEAD_BYTES,
        lifespan="off",
        ws="none",
        log_config=None,  # Python's default: errors to standard error
        log_level="error",
        access_log=False,
        server_header=False,
        proxy_headers=False,  # do not trust the address that a client puts into a header
        timeout_graceful_shutdown=3,
    )
    return Server(config, on_start)


@contextmanager
def sigterm_as_interrupt() -> Iterator[None]:
    """Let SIGTERM, by which service managers end a program, do what Ctrl-C does."""

    def end(_: int, __: FrameType | None) -> NoReturn:
        raise KeyboardInterrupt

    before = signal.signal(signal.SIGTERM, end)
    try:
        yield
    finally:
        signal.signal(signal.SIGTERM, before)


def stop_with_input(server: Server) -> None:
    """Stop the server when standard input ends: then the program that started us is gone."""

    def wait() -> None:
        # Not through sys.stdin: Python would wait for its lock at exit.
        while True:
            try:
                if not os.read(0, 65536):
                    break
            except OSError:  # it was closed from the start
                break
        server.stop()

    threading.Thread(target=wait, name="stop with input", daemon=True).start()


@contextmanager
def running(app: ASGIApp, path: str = "/", *, listener: socket.socket | None = None) -> Iterator[str]:
    """Serve the application from a thread; yield its URL once it runs.

    ``listener`` is an open listening socket, which is closed in the end; by default, one on a free port of
    127.0.0.1. Raises TimeoutError if the server does not start.
    """
    with listener or listen("127.0.0.1", 0) as listening:
        started = threading.Event()
        server = make_server(app, on_start=started.set)
        thread = threading.Thread(target=server.run, args=([listening],), name="reference endpoint")
        thread.start()
        try:
            if not started.wait(START_SECONDS):
                raise TimeoutError("the server did not start")
            yield url_of(listening, path)
        finally:
            server.stop()
            thread.join()
