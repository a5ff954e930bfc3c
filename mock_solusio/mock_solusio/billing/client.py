"""Asks the billing endpoint what one token costs a customer, as SolusIO does (vendor's page, step 6).

Nothing that a billing endpoint does harms the mock: whatever goes wrong becomes an `Answer` without a price
and with the reason, and every question is reported for the journal.

Two kinds of time: a price is kept for a while of *virtual* time, so that the same calls at the same moments
lead to the same questions, and a frozen clock keeps it until it is moved or `forget` is called. A failure is
kept for a few *real* seconds, as is the pause of the circuit: it says something about a real server, and must
not outlive it under a frozen clock.
"""

import asyncio
import time
import weakref
from collections import OrderedDict
from collections.abc import Callable
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Protocol

from mock_solusio.billing.circuit_breaker import Admission, Circuit
from mock_solusio.billing.question import BillingCall, make_client
from mock_solusio.domain.prices import Pricing
from mock_solusio.moment import SECOND, Micros
from mock_solusio.server.messages import Headers

if TYPE_CHECKING:
    import ssl

    import httpx

STOPPED = "The question was given up because the mock is stopping."


class BillingIntegration(Protocol):
    """Where the billing endpoint is (vendor's page, step 7)."""

    @property
    def url(self) -> str:
        """The configured URL, to which exactly the question is posted."""

    @property
    def authorization_token(self) -> str:
        """The secret that is sent along; empty for none."""


@dataclass(frozen=True, slots=True)
class Answer:
    """A price, or the reason why there is none: a sentence without secrets, empty when there is a price."""

    pricing: Pricing | None
    reason: str
    fresh_until: Micros
    """From this moment on another answer is possible; for a failure that is the moment of the question."""


@dataclass(frozen=True, slots=True)
class BillingExchange:
    """One question to the billing endpoint. URL, headers and bodies are as they were, secrets included."""

    at: Micros
    """The virtual moment of the question."""
    url: str
    billing_user_id: int
    sent: bool
    """Whether anything was sent: not while the circuit is open, nor to a URL that is none."""
    request_headers: Headers
    request_body: bytes
    status: int | None
    """None when there was no answer."""
    response_headers: Headers
    response_body: bytes
    """As it came (perhaps compressed), and as far as it came."""
    duration: float
    """Real seconds."""
    reason: str
    """Why there is no price, without secrets; empty when there is one."""
    pricing: Pricing | None


_Key = tuple[str, str, int]


@dataclass(slots=True)
class _Kept:
    answer: Answer
    at: Micros
    real_until: float  # of a failure


class _Loop:
    """What belongs to one event loop: a client cannot be used from another."""

    def __init__(self) -> None:
        self.flights: dict[_Key, asyncio.Task[Answer]] = {}
        self.tasks: set[asyncio.Task[Answer]] = set()
        self.client: httpx.AsyncClient | None = None
        self.making = asyncio.Lock()


