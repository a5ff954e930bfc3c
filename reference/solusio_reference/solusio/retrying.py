"""HTTP requests with retries: which ones, when, and how often.

A request is repeated only if that does no harm. GET, PUT, PATCH and DELETE may be sent twice: if the first
request succeeded, the second changes nothing. A POST could create a second user, so it is repeated only if
the server certainly did not process it. Waits grow, and are random (jitter), so that a hundred clients which
lost the same server do not all return in the same second.
"""

import random
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime

import httpx

REPEATABLE = frozenset({"GET", "PUT", "PATCH", "DELETE"})
FIRST_WAIT = 0.5
"""Seconds before the second attempt; the wait doubles with each attempt."""
MAX_TOTAL_WAIT = 60.0
"""Limit for the seconds between all attempts of one request together."""
MAX_BODY_BYTES = 64 * 1024 * 1024
"""Limit for a response; a page of 1000 usage lines has half a megabyte."""

# The server cannot have processed the request: there was no connection to send it on.
_NOT_SENT = (httpx.ConnectError, httpx.ConnectTimeout, httpx.PoolTimeout)
# The next attempt would fail in the same way.
_PERMANENT = (httpx.UnsupportedProtocol, httpx.LocalProtocolError)


@dataclass(frozen=True, slots=True)
class ApiResponse:
    """A complete response of any status."""

    status: int
    headers: httpx.Headers
    body: bytes


class NoResponse(Exception):  # noqa: N818 - named for what happened
    """No complete response arrived; ``maybe_done``: the server may have processed the request."""

    def __init__(self, reason: str, *, maybe_done: bool) -> None:
        super().__init__(reason)
        self.maybe_done = maybe_done


class RetryingClient:
    """Sends each request at most ``attempts`` times. Thread-safe.

    ``timeout`` is in seconds, for one attempt, from connecting to the end of the response.
    """

    def __init__(
        self,
        client: httpx.Client,
        *,
        timeout: float,
        attempts: int,
        sleep: Callable[[float], None] = time.sleep,
    ) -> None:
        if attempts < 1 or timeout <= 0:
            raise ValueError("attempts must be at least 1, and the timeout above 0")
        self._client = client
        self._timeout = timeout
        self._attempts = attempts
        self._sleep = sleep

    def send(self, method: str, url: str, content: bytes | None = None) -> ApiResponse:
        """Send a request until repeating it is no longer useful; return the last response.

        Raises:
            NoResponse: the last attempt, or one that must not be repeated, got no response.
        """
        remaining = MAX_TOTAL_WAIT
        for attempt in range(1, self._attempts):
            wait = backoff(attempt)
            try:
                response = self._send_once(method, url, content)
            except httpx.RequestError as error:
                if not _may_repeat(method, error) or wait > remaining:
                    raise self._no_response(error) from error
            else:
                requested = retry_after(response.headers)
                if not _worth_repeating(method, response.status, requested):
                    return response
                wait += requested or 0.0
                if wait > remaining:
                    return response  # the server asks for a longer wait than we allow
            remaining -= wait
            self._sleep(wait)
        try:
            return self._send_once(method, url, content)
        except httpx.RequestError as error:
            raise self._no_response(error) from error

    def pause(self, attempt: int) -> None:
        """Wait as after failed attempt number ``attempt``, counted from 1."""
        self._sleep(backoff(attempt))

    def _send_once(self, method: str, url: str, content: bytes | None) -> ApiResponse:
        # httpx limits the time between two chunks of a response. A server that sends a byte a minute never
        # exceeds that, so the whole response has a deadline, too.
        deadline = time.monotonic() + self._timeout
        headers = {} if content is None else {"Content-Type": "application/json"}
        with self._client.stream(
            method, url, content=content, headers=headers, timeout=self._timeout
        ) as response:
            body = bytearray()
            for chunk in response.iter_bytes():
                body += chunk
                if time.monotonic() > deadline:
                    raise httpx.ReadTimeout("", request=response.request)
                if len(body) > MAX_BODY_BYTES:
                    message = f"the response has more than {MAX_BODY_BYTES} bytes"
                    raise httpx.DecodingError(message, request=response.request)
            return ApiResponse(response.status_code, response.headers, bytes(body))

    def _no_response(self, error: httpx.RequestError) -> NoResponse:
        if isinstance(error, httpx.TimeoutException):
            reason = f"no response within {self._timeout:g} seconds"
        else:
            reason = str(error) or type(error).__name__
        return NoResponse(reason, maybe_done=not isinstance(error, _NOT_SENT + _PERMANENT))


def backoff(attempt: int) -> float:
    """Return the seconds to wait after attempt 1, 2, 3 ...: between half and all of 0.5, 1, 2 ..."""
    return FIRST_WAIT * 2.0 ** (attempt - 1) * random.uniform(0.5, 1.0)  # noqa: S311 - not a secret


def retry_after(headers: Mapping[str, str]) -> float | None:
    """Return the seconds that ``Retry-After`` asks for, as a number or a date; None without a valid one."""
    value = headers.get("Retry-After", "").strip()
    if value.isascii() and value.isdigit():
        return float(value[:10])  # ten digits already exceed any wait
    until = _date(value)
    if until is None:
        return None
    # Measure by the server's clock, if it sends the time: ours may be wrong.
    now = _date(headers.get("Date", "")) or datetime.now(UTC)
    return max(0.0, (until - now).total_seconds())


def _date(text: str) -> datetime | None:
    try:
        date = parsedate_to_datetime(text)
    except ValueError:
        return None
    return date if date.tzinfo else date.replace(tzinfo=UTC)


def _may_repeat(method: str, error: httpx.RequestError) -> bool:
    if isinstance(error, _PERMANENT) or "CERTIFICATE_VERIFY_FAILED" in str(error):
        return False
    return method in REPEATABLE or isinstance(error, _NOT_SENT)


def _worth_repeating(method: str, status: int, requested: float | None) -> bool:
    if status == 429:
        return True  # refused before it was processed
    if status == 503 and requested is not None:
        return True  # a server that says when to come back has not processed the request
    return status >= 500 and status != 501 and method in REPEATABLE
