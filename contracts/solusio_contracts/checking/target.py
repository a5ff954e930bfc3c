"""The billing endpoint under check, as rules see it: requests in, exchanges out."""

import contextlib
import copy
import ssl
import threading
import time
from collections import Counter, deque
from collections.abc import Iterable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any

from msgspec.structs import replace

from solusio_contracts.checking.cause import Cause
from solusio_contracts.checking.interference import Interference, Watch
from solusio_contracts.checking.log import ExchangeLog, SharedBodies
from solusio_contracts.checking.pace import Pace, UndecidedError
from solusio_contracts.http.added_headers import merged, secrets
from solusio_contracts.http.connection import Connection, ExchangeError, check_headers, exchange_on
from solusio_contracts.http.exchange import ACTION, Exchange, FailureKind, Form, Headers, Request
from solusio_contracts.http.masking import HIDDEN, TOKEN_VARIABLE, Mask
from solusio_contracts.http.url import Origin

PATIENCE = 3
"""Time-outs after which later requests get less time, so that a run ends."""
SHORT_TIMEOUT = 1.0
INTERRUPTED = "not run: the check was interrupted"


@dataclass(frozen=True, slots=True)
class TargetSettings:
    """What the integrator configures for the endpoint."""

    url: str
    users: tuple[int, ...]
    token: str | None = None
    unknown_user: int = 987_654_321
    timeout: float = 5.0
    """Seconds for one whole exchange (TP-008)."""
    headers: Headers = ()
    tls: ssl.SSLContext | None = None
    seed: int = 0
    fuzz_examples: int = 150
    """Number of generated requests."""
    fuzz_seconds: float = 10.0
    """Seconds for all generated requests."""
    rate: float | None = None
    """The most requests a second."""
    concurrency: int | None = None
    """The most requests at once, in crowds too; None leaves the number to the rules."""
    max_seconds: float | None = None
    """Seconds after which nothing more is sent."""


class _RunState:
    """What the rules of a run share, in whichever threads they run."""

    def __init__(self, pace: Pace) -> None:
        self.pace = pace
        self.lock = threading.Lock()
        self.count = 0
        self.statuses: Counter[int | None] = Counter()
        self.timeouts = 0
        self.bodies = SharedBodies()
        self.first: dict[int, Exchange] = {}
        self.first_lock = threading.RLock()
        self.open: set[Session] = set()


