"""HTTP/1.1 over a socket with every byte kept and one deadline for the whole exchange.

General HTTP clients hide just what this harness judges: they mend lengths, follow redirects, pool
connections and restart their timeout at every packet. h11 does the parsing; this module does the I/O.
"""

import contextlib
import errno
import selectors
import socket
import ssl
import time
from collections.abc import Iterable
from dataclasses import dataclass
from types import TracebackType
from typing import Self

import h11

from solusio_contracts.http.content_coding import decode_content
from solusio_contracts.http.exchange import Exchange, FailureKind, Headers, Request
from solusio_contracts.http.masking import encoded
from solusio_contracts.http.url import Origin, quoted_query

__all__ = ["MAX_ANSWER", "Answer", "Connection", "ExchangeError", "Origin", "check_headers", "exchange_on"]

MAX_ANSWER = 4 * 1024 * 1024
"""Bytes of an answer the harness reads; a price has about 600."""
USER_AGENT = "mock-solusio-check"
_READ = 65536
_LOCAL_ERRORS = (errno.EMFILE, errno.ENFILE, errno.ENOMEM)
"""Errors of this machine, which say nothing about the endpoint."""
_NOT_TLS = ("WRONG_VERSION_NUMBER", "RECORD_LAYER_FAILURE", "HTTP_REQUEST", "PACKET_LENGTH_TOO_LONG")


class ExchangeError(Exception):
    """An exchange that could not be completed."""

    def __init__(self, failure: FailureKind, text: str) -> None:
        super().__init__(text)
        self.failure = failure
        self.text = text


