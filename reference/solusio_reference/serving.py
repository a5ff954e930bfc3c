"""Run the application under uvicorn, in the foreground or in a thread."""

import errno
import os
import signal
import socket
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from types import FrameType
from typing import NoReturn

import uvicorn
from starlette.types import ASGIApp

from solusio_reference.protocol import MAX_HEAD_BYTES, Protocol

WILDCARDS = {"0.0.0.0": "127.0.0.1", "::": "::1"}  # noqa: S104 - compared, not bound

START_SECONDS = 30
"""Limit for the start of a server in a thread."""


def resolve(host: str) -> str:
    """Return the IP address of a host, the one that ``listen`` would take. Raises OSError."""
    try:
        *_, address = socket.getaddrinfo(host, 0, type=socket.SOCK_STREAM)[0]
    except UnicodeError:
        raise OSError(errno.EINVAL, "not a host name") from None
    return str(address[0])


def listen(host: str, port: int) -> socket.socket:
    """Open the listening socket; port 0 means a free port. Raises OSError.

    We open it rather than uvicorn, so that the caller can report a port in use. Connections queue from now
    on, so clients may connect at once.
    """
    address = resolve(host)
    family = socket.AF_INET6 if ":" in address else socket.AF_INET
    return socket.create_server((address, port), family=family)


def url_of(listener: socket.socket, path: str) -> str:
    """Return the URL of a path on a listening socket, as seen from this machine."""
    host, port = listener.getsockname()[:2]
    host = WILDCARDS.get(host, host)
    return f"http://[{host}]:{port}{path}" if ":" in host else f"http://{host}:{port}{path}"


class _Server(uvicorn.Server):
    """uvicorn, with a callback for its start."""

    def __init__(self, config: uvicorn.Config, on_start: Callable[[], None] | None) -> None:
        super().__init__(config)
        self._on_start = on_start

    async def startup(self, sockets: list[socket.socket] | None = None) -> None:
        await super().startup(sockets)
        if self._on_start is not None and self.started:
            self._on_start()


def make_server(app: ASGIApp, *, on_start: Callable[[], None] | None = None) -> uvicorn.Server:
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
    return _Server(config, on_start)


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


def stop_with_input(server: uvicorn.Server) -> None:
    """Stop the server when standard input ends: then the program that started us is gone."""

    def wait() -> None:
        # Not through sys.stdin: Python would wait for its lock at exit.
        while True:
            try:
                if not os.read(0, 65536):
                    break
            except OSError:  # it was closed from the start
                break
        server.should_exit = True

    threading.Thread(target=wait, name="stop with input", daemon=True).start()


@contextmanager
def running(app: ASGIApp, path: str = "/") -> Iterator[str]:
    """Serve the application from a thread, on a free port of 127.0.0.1; yield its URL once it runs.

    Raises TimeoutError if it does not start.
    """
    with listen("127.0.0.1", 0) as listener:
        started = threading.Event()
        server = make_server(app, on_start=started.set)
        thread = threading.Thread(target=server.run, args=([listener],), name="reference endpoint")
        thread.start()
        try:
            if not started.wait(START_SECONDS):
                raise TimeoutError("the server did not start")
            yield url_of(listener, path)
        finally:
            server.should_exit = True
            thread.join()
