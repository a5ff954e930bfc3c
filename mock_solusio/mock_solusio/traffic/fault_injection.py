"""Carries out a fault on one request: a wrong response, a late one, half of one, or none."""

import asyncio
import inspect
import socket
import struct
import sys
from collections.abc import Awaitable, Callable
from contextlib import suppress
from gzip import compress
from typing import Final
from urllib.parse import parse_qsl, urlencode

import msgspec
from msgspec.structs import replace

from mock_solusio.server.asgi import Receive, Send
from mock_solusio.server.messages import Headers, Request, Response
from mock_solusio.traffic.faults import (
    CutFault,
    DuplicatePageFault,
    Fault,
    Faults,
    GzipFault,
    SlowFault,
    StatusFault,
    TimeoutFault,
)

Handle = Callable[[], Awaitable[Response]]
"""Carries out the request and returns the right response. Called once, or never."""

NO_ANSWER: Final = 0
"""Status, in the journal, of a request without a response."""

_PATIENCE = 5.0
"""Seconds to wait until a cut connection is reported as gone, or until written data has left."""

_MESSAGES = {429: "Too Many Attempts.", 500: "Server Error", 503: "Service Unavailable"}
_LINGER = struct.pack("hh" if sys.platform == "win32" else "ii", 1, 0)


async def deliver(
    fault: Fault,
    handle: Handle,
    request: Request,
    *,
    receive: Receive,
    send: Send,
    faults: Faults,
    operation: str = "",
) -> Response:
    """Carry out a fault; return the response for the journal, with status `NO_ANSWER` if none was sent.

    The body of the request must have been read. `send` must be the server's own, not a wrapper, since the
    connection is found through it (in uvicorn; elsewhere the fault does the closest thing ASGI allows).
    """
    head = request.method == "HEAD"

    async def copied() -> Response:
        # The response may be cached for later requests: only a copy may be changed.
        response = await handle()
        return replace(response, notes=[*response.notes])

    if isinstance(fault, GzipFault):
        gzip = b"gzip" in (request.header(b"accept-encoding") or b"").lower()
        response = await _compressed(copied, send=send, head=head, gzip=gzip)
    elif isinstance(fault, DuplicatePageFault):
        response = await _page_before(copied, request)
        await _send_whole(send, response, head=head)
    else:
        response = await _carry_out(fault, copied, receive=receive, send=send, faults=faults, head=head)
    response.operation = response.operation or operation
    return response


async def _carry_out(
    fault: StatusFault | TimeoutFault | CutFault | SlowFault,
    handle: Handle,
    *,
    receive: Receive,
    send: Send,
    faults: Faults,
    head: bool,
) -> Response:
    match fault:
        case StatusFault():
            note = f"fault: status {fault.status}"
            if fault.effect:
                await handle()
                note += ", after the request was carried out"
            response = _wrong_response(fault, note)
            await _send_whole(send, response, head=head)
            return response
        case TimeoutFault():
            note = "fault: no response"
            if fault.effect:
                await handle()
                note += ", although the request was carried out"
            await _time_passes(fault.seconds, receive, faults)
            await _cut(send, receive, reset=False)
            return Response(NO_ANSWER, (), notes=[note])
        case CutFault():
            return await _cut_off(fault, handle, receive=receive, send=send, head=head)
        case SlowFault():
            return await _slowly(fault, handle, receive=receive, send=send, faults=faults, head=head)


