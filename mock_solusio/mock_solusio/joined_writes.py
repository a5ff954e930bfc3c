"""uvicorn's protocol, except that what is written at one moment leaves in one piece.

uvicorn writes the head of an answer and then its body, and each may become a packet of its own. A client that
acknowledges late then waits 40 ms for the second (Nagle's algorithm): one was four times slower by that.
"""

import asyncio
from typing import Any

from uvicorn.protocols.http.httptools_impl import HttpToolsProtocol


class JoinedWrites(HttpToolsProtocol):
    """Speaks HTTP over a transport that joins writes."""

    def connection_made(self, transport: asyncio.Transport) -> None:  # type: ignore[override]
        """Put the joining transport in the place of the real one."""
        super().connection_made(_Joining(transport, self.loop))  # type: ignore[arg-type]


class _Joining:
    """A transport that writes once per turn of the event loop. All else it leaves to the real one."""

    def __init__(self, transport: asyncio.Transport, loop: asyncio.AbstractEventLoop) -> None:
        self._transport = transport
        self._call_soon = loop.call_soon
        self._parts: list[bytes] = []

    def __getattr__(self, name: str) -> Any:
        return getattr(self._transport, name)

    def write(self, data: bytes) -> None:
        if not self._parts:
            self._call_soon(self._flush)
        self._parts.append(data)

    def close(self) -> None:
        self._flush()
        self._transport.close()

    def get_write_buffer_size(self) -> int:
        return sum(map(len, self._parts)) + self._transport.get_write_buffer_size()

    def _flush(self) -> None:
        parts = self._parts
        if parts:
            self._parts = []
            # A connection that was cut meanwhile swallows what comes late.
            self._transport.write(parts[0] if len(parts) == 1 else b"".join(parts))