class Target:
    """Sends requests to the endpoint and keeps every exchange. Thread-safe.

    Each answer is the endpoint's own: a request that a limit, a ban or an outage answered in its place is
    sent again later (`interference`). Methods that send raise `UndecidedError` when that is not possible.
    """

    def __init__(self, settings: TargetSettings) -> None:
        """Prepare; nothing is sent yet.

        Raises:
            ValueError: the URL is not http(s), no user is given, or a header is invalid.
        """
        if not settings.users:
            raise ValueError("expected at least one user id")
        self.settings = settings
        self.origin = Origin.of(settings.url)
        self.mask = Mask()
        if settings.token:
            self.mask.hide(settings.token, f"${{{TOKEN_VARIABLE}}}")
        check_headers(settings.headers)
        for name, value in settings.headers:
            for secret in secrets(name, value):
                self.mask.hide(secret, HIDDEN)
        self._run = _RunState(Pace(rate=settings.rate, seconds=settings.max_seconds))
        self.pace = self._run.pace
        self.watch = Watch(self.pace, self._send_unjudged)
        self._log = ExchangeLog(self._run.bodies)
        self._last: Exchange | None = None
        self.facts: dict[str, str] = {}
        """What rules find out along the way, such as whether a token is required."""
        self.causes: dict[str, Cause] = {}
        """The causes that findings name, by id."""

    def part(self) -> "Target":
        """Return the same target with a log of its own, for one of several rules at the same time."""
        part = copy.copy(self)
        part._log = ExchangeLog(self._run.bodies)
        part._last = None
        return part

    def absorb(self, part: "Target") -> None:
        """Add what a part has logged."""
        self._log.extend(part._log)
        self._last = part._last

    # What the integrator configured

    @property
    def users(self) -> tuple[int, ...]:
        """The known users, by their id in the billing system."""
        return self.settings.users

    @property
    def token(self) -> str | None:
        """The authorization token, or None when none is configured."""
        return self.settings.token

    # Requests

    def parameters(
        self,
        userid: object = None,
        *,
        token: str | None = None,
        action: str = ACTION,
        leave_out: str = "",
    ) -> Form:
        """Return the parameters SolusIO sends: token (only when configured), action, userid.

        `userid` defaults to a known user who gets a price, `token` to the configured one; `leave_out` names
        a parameter to omit.
        """
        sent = self.token if token is None else token
        pairs = [("action", action), ("userid", str(self._some_user() if userid is None else userid))]
        if sent is not None:
            pairs.insert(0, ("token", sent))
        return tuple(pair for pair in pairs if pair[0] != leave_out)

    def _some_user(self) -> int:
        with self._run.lock:
            priced = [user for user in self.users if user in self._run.first and self._run.first[user].priced]
        return priced[0] if priced else self.users[0]

    def ask(self, pairs: Iterable[tuple[str, str]], description: str, *, headers: Headers = ()) -> Exchange:
        """Post a form on a new connection; `description` says in words what is asked."""
        return self.send(Request.form(pairs, headers=headers), description)

    def price_of(self, user: int, description: str = "") -> Exchange:
        """Send the valid request for a known user once more."""
        return self.ask(self.parameters(user), description or f"a valid request for user {user}")

    def send(
        self,
        request: Request,
        description: str,
        *,
        timeout: float | None = None,
        pieces: Sequence[int] = (),
        pause: float = 0.0,
        linger: float = 0.0,
        keep: bool = True,
        judged: bool = True,
    ) -> Exchange:
        """Send any request on a new connection; a failure is recorded in the exchange.

        With `judged` off, any answer counts, and the rule says what it means.
        """

        def once() -> Exchange:
            with self.session(timeout=timeout) as session:
                return session.send_unjudged(request, description, pieces=pieces, pause=pause, linger=linger)

        exchange = self.watch.judge(once(), once) if judged else once()
        self._keep(exchange, keep=keep)
        return exchange

    def _send_unjudged(self, request: Request, description: str) -> Exchange:
        with self.session() as session:
            return session.send_unjudged(request, description)

    @contextmanager
    def session(self, *, timeout: float | None = None) -> Iterator["Session"]:
        """Open a session: several requests over one connection."""
        session = Session(self, timeout or self._patience())
        self._run.open.add(session)
        try:
            yield session
        finally:
            self._run.open.discard(session)
            session.close()

    def crowd(self, size: int) -> int:
        """Return how many of `size` requests may be sent at once."""
        bounds = (size, self.settings.concurrency, self.settings.rate)
        return int(min(bound for bound in bounds if bound is not None))

    def send_concurrently(
        self, requests: Sequence[tuple[Request, str]], *, timeout: float | None = None
    ) -> list[Exchange]:
        """Send all requests at once, each on a new connection; return the exchanges in order.

        Each request comes with its description.
        """
        if not requests:
            return []

        def once() -> list[Exchange]:
            return self._send_all(requests, timeout)

        exchanges = self.watch.judge_crowd(once(), once)
        for exchange in exchanges:
            self._keep(exchange)
        return exchanges

    def serves_at_once(self, requests: int) -> bool:
        """Whether so many valid requests at the same time all get prices; nothing is kept of them.

        Raises:
            UndecidedError: the run is over.
        """
        request = Request.form(self.parameters()), "a valid request, to see how many the server takes at once"
        return all(exchange.priced for exchange in self._send_all([request] * requests, None))

    def _send_all(self, requests: Sequence[tuple[Request, str]], timeout: float | None) -> list[Exchange]:
        self.pace.turn(len(requests))
        barrier = threading.Barrier(len(requests))

        def one(request: Request, description: str) -> Exchange:
            with contextlib.suppress(threading.BrokenBarrierError):
                barrier.wait(timeout=30)
            with self.session(timeout=timeout) as session:
                return session.send_unjudged(request, description, concurrent=len(requests))

        with ThreadPoolExecutor(max_workers=len(requests)) as pool:
            try:
                futures = [pool.submit(one, request, description) for request, description in requests]
                return [future.result() for future in futures]
            except BaseException as error:
                # This machine is out of threads, so the barrier would never open; or the run ends.
                barrier.abort()
                if isinstance(error, KeyboardInterrupt):
                    self.stop(INTERRUPTED)
                raise

    # First responses, which most rules look at

    def first_response(self, user: int) -> Exchange:
        """Return the exchange of the first valid request for a user; it is sent once per run."""
        with self._run.first_lock:
            if user not in self._run.first:
                request, description = Request.form(self.parameters(user)), f"a valid request for user {user}"

                def once() -> Exchange:
                    return self._send_unjudged(request, description)

                exchange = self._run.first[user] = self.watch.first(once(), once)
                self._keep(exchange)
            return self._run.first[user]

    def first_responses(self) -> list[tuple[int, Exchange]]:
        """Return the first response for each known user."""
        return [(user, self.first_response(user)) for user in self.users]

    def prices(self) -> list[tuple[int, Exchange, dict[str, Any]]]:
        """Return the first responses that are JSON objects, with their values."""
        return [
            (user, exchange, exchange.reading.value)
            for user, exchange in self.first_responses()
            if isinstance(exchange.reading.value, dict)
        ]

    def priced_users(self) -> list[int]:
        """Return the known users whose first response gives a price."""
        return [user for user, exchange in self.first_responses() if exchange.priced]

    def known_prices(self) -> dict[int, Exchange]:
        """Return the first responses that give a price, by user; nothing is sent."""
        with self._run.lock:
            return {user: one for user, one in self._run.first.items() if one.priced}

    def last_request_failed(self) -> bool:
        """Whether the last request got no response."""
        return self._last is not None and self._last.status is None

    def last_request_timed_out(self) -> bool:
        """Whether the last request got no response in time."""
        return self._last is not None and self._last.failure is FailureKind.TIMEOUT

    def is_up(self, wait: float = 2.0) -> bool:
        """Whether the endpoint accepts a connection within `wait` seconds."""
        deadline = time.monotonic() + wait
        while True:
            try:
                Connection(self.origin, tls=self.settings.tls, timeout=min(wait, 1.0)).close()
            except ExchangeError as error:
                # A slow handshake means a busy server; a failed one means a dead server behind a proxy.
                if error.failure is FailureKind.TIMEOUT:
                    return True
                if time.monotonic() >= deadline:
                    return False
                threading.Event().wait(0.05)
            else:
                return True

    # The run

    def confirm(self) -> None:
        """Make sure that valid requests still get prices if a refusal was the last answer.

        Raises:
            RepeatError: they did not meanwhile, so what was asked since the last price must be asked again.
            UndecidedError: they no longer do.
        """
        if self.ends_on_refusal():
            self.watch.confirm()

    def ends_on_refusal(self) -> bool:
        """Whether the last answer was a refusal, which may come from something other than the endpoint."""
        return self._last is not None and self._last.status is not None and not self._last.priced

    def answers(self) -> bool:
        """Whether a valid request gets any response in time; whether the run is over does not matter."""
        try:
            return self.watch.answers()
        except UndecidedError:
            return True

    @property
    def impatient(self) -> bool:
        """Whether so many requests timed out that the next ones get less time."""
        return self._run.timeouts >= PATIENCE

    def stop(self, reason: str) -> None:
        """Send nothing more, and end what is under way."""
        self.pace.stop(reason)
        for session in list(self._run.open):
            session.abort()

    @property
    def stopped(self) -> str:
        """Why nothing more is sent, or an empty text."""
        return self.pace.stopped

    @property
    def interference(self) -> Interference | None:
        """What refused valid requests in the endpoint's place, if anything did."""
        return self.watch.interference

    @property
    def exchanges(self) -> deque[Exchange]:
        """The exchanges that were kept, in order."""
        return self._log.exchanges

    def next_number(self) -> int:
        """Return the number of the next exchange, from 1."""
        with self._run.lock:
            self._run.count += 1
            return self._run.count

    def count(self, exchange: Exchange) -> Exchange:
        """Count an exchange, and return it without copies of what others hold.

        Raises:
            UndecidedError: the run ended meanwhile, so the exchange shows nothing.
        """
        with self._run.lock:
            self._run.timeouts += exchange.failure is FailureKind.TIMEOUT
            self._run.statuses[exchange.status] += 1
            exchange = self._run.bodies.without_copies(exchange)
        self._last = exchange
        if self.stopped:
            raise UndecidedError(self.stopped)
        return exchange

    def _keep(self, exchange: Exchange, *, keep: bool = True) -> None:
        """Keep an exchange for later rules, if `keep` says so."""
        self._last = exchange
        if keep:
            with self._run.lock:
                self._log.add(exchange)

    @property
    def requests_sent(self) -> int:
        """How many requests were made so far."""
        return self._run.count

    @property
    def statuses(self) -> dict[str, int]:
        """How many requests got each status, in ascending order; those without one come last."""
        with self._run.lock:
            counted = dict(self._run.statuses)
        silent = counted.pop(None, 0)
        found = {str(status): counted[status] for status in sorted(filter(None, counted))}
        return {**found, "no response": silent} if silent else found

    def _patience(self) -> float:
        if self.impatient:
            return min(self.settings.timeout, SHORT_TIMEOUT)
        return self.settings.timeout


