"""A proxy between a billing system and a real SolusIO that records their exchanges.

Requests and responses pass unchanged, except for headers of a single connection (RFC 9110, 7.6.1), the
`Host`, and compressions that we cannot read. Exchanges are anonymised before they are written. The last piece
of a response leaves only once the exchange is on disk: a response that a client has received completely is
recorded, even if this program is killed at that moment.
"""

import asyncio
import re
import ssl
import time
import zlib
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime
from typing import Final
from urllib.parse import urlsplit

import httpx

from mock_solusio.record.anonymising import Anonymiser, RealExchange
from mock_solusio.record.archive import RecordingWriter
from mock_solusio.server.asgi import (
    BODY_LIMIT,
    ClientGoneError,
    Receive,
    Scope,
    Send,
    UnreadableError,
    read_request,
    send_response,
)
from mock_solusio.server.messages import Headers, Request, json_response, unsendable
from solusio_contracts.http.client import async_client

KEPT_LIMIT: Final = BODY_LIMIT
"""The largest body in bytes that is recorded; larger responses pass, but their bodies are not kept."""

API: Final = "/api/v1"

_HOP_BY_HOP: Final = frozenset(
    [
        b"connection",
        b"expect",  # handled by our server
        b"keep-alive",
        b"proxy-authenticate",
        b"proxy-authorization",
        b"proxy-connection",
        b"te",
        b"trailer",
        b"transfer-encoding",
        b"upgrade",
    ]
)
_READABLE: Final = frozenset({"gzip", "x-gzip", "deflate", "identity"})


class UpstreamError(ValueError):
    """An address cannot be that of a SolusIO; the text says why."""


class Upstream:
    """The address of the installation.

    Raises:
        UpstreamError: `url` is not an address such as https://panel.example.com.
    """

    def __init__(self, url: str) -> None:
        try:
            parts = urlsplit(url)
            port = parts.port
            host = httpx.URL(url).raw_host.decode()
        except (ValueError, httpx.InvalidURL) as error:
            raise UpstreamError(f"{url!r} is not a URL: {error}") from error
        if parts.scheme not in {"http", "https"} or not parts.hostname:
            raise UpstreamError(f"expected a URL such as https://panel.example.com, got {url!r}")
        if parts.username is not None or parts.query or parts.fragment:
            raise UpstreamError("expected a URL without user name, query and fragment")
        if parts.path.rstrip("/") not in {"", API}:
            raise UpstreamError(f"expected the address of the installation, without {parts.path!r}")
        self.origin = f"{host}:{port or {'http': 80, 'https': 443}[parts.scheme]}"
        """`host:port`, always with a port."""
        host = f"[{host}]" if ":" in host else host
        self.netloc = host if port is None else f"{host}:{port}"
        self.url = f"{parts.scheme}://{self.netloc}"


class _UnsendableError(Exception):
    """HTTP cannot send a response of the installation; the text says why."""