@dataclass(slots=True)
class Answer:
    """What was read of one answer."""

    status: int | None = None
    reason: str = ""
    headers: Headers = ()
    body: bytes = b""
    received: bytes = b""
    leftover: bytes = b""
    reusable: bool = False


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
    """One connection to the endpoint, for one or several requests after each other."""

    def __init__(self, origin: Origin, *, tls: ssl.SSLContext | None, timeout: float) -> None:
        """Connect within `timeout` seconds, which then also bounds a TLS handshake and each exchange.

        Raises:
            ExchangeError: no connection (UNREACHABLE) or no TLS session (TLS, TIMEOUT).
            OSError: this machine has no file descriptor or memory left for a connection.
        """
        self._origin = origin
        self._timeout = timeout
        self._socket = _connected(origin, timeout)
        if tls is not None:
            self._socket = _secured(self._socket, tls, origin, timeout)
        self._http = h11.Connection(h11.CLIENT, max_incomplete_event_size=256 * 1024)
        self._early: list[bytes | OSError] = []
        self._all_sent = True
        self.sent = b""
        self.partial = Answer()

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

    def send(self, request: Request, *, pieces: Iterable[int] = (), pause: float = 0.0) -> float:
        """Send a request; return the time it started (monotonic seconds).

        `pieces` are byte offsets into the whole message at which to pause for `pause` seconds. An answer
        that comes before all is sent ends the sending.

        Raises:
            ExchangeError: CUT or TIMEOUT, when nothing can come any more.
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
                # A pause is what is tested: it makes the server see the body in several reads.
                time.sleep(pause)
        return started

    def _encode(self, request: Request) -> bytes:
        if self._http.our_state is not h11.IDLE:
            raise ExchangeError(
                FailureKind.CUT, "the connection was no longer usable after the answer before"
            )
        target = self._origin.path
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
            raise ValueError(f"this request is no HTTP: {error}") from error

    def _send_all(self, data: bytes, deadline: float) -> bool:
        """Send unless the server answers or closes first; return whether all was sent."""
        view = memoryview(data)
        self._socket.settimeout(0)
        while view:
            left = deadline - time.monotonic()
            if left <= 0:
                raise ExchangeError(FailureKind.TIMEOUT, "the request was not taken in time")
            if self._answered_early():
                # An early answer (413, say): whether the rest is read is the server's affair.
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

    def _answered_early(self) -> bool:
        """Whether something came already; it is kept for `receive`."""
        # Only reading tells an answer from the other messages of TLS.
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

    def receive(self, started: float, *, linger: float = 0.0) -> Answer:
        """Read one answer; `linger` seconds are then waited for bytes that should not come.

        Raises:
            ExchangeError: TIMEOUT, CUT, PROTOCOL or TOO_LARGE; `partial` then holds what had come.
        """
        answer = Answer()
        received = bytearray()
        body = bytearray()
        try:
            self._read_events(answer, received, body, started + self._timeout)
        finally:
            answer.received = bytes(received)
            answer.body = bytes(body)
            self.partial = answer
        answer.leftover = self._http.trailing_data[0]
        if linger and not answer.leftover:
            answer.leftover = self._late_bytes(linger)
        done = self._http.our_state is h11.DONE and self._http.their_state is h11.DONE
        closed = self._http.trailing_data[1]
        # After an answer that came early, the server takes what is sent next for the rest of the body.
        answer.reusable = done and not closed and self._all_sent and not answer.leftover
        if answer.reusable:
            self._http.start_next_cycle()
        return answer

    def _read_events(self, answer: Answer, received: bytearray, body: bytearray, deadline: float) -> None:
        while True:
            try:
                event = self._http.next_event()
            except h11.RemoteProtocolError as error:
                if not received:
                    raise ExchangeError(
                        FailureKind.CUT, "the connection was closed without an answer"
                    ) from error
                closed = self._http.trailing_data[1]
                kind = FailureKind.CUT if closed and received.startswith(b"HTTP/") else FailureKind.PROTOCOL
                text = (
                    "the connection was closed in mid-answer"
                    if kind is FailureKind.CUT
                    else f"not HTTP: {error}"
                )
                raise ExchangeError(kind, text) from error
            if event is h11.NEED_DATA:
                self._http.receive_data(self._read(received, deadline))
            elif isinstance(event, h11.Response):
                answer.status = event.status_code
                answer.reason = bytes(event.reason).decode("latin-1")
                answer.headers = tuple(
                    (name.decode("latin-1"), value.decode("latin-1"))
                    for name, value in event.headers.raw_items()
                )
            elif isinstance(event, h11.Data):
                body += event.data
                if len(body) > MAX_ANSWER:
                    raise ExchangeError(FailureKind.TOO_LARGE, f"more than {MAX_ANSWER} bytes came")
            elif isinstance(event, h11.EndOfMessage | h11.ConnectionClosed) or event is h11.PAUSED:
                return

    def _read(self, received: bytearray, deadline: float) -> bytes:
        left = deadline - time.monotonic()
        if left <= 0:
            raise ExchangeError(FailureKind.TIMEOUT, self._late(received))
        try:
            data = self._next_bytes(left)
        except TimeoutError as error:
            raise ExchangeError(FailureKind.TIMEOUT, self._late(received)) from error
        except OSError as error:
            text = "the connection was reset" + (" in mid-answer" if received else " without an answer")
            raise ExchangeError(FailureKind.CUT, text) from error
        received += data
        if data and not received.startswith(b"HTTP/"[: len(received)]):
            # No need to wait for the end of a line.
            raise ExchangeError(FailureKind.PROTOCOL, f"not HTTP: it begins with {bytes(received[:20])!r}")
        if len(received) > 2 * MAX_ANSWER:
            # Chunks of one byte, or interim answers without end.
            raise ExchangeError(FailureKind.TOO_LARGE, f"more than {2 * MAX_ANSWER} bytes came")
        return data

    def _next_bytes(self, left: float) -> bytes:
        if self._early:
            early = self._early.pop(0)
            if isinstance(early, OSError):
                raise early
            return early
        self._socket.settimeout(left)
        return self._socket.recv(_READ)

    def _late(self, received: bytearray) -> str:
        seen = f"only {len(received)} bytes of an unfinished answer" if received else "no answer"
        return f"{seen} within {self._timeout:g} s"

    def _late_bytes(self, linger: float) -> bytes:
        self._socket.settimeout(linger)
        try:
            return self._socket.recv(_READ)
        except OSError:
            return b""


def check_headers(headers: Headers) -> None:
    """Accept headers that may be added to every request.

    Raises:
        ValueError: a name or value that HTTP does not allow, or a header that says how long a body is.
    """
    for name, value in headers:
        if name.lower() in ("content-length", "transfer-encoding"):
            raise ValueError(f"{name} follows from each request and cannot be set")
        host = [] if name.lower() == "host" else [(b"Host", b"h")]
        try:
            field = (name.encode("ascii"), encoded(value.strip(" \t")))
            h11.Request(method="GET", target="/", headers=[*host, field])
        except (h11.LocalProtocolError, UnicodeEncodeError) as error:
            raise ValueError(f"{name!r} with the value {value!r} is no header: {error}") from error
    if sum(name.lower() == "host" for name, _ in headers) > 1:
        raise ValueError("Host can be set once only")


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
    started = time.monotonic()
    connection.partial = Answer()
    try:
        started = connection.send(request, pieces=pieces, pause=pause)
        answer = connection.receive(started, linger=linger)
    except ExchangeError as error:
        failure, text = error.failure, error.text
        answer = connection.partial
    seconds = time.monotonic() - started
    codings = [value for name, value in answer.headers if name.lower() == "content-encoding"]
    offered = next((value for name, value in request.headers if name.lower() == "accept-encoding"), None)
    content, problem = answer.body, None
    if failure is None:
        content, problem = decode_content(answer.body, ", ".join(codings), offered)
    return Exchange(
        number=number,
        request=request,
        sent=connection.sent,
        received=answer.received,
        seconds=seconds,
        status=answer.status,
        reason=answer.reason,
        headers=answer.headers,
        body=answer.body,
        content=content,
        decode_problem=problem,
        failure=failure,
        failure_text=text,
        leftover=answer.leftover,
        reusable=answer.reusable,
        description=description,
    )