class BillingPrices:
    """Asks for prices, keeps them for a while, and leaves a failing billing endpoint alone.

    For one thread: the one of the event loop. All limits are assumed: SolusIO's own are not known.
    """

    def __init__(
        self,
        *,
        on_exchange: Callable[[BillingExchange], None] | None = None,
        timeout: float = 5.0,
        keep: Micros = 60 * SECOND,
        keep_failure: float = 5.0,
        capacity: int = 1000,
        body_limit: int = 64 * 1024,
        failures: int = 5,
        pause: float = 10.0,
        verify: "bool | ssl.SSLContext" = True,
        monotonic: Callable[[], float] = time.monotonic,
    ) -> None:
        """Set the limits.

        Args:
            on_exchange: is told of each question when it is over, and once of each time that the circuit
                opened; what it raises reaches whoever asked.
            timeout: real seconds for everything, from the name's resolution to the last byte.
            keep: microseconds of virtual time for which a price is kept.
            keep_failure: real seconds after which a user for whom there was no price is asked for again.
            capacity: how many answers are kept; those that were used least recently go first.
            body_limit: bytes of an answer, packed or unpacked, that are read.
            failures: consecutive failures after which the circuit opens.
            pause: real seconds for which it stays open.
            verify: whether certificates are checked against those that the system trusts, or how.
            monotonic: real time in seconds.
        """
        self._on_exchange = on_exchange
        self._timeout = timeout
        self._keep = keep
        self._keep_failure = keep_failure
        self._capacity = capacity
        self._body_limit = body_limit
        self._failures = failures
        self._pause = pause
        self._verify = verify
        self._monotonic = monotonic
        self._kept: OrderedDict[_Key, _Kept] = OrderedDict()
        self._circuits: dict[str, Circuit] = {}
        self._loops: weakref.WeakKeyDictionary[asyncio.AbstractEventLoop, _Loop] = weakref.WeakKeyDictionary()

    def cached(self, integration: BillingIntegration, billing_user_id: int, now: Micros) -> Answer | None:
        """Return the answer that is still good at `now`, or None: then ask."""
        key = (integration.url, integration.authorization_token, billing_user_id)
        kept = self._kept.get(key)
        if kept is None:
            return None
        if kept.answer.pricing is not None:
            # The clock may have been set back to before the question was asked.
            if not kept.at <= now < kept.answer.fresh_until:
                return None
            self._kept.move_to_end(key)
            return kept.answer
        if self._monotonic() >= kept.real_until:
            return None
        self._kept.move_to_end(key)
        return replace(kept.answer, fresh_until=now)

    async def ask(self, integration: BillingIntegration, billing_user_id: int, now: Micros) -> Answer:
        """Return what one token costs a user of the billing system; never raises for what the endpoint does.

        Those who ask for the same user at the same time share one question.
        """
        kept = self.cached(integration, billing_user_id, now)
        if kept is not None:
            return kept
        key = (integration.url, integration.authorization_token, billing_user_id)
        here = self._here()
        flight = here.flights.get(key)
        if flight is None:
            flight = asyncio.create_task(self._fly(here, key, now), name="GetTokenPricing")
            here.flights[key] = flight
            here.tasks.add(flight)  # the event loop itself refers to it weakly
            flight.add_done_callback(lambda done: _landed(here, key, done))
        # A flight goes on when one of those who wait for it gives up.
        await asyncio.wait([flight])
        return Answer(None, STOPPED, now) if flight.cancelled() else flight.result()

    def forget(self) -> None:
        """Drop all answers and circuits, for example when the settings change; ask anew from now on."""
        self._kept = OrderedDict()
        self._circuits = {}
        for loop in self._loops.values():
            loop.flights.clear()

    async def aclose(self) -> None:
        """Give up the questions under way in this event loop, and close its client."""
        here = self._loops.pop(asyncio.get_running_loop(), None)
        if here is None:
            return
        for task in here.tasks:
            task.cancel()
        if here.tasks:
            await asyncio.wait(list(here.tasks))
        if here.client is not None:
            await here.client.aclose()

    def _here(self) -> _Loop:
        loop = asyncio.get_running_loop()
        here = self._loops.get(loop)
        if here is None:
            here = self._loops[loop] = _Loop()
        return here

    async def _fly(self, here: _Loop, key: _Key, now: Micros) -> Answer:
        # Those of this moment: what is found out after a `forget` must not be remembered.
        kept, circuit = self._kept, self._circuit(key[0])
        call = BillingCall(*key, timeout=self._timeout, body_limit=self._body_limit)
        admission = circuit.admit()
        if admission is Admission.REFUSED:
            call.reason = (
                f"Not asked: the billing endpoint failed repeatedly and is left alone for {self._pause:g} s."
                f" The last failure: {circuit.last_failure}"
            )
            if circuit.announce():
                self._report(call, None, now, 0.0)
            return Answer(None, call.reason, now)
        began = self._monotonic()
        pricing = None
        try:
            client = await self._client(here)
            if client is None:
                call.reason = "The certificates that this system trusts cannot be read."
            else:
                pricing = await call.ask(client)
        finally:
            # Also when it was cancelled: a probe that never ends would keep the circuit open forever.
            if call.server_failed:
                circuit.failed(admission, call.reason)
            elif call.status is not None:
                circuit.worked()
            else:
                circuit.abandon(admission)
        ended = self._monotonic()
        answer = Answer(pricing, call.reason, now if pricing is None else now + self._keep)
        kept[key] = _Kept(answer, now, ended + self._keep_failure)
        kept.move_to_end(key)
        if len(kept) > self._capacity:
            kept.popitem(last=False)
        self._report(call, pricing, now, ended - began)
        return answer

    def _circuit(self, url: str) -> Circuit:
        circuit = self._circuits.get(url)
        if circuit is None:
            if len(self._circuits) >= self._capacity:
                del self._circuits[next(iter(self._circuits))]
            circuit = Circuit(failures=self._failures, pause=self._pause, monotonic=self._monotonic)
            self._circuits[url] = circuit
        return circuit

    def _report(self, call: BillingCall, pricing: Pricing | None, now: Micros, duration: float) -> None:
        if self._on_exchange is None:
            return
        self._on_exchange(
            BillingExchange(
                at=now,
                url=call.url,
                billing_user_id=call.billing_user_id,
                sent=call.sent,
                request_headers=call.request_headers,
                request_body=call.request_body,
                status=call.status,
                response_headers=call.response_headers,
                response_body=bytes(call.body),
                duration=duration,
                reason=call.reason,
                pricing=pricing,
            )
        )

    async def _client(self, here: _Loop) -> "httpx.AsyncClient | None":
        async with here.making:
            if here.client is None:
                try:
                    # Half a second of imports and certificates must not stop everybody else.
                    here.client = await asyncio.to_thread(make_client, self._verify)
                except OSError:
                    return None
        return here.client


def _landed(here: _Loop, key: _Key, flight: asyncio.Task[Answer]) -> None:
    here.tasks.discard(flight)
    if here.flights.get(key) is flight:
        del here.flights[key]
