"""Carries out a fault on one request: a wrong answer, a late one, half of one, or none."""

import asyncio
import socket
import struct
from collections.abc import Awaitable, Callable, MutableMapping
from contextlib import suppress
from dataclasses import replace
from typing import Any, Final, Protocol

import msgspec

from mock_solusio.server.messages import Headers, Response
from mock_solusio.traffic.faults import CutFault, Fault, Faults, SlowFault, StatusFault, TimeoutFault

Message = MutableMapping[str, Any]
Receive = Callable[[], Awaitable[Message]]
Send = Callable[[Message], Awaitable[None]]
Answer = Callable[[], Awaitable[Response]]
"""Carries the request out and returns the right answer. Called once, or never."""

NO_ANSWER: Final = 0
"""Status, in the journal, of a request that was not answered."""

_PATIENCE = 5.0
"""Seconds to wait for a connection that was cut to be reported as gone, or to take what was written."""

_MESSAGES = {429: "Too Many Attempts.", 500: "Server Error", 503: "Service Unavailable"}
_LINGER = struct.pack("ii", 1, 0)


class Connection(Protocol):
    """The part of `asyncio.Transport` that cutting needs."""

    def abort(self) -> None:
        """Close at once."""

    def is_closing(self) -> bool:
        """Return whether it is closed, or about to be."""

    def get_extra_info(self, name: str) -> Any:
        """Return something about the connection, such as its `socket`."""

    def get_write_buffer_size(self) -> int:
        """Return how many bytes wait to be written."""


async def deliver(
    fault: Fault,
    answer: Answer,
    *,
    receive: Receive,
    send: Send,
    faults: Faults,
    head: bool = False,
    operation: str = "",
) -> Response:
    """Do to a request what the fault says, and return what was answered, for the journal.

    The body of the request must have been read. `send` must be the server's own, not a function around it:
    only so can the connection be found (uvicorn; another server gets the nearest that ASGI permits).
    `head` is for a HEAD request, whose answer has no body. An unanswered request has the status `NO_ANSWER`.
    """

    async def copied() -> Response:
        # The right answer may be kept for the next one who asks: only a copy may be changed.
        response = await answer()
        return replace(response, notes=[*response.notes])

    response = await _done(fault, copied, receive=receive, send=send, faults=faults, head=head)
    response.operation = response.operation or operation
    return response


async def _done(
    fault: Fault, answer: Answer, *, receive: Receive, send: Send, faults: Faults, head: bool
) -> Response:
    match fault:
        case StatusFault():
            note = f"fault: status {fault.status}"
            if fault.effect:
                await answer()
                note += ", after the request was carried out"
            response = _wrong_answer(fault, note)
            await _send_whole(send, response, head=head)
            return response
        case TimeoutFault():
            note = "fault: no answer"
            if fault.effect:
                await answer()
                note += ", although the request was carried out"
            await _time_passes(fault.seconds, receive, faults)
            await _cut(send, receive, reset=False)
            return Response(NO_ANSWER, (), notes=[note])
        case CutFault():
            return await _cut_off(fault, answer, receive=receive, send=send, head=head)
        case SlowFault():
            return await _slowly(fault, answer, receive=receive, send=send, faults=faults, head=head)


async def _cut_off(fault: CutFault, answer: Answer, *, receive: Receive, send: Send, head: bool) -> Response:
    if fault.at == "headers":
        note = "fault: connection cut before the answer"
        if fault.effect:
            await answer()
            note += ", although the request was carried out"
        await _cut(send, receive, reset=fault.reset)
        return Response(NO_ANSWER, (), notes=[note])
    response = await answer()
    if head or not response.body:
        response.notes.append("fault: connection cut before the answer, which has no body to cut")
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


async def _slowly(
    fault: SlowFault, answer: Answer, *, receive: Receive, send: Send, faults: Faults, head: bool
) -> Response:
    response = await answer()
    response.notes.append("fault: slow")
    await _time_passes(fault.delay, receive, faults)
    if fault.chunk is None or head:
        await _send_whole(send, response, head=head)
        return response
    await _start(send, response)
    patient = True
    for place in range(0, len(response.body), fault.chunk):
        if place and patient:
            # Once the client is gone or the fault is deleted, the rest goes out at once.
            patient = await _time_passes(fault.pause, receive, faults)
        piece = response.body[place : place + fault.chunk]
        await send({"type": "http.response.body", "body": piece, "more_body": True})
    await send({"type": "http.response.body", "body": b""})
    return response


def _wrong_answer(fault: StatusFault, note: str) -> Response:
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
    """Wait; return False at once when the client goes away or the fault is deleted."""
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
    """Cut the connection and wait until the server knows: it must not answer in our stead."""
    connection = connection_of(send)
    if connection is None:
        if not started:
            # All that ASGI permits without a word on the wire; in process, the client gets this very error.
            raise ConnectionAbortedError("the connection was cut, as scripted")
        return  # too few bytes for the Content-Length: the server has to close the connection
    with suppress(TimeoutError):
        async with asyncio.timeout(_PATIENCE):
            # In this order: a TLS connection that is gone already has no buffer to ask about.
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


def connection_of(send: Send) -> Connection | None:
    """Return the connection behind uvicorn's own `send`, or None behind any other."""
    # uvicorn offers no extension for it; `send` is a method of the request cycle, which has the transport.
    found = getattr(getattr(send, "__self__", None), "transport", None)
    return found if hasattr(found, "abort") and hasattr(found, "get_write_buffer_size") else None
