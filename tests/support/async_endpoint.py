"""An HTTP server in the event loop of the program under test, that answers in bytes."""

import asyncio
import contextlib
import ssl
from collections.abc import AsyncIterator, Awaitable, Callable
from dataclasses import dataclass, field

LIMIT = 60.0  # seconds until a test gives up

Respond = Callable[[asyncio.StreamWriter], Awaitable[None]]


@dataclass
class AsyncEndpoint:
    """What a served endpoint got, and how it answers: `respond` may be exchanged at any time."""

    respond: Respond
    requests: list[bytes] = field(default_factory=list)
    url: str = ""
    _asked: asyncio.Event = field(default_factory=asyncio.Event)

    async def question(self, number: int) -> None:
        """Wait until so many questions have come."""
        async with asyncio.timeout(LIMIT):
            while len(self.requests) < number:
                self._asked.clear()
                await self._asked.wait()

    async def handle(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        try:
            head = await reader.readuntil(b"\r\n\r\n")
            length = next(
                int(line.split(b":")[1])
                for line in head.split(b"\r\n")
                if line.lower().startswith(b"content-length:")
            )
            self.requests.append(head + await reader.readexactly(length))
            self._asked.set()
            await self.respond(writer)
            writer.close()
        except (ConnectionError, asyncio.IncompleteReadError, asyncio.CancelledError):
            writer.transport.abort()
        with contextlib.suppress(ConnectionError, ssl.SSLError):
            await writer.wait_closed()


@contextlib.asynccontextmanager
async def serving(
    respond: Respond,
    *,
    path: str = "/solusio/api/",
    tls: ssl.SSLContext | None = None,
) -> AsyncIterator[AsyncEndpoint]:
    endpoint = AsyncEndpoint(respond)
    handlers: set[asyncio.Task[None]] = set()

    def connected(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        handlers.add(asyncio.create_task(endpoint.handle(reader, writer)))

    server = await asyncio.start_server(connected, "127.0.0.1", 0, ssl=tls)
    port = server.sockets[0].getsockname()[1]
    endpoint.url = f"{'https' if tls else 'http'}://127.0.0.1:{port}{path}"
    try:
        yield endpoint
    finally:
        server.close()
        for task in handlers:
            task.cancel()
        if handlers:
            await asyncio.wait(handlers)


def http(body: bytes, status: str = "200 OK", headers: str = "Content-Type: application/json\r\n") -> Respond:
    """Answer this; an endpoint that closes the connection after it."""
    head = f"HTTP/1.1 {status}\r\n{headers}Content-Length: {len(body)}\r\nConnection: close\r\n\r\n"
    return raw(head.encode() + body)


def raw(data: bytes) -> Respond:
    """Send these bytes and close the connection."""

    async def respond(writer: asyncio.StreamWriter) -> None:
        writer.write(data)
        await writer.drain()

    return respond


def silent(data: bytes = b"") -> Respond:
    """Send these bytes, and then nothing more for as long as the connection is open."""

    async def respond(writer: asyncio.StreamWriter) -> None:
        writer.write(data)
        await writer.drain()
        await asyncio.Event().wait()

    return respond


def waiting(gate: asyncio.Event, then: Respond) -> Respond:
    """Answer when the gate is opened."""

    async def respond(writer: asyncio.StreamWriter) -> None:
        await gate.wait()
        await then(writer)

    return respond
