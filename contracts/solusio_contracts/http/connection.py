"""HTTP/1.1 over a socket, with every byte kept and one deadline for the whole exchange.

General HTTP clients hide what this harness checks: they repair lengths, follow redirects, pool connections
and restart their timeout at every packet. h11 does the parsing; this module does the I/O.
"""

import contextlib
import errno
import selectors
import socket
import ssl
import threading
import time
from collections.abc import Iterable, Mapping
from types import TracebackType
from typing import Any, Self

import h11
from msgspec.structs import asdict, replace

from solusio_contracts.http.content_coding import decode_content
from solusio_contracts.http.exchange import Exchange, FailureKind, Headers, Received, Request
from solusio_contracts.http.masking import encoded
from solusio_contracts.http.url import Origin, quoted_query

LARGEST = 4 * 1024 * 1024
"""Bytes of a response that the harness reads; a price has about 600."""
RECEIVED_KEPT = 256 * 1024
"""Bytes of a response that are kept as they came; more would keep each large body twice."""
USER_AGENT = "mock-solusio-check"
_READ = 65536
_LARGE_BODY = 128 * 1024
_LARGE_BODIES = threading.BoundedSemaphore(4)
"""Bodies above `_LARGE_BODY` that are read at the same time: those of a crowd would fill the memory."""
_LOCAL_ERRORS = (errno.EMFILE, errno.ENFILE, errno.ENOMEM)
"""Errors of this machine; they say nothing about the endpoint."""
_NOT_TLS = ("WRONG_VERSION_NUMBER", "RECORD_LAYER_FAILURE", "HTTP_REQUEST", "PACKET_LENGTH_TOO_LONG")


class ExchangeError(Exception):
    """An exchange could not be completed."""

    def __init__(self, failure: FailureKind, text: str) -> None:
        super().__init__(text)
        self.failure = failure
        self.text = text


def _connected(origin: Origin, timeout: float) -> socket.socket:
    deadline = time.monotonic() + timeout
    failure: OSError = TimeoutError()
    try:
        addresses = socket.getaddrinfo(origin.host, origin.port, type=socket.SOCK_STREAM)
    except OSError as error:
        raise ExchangeError(FailureKind.UNREACHABLE, error.strerror or str(error)) from error
    for family, kind, protocol, _, address in addresses:
        left = deadline - time.monotonic()
        if left <= 0:
            break
        connecting: socket.socket | None = None
        try:
            connecting = socket.socket(family, kind, protocol)
            connecting.settimeout(left)
            connecting.connect(address)
        except OSError as error:
            if connecting is not None:
                connecting.close()
            if error.errno in _LOCAL_ERRORS:
                raise
            failure = error
        else:
            connecting.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
            return connecting
    if isinstance(failure, TimeoutError):
        raise ExchangeError(FailureKind.UNREACHABLE, f"no connection within {timeout:g} s") from failure
    raise ExchangeError(FailureKind.UNREACHABLE, failure.strerror or str(failure)) from failure


def _secured(plain: socket.socket, tls: ssl.SSLContext, origin: Origin, timeout: float) -> ssl.SSLSocket:
    try:
        plain.settimeout(timeout)
        return tls.wrap_socket(plain, server_hostname=origin.server_name)
    except (OSError, ValueError) as error:
        plain.close()
        late = isinstance(error, TimeoutError)
        text = f"no handshake within {timeout:g} s" if late else _why_no_session(error)
        raise ExchangeError(FailureKind.TIMEOUT if late else FailureKind.TLS, f"TLS: {text}") from error


def _why_no_session(error: OSError | ValueError) -> str:
    if isinstance(error, ssl.SSLCertVerificationError):
        return error.verify_message
    if isinstance(error, ssl.SSLError):
        hint = " (does this port speak plain HTTP?)" if error.reason in _NOT_TLS else ""
        return f"{error.reason or error}{hint}"
    return getattr(error, "strerror", None) or str(error)


