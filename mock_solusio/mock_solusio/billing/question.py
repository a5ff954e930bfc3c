"""One request to the billing endpoint: the one of the vendor's curl line (page, step 6).

It never raises for what an endpoint does: it notes what went wrong, in words that hold no secret.
"""

import asyncio
from enum import StrEnum
from typing import TYPE_CHECKING

import msgspec

from mock_solusio.domain.prices import Pricing, parse_pricing, unit_cost
from mock_solusio.moment import Micros
from mock_solusio.server.messages import Headers
from mock_solusio.traffic.exchanges import NO_PRICE

if TYPE_CHECKING:
    import ssl

    import httpx


class Outcome(StrEnum):
    """What came of a request to the billing endpoint."""

    PRICE = "price"
    REFUSED = "refused"
    """Status 401 or 403: the authorization token is missing or wrong."""
    UNREACHABLE = "unreachable"
    """No answer: name, connection, TLS or time."""
    NO_PRICE = "no-price"
    """An answer, but no price in it."""


class BillingExchange(msgspec.Struct):
    """A request and its response, filled in step by step. URL, headers and bodies include secrets."""

    url: str
    authorization_token: str
    billing_user_id: int
    at: Micros
    """The virtual moment of the request."""
    timeout: float
    """Real seconds for everything, from name resolution to the last byte."""
    body_limit: int
    """Bytes of an answer, compressed or decompressed, that are read."""
    request_headers: Headers = ()
    request_body: bytes = b""
    sent: bool = False
    """Whether anything was sent: nothing is if the URL is not valid."""
    status: int | None = None
    """None if there was no answer."""
    response_headers: Headers = ()
    content_encoding: str | None = None
    response_body: bytearray = msgspec.field(default_factory=bytearray)
    """As it arrived: perhaps compressed, perhaps incomplete."""
    duration: float = 0.0
    """Real seconds."""
    timed_out: bool = False
    pricing: Pricing | None = None
    reason: str = ""
    """Why there is no price: one sentence, without the URL, the body, or anything else that may be secret."""

    @property
    def outcome(self) -> Outcome:
        """What came of it."""
        if self.pricing is not None:
            return Outcome.PRICE
        if self.status is None or self.timed_out:
            return Outcome.UNREACHABLE
        return Outcome.REFUSED if self.status in _UNAUTHORIZED else Outcome.NO_PRICE

    def result(self) -> str:
        """Return what came of it, in a sentence without secrets."""
        user = self.billing_user_id
        if self.pricing is None:
            return f"{NO_PRICE} for user {user}: {self.reason}"
        return f"User {user} pays {unit_cost(self.pricing)} a token."

    async def run(self, client: "httpx.AsyncClient") -> None:
        """Ask; what comes of it is in `pricing`, or in `reason`."""
        request = self._request()
        if request is not None:
            await self._exchange(client, request)
        self.pricing = self._understood()

    def _request(self) -> "httpx.Request | None":
        import httpx

        from solusio_contracts.http.exchange import ACTION, Request

        credential = [("token", self.authorization_token)] if self.authorization_token else []
        question = Request.form([*credential, ("action", ACTION), ("userid", str(self.billing_user_id))])
        try:
            # Not client.build_request, which adds headers of its own.
            request = httpx.Request(
                question.method, self.url, headers=question.headers, content=question.body
            )
            usable = request.url.scheme in ("http", "https") and bool(request.url.host)
        except (httpx.InvalidURL, ValueError):
            usable = False
        if not usable:
            self.reason = "The URL of the billing endpoint is not a valid http or https URL."
            return None
        self.request_headers = request.headers.raw
        self.request_body = question.body
        return request

    async def _exchange(self, client: "httpx.AsyncClient", request: "httpx.Request") -> None:
        try:
            async with asyncio.timeout(self.timeout):
                self.sent = True
                response = await client.send(request, stream=True, follow_redirects=False)
                try:
                    self.status = response.status_code
                    self.response_headers = response.headers.raw
                    self.content_encoding = response.headers.get("content-encoding")
                    await self._read(response)
                finally:
                    await response.aclose()
        except TimeoutError:
            self.timed_out = True
            self.reason = f"The billing endpoint gave no complete answer within {self.timeout:g} s."
        except Exception as error:
            # No error may stop the mock: a port beyond 65535 raises OverflowError, for example.
            self.reason = _failure(error)

    async def _read(self, response: "httpx.Response") -> None:
        async for piece in response.aiter_raw():
            self.response_body += piece
            if len(self.response_body) > self.body_limit:
                del self.response_body[self.body_limit :]
                self._too_large()
                return

    def _understood(self) -> Pricing | None:
        """Return the price that the answer gives, or None with `reason`."""
        if self.reason or self.status is None:
            return None
        from solusio_contracts.http.content_coding import decode_content
        from solusio_contracts.http.first_line import looks_like_html

        html = looks_like_html(bytes(self.response_body[:200]))
        self.reason = _refusal(self.status, token=bool(self.authorization_token), html=html)
        if self.reason:
            return None

        # Assumed: SolusIO's client decompresses what it did not ask for, and takes other bodies as they are.
        content, _ = decode_content(bytes(self.response_body), self.content_encoding, None)
        if len(content) > self.body_limit:
            self._too_large()
            return None
        try:
            return parse_pricing(content)
        except ValueError as error:
            packed = (
                self.content_encoding or "identity"
            ).lower() != "identity" and content == self.response_body
            self.reason = "The answer cannot be unpacked (Content-Encoding)." if packed else str(error)
            return None

    def _too_large(self) -> None:
        self.reason = f"The answer of the billing endpoint is larger than {self.body_limit} bytes."


