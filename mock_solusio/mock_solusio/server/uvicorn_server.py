"""Run the mock under uvicorn, in the foreground or from a thread."""

import asyncio
import re
import socket
import ssl
import sys
import threading
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from functools import partial
from typing import Any

import uvicorn
from uvicorn.protocols.http.httptools_impl import HttpToolsProtocol

from mock_solusio.server.asgi import App
from mock_solusio.server.messages import Request, Response

WILDCARDS = {"0.0.0.0": "127.0.0.1", "::": "::1"}  # noqa: S104 - only looked up, not bound

KEEP_ALIVE = 75
"""Seconds that a connection may stay open without a request (nginx's default)."""

START_LIMIT = 30.0
"""Seconds that a server in a thread may take to start."""

Rejecting = Callable[[Request, int, str], Response]
"""Answers a request that is not valid HTTP, given the status and the reason."""

_REQUEST_LINE = re.compile(rb"([A-Za-z]{1,20}) (\S.*) HTTP/")


class ListenError(OSError):
    """The address cannot be listened on; the message says which, and why."""


def listen(host: str, port: int) -> socket.socket:
    """Open the listening socket; port 0 takes a free one. Clients can connect from now on.

    Raises:
        ListenError: the host is unknown, or the port is in use.
    """
    try:
        family, *_, address = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)[0]
        return socket.create_server(address[:2], family=family, backlog=2048)
    except UnicodeError:
        reason = "not a host name"
    except OSError as error:
        reason = (error.strerror or str(error)).partition(" (while")[0]
    raise ListenError(f"Cannot listen on {host}:{port}: {reason}.")


def listen_all(hosts: Sequence[str], port: int) -> list[socket.socket]:
    """Open a listening socket for each host, all on one port; port 0 takes a free one.

    Raises:
        ListenError: a host is unknown, or the port is in use there.
    """
    listeners: list[socket.socket] = []
    try:
        for host in hosts:
            listeners.append(listen(host, port))
            port = listeners[0].getsockname()[1]
    except ListenError:
        for listener in listeners:
            listener.close()
        raise
    return listeners


def url_of(listener: socket.socket, scheme: str = "http") -> str:
    """Return the URL at which this machine reaches a listener, without a trailing slash."""
    host, port = listener.getsockname()[:2]
    host = WILDCARDS.get(host, host)
    return f"{scheme}://[{host}]:{port}" if ":" in host else f"{scheme}://{host}:{port}"


class CoalescingProtocol(HttpToolsProtocol):
    """uvicorn's HTTP protocol, except that head and body of an answer leave in one piece.

    uvicorn writes them separately, so each may become a packet of its own. A client that delays its
    acknowledgements then waits 40 ms for the body (Nagle's algorithm): one client was four times slower.
    """

    def __init__(self, *args: Any, rejecting: Rejecting | None = None, **more: Any) -> None:
        super().__init__(*args, **more)
        self._rejecting = rejecting
        self._received = b""

    def connection_made(self, transport: asyncio.Transport) -> None:  # type: ignore[override]
        """Wrap the transport."""
        super().connection_made(_CoalescingTransport(transport, self.loop))  # type: ignore[arg-type]

    def data_received(self, data: bytes) -> None:
        """Parse data; keep it, in case the parser rejects it."""
        self._received = data
        super().data_received(data)

    def send_400_response(self, msg: str) -> None:
        """Answer what the parser has just rejected."""
        if self._rejecting is None:
            super().send_400_response(msg)
            return
        request = self._rejected()
        error = sys.exception()
        # What went wrong in a method of uvicorn is the context of the parser's own error.
        cause = str((error and error.__context__) or error or msg)
        reason = f"The request is not valid HTTP: {cause.rstrip('.')}."
        if re.search(rb"[^!-~]", request.path.encode() + request.query):
            reason += " Percent-encode spaces and what is not ASCII in a URL."
        response = self._rejecting(request, 400, reason)
        headers = [*self.server_state.default_headers, *response.headers, (b"connection", b"close")]
        head = b"".join(b"%b: %b\r\n" % header for header in headers)
        self.transport.write(b"HTTP/1.1 400 Bad Request\r\n%b\r\n%b" % (head, response.body))
        self.transport.close()

    def _rejected(self) -> Request:
        """Return what can be read of the request that was rejected: its first line, if it is one."""
        line = _REQUEST_LINE.match(self._received)
        method, target = line.groups() if line else (b"", b"")
        path, _, query = target.partition(b"?")
        client = self.client[0] if self.client else ""
        return Request(
            method.decode(),
            path.decode("utf-8", "backslashreplace"),
            query,
            (),
            b"",
            self.scheme or "",
            client,
        )