class Connection:
    """One connection to the endpoint, for one or more requests in sequence."""

    def __init__(self, origin: Origin, *, tls: ssl.SSLContext | None, timeout: float) -> None:
        """Connect within `timeout` seconds; the same limit then applies to a TLS handshake and each exchange.

        Raises:
            ExchangeError: there is no connection (UNREACHABLE) or no TLS session (TLS, TIMEOUT).
            OSError: this machine has run out of file descriptors or memory.
        """
        self._origin = origin
        self._timeout = timeout
        self._socket = _connected(origin, timeout)
        if tls is not None:
            self._socket = _secured(self._socket, tls, origin, timeout)
        self._http = h11.Connection(h11.CLIENT, max_incomplete_event_size=256 * 1024)
        self._early: list[bytes | OSError] = []
        self._all_sent = True
        self._came = 0
        """Bytes of the latest response so far."""
        self.waited = 0.0
        """Seconds that the latest response waited for other large ones; they are not the server's."""
        self.sent = b""
        self.previous: Request | None = None
        """The latest request."""
        self.partial = Received()
        """What was read of the latest response, even if that failed."""

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        value: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self.close()

    def close(self) -> None:
        """Close; never raises."""
        with contextlib.suppress(OSError):
            self._socket.close()

    @property
    def certificate(self) -> Mapping[str, Any] | None:
        """The server's verified certificate, as `ssl` gives it; empty if not verified, None without TLS."""
        return self._socket.getpeercert() or {} if isinstance(self._socket, ssl.SSLSocket) else None

    def abort(self) -> None:
        """End whatever another thread reads or writes here; never raises."""
        with contextlib.suppress(OSError):
            self._socket.shutdown(socket.SHUT_RDWR)

    def send(self, request: Request, *, pieces: Iterable[int] = (), pause: float = 0.0) -> float:
        """Send a request, and return the time when it started (monotonic seconds).

        `pieces` are byte offsets into the whole message at which to pause for `pause` seconds. A response
        that comes early stops the sending.

        Raises:
            ExchangeError: CUT or TIMEOUT, when no response can come.
            ValueError: the request cannot be written as HTTP.
        """
        self.sent = b""
        message = self._encode(request)
        self.sent = message
        started = time.monotonic()
        offsets = [*sorted(offset for offset in pieces if 0 < offset < len(message)), len(message)]
        done = 0
        for offset in offsets:
            self._all_sent = self._send_all(message[done:offset], started + self._timeout)
            if not self._all_sent:
                break
            done = offset
            if pause and done < len(message):
                # The pause is the test: the server sees the body in several reads.
                time.sleep(pause)
        return started

    def _encode(self, request: Request) -> bytes:
        if self._http.our_state is not h11.IDLE:
            raise ExchangeError(FailureKind.CUT, "the connection was not usable after the previous response")
        target = request.path or self._origin.path
        if request.query:
            target += ("&" if "?" in target else "?") + quoted_query(request.query)
        names = {name.lower() for name, _ in request.headers}
        headers = [] if "host" in names else [("Host", self._origin.host_header)]
        if "user-agent" not in names:
            headers.append(("User-Agent", USER_AGENT))
        headers.extend((name, value.strip(" \t")) for name, value in request.headers)
        measured = names & {"transfer-encoding", "content-length"}
        if not measured and (request.body or request.method in ("POST", "PUT", "PATCH")):
            headers.append(("Content-Length", str(len(request.body))))
        fields = [(name.encode("ascii"), encoded(value)) for name, value in headers]
        try:
            head = self._http.send(h11.Request(method=request.method, target=target, headers=fields))
            body = self._http.send(h11.Data(data=request.body)) if request.body else b""
            return (head or b"") + (body or b"") + (self._http.send(h11.EndOfMessage()) or b"")
        except h11.LocalProtocolError as error:
            raise ValueError(f"this request is not valid HTTP: {error}") from error

    def _send_all(self, data: bytes, deadline: float) -> bool:
        """Send until the server responds or closes; return whether everything was sent."""
        view = memoryview(data)
        self._socket.settimeout(0)
        while view:
            left = deadline - time.monotonic()
            if left <= 0:
                raise ExchangeError(FailureKind.TIMEOUT, "the server did not read the request in time")
            if self._responded_early():
                # After an early response, such as 413, the server need not read the rest.
                return False
            try:
                view = view[self._socket.send(view[:_READ]) :]
            except (BlockingIOError, ssl.SSLWantWriteError):
                self._wait(selectors.EVENT_READ | selectors.EVENT_WRITE, left)
            except ssl.SSLWantReadError:
                self._wait(selectors.EVENT_READ, left)
            except OSError:
                return False
        return True

    def _responded_early(self) -> bool:
        """Whether something came already; it is kept for `receive`."""
        # Only reading distinguishes a response from other TLS messages.
        try:
            self._early.append(self._socket.recv(_READ))
        except (BlockingIOError, ssl.SSLWantReadError, ssl.SSLWantWriteError):
            return False
        except OSError as error:
            self._early.append(error)
        return True

    def _wait(self, events: int, seconds: float) -> None:
        with selectors.DefaultSelector() as selector:
            selector.register(self._socket, events)
            selector.select(seconds)

    def receive(self, started: float, *, linger: float = 0.0) -> Received:
        """Read one response, then wait `linger` seconds for bytes that should not come.

        Raises:
            ExchangeError: TIMEOUT, CUT, PROTOCOL or TOO_LARGE; `partial` then holds what had come.
        """
        received = bytearray()
        body = bytearray()
        self._came, self.waited = 0, 0.0
        self.partial = Received()
        try:
            with contextlib.ExitStack() as large:
                self._read_events(received, body, started + self._timeout, large)
        finally:
            self.partial = replace(self.partial, received=bytes(received), body=bytes(body))
        leftover, closed = self._http.trailing_data
        if linger and not leftover:
            leftover = self._late_bytes(linger)
        done = self._http.our_state is h11.DONE and self._http.their_state is h11.DONE
        # After an early response, the server takes what is sent next for the rest of the body.
        reusable = done and not closed and self._all_sent and not leftover
        if reusable:
            self._http.start_next_cycle()
        self.partial = replace(self.partial, leftover=leftover, reusable=reusable)
        return self.partial

    def _read_events(
        self, received: bytearray, body: bytearray, deadline: float, large: contextlib.ExitStack
    ) -> None:
        while True:
            try:
                event = self._http.next_event()
            except h11.RemoteProtocolError as error:
                if not received:
                    raise ExchangeError(
                        FailureKind.CUT, "the connection was closed without a response"
                    ) from error
                closed = self._http.trailing_data[1]
                kind = FailureKind.CUT if closed and received.startswith(b"HTTP/") else FailureKind.PROTOCOL
                text = (
                    "the connection was closed in mid-response"
                    if kind is FailureKind.CUT
                    else f"not HTTP: {error}"
                )
                raise ExchangeError(kind, text) from error
            if event is h11.NEED_DATA:
                self._http.receive_data(self._read(received, deadline + self.waited))
            elif isinstance(event, h11.Response):
                self.partial = Received(
                    status=event.status_code,
                    reason=bytes(event.reason).decode("latin-1"),
                    headers=tuple(
                        (name.decode("latin-1"), value.decode("latin-1"))
                        for name, value in event.headers.raw_items()
                    ),
                )
            elif isinstance(event, h11.Data):
                if len(body) <= _LARGE_BODY < len(body) + len(event.data):
                    began = time.monotonic()
                    large.enter_context(_LARGE_BODIES)
                    self.waited = time.monotonic() - began
                body += event.data
                if len(body) > LARGEST:
                    del body[RECEIVED_KEPT:]
                    raise ExchangeError(FailureKind.TOO_LARGE, f"more than {LARGEST} bytes came")
            elif isinstance(event, h11.EndOfMessage | h11.ConnectionClosed) or event is h11.PAUSED:
                return

    def _read(self, received: bytearray, deadline: float) -> bytes:
        left = deadline - time.monotonic()
        if left <= 0:
            raise ExchangeError(FailureKind.TIMEOUT, self._late())
        try:
            data = self._next_bytes(left)
        except TimeoutError as error:
            raise ExchangeError(FailureKind.TIMEOUT, self._late()) from error
        except OSError as error:
            text = "the connection was reset" + (" in mid-response" if received else " without a response")
            raise ExchangeError(FailureKind.CUT, text) from error
        self._came += len(data)
        received += data[: max(0, RECEIVED_KEPT - len(received))]
        if data and not received.startswith(b"HTTP/"[: len(received)]):
            # No need to wait for the end of a line.
            raise ExchangeError(FailureKind.PROTOCOL, f"not HTTP: it begins with {bytes(received[:20])!r}")
        if self._came > 2 * LARGEST:
            # Chunks of one byte, or endless interim responses.
            raise ExchangeError(FailureKind.TOO_LARGE, f"more than {2 * LARGEST} bytes came")
        return data

    def _next_bytes(self, left: float) -> bytes:
        if self._early:
            early = self._early.pop(0)
            if isinstance(early, OSError):
                raise early
            return early
        self._socket.settimeout(left)
        return self._socket.recv(_READ)

    def _late(self) -> str:
        seen = f"only {self._came} bytes of an unfinished response" if self._came else "no response"
        return f"{seen} within {self._timeout:g} s"

    def _late_bytes(self, linger: float) -> bytes:
        self._socket.settimeout(linger)
        try:
            return self._socket.recv(_READ)
        except OSError:
            return b""


