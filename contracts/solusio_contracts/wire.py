"""HTTP/1.1 over a socket with every byte kept and one deadline for the whole exchange.

General HTTP clients hide just what this harness judges: they mend lengths, follow redirects, pool
connections and restart their timeout at every packet. h11 does the parsing; this module does the I/O.
"""

import contextlib
import select
import socket
import ssl
import time
import urllib.parse
import zlib
from collections.abc import Iterable
from dataclasses import dataclass
from types import TracebackType
from typing import Self

import h11

from solusio_contracts.exchange import Exchange, Headers, Request, Trouble

MAX_ANSWER = 4 * 1024 * 1024
"""Bytes of an answer the harness reads; a price has about 600."""
USER_AGENT = "mock-solusio-check"
_READ = 65536


@dataclass(frozen=True, slots=True)
class Origin:
    """Where the endpoint listens, taken from its URL."""

    scheme: str
    host: str
    port: int
    path: str
    host_header: str

    @classmethod
    def of(cls, url: str) -> "Origin":
        """Split an http(s) URL.

        Raises:
            ValueError: no http(s) URL with a host, or a port out of range.
        """
        parts = urllib.parse.urlsplit(url)
        if parts.scheme not in ("http", "https") or not parts.hostname:
            raise ValueError(f"expected http://HOST/PATH or https://HOST/PATH, got {url!r}")
        port = parts.port or (443 if parts.scheme == "https" else 80)
        path = urllib.parse.quote(parts.path or "/", safe="/%:@!$&'()*+,;=~-._")
        if parts.query:
            path += "?" + urllib.parse.quote(parts.query, safe="/%:@!$&'()*+,;=~-._?")
        host = parts.hostname.encode("idna").decode("ascii") if ":" not in parts.hostname else parts.hostname
        bracketed = f"[{host}]" if ":" in host else host
        default = port == (443 if parts.scheme == "https" else 80)
        return cls(parts.scheme, host, port, path, bracketed if default else f"{bracketed}:{port}")


class WireError(Exception):
    """An exchange that could not be completed."""

    def __init__(self, trouble: Trouble, text: str) -> None:
        super().__init__(text)
        self.trouble = trouble
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