class _CoalescingTransport:
    """A transport that writes once per turn of the event loop; everything else is passed through."""

    def __init__(self, transport: asyncio.Transport, loop: asyncio.AbstractEventLoop) -> None:
        self._transport = transport
        self._call_soon = loop.call_soon
        self._pending: list[bytes] = []

    def __getattr__(self, name: str) -> Any:
        return getattr(self._transport, name)

    def write(self, data: bytes) -> None:
        if not self._pending:
            self._call_soon(self._flush)
        self._pending.append(data)

    def close(self) -> None:
        self._flush()
        self._transport.close()

    def get_write_buffer_size(self) -> int:
        return sum(map(len, self._pending)) + self._transport.get_write_buffer_size()

    def _flush(self) -> None:
        pending = self._pending
        if pending:
            self._pending = []
            # If the connection was cut meanwhile, the transport discards these bytes.
            self._transport.write(pending[0] if len(pending) == 1 else b"".join(pending))


class _Server(uvicorn.Server):
    """uvicorn, with callbacks when it has started and when it begins to stop."""

    def __init__(
        self,
        config: uvicorn.Config,
        starting: Callable[[], None] | None,
        stopping: Callable[[], None] | None,
    ) -> None:
        super().__init__(config)
        self._starting = starting
        self._stopping = stopping

    async def startup(self, sockets: list[socket.socket] | None = None) -> None:
        await super().startup(sockets)
        if self._starting is not None and self.started:
            self._starting()

    async def shutdown(self, sockets: list[socket.socket] | None = None) -> None:
        if self._stopping is not None:
            self._stopping()
        await super().shutdown(sockets)


def make_server(
    app: App,
    *,
    tls: ssl.SSLContext | None = None,
    starting: Callable[[], None] | None = None,
    stopping: Callable[[], None] | None = None,
    rejecting: Rejecting | None = None,
    date: bool = True,
) -> uvicorn.Server:
    """Return a server for an application, which logs unexpected errors only.

    `starting` is called once the server answers and Ctrl-C stops it: the time for a greeting. `stopping` is
    called before it waits for open requests, so that those held back can be released. `rejecting` answers
    what is not valid HTTP. `date`: responses get a `Date` header; a proxy forwards the one it received.
    """
    config = uvicorn.Config(
        app,
        http=partial(CoalescingProtocol, rejecting=rejecting),  # type: ignore[arg-type]
        lifespan="on",
        ws="none",
        log_config=None,  # Python's default: errors to standard error
        log_level="error",
        access_log=False,
        server_header=False,
        date_header=date,
        proxy_headers=False,  # clients can write any address into a header
        # Many tests pause for about uvicorn's default of 5 seconds: it would close the connection just when
        # the client uses it again, and most clients report that as an error.
        timeout_keep_alive=KEEP_ALIVE,
        timeout_graceful_shutdown=3,
        ssl_context_factory=(lambda *_: tls) if tls is not None else None,
    )
    return _Server(config, starting, stopping)


@contextmanager
def running(
    app: App,
    *,
    tls: ssl.SSLContext | None = None,
    stopping: Callable[[], None] | None = None,
    rejecting: Rejecting | None = None,
    date: bool = True,
    port: int = 0,
) -> Iterator[str]:
    """Serve an application on a loopback port (0: a free one) from a thread; give its URL once it answers.

    Raises:
        ListenError: the port is in use.
        TimeoutError: the server does not start in time.
    """
    with listen("127.0.0.1", port) as listener:
        server = make_server(app, tls=tls, stopping=stopping, rejecting=rejecting, date=date)
        thread = threading.Thread(target=server.run, args=([listener],), name="mock-solusio")
        thread.start()
        try:
            deadline = time.monotonic() + START_LIMIT
            while not server.started:
                if not thread.is_alive() or time.monotonic() > deadline:
                    raise TimeoutError("the server did not start")
                time.sleep(0.001)
            yield url_of(listener, "https" if tls is not None else "http")
        finally:
            server.should_exit = True
            thread.join()