def check_headers(headers: Headers) -> None:
    """Check that headers can be added to every request.

    Raises:
        ValueError: HTTP does not allow a name or value, or a header states the length of a body.
    """
    for name, value in headers:
        if name.lower() in ("content-length", "transfer-encoding"):
            raise ValueError(f"{name} depends on each request and cannot be set")
        host = [] if name.lower() == "host" else [(b"Host", b"h")]
        try:
            field = (name.encode("ascii"), encoded(value.strip(" \t")))
            h11.Request(method="GET", target="/", headers=[*host, field])
        except (h11.LocalProtocolError, UnicodeEncodeError) as error:
            raise ValueError(f"{name!r} with the value {value!r} is not a valid header: {error}") from error
    if sum(name.lower() == "host" for name, _ in headers) > 1:
        raise ValueError("Host can be set only once")


def exchange_on(
    connection: Connection,
    request: Request,
    *,
    number: int,
    description: str,
    pieces: Iterable[int] = (),
    pause: float = 0.0,
    linger: float = 0.0,
) -> Exchange:
    """Do one exchange on an open connection; a failure is recorded, not raised.

    Raises:
        ValueError: the request cannot be written as HTTP.
    """
    failure: FailureKind | None = None
    text = ""
    pieces = tuple(pieces)
    after, connection.previous = connection.previous, request
    started = time.monotonic()
    connection.partial = Received()
    try:
        started = connection.send(request, pieces=pieces, pause=pause)
        received = connection.receive(started, linger=linger)
    except ExchangeError as error:
        failure, text = error.failure, error.text
        received = connection.partial
    seconds = time.monotonic() - started - connection.waited
    codings = [value for name, value in received.headers if name.lower() == "content-encoding"]
    offered = next((value for name, value in request.headers if name.lower() == "accept-encoding"), None)
    content, problem = received.body, None
    if failure is None:
        content, problem = decode_content(received.body, ", ".join(codings), offered)
    return Exchange(
        number=number,
        request=request,
        description=description,
        sent=connection.sent,
        after=after,
        pieces=len(pieces) + 1 if pause else 1,
        seconds=seconds,
        content=content,
        decode_problem=problem,
        failure=failure,
        failure_text=text,
        **asdict(received),
    )
