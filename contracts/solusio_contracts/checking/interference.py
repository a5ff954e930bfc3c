"""Separates the endpoint's own answers from those of rate limits, bans, outages and proxies.

An answer that may come from something else is held against a control: the plain valid request, which got a
price before. If the control gets none at that moment, the answer decides nothing, whatever was asked. The run
then waits until valid requests get prices again, slows down, and asks once more.
"""

import email.utils
import threading
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass

from solusio_contracts.checking.pace import Pace, UndecidedError
from solusio_contracts.http.exchange import Exchange, Request

FORBIDDEN, LIMITED = 403, 429
GATEWAY = frozenset({502, 503, 504})
"""Statuses of a proxy, or of a server that is overloaded or down."""
BACKOFF = (0.5, 1.0, 2.0, 4.0, 8.0)
"""Seconds before each attempt to get a price again, unless Retry-After says how many."""
ATTEMPTS = 3
"""How often something is asked before it stays undecided."""
PROVEN = 10
"""Prices for plain requests after which any other answer to one is extraordinary."""

Ask = Callable[[], Exchange]


@dataclass(frozen=True, slots=True)
class Interference:
    """A valid request that was refused although such requests had got prices before."""

    exchange: Exchange
    requests: int
    """How many requests were sent before it; 0 if it was the first valid one."""
    seconds: float
    """The time since the run began."""

    def __str__(self) -> str:
        """Say it in a sentence."""
        wait = self.exchange.header("retry-after")
        status = f"status {self.exchange.status}" + (f" (Retry-After: {wait})" if wait else "")
        if not self.requests:
            return f"the first valid request got {status}"
        return (
            f"after {self.requests} requests in {self.seconds:.1f} s "
            f"the endpoint answered valid requests with {status}"
        )


class RepeatError(UndecidedError):
    """A rule must start again, because its requests met an interference that is over."""