class Recorder:
    """The proxy, as an ASGI application.

    `timeout` limits the seconds to connect, and between two pieces of a response; `max_seconds` limits an
    exchange as a whole. `verify` decides how the certificate is verified. With `keep_host`, SolusIO gets the
    `Host` that the client sent. With `all_paths`, exchanges outside /api/v1 are recorded too. `report` is
    called with each line for the operator.
    """

    def __init__(
        self,
        upstream: Upstream,
        writer: RecordingWriter,
        anonymiser: Anonymiser,
        *,
        timeout: float = 60,
        max_seconds: float = 600,
        verify: ssl.SSLContext | bool = True,
        keep_host: bool = False,
        all_paths: bool = False,
        report: Callable[[str], None] = lambda _: None,
    ) -> None:
        self._upstream = upstream
        self._writer = writer
        self._anonymiser = anonymiser
        self._keep_host = keep_host
        self._all_paths = all_paths
        self._report = report
        self._limits = httpx.Timeout(timeout)
        self._max_seconds = max_seconds
        self._verify = verify
        self._client: httpx.AsyncClient | None = None
        # One thread, since the anonymiser has state.
        self._disk = ThreadPoolExecutor(1, thread_name_prefix="recording")
        self._warned = False
        self.recorded = 0
        """Exchanges written so far."""
        self.lost = 0
        """Exchanges that could not be written."""

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Forward a request, and send the response back."""
        if scope["type"] == "lifespan":
            await self._lifespan(receive, send)
        elif scope["type"] == "http":
            try:
                request = await read_request(scope, receive)
            except UnreadableError:
                refusal = {"message": f"The recorder accepts requests of up to {BODY_LIMIT} bytes."}
                await send_response(json_response(413, refusal, [(b"connection", b"close")]), send)
                return
            except ClientGoneError:
                return
            await self._pass_on(request, scope.get("raw_path") or scope["path"].encode(), send)

    async def _lifespan(self, receive: Receive, send: Send) -> None:
        while True:
            message = await receive()
            if message["type"] == "lifespan.startup":
                self._client = self._connect()
                await send({"type": "lifespan.startup.complete"})
            elif message["type"] == "lifespan.shutdown":
                if self._client is not None:
                    await self._client.aclose()
                self._disk.shutdown()
                self._writer.close()
                await send({"type": "lifespan.shutdown.complete"})
                return

    def _connect(self) -> httpx.AsyncClient:
        limits = httpx.Limits(max_connections=100, max_keepalive_connections=20, keepalive_expiry=15)
        return async_client(verify=self._verify, timeout=self._limits, limits=limits, follow_redirects=False)

    async def _pass_on(self, request: Request, raw_path: bytes, send: Send) -> None:
        began, moment = time.perf_counter(), datetime.now(UTC)
        wanted = self._all_paths or request.path == API or request.path.startswith(f"{API}/")
        number = self._writer.next_number() if wanted else 0
        kept = _BodyBuffer()
        passing = _DelayedResponse(send)
        try:
            async with asyncio.timeout(self._max_seconds):
                response = await self._ask(request, raw_path)
                try:
                    passing.status = response.status_code
                    passing.headers = _without_hops(response.headers.raw)
                    if problem := unsendable(passing.status, passing.headers):
                        raise _UnsendableError(problem)
                    async for piece in response.aiter_raw():
                        kept.add(piece)
                        await passing.add(piece)
                finally:
                    await response.aclose()
        except (
            *(httpx.HTTPError, httpx.InvalidURL, httpx.StreamError),
            *(_UnsendableError, TimeoutError),
        ) as error:
            await self._fail(request, error, passing, send)
            return
        if wanted:
            real = RealExchange(
                number=number,
                moment=moment.isoformat(timespec="milliseconds").replace("+00:00", "Z"),
                milliseconds=(time.perf_counter() - began) * 1000,
                method=request.method,
                origins=self._origins(request),
                path=request.path,
                query=request.query.decode("latin-1"),
                headers=request.headers,
                body=request.body,
                status=passing.status,
                response_headers=passing.headers,
                response_body=kept.body(passing.headers),
                response_bytes=kept.size,
            )
            await asyncio.get_running_loop().run_in_executor(self._disk, self._keep, real)
            self._warn_of_links(real)
        await passing.finish()

    def _keep(self, real: RealExchange) -> None:
        try:
            self._writer.add(self._anonymiser.exchange(real))
        except Exception as error:
            # The client still gets its response: a full disk here must not stop the billing system. Only the
            # kind of the error is reported, since its text might have data that must not be shown.
            self.lost += 1
            reason = error.strerror if isinstance(error, OSError) else type(error).__name__
            self._report(f"Cannot record exchange {real.number}: {reason}.")
        else:
            self.recorded += 1

    async def _ask(self, request: Request, raw_path: bytes) -> httpx.Response:
        if self._client is None:
            self._client = self._connect()
        target = raw_path + (b"?" + request.query if request.query else b"")
        headers = [(name, value) for name, value in _without_hops(request.headers) if name != b"host"]
        headers = [
            (name, _readable(value) if name == b"accept-encoding" else value) for name, value in headers
        ]
        own = request.header(b"host") if self._keep_host else None
        headers.insert(0, (b"Host", own or self._upstream.netloc.encode()))
        asked = httpx.Request(
            request.method,
            self._upstream.url,
            headers=headers,
            content=request.body or None,
            extensions={"target": target, "timeout": self._limits.as_dict()},
        )
        return await self._client.send(asked, stream=True, follow_redirects=False)

    async def _fail(
        self, request: Request, error: Exception, passing: "_DelayedResponse", send: Send
    ) -> None:
        reason = why(error)
        self._report(f"{request.method}: {self._upstream.url} {reason}.")
        if passing.began:
            return  # unfinished, so the server cuts the connection, and the client notices
        message = f"The recorder got no response: {self._upstream.url} {reason}."
        await send_response(json_response(502, {"message": message}), send)

    def _origins(self, request: Request) -> frozenset[str]:
        host = (request.header(b"host") or b"").decode("latin-1").lower()
        if not host:
            return frozenset({self._upstream.origin})
        if not re.search(r":\d+\Z", host):
            host = f"{host}:{443 if request.scheme == 'https' else 80}"
        return frozenset({self._upstream.origin, host})

    def _warn_of_links(self, real: RealExchange) -> None:
        """Report once that a client leaves the recorder if it follows the link to the next page."""
        if self._warned or self._keep_host or not real.response_body:
            return
        start = re.escape(self._upstream.url.replace("/", r"\/")).replace(r"\\", r"\\?")
        if re.search(rb'"next"\s*:\s*"' + start.encode(), real.response_body):
            self._warned = True
            self._report(
                f"Responses link to {self._upstream.url}: a client that follows links.next leaves the "
                "recorder. --keep-host may help."
            )


class _BodyBuffer:
    """The body of a response, up to a limit."""

    def __init__(self) -> None:
        self._parts: list[bytes] = []
        self.size = 0

    def add(self, piece: bytes) -> None:
        self.size += len(piece)
        if self.size <= KEPT_LIMIT:
            self._parts.append(piece)

    def body(self, headers: Headers) -> bytes | None:
        return decoded(b"".join(self._parts), headers) if self.size <= KEPT_LIMIT else None


class _DelayedResponse:
    """Forwards a response, always one piece late: the last one waits until the exchange is on disk."""

    def __init__(self, send: Send) -> None:
        self._send = send
        self._late: bytes | None = None
        self.began = False
        self.status = 502
        self.headers: list[tuple[bytes, bytes]] = []

    async def add(self, piece: bytes) -> None:
        if self._late is not None:
            await self._begin()
            await self._send({"type": "http.response.body", "body": self._late, "more_body": True})
        self._late = piece

    async def finish(self) -> None:
        await self._begin()
        await self._send({"type": "http.response.body", "body": self._late or b"", "more_body": False})

    async def _begin(self) -> None:
        if not self.began:
            self.began = True
            await self._send({"type": "http.response.start", "status": self.status, "headers": self.headers})


def _without_hops(headers: Headers) -> list[tuple[bytes, bytes]]:
    lower = [(name.lower(), value) for name, value in headers]
    named = {
        one.strip().lower() for name, value in lower if name == b"connection" for one in value.split(b",")
    }
    return [(name, value) for name, value in lower if name not in _HOP_BY_HOP and name not in named]


def _readable(value: bytes) -> bytes:
    """Return the compressions that the client accepts and we can read."""
    kept = [
        one.strip()
        for one in value.decode("latin-1").split(",")
        if one.partition(";")[0].strip().lower() in _READABLE
    ]
    return (", ".join(kept) or "identity").encode("latin-1")


def decoded(body: bytes, headers: Headers) -> bytes | None:
    """Return a decompressed body; None if that is not possible, or it would be too large."""
    encodings = [
        one.strip().lower()
        for name, value in headers
        if name.lower() == b"content-encoding"
        for one in value.decode("latin-1").split(",")
    ]
    for encoding in reversed(encodings):
        if encoding == "identity":
            continue
        # 47 is gzip or zlib; some servers also call a raw stream "deflate".
        widths = {"gzip": (47,), "x-gzip": (47,), "deflate": (47, -15)}.get(encoding)
        if widths is None or not body:
            return None if body else b""
        for width in widths:
            inflating = zlib.decompressobj(width)
            try:
                text = inflating.decompress(body, KEPT_LIMIT + 1)
            except zlib.error:
                continue
            break
        else:
            return None
        if len(text) > KEPT_LIMIT or not inflating.eof:
            return None
        body = text
    return body


def why(error: Exception) -> str:
    """Return why there was no response, without data of the request."""
    match error:
        case _UnsendableError():
            return f"sent what cannot be passed on: {error}"
        case httpx.ConnectTimeout():
            return "could not be reached in time"
        case httpx.TimeoutException() | TimeoutError():
            return "did not respond in time"
        case httpx.ConnectError() if "CERTIFICATE_VERIFY_FAILED" in str(error):
            return "has a certificate that is not trusted (--insecure accepts it)"
        case httpx.ConnectError():
            return f"could not be reached ({error})"
        case httpx.RemoteProtocolError() | httpx.ReadError() | httpx.DecodingError():
            return f"was cut off ({type(error).__name__})"
        case _:
            return f"failed ({type(error).__name__})"
