"""One HTTP exchange: a request and its response, as bytes and as parsed values."""

import enum
import re
from collections.abc import Iterable
from functools import cached_property

import msgspec

from solusio_contracts.http.json_body import Reading, read_json
from solusio_contracts.http.masking import form_encoded

FORM_TYPE = "application/x-www-form-urlencoded"
ACTION = "GetTokenPricing"

Form = tuple[tuple[str, str], ...]
Headers = tuple[tuple[str, str], ...]

# The request SolusIO sends, header for header (TP-001): the vendor's curl line in step 6.
SOLUSIO_HEADERS: Headers = (("Accept", "application/json"), ("Content-Type", FORM_TYPE))

# A response that assigns one of these names a value gives a price, or pretends to, in whatever format.
_PRICE = re.compile(rb"(?:base|user)_token_unit_cost[\\\"'\]]{0,4}\s*[:=>]")


class Request(msgspec.Struct, frozen=True):
    """What is sent: method, headers (without Host and Content-Length) and the exact body."""

    body: bytes
    headers: Headers = SOLUSIO_HEADERS
    method: str = "POST"
    query: str = ""
    """Appended to the target's URL; only for methods other than POST."""
    path: str = ""
    """Instead of the path and query of the target's URL."""

    @classmethod
    def form(cls, pairs: Iterable[tuple[str, str]], *, headers: Headers = ()) -> "Request":
        """Return a form POST as SolusIO makes it; `headers` replace headers of the same name."""
        replaced = {name.lower() for name, _ in headers}
        kept = tuple(pair for pair in SOLUSIO_HEADERS if pair[0].lower() not in replaced)
        form = "&".join(f"{form_encoded(name)}={form_encoded(value)}" for name, value in pairs)
        return cls(body=form.encode("ascii"), headers=kept + headers)


class FailureKind(enum.StrEnum):
    """Why an exchange has no complete response."""

    UNREACHABLE = "unreachable"
    """No connection: name not found, refused, no route."""
    TLS = "tls"
    """The TLS handshake failed."""
    TIMEOUT = "timeout"
    """Connected, but no complete response in time."""
    CUT = "cut"
    """The connection closed before the response was complete."""
    PROTOCOL = "protocol"
    """The bytes received are not HTTP."""
    TOO_LARGE = "too-large"
    """The response exceeds what the harness reads."""


class Received(msgspec.Struct, frozen=True, kw_only=True):
    """What was read of a response. `status` is missing (None) unless a complete head was read."""

    received: bytes = b""
    """Every byte, as it came; of a large response, the beginning."""
    status: int | None = None
    reason: str = ""
    headers: Headers = ()
    body: bytes = b""
    """The body without transfer coding, still content-encoded."""
    leftover: bytes = b""
    """Bytes after the end of the response."""
    reusable: bool = False
    """Whether the server offers to keep the connection."""


class Exchange(Received, frozen=True, kw_only=True, dict=True):
    """A request and what was received for it."""

    number: int
    """From 1, in the order of the run."""
    request: Request
    description: str = ""
    """What was asked, in words."""
    sent: bytes = b""
    after: Request | None = None
    """The request before it on the same connection, if there was one."""
    pieces: int = 1
    """In how many pieces it was sent, with pauses between them."""
    concurrent: int = 1
    """How many requests were sent at the same moment, this one included."""
    seconds: float = 0.0
    content: bytes = b""
    """The body after content decoding; equals `body` when there is none."""
    decode_problem: str | None = None
    failure: FailureKind | None = None
    failure_text: str = ""

    def header(self, name: str) -> str | None:
        """Return the value of a header (the first, if repeated), or None."""
        wanted = name.lower()
        return next((value for key, value in self.headers if key.lower() == wanted), None)

    @property
    def reading(self) -> Reading:
        """The content read as JSON, with everything that is wrong with it."""
        return read_json(self.content)

    @property
    def ok(self) -> bool:
        """Whether a complete response with status 200 came."""
        return self.failure is None and self.status == 200

    @property
    def refused(self) -> bool:
        """Whether the request was refused: any 4xx, whatever its body."""
        return self.status is not None and 400 <= self.status < 500

    @property
    def server_error(self) -> bool:
        """Whether the status is 5xx."""
        return self.status is not None and self.status >= 500

    @cached_property
    def priced(self) -> bool:
        """Whether a complete response gives a price, or something like one, and is not a refusal."""
        if self.status is None or self.failure is not None or self.refused:
            return False
        # Without their zero bytes, UTF-16 and UTF-32 read like ASCII.
        return _PRICE.search(self.content.replace(b"\0", b"")) is not None

    @property
    def summary(self) -> str:
        """The response in one line."""
        if self.failure is not None and self.status is None:
            return f"{self.failure_text or self.failure} after {self.seconds:.1f} s"
        line = f"status {self.status}"
        if self.failure is not None:
            return f"{line}, then {self.failure_text or self.failure}"
        if self.priced:
            return f"{line} with a price"
        kind = self.header("content-type")
        return f"{line}, {len(self.content)} bytes" + (f" of {kind}" if kind else "")
