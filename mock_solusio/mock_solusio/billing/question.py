"""One question to the billing endpoint, over HTTP: the request of the vendor's curl line (page, step 6).

Never raises for what an endpoint does: what went wrong is written down, in words that hold no secret.
"""

import asyncio
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from mock_solusio.domain.prices import Pricing, minor_digits, parse_pricing
from mock_solusio.server.messages import Headers

if TYPE_CHECKING:
    import ssl

    import httpx


@dataclass(slots=True)
class BillingCall:
    """A question and what comes of it, filled in step by step."""

    url: str
    authorization_token: str
    billing_user_id: int
    timeout: float
    """Real seconds for everything, from the name's resolution to the last byte."""
    body_limit: int
    """Bytes of an answer, packed or unpacked, that are read."""
    request_headers: Headers = ()
    request_body: bytes = b""
    sent: bool = False
    status: int | None = None
    response_headers: Headers = ()
    coding: str | None = None
    body: bytearray = field(default_factory=bytearray)
    """As it came: perhaps compressed, perhaps not whole."""
    reason: str = ""
    """Why there is no price: one sentence, without the URL, the body, or anything else that may be secret."""
    server_failed: bool = False
    """Whether it speaks against the server: no complete answer in time, or a status of 500 and above."""

    async def ask(self, client: "httpx.AsyncClient") -> Pricing | None:
        """Ask; return the price, or None with `reason`."""
        request = self._question()
        if request is not None:
            await self._exchange(client, request)
        return self._understood()

    def _question(self) -> "httpx.Request | None":
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
            self.reason = "The URL of the billing endpoint is not one that begins with http:// or https://."
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
                    self.coding = response.headers.get("content-encoding")
                    await self._read(response)
                finally:
                    await response.aclose()
        except TimeoutError:
            self.server_failed = True
            self.reason = f"The billing endpoint gave no complete answer within {self.timeout:g} s."
        except Exception as error:
            # Whatever it is, it is no reason to fail: a port beyond 65535 raises OverflowError, for example.
            self.server_failed = True
            self.reason = _trouble(error)
        else:
            self.server_failed = self.status >= 500

    async def _read(self, response: "httpx.Response") -> None:
        async for piece in response.aiter_raw():
            self.body += piece
            if len(self.body) > self.body_limit:
                del self.body[self.body_limit :]
                self._too_large()
                return

    def _understood(self) -> Pricing | None:
        """Return the price that the answer gives, or None with `reason`."""
        if self.reason or self.status is None:
            return None
        self.reason = _refusal(self.status)
        if self.reason:
            return None
        from solusio_contracts.http.content_coding import decode_content

        # Assumed: SolusIO's client unpacks what it did not ask for, and takes as it is what is not packed.
        content, _ = decode_content(bytes(self.body), self.coding, None)
        if len(content) > self.body_limit:
            self._too_large()
            return None
        try:
            return parse_pricing(content)
        except ValueError as error:
            packed = (self.coding or "identity").lower() != "identity" and content == self.body
            self.reason = "The answer cannot be unpacked (Content-Encoding)." if packed else str(error)
            return None

    def _too_large(self) -> None:
        self.reason = f"The answer of the billing endpoint is larger than {self.body_limit} bytes."


def make_client(verify: "bool | ssl.SSLContext") -> "httpx.AsyncClient":
    """Return a client for many calls; takes half a second of imports at first, so call it in a thread.

    `verify` True checks certificates against those that the system trusts.

    Raises:
        OSError: the system's certificates cannot be read.
    """
    import ssl

    import httpx

    import solusio_contracts.http.content_coding
    import solusio_contracts.http.exchange  # noqa: F401 - what a call needs, so that it finds it loaded

    minor_digits("USD")  # loads CLDR
    return httpx.AsyncClient(
        verify=ssl.create_default_context() if verify is True else verify,
        # No proxy and no password file: the question goes to the endpoint and nowhere else.
        trust_env=False,
        timeout=None,  # noqa: S113 - the limit is on the whole exchange
        # A connection for each question, as from PHP's short-lived processes; none to be found dead later.
        limits=httpx.Limits(max_connections=64, max_keepalive_connections=0),
    )


def _refusal(status: int) -> str:
    """Say why an answer with this status has no price; empty when it should have one."""
    if 200 <= status < 300:
        return ""
    if 300 <= status < 400:
        # Assumed: the vendor's curl line follows none either.
        return f"The billing endpoint redirects (status {status}), and redirects are not followed."
    if status in (401, 403):
        return f"The billing endpoint refuses (status {status}): check the authorization token."
    if status < 500:
        return f"The billing endpoint refuses (status {status})."
    return f"The billing endpoint fails (status {status})."


def _trouble(error: Exception) -> str:
    """Say why there is no complete answer, without the URL or anything else that may hold a secret."""
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
        return "There is no connection to the billing endpoint."
    cut = any(words in str(error) for words in ("disconnected", "closed connection", "incomplete"))
    if cut or isinstance(error, httpx.NetworkError):
        return "The billing endpoint closed the connection before its answer was complete."
    if isinstance(error, httpx.RemoteProtocolError):
        return "What the billing endpoint answers is not HTTP."
    return f"The billing endpoint could not be asked ({type(error).__name__})."