class Connection:
    """One connection to the endpoint, for one or several requests after each other."""

    def __init__(self, origin: Origin, *, tls: ssl.SSLContext | None, timeout: float) -> None:
        """Connect within `timeout` seconds, which then also bounds each exchange.

        Raises:
            WireError: no connection (UNREACHABLE, TIMEOUT) or no TLS session (TLS).
        """
        self._origin = origin
        self._timeout = timeout
        try:
            plain = socket.create_connection((origin.host, origin.port), timeout=timeout)
        except TimeoutError as error:
            raise WireError(Trouble.UNREACHABLE, f"no connection within {timeout:g} s") from error
        except OSError as error:
            raise WireError(Trouble.UNREACHABLE, error.strerror or str(error)) from error
        self._socket = plain
        try:
            plain.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
            if tls is not None:
                self._socket = tls.wrap_socket(plain, server_hostname=origin.host)
        except ssl.SSLError as error:
            plain.close()
            raise WireError(
                Trouble.TLS, f"TLS: {getattr(error, 'verify_message', '') or error.reason}"
            ) from error
        except OSError as error:
            plain.close()
            raise WireError(Trouble.TLS, f"TLS: {error.strerror or error}") from error
        self._http = h11.Connection(h11.CLIENT, max_incomplete_event_size=256 * 1024)
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

        `pieces` are byte offsets into the whole message at which to pause for `pause` seconds.

        Raises:
            WireError: CUT or TIMEOUT, when nothing can come any more.
        """
        message = self._encode(request)
        self.sent = message
        started = time.monotonic()
        offsets = [*sorted(offset for offset in pieces if 0 < offset < len(message)), len(message)]
        done = 0
        for offset in offsets:
            if not self._send_all(message[done:offset], started + self._timeout):
                break
            done = offset
            if pause and done < len(message):
                # A pause is what is tested: it makes the server see the body in several reads.
                time.sleep(pause)
        return started

    def _encode(self, request: Request) -> bytes:
        target = self._origin.path
        if request.query:
            target += ("&" if "?" in target else "?") + request.query
        headers = [("Host", self._origin.host_header)]
        if not any(name.lower() == "user-agent" for name, _ in request.headers):
            headers.append(("User-Agent", USER_AGENT))
        headers.extend(request.headers)
        chunked = any(name.lower() == "transfer-encoding" for name, _ in request.headers)
        if not chunked and (request.body or request.method in ("POST", "PUT", "PATCH")):
            headers.append(("Content-Length", str(len(request.body))))
        head = self._http.send(h11.Request(method=request.method, target=target, headers=headers))
        body = self._http.send(h11.Data(data=request.body)) if request.body else b""
        return (head or b"") + (body or b"") + (self._http.send(h11.EndOfMessage()) or b"")

    def _send_all(self, data: bytes, deadline: float) -> bool:
        """Send unless the server answers or closes first; return whether all was sent."""
        view = memoryview(data)
        while view:
            left = deadline - time.monotonic()
            if left <= 0:
                raise WireError(Trouble.TIMEOUT, "the request was not taken in time")
            readable, writable = False, True
            if not isinstance(self._socket, ssl.SSLSocket):
                ready = select.select([self._socket], [self._socket], [], left)
                readable, writable = bool(ready[0]), bool(ready[1])
            if readable:
                # An early answer (413, say): whether the rest is read is the server's affair.
                return False
            if writable:
                self._socket.settimeout(left)
                try:
                    view = view[self._socket.send(view[:_READ]) :]
                except TimeoutError as error:
                    raise WireError(Trouble.TIMEOUT, "the request was not taken in time") from error
                except OSError:
                    return False
        return True

    def receive(self, started: float, *, linger: float = 0.0) -> Answer:
        """Read one answer; `linger` seconds are then waited for bytes that should not come.

        Raises:
            WireError: TIMEOUT, CUT, PROTOCOL or TOO_LARGE; `partial` then holds what had come.
        """
        answer = Answer()
        received = bytearray()
        body = bytearray()
        try:
            self._read_events(answer, received, body, started + self._timeout)
        except WireError:
            raise
        finally:
            answer.received = bytes(received)
            answer.body = bytes(body)
            self.partial = answer
        answer.leftover = self._http.trailing_data[0]
        if linger and not answer.leftover:
            answer.leftover = self._late_bytes(linger)
        answer.reusable = self._http.our_state is h11.DONE and self._http.their_state is h11.DONE
        if answer.reusable and not answer.leftover:
            self._http.start_next_cycle()
        return answer

    def _read_events(self, answer: Answer, received: bytearray, body: bytearray, deadline: float) -> None:
        while True:
            try:
                event = self._http.next_event()
            except h11.RemoteProtocolError as error:
                if not received:
                    raise WireError(Trouble.CUT, "the connection was closed without an answer") from error
                closed = self._http.trailing_data[1]
                kind = Trouble.CUT if closed and received.startswith(b"HTTP/") else Trouble.PROTOCOL
                text = (
                    "the connection was closed in mid-answer" if kind is Trouble.CUT else f"not HTTP: {error}"
                )
                raise WireError(kind, text) from error
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
                    raise WireError(Trouble.TOO_LARGE, f"more than {MAX_ANSWER} bytes came")
            elif isinstance(event, h11.EndOfMessage | h11.ConnectionClosed) or event is h11.PAUSED:
                return

    def _read(self, received: bytearray, deadline: float) -> bytes:
        left = deadline - time.monotonic()
        if left <= 0:
            raise WireError(Trouble.TIMEOUT, self._late(received))
        self._socket.settimeout(left)
        try:
            data = self._socket.recv(_READ)
        except TimeoutError as error:
            raise WireError(Trouble.TIMEOUT, self._late(received)) from error
        except ssl.SSLEOFError:
            data = b""
        except OSError as error:
            text = "the connection was reset" + (" in mid-answer" if received else " without an answer")
            raise WireError(Trouble.CUT, text) from error
        received += data
        return data

    def _late(self, received: bytearray) -> str:
        seen = f"only {len(received)} bytes of an unfinished answer" if received else "no answer"
        return f"{seen} within {self._timeout:g} s"

    def _late_bytes(self, linger: float) -> bytes:
        self._socket.settimeout(linger)
        try:
            return self._socket.recv(_READ)
        except OSError:
            return b""


def decode_content(body: bytes, coding: str | None, offered: str | None) -> tuple[bytes, str | None]:
    """Undo the content coding; return the content and what is wrong, if anything."""
    codings = [part.strip().lower() for part in (coding or "").split(",") if part.strip()]
    codings = [part for part in codings if part != "identity"]
    if not codings:
        return body, None
    problem = None
    if offered is None:
        problem = f"Content-Encoding: {coding}, though the request offered no compression"
    for part in reversed(codings):
        if part not in ("gzip", "x-gzip", "deflate"):
            return body, problem or f"Content-Encoding: {coding}, which the request did not offer"
        try:
            body = _inflate(body, part)
        except zlib.error as error:
            return body, f"Content-Encoding: {coding}, but the body is not valid {part} ({error})"
    return body, problem


def _inflate(body: bytes, coding: str) -> bytes:
    if coding == "deflate":
        window = zlib.MAX_WBITS if body[:1] == b"\x78" else -zlib.MAX_WBITS
    else:
        window = 16 + zlib.MAX_WBITS
    stream = zlib.decompressobj(window)
    # Bounded output: a small answer must not unpack into gigabytes.
    result = stream.decompress(body, MAX_ANSWER)
    if not stream.eof:
        raise zlib.error("the compressed data stops before its end")
    if stream.unused_data:
        raise zlib.error(f"{len(stream.unused_data)} bytes after the end of the compressed data")
    return result


def exchange_on(
    connection: Connection,
    request: Request,
    *,
    number: int,
    question: str,
    pieces: Iterable[int] = (),
    pause: float = 0.0,
    linger: float = 0.0,
) -> Exchange:
    """Do one exchange on an open connection; trouble is recorded, not raised."""
    trouble: Trouble | None = None
    text = ""
    started = time.monotonic()
    connection.partial = Answer()
    try:
        started = connection.send(request, pieces=pieces, pause=pause)
        answer = connection.receive(started, linger=linger)
    except WireError as error:
        trouble, text = error.trouble, error.text
        answer = connection.partial
    except h11.LocalProtocolError as error:
        # The previous answer ended the connection; a further request on it cannot be sent.
        trouble, text = Trouble.CUT, f"the connection was no longer usable ({error})"
        answer = Answer()
    seconds = time.monotonic() - started
    headers = {name.lower(): value for name, value in answer.headers}
    offered = next((value for name, value in request.headers if name.lower() == "accept-encoding"), None)
    content, problem = answer.body, None
    if trouble is None:
        content, problem = decode_content(answer.body, headers.get("content-encoding"), offered)
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
        trouble=trouble,
        trouble_text=text,
        leftover=answer.leftover,
        reusable=answer.reusable,
        question=question,
    )