async def _cut_off(fault: CutFault, handle: Handle, *, receive: Receive, send: Send, head: bool) -> Response:
    if fault.at == "headers":
        note = "fault: connection cut before the response"
        if fault.effect:
            await handle()
            note += ", although the request was carried out"
        await _cut(send, receive, reset=fault.reset)
        return Response(NO_ANSWER, (), notes=[note])
    response = await handle()
    if head or not response.body:
        response.notes.append("fault: connection cut before the response, which has no body to cut")
        await _cut(send, receive, reset=fault.reset)
        return Response(NO_ANSWER, (), operation=response.operation, notes=response.notes)
    half = response.body[: (len(response.body) + 1) // 2] if len(response.body) > 1 else b""
    response.notes.append(
        f"fault: connection cut after {len(half)} of {len(response.body)} bytes of the body"
    )
    await _start(send, response)
    await send({"type": "http.response.body", "body": half, "more_body": True})
    await _cut(send, receive, reset=fault.reset, started=True)
    response.body = half
    return response


async def _compressed(handle: Handle, *, send: Send, head: bool, gzip: bool) -> Response:
    """Send a compressed response; the journal keeps the content."""
    response = await handle()
    if not gzip or not response.body:
        response.notes.append("fault: not compressed, since the client does not accept gzip")
        await _send_whole(send, response, head=head)
        return response
    response.notes.append("fault: compressed")
    body = compress(response.body, mtime=0)
    headers = [(name, value) for name, value in response.headers if name.lower() != b"content-length"]
    headers += [(b"content-encoding", b"gzip"), (b"vary", b"accept-encoding")]
    await _send_whole(send, replace(response, headers=headers, body=body), head=head)
    return response


async def _page_before(handle: Handle, request: Request) -> Response:
    """Return the page before the one that is requested; the request stays as the client sent it."""
    query = request.query
    members = dict(parse_qsl(query.decode("latin-1"), keep_blank_values=True))
    page = members.get("page", "1")
    if not page.isdecimal() or int(page) < 2:
        response = await handle()
        response.notes.append("fault: no page comes before this one")
        return response
    request.query = urlencode({**members, "page": int(page) - 1}).encode()
    try:
        response = await handle()
    finally:
        request.query = query
    response.notes.append(f"fault: page {int(page) - 1} again, instead of page {page}")
    return response


async def _slowly(
    fault: SlowFault, handle: Handle, *, receive: Receive, send: Send, faults: Faults, head: bool
) -> Response:
    response = await handle()
    response.notes.append("fault: slow")
    await _time_passes(fault.delay, receive, faults)
    if fault.chunk is None or head:
        await _send_whole(send, response, head=head)
        return response
    await _start(send, response)
    patient = True
    for place in range(0, len(response.body), fault.chunk):
        if place and patient:
            # Once the client is gone or the fault is deleted, the rest is sent at once.
            patient = await _time_passes(fault.pause, receive, faults)
        piece = response.body[place : place + fault.chunk]
        await send({"type": "http.response.body", "body": piece, "more_body": True})
    await send({"type": "http.response.body", "body": b""})
    return response


def _wrong_response(fault: StatusFault, note: str) -> Response:
    headers: list[tuple[bytes, bytes]] = []
    retry_after = 1 if fault.status == 429 and fault.retry_after is None else fault.retry_after
    if retry_after is not None:
        headers.append((b"retry-after", b"%d" % retry_after))
    if fault.status in (204, 205, 304):
        return Response(fault.status, headers, notes=[note])
    content_type = fault.content_type or "application/json"
    if fault.body is msgspec.UNSET:
        body = msgspec.json.encode(
            {"message": _MESSAGES.get(fault.status, f"Answer {fault.status}, as scripted.")}
        )
    elif isinstance(fault.body, str):
        body = fault.body.encode()
        content_type = fault.content_type or "text/html; charset=utf-8"
    else:
        body = msgspec.json.encode(fault.body)
    headers += [(b"content-type", content_type.encode()), (b"content-length", b"%d" % len(body))]
    return Response(fault.status, headers, body, notes=[note])


async def _send_whole(send: Send, response: Response, *, head: bool) -> None:
    await _start(send, response)
    await send({"type": "http.response.body", "body": b"" if head else response.body})


async def _start(send: Send, response: Response) -> None:
    headers: Headers = response.headers
    if response.body and not any(name == b"content-length" for name, _ in headers):
        headers = [*headers, (b"content-length", b"%d" % len(response.body))]
    await send({"type": "http.response.start", "status": response.status, "headers": headers})


async def _time_passes(seconds: float, receive: Receive, faults: Faults) -> bool:
    """Wait; return False as soon as the client goes away or the fault is deleted."""
    gone = asyncio.ensure_future(_until_gone(receive))
    faults.holds.add(gone)
    try:
        done, _ = await asyncio.wait({gone}, timeout=seconds)
        return not done
    finally:
        faults.holds.discard(gone)
        gone.cancel()


async def _until_gone(receive: Receive) -> None:
    while (await receive())["type"] != "http.disconnect":
        pass


async def _cut(send: Send, receive: Receive, *, reset: bool, started: bool = False) -> None:
    """Cut the connection and wait until the server knows, so that it does not send a response of its own."""
    connection = connection_of(send)
    if connection is None:
        if not started:
            # All that ASGI allows without sending anything; an in-process client gets this very error.
            raise ConnectionAbortedError("the connection was cut, as scripted")
        return  # too few bytes for the Content-Length: the server has to close the connection
    with suppress(TimeoutError):
        async with asyncio.timeout(_PATIENCE):
            # In this order: a TLS connection that is already gone has no buffer to ask about.
            while not connection.is_closing() and connection.get_write_buffer_size():
                await asyncio.sleep(0.001)
    if reset:
        raw = connection.get_extra_info("socket")
        with suppress(OSError, AttributeError):
            raw.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, _LINGER)
    connection.abort()
    with suppress(TimeoutError):
        async with asyncio.timeout(_PATIENCE):
            await _until_gone(receive)


def connection_of(send: Send) -> asyncio.Transport | None:
    """Return the connection behind uvicorn's own `send`; None for any other `send`."""
    # uvicorn has no extension for this; `send` is a method of the request cycle, which has the transport.
    found = getattr(getattr(inspect.unwrap(send), "__self__", None), "transport", None)
    return found if hasattr(found, "abort") and hasattr(found, "get_write_buffer_size") else None