class Session:
    """Requests over one connection, opened for the first one."""

    def __init__(self, target: Target, timeout: float) -> None:
        """Prepare; nothing is opened yet. `timeout` in seconds holds for each exchange."""
        self.target = target
        self.timeout = timeout
        self.connection: Connection | None = None

    def send(self, request: Request, description: str) -> Exchange:
        """Send one request and read its response.

        Raises:
            UndecidedError: the response is not the endpoint's own.
        """
        exchange = self.target.watch.judge(self.send_unjudged(request, description), None)
        self.target._keep(exchange)
        return exchange

    def send_unjudged(
        self,
        request: Request,
        description: str,
        *,
        pieces: Sequence[int] = (),
        pause: float = 0.0,
        linger: float = 0.0,
        concurrent: int = 1,
    ) -> Exchange:
        """Send one request and return whatever comes back; it is counted, but not kept.

        It waits for its turn, unless it is one of several `concurrent` ones that have it.
        """
        target = self.target
        if concurrent == 1:
            target.pace.turn()
        number = target.next_number()
        headers = merged(request.headers, target.settings.headers)
        if headers != request.headers:
            request = Request(request.body, headers, request.method, request.query)
        started = time.monotonic()
        try:
            if self.connection is None:
                timeout = target.pace.timeout(self.timeout)
                self.connection = Connection(target.origin, tls=target.settings.tls, timeout=timeout)
        except ExchangeError as error:
            exchange = Exchange(
                number=number,
                request=request,
                description=description,
                seconds=time.monotonic() - started,
                failure=error.failure,
                failure_text=error.text,
                concurrent=concurrent,
            )
        else:
            exchange = exchange_on(
                self.connection,
                request,
                number=number,
                description=description,
                pieces=pieces,
                pause=pause,
                linger=linger,
            )
            if concurrent > 1:
                exchange = replace(exchange, concurrent=concurrent)
        return target.count(exchange)

    def abort(self) -> None:
        """End the exchange under way, from another thread."""
        if self.connection is not None:
            self.connection.abort()

    def close(self) -> None:
        """Close the connection, if it was opened."""
        if self.connection is not None:
            self.connection.close()
            self.connection = None