class Watch:
    """Watches the answers of one run for interference. Thread-safe."""

    def __init__(self, pace: Pace, ask: Callable[[Request, str], Exchange]) -> None:
        """`ask` sends a request and returns the answer, whatever it is."""
        self._pace = pace
        self._ask = ask
        self._lock = threading.RLock()
        self._plain: dict[bytes, Request] = {}
        self._prices = 0
        self._own: set[tuple[object, ...]] = set()
        self._recovered = 0
        self._recovered_at = 0.0
        self.interference: Interference | None = None
        """The first one of the run."""
        self.unrepeated: list[Exchange] = []
        """Gateway errors that did not come again when the request was repeated."""
        self.broken: list[Exchange] = []
        """Valid requests on which the program itself failed, again and again."""

    @property
    def reason(self) -> str:
        """Why rules are undecided, in a sentence."""
        return str(self.interference or self._pace.stopped)

    # Answers

    def first(self, exchange: Exchange, repeat: Ask) -> Exchange:
        """Return the answer to the first valid request for a user; wait if it says that it is not the time.

        Nothing is known about the endpoint yet, so only 429 and the statuses of gateways count.
        """
        for delay in BACKOFF[:ATTEMPTS]:
            if not _stands_in_by_status(exchange) or not self._pace.pause(_wait(exchange, delay)):
                break
            exchange = repeat()
        if _stands_in_by_status(exchange):
            self._record(exchange, exchange.number - 1 if self._plain else 0)
        elif exchange.priced:
            with self._lock:
                self._plain.setdefault(exchange.request.body, exchange.request)
        return exchange

    def judge(self, exchange: Exchange, repeat: Ask | None) -> Exchange:
        """Return the endpoint's own answer: this one, or a later one to the same request.

        Without `repeat`, only the rule can ask again.

        Raises:
            RepeatError: the rule must ask again.
            UndecidedError: valid requests no longer get prices.
        """
        for delay in BACKOFF[:ATTEMPTS]:
            if not self._doubtful(exchange, strange=repeat is not None):
                break
            is_control = exchange.request.body in self._plain and exchange.status not in GATEWAY
            control = exchange if is_control else self._control()
            if self._stands_in(control):
                self._overcome(control)
            elif self._limits(exchange):
                self._pace.pause(delay)
            elif exchange.status in GATEWAY:
                again = self._repeated(exchange, repeat)
                if again.status not in GATEWAY:
                    return again
            else:
                # Valid requests get prices, so the endpoint itself refused this one.
                self._own.add(_signature(exchange))
                break
            if repeat is None:
                raise RepeatError(self.reason)
            exchange = repeat()
        else:
            # Without interference, it is the endpoint that limits such requests, for example wrong tokens.
            if self.interference is not None and self._limits(exchange):
                raise UndecidedError(self.reason)
        self._count(exchange)
        return exchange

    def judge_crowd(
        self, exchanges: Sequence[Exchange], repeat: Callable[[], list[Exchange]]
    ) -> list[Exchange]:
        """Return the endpoint's own answers to concurrent requests: these, or those to the same ones later.

        A gateway error is the endpoint's own if several requests got one.

        Raises:
            UndecidedError: the endpoint limits the requests, or valid requests no longer get prices.
        """
        exchanges = list(exchanges)
        for delay in BACKOFF[1:ATTEMPTS]:
            doubtful = [one for one in exchanges if self._doubtful(one, strange=False)]
            limited = [one for one in doubtful if self._limits(one)]
            if not doubtful:
                return exchanges
            control = self._control()
            if self._stands_in(control):
                self._overcome(control)
            elif limited:
                self._record(limited[0], limited[0].number - 1)
                self._pace.pause(_wait(limited[0], delay))
            elif len(doubtful) == 1 and doubtful[0].status in GATEWAY:
                return self._without_error(exchanges, doubtful[0])
            else:
                return exchanges
            exchanges = repeat()
        if any(self._limits(one) for one in exchanges):
            raise UndecidedError(self.reason)
        return exchanges

    def confirm(self) -> None:
        """Make sure that valid requests still get prices, so that the answers before were the endpoint's own.

        Raises:
            RepeatError: they did not meanwhile, but do again.
            UndecidedError: they no longer do.
        """
        if self._plain and self._stands_in(control := self._control()):
            self._overcome(control)
            raise RepeatError(self.reason)

    def answers(self) -> bool:
        """Whether a valid request gets any response in time."""
        return not self._plain or any(self._control().status is not None for _ in range(2))

    def recovers(self) -> bool:
        """Whether valid requests get prices again, soon after one got none."""
        return any(self._pace.pause(delay) and self._control().priced for delay in BACKOFF[:ATTEMPTS])

    # The control

    def _doubtful(self, exchange: Exchange, *, strange: bool) -> bool:
        """Whether an answer may come from something other than the endpoint.

        `strange` also doubts refusals that look like none of the endpoint's so far.
        """
        if exchange.status is None or exchange.priced or not self._plain:
            return False
        if _stands_in_by_status(exchange) or exchange.request.body in self._plain:
            return True
        return strange and _signature(exchange) not in self._own

    def _limits(self, exchange: Exchange) -> bool:
        """Whether a status is that of a limit on valid requests."""
        known = self.interference.exchange.status if self.interference else LIMITED
        return not exchange.priced and exchange.status in (LIMITED, known)

    def _control(self) -> Exchange:
        control = self._ask(next(iter(self._plain.values())), "the plain valid request again")
        self._count(control)
        return control

    def _count(self, exchange: Exchange) -> None:
        if exchange.priced and exchange.request.body in self._plain:
            with self._lock:
                self._prices += 1

    def _stands_in(self, control: Exchange) -> bool:
        """Whether something else than the endpoint answered a plain valid request."""
        if control.priced or control.status is None:
            return False
        if control.status == LIMITED:
            return True
        if control.status in GATEWAY:
            again = self._control()
            if again.priced:
                self.unrepeated.append(control)
            return not again.priced
        # An endpoint that refuses what it has just answered has a fault of its own.
        if control.status != FORBIDDEN and self._prices < PROVEN:
            return False
        return not self._control().priced and not self._control().priced

    def _overcome(self, control: Exchange) -> None:
        """Wait until valid requests get prices again.

        Raises:
            UndecidedError: they do not in time.
        """
        with self._lock:
            if control.number < self._recovered:
                return  # another thread has waited
            if self._pace.stopped:
                raise UndecidedError(self.reason)  # another thread has waited in vain
            self._record(control, control.number - 1)
            for delay in BACKOFF:
                wait = _wait(control, delay)
                if not self._pace.pause(wait):
                    break
                control = self._control()
                if control.priced:
                    self._slow_down(control)
                    # Where requests are counted out one by one, the control took the next one.
                    self._pace.pause(min(wait, BACKOFF[0]))
                    return
            self._pace.stop(self.reason)
            raise UndecidedError(self.reason)

    def _slow_down(self, control: Exchange) -> None:
        requests = control.number - self._recovered
        self._pace.slow_down(requests / max(self._pace.elapsed - self._recovered_at, 0.001))
        self._recovered, self._recovered_at = control.number, self._pace.elapsed

    def _repeated(self, exchange: Exchange, repeat: Ask | None) -> Exchange:
        """Repeat a request that got a gateway error; an error that does not come again does not count."""
        if repeat is None:
            self.unrepeated.append(exchange)
            raise RepeatError(f"a request got status {exchange.status}")
        again = repeat()
        if again.status not in GATEWAY:
            self.unrepeated.append(exchange)
        return again

    def _without_error(self, exchanges: list[Exchange], error: Exchange) -> list[Exchange]:
        again = self._repeated(error, lambda: self._ask(error.request, error.description))
        return [again if one is error else one for one in exchanges]

    def _record(self, exchange: Exchange, requests: int) -> None:
        with self._lock:
            if exchange.server_error and exchange.status not in GATEWAY:
                self.broken.append(exchange)
            if self.interference is None:
                self.interference = Interference(exchange, requests, self._pace.elapsed)


def _stands_in_by_status(exchange: Exchange) -> bool:
    return exchange.status == LIMITED or exchange.status in GATEWAY


def _signature(exchange: Exchange) -> tuple[object, ...]:
    """Return what an endpoint's refusals have in common, unlike the page of a firewall."""
    return exchange.status, exchange.header("content-type"), exchange.header("server")


def _wait(exchange: Exchange, otherwise: float) -> float:
    """Return the seconds to wait: those of Retry-After, or `otherwise`."""
    asked = retry_after(exchange)
    return otherwise if asked is None else max(asked, BACKOFF[0])


def retry_after(exchange: Exchange) -> float | None:
    """Return the seconds that Retry-After names (RFC 9110, 10.2.3), or None without a readable one."""
    text = (exchange.header("retry-after") or "").strip()
    if text.isascii() and text.isdecimal():
        return float(text)
    until = _timestamp(text)
    if until is None:
        return None
    sent = _timestamp(exchange.header("date") or "")
    return max(until - (time.time() if sent is None else sent), 0.0)


def _timestamp(text: str) -> float | None:
    parsed = email.utils.parsedate_tz(text)
    return None if parsed is None else float(email.utils.mktime_tz(parsed))