def make_client(verify: "bool | ssl.SSLContext") -> "httpx.AsyncClient":
    """Return a client for many requests. Call it in a thread: the first call imports for half a second.

    `verify` True checks certificates against those the system trusts.

    Raises:
        OSError: the system's certificates cannot be read.
    """
    import ssl

    import anyio
    import httpcore
    import httpx

    # The first request finds all of this imported.
    from solusio_contracts.http.client import async_client

    del httpcore
    anyio.run(anyio.sleep, 0)  # imports what connects in asyncio

    return async_client(
        verify=ssl.create_default_context() if verify is True else verify,
        timeout=None,  # the limit is on the whole exchange
        # A connection for each request, as from PHP's short-lived processes; none can be stale later.
        limits=httpx.Limits(max_connections=64, max_keepalive_connections=0),
    )


_UNAUTHORIZED = (401, 403)


def _refusal(status: int, *, token: bool, html: bool) -> str:
    """Return why an answer with this status has no price; empty if it should have one.

    `token`: an authorization token was sent. `html`: the answer is a page, as web servers send in place of
    a program.
    """
    if 200 <= status < 300:
        return ""
    if 300 <= status < 400:
        # Assumed: the vendor's curl line does not follow any either.
        return f"The billing endpoint redirects (status {status}), and redirects are not followed."
    page = ", with an HTML page: does its URL lead to your program?" if html else "."
    if status in _UNAUTHORIZED and token:
        return f"The billing endpoint refuses the authorization token (status {status}){page}"
    if status in _UNAUTHORIZED:
        return (
            f"The billing endpoint refuses a request without an authorization token (status {status}){page}"
        )
    if status < 500:
        return f"The billing endpoint refuses (status {status}){page}"
    return f"The billing endpoint fails (status {status}){page}"


def _failure(error: Exception) -> str:
    """Return why there is no complete answer, without the URL or anything else that may hold a secret."""
    import socket
    import ssl

    import httpx

    causes: list[BaseException] = []
    cause: BaseException | None = error
    while cause is not None and cause not in causes:
        causes.append(cause)
        causes.extend(cause.exceptions if isinstance(cause, BaseExceptionGroup) else ())
        cause = cause.__cause__ or cause.__context__
    for found in causes:
        if isinstance(found, ssl.SSLCertVerificationError):
            return f"The certificate of the billing endpoint is not accepted: {found.verify_message}."
        if isinstance(found, ssl.SSLError):
            return "The TLS handshake with the billing endpoint failed."
        if isinstance(found, socket.gaierror | UnicodeError):
            return "The host name of the billing endpoint cannot be resolved."
        if isinstance(found, ConnectionRefusedError):
            return "The billing endpoint refuses connections."
    if isinstance(error, httpx.ConnectError):
        return "Cannot connect to the billing endpoint."
    cut = any(words in str(error) for words in ("disconnected", "closed connection", "incomplete"))
    if cut or isinstance(error, httpx.NetworkError):
        return "The billing endpoint closed the connection before its answer was complete."
    if isinstance(error, httpx.RemoteProtocolError):
        return "The answer of the billing endpoint is not HTTP."
    return f"The request to the billing endpoint failed ({type(error).__name__})."
