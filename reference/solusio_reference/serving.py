"""Run the application under uvicorn, in the foreground or beside something else."""

import errno
import socket
import threading
from collections.abc import Iterator
from contextlib import contextmanager

import uvicorn
from starlette.types import ASGIApp

WILDCARDS = {"0.0.0.0": "127.0.0.1", "::": "::1"}  # noqa: S104 - only told apart, not bound


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


def make_server(app: ASGIApp) -> uvicorn.Server:
    """Wrap the application in a server that logs nothing but unexpected errors."""
    config = uvicorn.Config(
        app,
        lifespan="off",
        ws="none",
        log_config=None,  # Python's default: errors to standard error
        log_level="error",
        access_log=False,
        server_header=False,  # nobody needs to know
        timeout_graceful_shutdown=3,
    )
    return uvicorn.Server(config)


@contextmanager
def running(app: ASGIApp, path: str = "/") -> Iterator[str]:
    """Serve the application on a free port of the loopback, from a thread; give its URL."""
    listener = listen("127.0.0.1", 0)
    server = make_server(app)
    thread = threading.Thread(target=server.run, args=([listener],), name="reference endpoint")
    thread.start()
    try:
        yield url_of(listener, path)
    finally:
        server.should_exit = True
        thread.join()
