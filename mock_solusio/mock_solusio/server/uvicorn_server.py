"""Run the mock under uvicorn, in the foreground or from a thread."""

import asyncio
import errno
import socket
import ssl
import threading
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager, suppress
from functools import partial

import uvicorn

from mock_solusio.server.asgi import App
from mock_solusio.server.protocol import Protocol, Rejecting

WILDCARDS = {"0.0.0.0": "127.0.0.1", "::": "::1"}  # noqa: S104 - only looked up, not bound

KEEP_ALIVE = 75
"""Seconds that a connection may stay open without a request (nginx's default)."""

TICK = 0.1
"""Seconds between two looks whether a signal asked the server to stop (uvicorn's own)."""

START_LIMIT = 30.0
"""Seconds that a server in a thread may take to start."""


class ListenError(OSError):
    """The address cannot be listened on; the message says which, and why."""

    port_refused = False
    """The host is right, and another port may be free."""


def listen(host: str, port: int) -> socket.socket:
    """Open the listening socket; port 0 takes a free one. Clients can connect from now on.

    Raises:
        ListenError: the host is unknown, or the port is in use.
    """
    # As bytes: for a text, even an address, Python loads its tables of international names.
    name = host.encode() if host.isascii() else host
    try:
        family, *_, address = socket.getaddrinfo(name, port, type=socket.SOCK_STREAM)[0]
        return socket.create_server(address[:2], family=family, backlog=2048)
    except UnicodeError:
        reason, number = "not a host name", 0
    except OSError as error:
        reason, number = (error.strerror or str(error)).partition(" (while")[0], error.errno or 0
    failure = ListenError(f"Cannot listen on {host}:{port}: {reason}.")
    failure.port_refused = number in (errno.EADDRINUSE, errno.EACCES)
    raise failure


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


class _Server(uvicorn.Server):
    """uvicorn, with callbacks when it has started and when it begins to stop.

    It stops as soon as the last response is out. uvicorn itself looks every tenth of a second whether it
    should stop, then waits another tenth for connections: most of what a short test with a mock took.
    """

    def __init__(
        self,
        config: uvicorn.Config,
        starting: Callable[[], None] | None,
        stopping: Callable[[], None] | None,
    ) -> None:
        super().__init__(config)
        self._starting = starting
        self._stopping = stopping
        self._loop: asyncio.AbstractEventLoop | None = None
        self._stop = asyncio.Event()

    def stop(self) -> None:
        """Begin to stop; from another thread."""
        self.should_exit = True
        if self._loop is not None:
            with suppress(RuntimeError):  # its event loop has just been closed
                self._loop.call_soon_threadsafe(self._stop.set)

    async def startup(self, sockets: list[socket.socket] | None = None) -> None:
        self._loop = asyncio.get_running_loop()
        await super().startup(sockets)
        if self._starting is not None and self.started:
            self._starting()

    async def main_loop(self) -> None:
        counter = 0
        while not await self.on_tick(counter):
            counter += 1
            with suppress(TimeoutError):
                async with asyncio.timeout(TICK):
                    await self._stop.wait()

    async def shutdown(self, sockets: list[socket.socket] | None = None) -> None:
        if self._stopping is not None:
            self._stopping()
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
        if not self.force_exit:
            await self.lifespan.shutdown()

    async def _drain(self) -> None:
        """Wait until all connections are closed and all requests are answered, or for a second Ctrl-C."""
        pause = 0.0
        while (self.server_state.connections or self.server_state.tasks) and not self.force_exit:
            await asyncio.sleep(pause)
            pause = min(pause + 0.001, TICK)
        for server in self.servers:
            await server.wait_closed()


def make_server(
    app: App,
    *,
    tls: ssl.SSLContext | None = None,
    starting: Callable[[], None] | None = None,
    stopping: Callable[[], None] | None = None,
    rejecting: Rejecting | None = None,
    date: bool = True,
) -> _Server:
    """Return a server for an application, which logs unexpected errors only.

    `starting` is called once the server answers and Ctrl-C stops it: the time for a greeting. `stopping` is
    called before it waits for open requests, so that those held back can be released. `rejecting` answers
    what is not valid HTTP, too large, or takes too long to arrive. `date`: responses get a `Date` header; a
    proxy forwards the one it received.
    """
    config = uvicorn.Config(
        app,
        http=partial(Protocol, rejecting=rejecting),  # type: ignore[arg-type]
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
    host: str = "127.0.0.1",
    port: int = 0,
) -> Iterator[str]:
    """Serve an application on a port (0: a free one) from a thread; give its URL once it answers.

    Raises:
        ListenError: the host is unknown, or the port is in use.
        TimeoutError: the server does not start in time.
    """
    with listen(host, port) as listener:
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
            server.stop()
            thread.join()
