"""Rules about what a client does after a response that it did not want."""

from collections.abc import Hashable
from typing import Final

import msgspec

from solusio_contracts.users.conduct.exchange import NO_RESPONSE, ClientExchange
from solusio_contracts.users.conduct.rule import Problem, Recent, conduct_rule

REMEMBERED: Final = 256
"""How many requests each rule remembers."""
REFUSED: Final = frozenset({401, 403, 422})
"""Responses that do not change by asking again."""
REPETITIONS: Final = 5
"""How often a client may send the same refused request within `MINUTE`."""
REJECTED: Final = 10
"""How many requests in succession a client may send with an access token that is refused."""
MINUTE: Final = 60.0
RETRIES: Final = 3
"""The number of quick retries that is too many."""
BACK_OFF: Final = 1.0
"""Seconds that this many retries must take at least."""
SAME: Final = 20
"""How often a client may read the same thing within `SHORT`."""
SHORT: Final = 10.0
EARLY: Final = 0.05
"""The part of Retry-After by which a client's clock may be faster."""


def _exactly(exchange: ClientExchange) -> Hashable:
    """Return what only a repetition of a request has in common with it."""
    return (
        exchange.method,
        exchange.path,
        exchange.query,
        exchange.body,
        exchange.access_token,
        exchange.client,
    )


def _matter(exchange: ClientExchange) -> Hashable:
    """Return what a retry has in common with a request; a new password, for example, may differ."""
    about = exchange.customer or exchange.body
    return exchange.method, exchange.path, exchange.query, about, exchange.caller


class _Series(msgspec.Struct):
    began: float
    numbers: list[int] = msgspec.field(default_factory=list)


@conduct_rule("CL-031", after_failure=True)
class RefusedAgain:
    """What was wrong the first time is wrong the fifth time."""

    def __init__(self) -> None:
        self._refused: Recent[Hashable, _Series] = Recent(REMEMBERED)

    def __call__(self, exchange: ClientExchange) -> Problem | None:
        """Count equal requests that were refused in the same way."""
        if exchange.status not in REFUSED:
            if self._refused:
                self._refused.pop(_exactly(exchange), None)
            return None
        key = _exactly(exchange)
        series = self._refused.get(key)
        if series is None or exchange.arrived - series.began > MINUTE:
            series = _Series(exchange.arrived)
        series.numbers.append(exchange.number)
        self._refused.put(key, series)
        if len(series.numbers) < REPETITIONS:
            return None
        del self._refused[key]
        return Problem(
            f"the same {exchange.name} was sent {REPETITIONS} times, although the response was"
            f" {exchange.status} each time",
            tuple(series.numbers),
        )


@conduct_rule("CL-032", after_failure=True)
class RejectedToken:
    """An access token that is refused stays refused."""

    def __init__(self) -> None:
        self._rejected: Recent[str, list[int]] = Recent(REMEMBERED)

    def __call__(self, exchange: ClientExchange) -> Problem | None:
        """Count requests with one access token that were all refused."""
        if exchange.status != 401 or not exchange.access_token:
            if exchange.accepted and self._rejected:
                self._rejected.pop(exchange.access_token, None)
            return None
        numbers = self._rejected.get(exchange.access_token) or []
        numbers.append(exchange.number)
        self._rejected.put(exchange.access_token, numbers)
        if len(numbers) < REJECTED:
            return None
        del self._rejected[exchange.access_token]
        return Problem(
            f"{REJECTED} requests in succession had an access token that was refused with 401 each time",
            (numbers[0],),
            "any",
        )


@conduct_rule("CL-033", after_failure=True)
class RetryAfter:
    """SolusIO said when to ask again."""

    def __init__(self) -> None:
        self._waiting: Recent[Hashable, tuple[int, float, int]] = Recent(REMEMBERED)

    def __call__(self, exchange: ClientExchange) -> Problem | None:
        """Compare when a limited request is sent again with when it may be."""
        limited = exchange.status == 429
        if not limited and not self._waiting:
            return None
        key = _matter(exchange)
        waiting = self._waiting.pop(key, None)
        if limited:
            seconds = exchange.response_header.get(b"retry-after", b"")
            if seconds.isdigit() and len(seconds) < 7:
                self._waiting.put(key, (exchange.number, exchange.answered, int(seconds)))
        if waiting is None:
            return None
        number, answered, delay = waiting
        waited = exchange.arrived - answered
        # A request that was on its way already could not know.
        if waited < 0 or waited >= delay * (1 - EARLY):
            return None
        return Problem(
            f"{exchange.name} was sent again after {waited:.1f} s, although Retry-After was {delay} s",
            (number,),
        )


@conduct_rule("CL-034", after_failure=True)
class BackOff:
    """A server that is overloaded recovers only if clients wait."""

    def __init__(self) -> None:
        self._failed: Recent[Hashable, _Series] = Recent(REMEMBERED)

    def __call__(self, exchange: ClientExchange) -> Problem | None:
        """Measure how long the first retries after a failure take."""
        failed = exchange.status >= 500 or exchange.status == NO_RESPONSE
        if not failed and not self._failed:
            return None
        key = _matter(exchange)
        series = self._failed.get(key)
        if not failed:
            if series is not None:
                del self._failed[key]
            if series is None or len(series.numbers) < RETRIES:
                return None
        if series is None:
            self._failed.put(key, _Series(exchange.answered, [exchange.number]))
            return None
        series.numbers.append(exchange.number)
        if len(series.numbers) != RETRIES + 1 or exchange.arrived - series.began >= BACK_OFF:
            return None
        return Problem(
            f"{exchange.name} was sent {RETRIES + 1} times within {BACK_OFF:g} s, although it failed",
            tuple(series.numbers[:-1]),
        )


class _Reads(msgspec.Struct):
    began: float
    first: int
    """Number of the exchange."""
    count: int = 0


@conduct_rule("CL-035")
class SameAgain:
    """Every request takes time, of SolusIO and of the customer who waits."""

    def __init__(self) -> None:
        self._read: Recent[Hashable, _Reads] = Recent(REMEMBERED)

    def __call__(self, exchange: ClientExchange) -> Problem | None:
        """Count equal requests that only read."""
        if exchange.method != "GET" or exchange.status != 200:
            return None
        key = (exchange.path, exchange.query, exchange.access_token, exchange.client)
        reads = self._read.get(key)
        if reads is None or exchange.arrived - reads.began > SHORT:
            reads = _Reads(exchange.arrived, exchange.number)
        reads.count += 1
        self._read.put(key, reads)
        if reads.count != SAME + 1:
            return None
        return Problem(
            f"the same {exchange.name} was sent {SAME + 1} times within {SHORT:g} s", (reads.first,)
        )
