"""Servers that do what a script says, byte by byte."""

import contextlib
import socket
import ssl
import struct
import threading
from collections.abc import Callable, Iterator
from types import TracebackType
from typing import Any, Self

import pytest


class Peer:
    """The server's end of one connection, as a script sees it."""

    def __init__(self, connection: socket.socket, stopped: threading.Event) -> None:
        self.connection = connection
        self.stopped = stopped
        self.reads: list[bytes] = []
        """What was read, one entry for each read."""

    def read(self) -> bytes:
        """Read once; empty at the end or once the server stops."""
        while not self.stopped.is_set():
            try:
                data = self.connection.recv(65536)
            except TimeoutError:
                continue
            self.reads.append(data)
            return data
        return b""

    def head(self) -> bytes:
        """Read at least to the end of a request's head."""
        seen = b""
        while b"\r\n\r\n" not in seen:
            data = self.read()
            if not data:
                break
            seen += data
        return seen

    def request(self) -> bytes:
        """Read one request whole, by its Content-Length."""
        seen = self.head()
        head, _, body = seen.partition(b"\r\n\r\n")
        lines = [line.partition(b":") for line in head.split(b"\r\n")]
        length = next((int(value) for name, _, value in lines if name.lower() == b"content-length"), 0)
        missing = length - len(body)
        while missing > 0:
            data = self.read()
            if not data:
                break
            seen += data
            missing -= len(data)
        return seen

    def send(self, data: bytes) -> None:
        self.connection.sendall(data)

    def pause(self, seconds: float) -> None:
        self.stopped.wait(seconds)

    def drip(self, data: bytes, seconds: float) -> None:
        """Send byte by byte, `seconds` apart."""
        for place in range(len(data)):
            self.send(data[place : place + 1])
            self.pause(seconds)

    def until_closed(self) -> None:
        """Read on, without an answer, until the client goes away."""
        while self.read():
            pass

    def reset(self) -> None:
        """Close so that the client sees a reset."""
        self.connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
        self.connection.close()


Script = Callable[[Peer], None]


class ScriptedServer:
    """Listens on 127.0.0.1 and runs a script for each connection; the last one again for all further ones."""

    def __init__(self, scripts: tuple[Script, ...], tls: ssl.SSLContext | None) -> None:
        self.scripts = scripts
        self.tls = tls
        self.peers: list[Peer] = []
        self._stopped = threading.Event()
        self._listener = socket.create_server(("127.0.0.1", 0), backlog=128)
        self._threads: list[threading.Thread] = []
        self.port: int = self._listener.getsockname()[1]
        self.url = f"{'https' if tls else 'http'}://127.0.0.1:{self.port}/solusio/api/"

    def __enter__(self) -> Self:
        self._start(self._accept)
        return self

    def __exit__(
        self, kind: type[BaseException] | None, value: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.stop()

    def stop(self) -> None:
        """Accept nothing any more and end all connections."""
        self._stopped.set()
        # Closing alone does not wake an accept() that waits already.
        with contextlib.suppress(OSError):
            self._listener.shutdown(socket.SHUT_RDWR)
        self._listener.close()
        for thread in self._threads:
            thread.join(10)
            assert not thread.is_alive()

    def _start(self, work: Callable[..., None], *arguments: Any) -> None:
        thread = threading.Thread(target=work, args=arguments, daemon=True)
        self._threads.append(thread)
        thread.start()

    def _accept(self) -> None:
        while not self._stopped.is_set():
            try:
                connection, _ = self._listener.accept()
            except OSError:
                return
            script = self.scripts[min(len(self.peers), len(self.scripts) - 1)]
            peer = Peer(connection, self._stopped)
            self.peers.append(peer)
            self._start(self._serve, peer, script)

    def _serve(self, peer: Peer, script: Script) -> None:
        with contextlib.suppress(OSError):
            try:
                peer.connection.settimeout(10)
                if self.tls is not None:
                    peer.connection = self.tls.wrap_socket(peer.connection, server_side=True)
                # Short, so that a read notices the end of the test.
                peer.connection.settimeout(0.2)
                script(peer)
            finally:
                peer.connection.close()


MakeServer = Callable[..., ScriptedServer]


@pytest.fixture
def scripted() -> Iterator[MakeServer]:
    """Return a factory of servers: `scripted(script, script, ..., tls=context)`."""
    with contextlib.ExitStack() as stack:

        def make(*scripts: Script, tls: ssl.SSLContext | None = None) -> ScriptedServer:
            return stack.enter_context(ScriptedServer(scripts, tls))

        yield make


@pytest.fixture(scope="session")
def closed_port() -> Iterator[int]:
    """Return a port on which nothing listens, kept from others for the whole session."""
    with socket.socket() as holder:
        holder.bind(("127.0.0.1", 0))
        yield holder.getsockname()[1]
