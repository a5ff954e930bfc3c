"""The billing endpoint under check, as rules see it: requests in, exchanges out."""

import contextlib
import ssl
import threading
import time
from base64 import b64decode
from collections import Counter, deque
from collections.abc import Iterable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from typing import Any

from solusio_contracts.checking.cause import Cause
from solusio_contracts.http.connection import Connection, ExchangeError, check_headers, exchange_on
from solusio_contracts.http.exchange import (
    ACTION,
    SOLUSIO_HEADERS,
    Exchange,
    FailureKind,
    Form,
    Headers,
    Request,
)
from solusio_contracts.http.masking import HIDDEN, SHORTEST, TOKEN_VARIABLE, Mask
from solusio_contracts.http.url import Origin

KEPT = 20_000
"""Exchanges kept for the rules that look at all of them."""
KEPT_BYTES = 256 * 1024 * 1024
"""Bytes of those: each response may have megabytes."""
LARGE = 64 * 1024
"""Bytes of a response above which equal ones are kept once."""
BODIES = 16
"""Large responses that are kept once; a program that answers each time differently has more."""
PATIENCE = 3
"""Time-outs after which later requests get less time, so that a run ends."""
SHORT_TIMEOUT = 1.0


class UndecidedError(Exception):
    """A rule applies, but something stands in the way of testing it; the text says what."""


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


class Target:
    """Sends requests to the endpoint and keeps every exchange. Thread-safe."""

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
            for secret in _secrets(name, value):
                self.mask.hide(secret, HIDDEN)
        self.exchanges: deque[Exchange] = deque()
        self._lock = threading.Lock()
        self._count = 0
        self._statuses: Counter[int | None] = Counter()
        self._kept_bytes = 0
        self._bodies: dict[bytes, bytes] = {}
        self._timeouts = 0
        self._last: Exchange | None = None
        self._first: dict[int, Exchange] = {}
        self.facts: dict[str, str] = {}
        """What rules find out along the way, such as whether a token is required."""
        self.causes: dict[str, Cause] = {}
        """The causes that findings name, by id."""

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
        with self._lock:
            priced = [user for user in self.users if user in self._first and self._first[user].priced]
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
        pieces: Iterable[int] = (),
        pause: float = 0.0,
        linger: float = 0.0,
        keep: bool = True,
        concurrent: int = 1,
    ) -> Exchange:
        """Send any request on a new connection; a failure is recorded in the exchange."""
        with self.session(timeout=timeout, keep=keep, concurrent=concurrent) as session:
            return session.send(request, description, pieces=pieces, pause=pause, linger=linger)

    @contextmanager
    def session(
        self, *, timeout: float | None = None, keep: bool = True, concurrent: int = 1
    ) -> Iterator["Session"]:
        """Open a session: several requests over one connection, next to `concurrent` - 1 others."""
        session = Session(self, timeout or self._patience(), keep=keep, concurrent=concurrent)
        try:
            yield session
        finally:
            session.close()

    def send_concurrently(
        self, requests: Sequence[tuple[Request, str]], *, timeout: float | None = None
    ) -> list[Exchange]:
        """Send all requests at once, each on a new connection; return the exchanges in order.

        Each request comes with its description.
        """
        if not requests:
            return []
        barrier = threading.Barrier(len(requests))

        def one(request: Request, description: str) -> Exchange:
            with contextlib.suppress(threading.BrokenBarrierError):
                barrier.wait(timeout=30)
            return self.send(request, description, timeout=timeout, concurrent=len(requests))

        with ThreadPoolExecutor(max_workers=len(requests)) as pool:
            try:
                futures = [pool.submit(one, request, description) for request, description in requests]
            except RuntimeError:
                # This machine is out of threads, so the barrier would never open.
                barrier.abort()
                raise
            return [future.result() for future in futures]

    # First responses, which most rules look at

    def first_response(self, user: int) -> Exchange:
        """Return the exchange of the first valid request for a user; it is sent once per run."""
        with self._lock:
            known = self._first.get(user)
        if known is None:
            known = self.price_of(user)
            with self._lock:
                known = self._first.setdefault(user, known)
        return known

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
        with self._lock:
            return {user: one for user, one in self._first.items() if one.priced}

    def last_request_failed(self) -> bool:
        """Whether the last request got no response."""
        return self._last is not None and self._last.status is None

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

    # Bookkeeping

    def next_number(self) -> int:
        """Return the number of the next exchange, from 1."""
        with self._lock:
            self._count += 1
            return self._count

    def remember(self, exchange: Exchange, *, keep: bool) -> Exchange:
        """Count an exchange, and keep it for later rules if `keep` says so; return it as it is kept."""
        with self._lock:
            exchange = _without_copies(exchange, self._bodies)
            if exchange.failure is FailureKind.TIMEOUT:
                self._timeouts += 1
            self._last = exchange
            self._statuses[exchange.status] += 1
            if keep:
                self.exchanges.append(exchange)
                self._kept_bytes += _size(exchange, self._bodies)
                while len(self.exchanges) > KEPT or self._kept_bytes > KEPT_BYTES:
                    self._kept_bytes -= _size(self.exchanges.popleft(), self._bodies)
        return exchange

    @property
    def requests_sent(self) -> int:
        """How many requests were made so far."""
        return self._count

    @property
    def statuses(self) -> dict[str, int]:
        """How many requests got each status, in ascending order; those without one come last."""
        with self._lock:
            counted = dict(self._statuses)
        silent = counted.pop(None, 0)
        found = {str(status): counted[status] for status in sorted(filter(None, counted))}
        return {**found, "no response": silent} if silent else found

    def _patience(self) -> float:
        if self._timeouts >= PATIENCE:
            return min(self.settings.timeout, SHORT_TIMEOUT)
        return self.settings.timeout


