"""HTTP on one connection: uvicorn's protocol, with answers in one piece and limits on what a client sends.

uvicorn limits neither the size of a request's head nor the time that a request takes to arrive, so a client
that never finishes would keep its connection, and what it sent, for ever.
"""

import asyncio
import re
import sys
from collections.abc import Callable
from http import HTTPStatus
from typing import Any, Final, Literal

from uvicorn.protocols.http.httptools_impl import HttpToolsProtocol, RequestResponseCycle

from mock_solusio.server.messages import Request, Response

HEAD_LIMIT: Final = 64 * 1024
"""Largest head of a request in bytes (assumed; nginx takes 32 KiB)."""

HEAD_SECONDS = 20.0
"""How long the head of a request may take to arrive, and a new connection to begin one (assumed)."""

BODY_SECONDS = 120.0
"""How long the body of a request may take to arrive (assumed)."""

Rejecting = Callable[[Request, int, str], Response]
"""Answers a request that the protocol refuses, given the status and the reason, with `Connection: close`."""

_REQUEST_LINE = re.compile(rb"([A-Za-z]{1,20}) (\S.*) HTTP/")

_Part = Literal["head", "body"]


class _HeadTooLargeError(Exception):
    pass


class Protocol(HttpToolsProtocol):
    """uvicorn's HTTP protocol, with three differences.

    - Head and body of an answer leave in one piece. uvicorn writes them separately, so each may become a
      packet of its own. A client that delays its acknowledgements then waits 40 ms for the body (Nagle's
      algorithm): one client was four times slower.
    - A head or trailers above `HEAD_LIMIT` get 431; a head or body that takes too long to arrive gets 408.
    - What is refused is answered by `rejecting`, which says why.
    """

    def __init__(self, *args: Any, rejecting: Rejecting | None = None, **more: Any) -> None:
        super().__init__(*args, **more)
        self._rejecting = rejecting or _in_plain_text
        self._received = b""
        self._part: _Part | None = None
        """Which part of a request is incomplete; None between requests."""
        self._overhead = 0
        """Bytes of the incomplete head, without the piece in which it began; in a body, those since its
        last content: sizes of chunks and trailers."""
        self._deadline: asyncio.TimerHandle | None = None
        self._timed: _Part | None = None
        """What the deadline is for."""

    def connection_made(self, transport: asyncio.Transport) -> None:  # type: ignore[override]
        """Wrap the transport, and expect a request soon."""
        super().connection_made(_CoalescingTransport(transport, self.loop))  # type: ignore[arg-type]
        self._expect("head")

    def connection_lost(self, exc: Exception | None) -> None:
        """Stop waiting."""
        self._expect(None)
        super().connection_lost(exc)

    def data_received(self, data: bytes) -> None:
        """Parse data; keep it, in case the parser rejects it."""
        self._received = data
        self._overhead += len(data)
        if self._part == "head" and self._overhead > HEAD_LIMIT:
            self._reject(431, _TOO_LARGE)
            return
        super().data_received(data)
        if self._part == "body" and self._overhead > HEAD_LIMIT:
            # The parser keeps trailers.
            self._reject(431, f"The trailers of the request have more than {HEAD_LIMIT} bytes.")
            return
        if self._part != self._timed:
            self._expect(self._part)

    def on_message_begin(self) -> None:
        """Begin a head."""
        super().on_message_begin()
        self._part = "head"
        self._overhead = 0

    def on_headers_complete(self) -> None:
        """Begin a body, perhaps an empty one."""
        # A head of several pieces was counted; one that came whole was not.
        if len(self._received) > HEAD_LIMIT and (
            len(self.url) + sum(len(name) + len(value) for name, value in self.headers) > HEAD_LIMIT
        ):
            raise _HeadTooLargeError(_TOO_LARGE)
        self._part = "body"
        self._overhead = 0
        super().on_headers_complete()

    def on_body(self, body: bytes) -> None:
        """Continue a body."""
        self._overhead = 0
        super().on_body(body)

    def on_message_complete(self) -> None:
        """End a request."""
        self._part = None
        super().on_message_complete()

    def send_400_response(self, msg: str) -> None:
        """Answer what the parser has just refused."""
        error = sys.exception()
        # What went wrong in a method of ours or uvicorn's is the context of the parser's own error.
        cause = (error and error.__context__) or error
        if isinstance(cause, _HeadTooLargeError):
            self._reject(431, str(cause))
            return
        self._reject(400, f"The request is not valid HTTP: {str(cause or msg).rstrip('.')}.")

    def _expect(self, part: _Part | None) -> None:
        if self._deadline is not None:
            self._deadline.cancel()
            self._deadline = None
        self._timed = part
        if part is not None:
            seconds = HEAD_SECONDS if part == "head" else BODY_SECONDS
            self._deadline = self.loop.call_later(seconds, self._late)

    def _late(self) -> None:
        if self.pipeline or (self._part == "head" and self._answering()):
            # An earlier request is being answered, and this one is not read until then.
            self._expect(self._timed)
        elif self._part is None:
            self.transport.close()
        else:
            seconds = HEAD_SECONDS if self._part == "head" else BODY_SECONDS
            self._reject(408, f"The {self._part} of the request did not arrive within {seconds:g} s.")

    def _answering(self) -> bool:
        cycle: RequestResponseCycle | None = self.cycle  # None before the first request
        return cycle is not None and not cycle.response_complete

    def _reject(self, status: int, reason: str) -> None:
        """Answer a request that cannot be read, and close the connection."""
        request = self._rejected()
        if status == 400 and re.search(rb"[^!-~]", request.path.encode() + request.query):
            reason += " Percent-encode spaces and what is not ASCII in a URL."
        response = self._rejecting(request, status, reason)
        headers = [*self.server_state.default_headers, *response.headers]
        head = b"".join(b"%b: %b\r\n" % header for header in headers)
        line = f"HTTP/1.1 {status} {HTTPStatus(status).phrase}\r\n".encode()
        self.transport.write(b"%b%b\r\n%b" % (line, head, response.body))
        self.transport.close()

    def _rejected(self) -> Request:
        """Return what can be read of the request that is rejected: its first line, if it is one."""
        line = _REQUEST_LINE.match(self._received)
        method, target = line.groups() if line else (b"", b"")
        if self._part == "body":
            method, target = self.scope["method"].encode(), self.url
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


def _in_plain_text(_: Request, status: int, reason: str) -> Response:
    body = f"{reason}\n".encode()
    kind = (b"content-type", b"text/plain; charset=utf-8")
    length = (b"content-length", str(len(body)).encode())
    return Response(status, [kind, length, (b"connection", b"close")], body)


_TOO_LARGE = f"The head of the request has more than {HEAD_LIMIT} bytes."


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
