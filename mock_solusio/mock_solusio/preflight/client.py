"""Reads a SolusIO: with GET alone, a bounded number of times, and never beyond its own host.

It keeps every exchange. A refusal or a broken response raises `UnreadableError` with a reason for people.
"""

import datetime
import email.utils
import ssl
import time
import urllib.parse
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any, Final

from mock_solusio.preflight.words import shown_url
from solusio_contracts.http.connection import Connection, ExchangeError, exchange_on
from solusio_contracts.http.exchange import Exchange, FailureKind, Headers, Request
from solusio_contracts.http.first_line import first_line, looks_like_html
from solusio_contracts.http.masking import Mask
from solusio_contracts.http.url import Origin

API: Final = "/api/v1/"
USER_AGENT: Final = "mock-solusio-preflight"
ACCESS_TOKEN_VARIABLE: Final = "SOLUSIO_ACCESS_TOKEN"  # noqa: S105 - the name of a variable
TRIES: Final = 4
"""How often a request is sent in all while SolusIO answers 429."""
IN_A_ROW: Final = 3
"""Failures in a row after which nothing more is asked: every further one would take the whole timeout."""
_UNKNOWN: Final = 1.0
"""Seconds to wait after a 429 without a usable Retry-After; doubled each time."""


class UnreadableError(Exception):
    """Something could not be read; `reason` is for people, `exchange` shows it if there was one."""

    def __init__(self, reason: str, exchange: Exchange | None = None, *, forbidden: str = "") -> None:
        super().__init__(reason)
        self.reason = reason
        self.exchange = exchange
        self.forbidden = forbidden
        """The operation that the access token may not use (403)."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Access:
    """How to reach a SolusIO, and how much may be asked of it."""

    url: str
    """Without `/api/v1` and without a trailing slash."""
    token: str
    """The access token."""
    timeout: float = 10.0
    """Seconds for a complete response."""
    requests: int = 80
    """The most requests that are sent, repetitions included."""
    patience: float = 120.0
    """Seconds to wait in all when SolusIO answers 429."""
    tls: ssl.SSLContext | None = None

    @classmethod
    def of(cls, url: str, token: str, **more: Any) -> "Access":
        """Return the access to a URL, which may end in `/api/v1`.

        Raises:
            ValueError: it is not an http(s) URL with a host, or has a user name, query or fragment.
        """
        Origin.of(url)
        parts = urllib.parse.urlsplit(url)
        if parts.username is not None or parts.query or parts.fragment:
            raise ValueError("expected a URL without a user name, a query and a fragment")
        path = parts.path.rstrip("/").removesuffix(API.rstrip("/")).rstrip("/")
        return cls(url=urllib.parse.urlunsplit(parts._replace(path=path)), token=token, **more)


@dataclass(frozen=True, slots=True, kw_only=True)
class Answer:
    """What was asked by operationId, and the JSON value that came with status 200."""

    operation: str
    exchange: Exchange
    value: Any

    @property
    def data(self) -> Any:
        """The member `data`; None if there is none."""
        return self.value.get("data") if isinstance(self.value, dict) else None


class Reader:
    """Reads one SolusIO by GET. Only the module `login` sends anything else, through `send`."""

    def __init__(
        self,
        access: Access,
        *,
        sleep: Callable[[float], None] = time.sleep,
        now: Callable[[], datetime.datetime] = lambda: datetime.datetime.now(datetime.UTC),
    ) -> None:
        self.access = access
        self.mask = Mask()
        self.mask.hide(access.token, f"${{{ACCESS_TOKEN_VARIABLE}}}")
        self.answers: list[Answer] = []
        """What could be read, in order."""
        self.asked: list[tuple[str, Exchange]] = []
        """The operations that were asked, each with what came, in order."""
        self.exchanges: list[Exchange] = []
        """Everything that was sent, in order, also to the billing endpoint."""
        self.received: list[tuple[Exchange, datetime.datetime]] = []
        """The responses of SolusIO, each with the time of this machine at which it had come."""
        self.certificate: Mapping[str, Any] | None = None
        """The server's certificate, as `ssl` gives it; empty if it was not verified, None without TLS."""
        self.waited = 0.0
        """Seconds of waiting that SolusIO asked for."""
        self.stopped = ""
        """Why nothing more is asked, once that is so."""
        self._origin = Origin.of(access.url)
        self._connection: Connection | None = None
        self._elsewhere: dict[int, str] = {}
        self._sleep, self._now = sleep, now
        self._failed = 0

    @property
    def left(self) -> int:
        """How many requests may still be sent."""
        return max(0, self.access.requests - len(self.exchanges))

    @property
    def base_path(self) -> str:
        """The path of the URL, which precedes every other; mostly empty."""
        return urllib.parse.urlsplit(self.access.url).path

    def get(self, operation: str, path: str, query: Mapping[str, object] = {}) -> Answer:
        """Read something of the API; `path` is below `/api/v1`, `operation` its operationId.

        Raises:
            UnreadableError: there is no JSON with status 200.
        """
        exchange = self.page(f"{API}{path}", query, operation=operation)
        self.asked.append((operation, exchange))
        reason = self._why_not(path, exchange)
        if reason:
            if not self.answers and _is_of_another(exchange):
                self.stopped = reason
            html = looks_like_html(exchange.content)
            forbidden = operation if exchange.status == 403 and not html else ""
            raise UnreadableError(reason, exchange, forbidden=forbidden)
        answer = Answer(operation=operation, exchange=exchange, value=exchange.reading.value)
        self.answers.append(answer)
        return answer

    def page(self, path: str, query: Mapping[str, object] = {}, *, operation: str = "") -> Exchange:
        """Get a path of the same host, whatever comes. A redirect is never followed.

        Raises:
            UnreadableError: nothing more may be asked.
        """
        target = self.base_path + path
        if query:
            target += "?" + urllib.parse.urlencode(query)
        words = f"GET {target}" + (f" ({operation})" if operation else "")
        request = Request(body=b"", method="GET", path=target, headers=self.headers("application/json"))
        return self.send(request, words)

    def headers(self, accept: str) -> Headers:
        """Return the headers of a request to SolusIO."""
        bearer = ("Authorization", f"Bearer {self.access.token}")
        return (("Accept", accept), ("User-Agent", USER_AGENT), bearer)

    def send(self, request: Request, description: str) -> Exchange:
        """Send a request to SolusIO; wait and repeat it while it is answered with 429.

        Raises:
            UnreadableError: nothing more may be asked.
        """
        pause = _UNKNOWN
        for count in range(1, TRIES + 1):
            exchange = self._once(request, description)
            if exchange.status != 429 or count == TRIES:
                break
            wanted = _retry_after(exchange, self._now())
            pause, seconds = 2 * pause, pause if wanted is None else wanted
            if self.waited + seconds > self.access.patience or not self.left:
                break
            self.waited += seconds
            self._sleep(seconds)
        self._note_failure(exchange)
        return exchange

    def elsewhere(self, url: str) -> Exchange:
        """Get a URL without the access token, whatever comes: the billing endpoint, the user area.

        Raises:
            UnreadableError: nothing more may be asked, or there is no connection.
            ValueError: it is not an http(s) URL.
        """
        self._require_open()
        origin = Origin.of(url)
        own = (origin.host, origin.port) == (self._origin.host, self._origin.port)
        tls = None
        if origin.scheme == "https":
            tls = self.access.tls if own else ssl.create_default_context()
        headers = (("Accept", "*/*"), ("User-Agent", USER_AGENT))
        request = Request(body=b"", method="GET", headers=headers)
        self._elsewhere[self._number] = url
        words = f"GET {shown_url(url)}, without the access token"
        try:
            with Connection(origin, tls=tls, timeout=self.access.timeout) as connection:
                exchange = exchange_on(connection, request, number=self._number, description=words)
        except ExchangeError as error:
            exchange = self._no_connection(request, words, error)
        self.exchanges.append(exchange)
        return exchange

    def url_of(self, exchange: Exchange) -> str:
        """Return the URL to which a request went; its own path replaces the one in it."""
        return self._elsewhere.get(exchange.number, self.access.url)

    def close(self) -> None:
        """Close the connection."""
        if self._connection is not None:
            self._connection.close()
            self._connection = None

    @property
    def _number(self) -> int:
        return len(self.exchanges) + 1

    def _require_open(self) -> None:
        if not self.stopped and not self.left:
            self.stopped = f"the limit of {self.access.requests} requests is reached (--max-requests)"
        if self.stopped:
            raise UnreadableError(self.stopped)

    def _once(self, request: Request, description: str) -> Exchange:
        self._require_open()
        kept = self._connection is not None
        exchange = self._on_connection(request, description)
        if kept and exchange.failure is FailureKind.CUT and not exchange.received:
            # The server had closed a connection that was idle.
            self.exchanges.append(exchange)
            self._require_open()
            exchange = self._on_connection(request, description)
        self.exchanges.append(exchange)
        if exchange.status is not None:
            self.received.append((exchange, self._now()))
        return exchange

    def _on_connection(self, request: Request, description: str) -> Exchange:
        connection, self._connection = self._connection, None
        try:
            if connection is None:
                connection = Connection(self._origin, tls=self.access.tls, timeout=self.access.timeout)
                self.certificate = connection.certificate
            exchange = exchange_on(connection, request, number=self._number, description=description)
        except ExchangeError as error:
            return self._no_connection(request, description, error)
        if exchange.reusable and exchange.failure is None:
            self._connection = connection
        else:
            connection.close()
        return exchange

    def _no_connection(self, request: Request, description: str, error: ExchangeError) -> Exchange:
        return Exchange(
            number=self._number,
            request=request,
            description=description,
            failure=error.failure,
            failure_text=error.text,
        )

    def _note_failure(self, exchange: Exchange) -> None:
        broken = exchange.failure is not None or exchange.server_error or exchange.status == 429
        self._failed = self._failed + 1 if broken else 0
        if exchange.failure in (FailureKind.UNREACHABLE, FailureKind.TLS):
            self.stopped = f"{self.access.url} cannot be reached: {exchange.failure_text}"
        elif exchange.status == 401 and not looks_like_html(exchange.content):
            self.stopped = (
                "SolusIO does not accept the access token (401): it is mistyped, revoked or expired"
            )
        elif self._failed >= IN_A_ROW:
            self.stopped = (
                f"{self._failed} requests in a row failed, the last one with: {self._summary(exchange)}"
            )

    def _summary(self, exchange: Exchange) -> str:
        return exchange.failure_text or f"status {exchange.status}"

    def _why_not(self, path: str, exchange: Exchange) -> str:
        """Return why a response is not a JSON value with status 200; empty if it is one."""
        what = f"GET {API}{path.partition('?')[0]}"
        if self.stopped and (exchange.failure is not None or exchange.status == 401):
            return self.stopped
        if exchange.failure is not None:
            return f"{what}: {exchange.failure_text}"
        status, html = exchange.status, looks_like_html(exchange.content)
        if html and status in (401, 403, 404):
            line = first_line(exchange.content, self.mask)
            return (
                f"{what} answers with status {status} and an HTML page ({line}), which SolusIO does not: "
                "is this its URL, or does a web server before it refuse?"
            )
        if status == 403:
            return f"the access token may not use {what} (403)"
        if status is not None and 300 <= status < 400:
            return f"{what} redirects to {_place(exchange)}, which is not followed; give the final URL"
        if status == 429:
            return f"{what} is limited (429), and SolusIO asks to wait longer than this run may"
        if status != 200:
            line = first_line(exchange.content, self.mask)
            return f"{what} answers with status {status}" + (f": {line}" if line else "")
        if exchange.decode_problem:
            return f"{what}: the body cannot be decoded: {exchange.decode_problem}"
        if html:
            return f"{what} answers with an HTML page instead of JSON: is this the URL of SolusIO?"
        reading = exchange.reading
        if not reading.readable or not isinstance(reading.value, dict):
            detail = reading.problems[0].detail if reading.problems else "it is not an object"
            return f"{what} answers with something that is not a JSON object: {detail}"
        return ""


def _is_of_another(exchange: Exchange) -> bool:
    """Return whether a first response shows that SolusIO is not at this URL: so will every other."""
    if exchange.failure is not None or exchange.status is None or exchange.status == 429:
        return False
    return 300 <= exchange.status < 400 or (exchange.status < 500 and looks_like_html(exchange.content))


def _place(exchange: Exchange) -> str:
    """Return where a redirect leads, without a query: it may have a secret."""
    return (exchange.header("location") or "nowhere").partition("?")[0][:200]


def _retry_after(exchange: Exchange, now: datetime.datetime) -> float | None:
    """Return the seconds of Retry-After, which may also be a date; None if it says nothing usable."""
    text = (exchange.header("retry-after") or "").strip()
    if text.isascii() and text.isdigit():
        return float(text)
    try:
        moment = email.utils.parsedate_to_datetime(text)
    except ValueError:
        return None
    return max(0.0, (moment.astimezone(datetime.UTC) - now).total_seconds())