def _merged(own: Headers, added: Headers) -> Headers:
    """Add the integrator's headers to a request; they replace SolusIO's headers, not those under test."""
    names = {name.lower() for name, _ in added}
    kept = tuple(pair for pair in own if pair not in SOLUSIO_HEADERS or pair[0].lower() not in names)
    taken = {name.lower() for name, _ in kept}
    return kept + tuple(pair for pair in added if pair[0].lower() not in taken)


# Headers whose values are not secret; masking `application/json` would ruin a report.
_NO_SECRETS = frozenset(
    {
        *("accept", "accept-charset", "accept-encoding", "accept-language", "content-type", "host"),
        *("user-agent", "origin", "referer", "connection", "cache-control", "pragma"),
        *("x-forwarded-for", "x-forwarded-host", "x-forwarded-proto", "x-real-ip", "x-requested-with"),
    }
)


def _secrets(name: str, value: str) -> Iterator[str]:
    """Yield the secrets of a header: its value, and parts that a server may repeat alone."""
    if name.lower() in _NO_SECRETS:
        return
    found = [value]
    scheme, _, credentials = value.partition(" ")
    if name.lower() in ("authorization", "proxy-authorization"):
        found.append(credentials)
        if scheme.lower() == "basic":
            with contextlib.suppress(ValueError):
                pair = b64decode(credentials).decode()
                found += [pair, pair.partition(":")[2]]
    elif name.lower() == "cookie":
        found += [part.partition("=")[2].strip() for part in value.split(";")]
    # A shorter one would match the authorization token wherever it has the same letters.
    yield from (one for one in found if len(one) >= SHORTEST)


def _without_copies(exchange: Exchange, known: dict[bytes, bytes]) -> Exchange:
    """Return an exchange whose large body is the one object that `known` has for these bytes.

    A large response that came whole keeps only the beginning of what was received.
    """
    content, body = exchange.content, exchange.body
    if len(content) <= LARGE:
        return exchange
    if len(known) < BODIES:
        known.setdefault(content, content)
    shared = known.get(content, content)
    received = exchange.received if exchange.failure is not None else exchange.received[:LARGE]
    return replace(exchange, content=shared, body=shared if body == content else body, received=received)


def _size(exchange: Exchange, shared: dict[bytes, bytes]) -> int:
    """Return the bytes that an exchange occupies alone."""
    bodies = {id(one): len(one) for one in (exchange.body, exchange.content) if one not in shared}
    return len(exchange.sent) + len(exchange.received) + sum(bodies.values())


@dataclass
class Session:
    """Requests over one connection, opened for the first one."""

    target: Target
    timeout: float
    keep: bool = True
    concurrent: int = 1
    connection: Connection | None = field(default=None, repr=False)

    def send(
        self,
        request: Request,
        description: str,
        *,
        pieces: Iterable[int] = (),
        pause: float = 0.0,
        linger: float = 0.0,
    ) -> Exchange:
        """Send one request and read its response."""
        target = self.target
        number = target.next_number()
        headers = _merged(request.headers, target.settings.headers)
        if headers != request.headers:
            request = Request(request.body, headers, request.method, request.query)
        started = time.monotonic()
        try:
            if self.connection is None:
                self.connection = Connection(target.origin, tls=target.settings.tls, timeout=self.timeout)
        except ExchangeError as error:
            exchange = Exchange(
                number=number,
                request=request,
                description=description,
                seconds=time.monotonic() - started,
                failure=error.failure,
                failure_text=error.text,
                concurrent=self.concurrent,
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
            if self.concurrent > 1:
                exchange = replace(exchange, concurrent=self.concurrent)
        return target.remember(exchange, keep=self.keep)

    def close(self) -> None:
        """Close the connection, if it was opened."""
        if self.connection is not None:
            self.connection.close()
            self.connection = None
