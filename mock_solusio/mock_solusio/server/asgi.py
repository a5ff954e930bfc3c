"""Between the ASGI server and plain requests and responses."""

import re
from collections.abc import Awaitable, Callable, MutableMapping
from contextlib import AbstractAsyncContextManager
from typing import Any

from mock_solusio.server.messages import Request, Response

Scope = MutableMapping[str, Any]
Message = MutableMapping[str, Any]
Receive = Callable[[], Awaitable[Message]]
Send = Callable[[Message], Awaitable[None]]
App = Callable[[Scope, Receive, Send], Awaitable[None]]

BODY_LIMIT = 16 * 1_048_576
"""Largest request body in bytes; fixtures are the largest that clients send."""

OPEN_BODY_LIMIT = 64 * 1024
"""Largest request body in bytes that is read from anybody (assumed; the largest forms are far smaller)."""

Refusal = tuple[int, str]
"""Status and reason."""


class ClientGoneError(Exception):
    """The client went away before its request was complete."""


class UnreadableError(Exception):
    """A request body that cannot be read: `request` has everything but the body."""

    def __init__(self, request: Request, status: int, message: str) -> None:
        super().__init__(message)
        self.request = request
        self.status = status


async def run_lifespan(receive: Receive, send: Send, context: AbstractAsyncContextManager[None]) -> None:
    """Hold a context from the start of the server to its end, as ASGI's lifespan protocol reports them."""
    await receive()  # lifespan.startup
    async with context:
        await send({"type": "lifespan.startup.complete"})
        await receive()  # lifespan.shutdown
    await send({"type": "lifespan.shutdown.complete"})


async def read_request(
    scope: Scope, receive: Receive, refuse_large: Callable[[Request], Refusal | None] = lambda _: None
) -> Request:
    """Read a whole request, also the body of a GET: left unread, it would corrupt the next one (facts, 0.10).

    A body above `OPEN_BODY_LIMIT` is read unless `refuse_large` says why not, given the request without it.

    Raises:
        UnreadableError: its body is too large.
        ClientGoneError: the client went away before it was complete.
    """
    client = scope.get("client")
    sent = scope["path"]
    if "//" in sent:
        scope["path"] = re.sub("/{2,}", "/", sent)
    request = Request(
        scope["method"],
        scope["path"],
        scope["query_string"],
        scope["headers"],
        b"",
        scope["scheme"],
        client[0] if client else "",
        [] if scope["path"] == sent else [f"requested as {sent}"],
    )
    for name, _ in request.headers:
        if name in _BODIED:
            request.body = await _read_body(request, receive, refuse_large)
            break
    return request


def decompress(request: Request) -> None:
    """Replace a compressed body by its content.

    Raises:
        UnreadableError: the compression is unknown, or the body is not compressed as the request says.
    """
    header = request.header(b"content-encoding")
    if header is None:
        return
    from solusio_contracts.http.content_coding import CODINGS, decode_content

    coding = header.decode("latin-1")
    if not {part.strip().lower() for part in coding.split(",")} <= {*CODINGS, "identity"}:
        raise UnreadableError(
            request, 415, f"Content-Encoding: expected {' or '.join(CODINGS)}, got {coding}."
        )
    body, problem = decode_content(request.body, coding, coding)
    if problem:
        raise UnreadableError(request, 400, f"{problem}.")
    request.body = body


_BODIED = frozenset({b"content-length", b"transfer-encoding"})


async def _read_body(
    request: Request, receive: Receive, refuse_large: Callable[[Request], Refusal | None]
) -> bytes:
    parts: list[bytes] = []
    size = 0
    allowed = OPEN_BODY_LIMIT
    while True:
        message = await receive()
        if message["type"] == "http.disconnect":
            raise ClientGoneError
        part = message.get("body", b"")
        size += len(part)
        if size > allowed:
            refusal = refuse_large(request)
            if refusal is not None:
                raise UnreadableError(request, *refusal)
            allowed = BODY_LIMIT
        if size > BODY_LIMIT:
            raise UnreadableError(request, 413, f"The body has more than {BODY_LIMIT} bytes.")
        parts.append(part)
        if not message.get("more_body", False):
            return parts[0] if len(parts) == 1 else b"".join(parts)


async def send_response(response: Response, send: Send) -> None:
    """Send a response."""
    await send({"type": "http.response.start", "status": response.status, "headers": response.headers})
    await send({"type": "http.response.body", "body": response.body})


async def answered_by(app: App, scope: Scope, request: Request) -> Response:
    """Have another ASGI application answer a request that was already read; return its whole response."""
    unread = [{"type": "http.request", "body": request.body, "more_body": False}]
    response = Response(500, [])
    parts: list[bytes] = []

    async def receive() -> Message:
        return unread.pop() if unread else {"type": "http.disconnect"}

    async def send(message: Message) -> None:
        if message["type"] == "http.response.start":
            response.status = message["status"]
            response.headers = list(message.get("headers", ()))
        elif message["type"] == "http.response.body":
            parts.append(message.get("body", b""))

    await app(scope, receive, send)
    response.body = b"".join(parts)
    return response
