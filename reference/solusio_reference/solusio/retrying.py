"""HTTP requests that outlast a bad moment of the server: what is repeated, when, how often.

A request is repeated only if that can do no harm. GET, PUT, PATCH and DELETE may be sent twice: the
second one finds done what the first one did. A POST could make a second user, so it is repeated only when
the server has certainly not carried it out. Waiting times grow, and are never the same for two clients
(jitter): a hundred of them that lost the same server should not come back in the same second.
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
"""Seconds before the second attempt; they double with each further one."""
MOST_WAITING = 60.0
"""Seconds that are waited between all attempts of one request together."""
MOST_BYTES = 64 * 1024 * 1024
"""Longest answer that is read; a page of 1000 usage lines has half a megabyte."""

# The request cannot have been carried out: there was no connection to send it on.
_NOT_SENT = (httpx.ConnectError, httpx.ConnectTimeout, httpx.PoolTimeout)
# The next attempt would end in the same way.
_HOPELESS = (httpx.UnsupportedProtocol, httpx.LocalProtocolError)


@dataclass(frozen=True, slots=True)
class ApiResponse:
    """What the server said, whatever its status."""

    status: int
    headers: httpx.Headers
    body: bytes


class NoResponse(Exception):  # noqa: N818 - named as what there is
    """The server did not answer, or not to the end; ``perhaps_done`` if it may have done what was asked."""

    def __init__(self, reason: str, *, maybe_done: bool) -> None:
        super().__init__(reason)
        self.maybe_done = maybe_done


class RetryingClient:
    """Sends requests, each at most ``attempts`` times. May be used by several threads at once.

    ``timeout`` is in seconds, for one attempt from the connection to the end of the answer.
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
        """Send a request until there is an answer to go by; return the last one, also if it is an error.

        Raises:
            NoResponse: no attempt was answered, or none that may be repeated.
        """
        left = MOST_WAITING
        for attempt in range(1, self._attempts):
            wait = backoff(attempt)
            try:
                answer = self._once(method, url, content)
            except httpx.RequestError as error:
                if not _may_repeat(method, error) or wait > left:
                    raise self._no_answer(error) from error
            else:
                asked = retry_after(answer.headers)
                if not _worth_repeating(method, answer.status, asked):
                    return answer
                wait += asked or 0.0
                if wait > left:
                    return answer  # it asks for more patience than the caller has
            left -= wait
            self._sleep(wait)
        try:
            return self._once(method, url, content)
        except httpx.RequestError as error:
            raise self._no_answer(error) from error

    def pause(self, attempt: int) -> None:
        """Wait as after a failed attempt with this number, which begins at 1."""
        self._sleep(backoff(attempt))

    def _once(self, method: str, url: str, content: bytes | None) -> ApiResponse:
        # httpx limits the time between two pieces of an answer. A server that sends a byte a minute keeps to
        # that for ever, so the whole has a deadline, too.
        deadline = time.monotonic() + self._timeout
        headers = {} if content is None else {"Content-Type": "application/json"}
        with self._client.stream(
            method, url, content=content, headers=headers, timeout=self._timeout
        ) as response:
            body = bytearray()
            for piece in response.iter_bytes():
                body += piece
                if time.monotonic() > deadline:
                    raise httpx.ReadTimeout("", request=response.request)
                if len(body) > MOST_BYTES:
                    raise httpx.DecodingError(
                        f"the answer has more than {MOST_BYTES} bytes", request=response.request
                    )
            return ApiResponse(response.status_code, response.headers, bytes(body))

    def _no_answer(self, error: httpx.RequestError) -> NoResponse:
        if isinstance(error, httpx.TimeoutException):
            reason = f"no answer within {self._timeout:g} seconds"
        else:
            reason = str(error) or type(error).__name__
        return NoResponse(reason, maybe_done=not isinstance(error, _NOT_SENT + _HOPELESS))


def backoff(attempt: int) -> float:
    """Return the seconds to wait after attempt 1, 2, 3 ...: half to all of 0.5, 1, 2 ... at random."""
    return FIRST_WAIT * 2.0 ** (attempt - 1) * random.uniform(0.5, 1.0)  # noqa: S311 - no secret


def retry_after(headers: Mapping[str, str]) -> float | None:
    """Return the seconds that ``Retry-After`` asks for, by number or by date; None without a valid one."""
    value = headers.get("Retry-After", "").strip()
    if value.isascii() and value.isdigit():
        return float(value[:10])  # so many digits are more than anybody waits
    until = _date(value)
    if until is None:
        return None
    # Measured by the server's clock, if it says what that shows: ours may be wrong.
    now = _date(headers.get("Date", "")) or datetime.now(UTC)
    return max(0.0, (until - now).total_seconds())


def _date(text: str) -> datetime | None:
    try:
        found = parsedate_to_datetime(text)
    except ValueError:
        return None
    return found if found.tzinfo else found.replace(tzinfo=UTC)


def _may_repeat(method: str, error: httpx.RequestError) -> bool:
    if isinstance(error, _HOPELESS) or "CERTIFICATE_VERIFY_FAILED" in str(error):
        return False
    return method in REPEATABLE or isinstance(error, _NOT_SENT)


def _worth_repeating(method: str, status: int, asked: float | None) -> bool:
    if status == 429:
        return True  # refused before anything was done
    if status == 503 and asked is not None:
        return True  # likewise: a server that works on it would not say "come back later"
    return status >= 500 and status != 501 and method in REPEATABLE
