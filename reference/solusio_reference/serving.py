"""Run the application under uvicorn, in the foreground or beside something else."""

import errno
import os
import socket
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager

import uvicorn
from starlette.types import ASGIApp

WILDCARDS = {"0.0.0.0": "127.0.0.1", "::": "::1"}  # noqa: S104 - only told apart, not bound

START_SECONDS = 30
"""How long a server in a thread may take until it answers."""


def listen(host: str, port: int) -> socket.socket:
    """Open the listening socket; port 0 takes a free one. Raises OSError.

    Opened here and not by uvicorn, so that a port in use is an error that the caller can word.
    Connections queue from now on: whoever knows the address may call at once.
    """
    try:
        family, *_, address = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)[0]
    except UnicodeError:
        raise OSError(errno.EINVAL, "not a host name") from None
    return socket.create_server(address[:2], family=family)


def url_of(listener: socket.socket, path: str) -> str:
    """Return the URL under which this machine reaches the endpoint."""
    host, port = listener.getsockname()[:2]
    host = WILDCARDS.get(host, host)
    return f"http://[{host}]:{port}{path}" if ":" in host else f"http://{host}:{port}{path}"


class _Server(uvicorn.Server):
    """uvicorn, except that it says when it has started."""

    def __init__(self, config: uvicorn.Config, starting: Callable[[], None] | None) -> None:
        super().__init__(config)
        self._starting = starting

    async def startup(self, sockets: list[socket.socket] | None = None) -> None:
        await super().startup(sockets)
        if self._starting is not None and self.started:
            self._starting()


def make_server(app: ASGIApp, *, starting: Callable[[], None] | None = None) -> uvicorn.Server:
    """Wrap the application in a server that logs nothing but unexpected errors.

    ``starting`` is called once the server answers, and Ctrl-C ends it as it should: the time to greet.
    """
    config = uvicorn.Config(
        app,
        lifespan="off",
        ws="none",
        log_config=None,  # Python's default: errors to standard error
        log_level="error",
        access_log=False,
        server_header=False,  # nobody needs to know
        proxy_headers=False,  # an address that a client writes into a header is not to be believed
        timeout_graceful_shutdown=3,
    )
    return _Server(config, starting)


def stop_with_input(server: uvicorn.Server) -> None:
    """Stop the server when standard input ends, which it does when the program that started us is gone."""

    def wait() -> None:
        # Not through sys.stdin, whose lock Python would wait for at its end.
        while True:
            try:
                if not os.read(0, 65536):
                    break
            except OSError:  # closed from the beginning: nobody holds it open
                break
        server.should_exit = True

    threading.Thread(target=wait, name="end of input", daemon=True).start()


@contextmanager
def running(app: ASGIApp, path: str = "/") -> Iterator[str]:
    """Serve the application on a free port of the loopback, from a thread; give its URL once it answers.

    Raises TimeoutError if it does not start.
    """
    with listen("127.0.0.1", 0) as listener:
        started = threading.Event()
        server = make_server(app, starting=started.set)
        thread = threading.Thread(target=server.run, args=([listener],), name="reference endpoint")
        thread.start()
        try:
            if not started.wait(START_SECONDS):
                raise TimeoutError("the server did not start")
            yield url_of(listener, path)
        finally:
            server.should_exit = True
            thread.join()
