"""HTTP on one connection, with limits on the size of a request's head and on how long a request may take.

uvicorn leaves such limits to a proxy in front. Without one, a client that never finishes its request would
keep its connection for ever.
"""

import asyncio
import sys
from typing import Any

import h11
from uvicorn.protocols.http.h11_impl import H11Protocol

MAX_HEAD_BYTES = 64 * 1024
"""Largest head of a request, for uvicorn's `h11_max_incomplete_event_size`."""

REQUEST_SECONDS = 30.0
"""How long a request may take to arrive, and a new connection to begin one."""


class Protocol(H11Protocol):
    """uvicorn's protocol on h11; answers 431 to a head that is too large, and 408 to one that is late."""

    _deadline: asyncio.TimerHandle | None = None

    def connection_made(self, transport: asyncio.Transport) -> None:  # type: ignore[override]
        """Expect a request soon."""
        super().connection_made(transport)
        self._watch(True)

    def data_received(self, data: bytes) -> None:
        """Parse data, and wait for the rest of a request."""
        super().data_received(data)
        self._watch(self._is_incomplete())

    def connection_lost(self, exc: Exception | None) -> None:
        """Stop waiting."""
        self._watch(False)
        super().connection_lost(exc)

    def send_400_response(self, msg: str) -> None:
        """Answer what is not valid HTTP, or too large."""
        error = sys.exception()
        if isinstance(error, h11.RemoteProtocolError) and error.error_status_hint == 431:
            self._refuse(431, f"The head of the request has more than {MAX_HEAD_BYTES} bytes.\n")
        else:
            super().send_400_response(msg)

    def _is_incomplete(self) -> bool:
        """Return whether the client has begun a request and not ended it."""
        state = self.conn.their_state
        return state is h11.SEND_BODY or (state is h11.IDLE and bool(self.conn.trailing_data[0]))

    def _watch(self, incomplete: bool) -> None:
        if not incomplete and self._deadline is not None:
            self._deadline.cancel()
            self._deadline = None
        elif incomplete and self._deadline is None:
            self._deadline = self.loop.call_later(REQUEST_SECONDS, self._late)

    def _late(self) -> None:
        if self.conn.our_state is h11.IDLE and self.conn.trailing_data[0]:
            self._refuse(408, f"The request did not arrive within {REQUEST_SECONDS:g} s.\n")
        else:
            self.transport.close()

    def _refuse(self, status: int, text: str) -> None:
        body = text.encode()
        headers: list[tuple[str, Any]] = [
            ("content-type", "text/plain; charset=utf-8"),
            ("content-length", str(len(body))),
            ("connection", "close"),
        ]
        for event in (h11.Response(status_code=status, headers=headers), h11.Data(body), h11.EndOfMessage()):
            self.transport.write(self.conn.send(event) or b"")
        self.transport.close()
