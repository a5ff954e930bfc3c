"""Asks the billing endpoint what one token costs a customer, as SolusIO does (vendor's page, step 6).

Nothing that a billing endpoint does harms the mock: whatever goes wrong becomes a `Quote` without a price
but with the reason, and every exchange is reported for the journal.

A price is cached for a while of *virtual* time, so that the same calls at the same moments lead to the same
exchanges, and a frozen clock keeps it until it is moved or `forget` is called. A failure is cached for *real*
seconds: it concerns a real server, and must not outlive it under a frozen clock.
"""

import asyncio
import time
import weakref
from collections import OrderedDict
from collections.abc import Callable
from typing import TYPE_CHECKING, Final

import msgspec
from msgspec.structs import replace

from mock_solusio.billing.question import BillingExchange, Outcome, make_client
from mock_solusio.domain.prices import Pricing
from mock_solusio.domain.settings import BillingIntegration
from mock_solusio.moment import SECOND, Micros

if TYPE_CHECKING:
    import ssl

    import httpx

STOPPED: Final = "The request was cancelled because the mock is stopping."

RETRY_AFTER: Final = 1.0
"""Real seconds after which a refused request is repeated; one that timed out waits as long as it took."""


class Quote(msgspec.Struct, frozen=True):
    """A price, or the reason why there is none: a sentence without secrets, empty if there is a price."""

    pricing: Pricing | None
    reason: str
    outcome: Outcome
    fresh_until: Micros
    """From this moment on the price may change; for a failure, the moment of the request."""


_Key = tuple[str, str, int]


class _Cached(msgspec.Struct):
    quote: Quote
    at: Micros
    retry_at: float  # monotonic seconds; counts for failures only


class _Loop:
    """What belongs to one event loop: a client cannot be used from another."""

    def __init__(self) -> None:
        self.flights: dict[_Key, asyncio.Task[Quote]] = {}
        self.tasks: set[asyncio.Task[Quote]] = set()
        self.client: httpx.AsyncClient | None = None
        self.making = asyncio.Lock()


class BillingClient:
    """Asks for prices and caches them for a while.

    For one thread: the one of the event loop. All limits are assumed: SolusIO's own are not known.
    """

    def __init__(
        self,
        *,
        on_exchange: Callable[[BillingExchange], None] | None = None,
        timeout: float = 5.0,
        keep: Micros = 60 * SECOND,
        capacity: int = 1000,
        body_limit: int = 64 * 1024,
        verify: "bool | ssl.SSLContext" = True,
        monotonic: Callable[[], float] = time.monotonic,
    ) -> None:
        """Set the limits.

        Args:
            on_exchange: called with each finished exchange; an exception in it reaches the caller of `ask`.
            timeout: real seconds for everything, from name resolution to the last byte.
            keep: microseconds of virtual time for which a price is cached.
            capacity: how many quotes are cached; the least recently used go first.
            body_limit: bytes of an answer, compressed or decompressed, that are read.
            verify: whether certificates are checked against those the system trusts, or how.
            monotonic: real time in seconds.
        """
        self._on_exchange = on_exchange
        self._timeout = timeout
        self._keep = keep
        self._capacity = capacity
        self._body_limit = body_limit
        self._verify = verify
        self._monotonic = monotonic
        self._cached: OrderedDict[_Key, _Cached] = OrderedDict()
        self._loops: weakref.WeakKeyDictionary[asyncio.AbstractEventLoop, _Loop] = weakref.WeakKeyDictionary()

    def cached(self, integration: BillingIntegration, billing_user_id: int, now: Micros) -> Quote | None:
        """Return the quote that still holds at `now`; None if the endpoint has to be asked."""
        key = (integration.url, integration.authorization_token, billing_user_id)
        found = self._cached.get(key)
        if found is None:
            return None
        quote = found.quote
        if quote.pricing is None:
            if self._monotonic() >= found.retry_at:
                return None
            quote = replace(quote, fresh_until=now)
        elif not found.at <= now < quote.fresh_until:
            # Expired, or the clock was set back to before the request.
            return None
        self._cached.move_to_end(key)
        return quote

    async def ask(self, integration: BillingIntegration, billing_user_id: int, now: Micros) -> Quote:
        """Return what one token costs a user of the billing system; never raises for what the endpoint does.

        Concurrent calls for the same user share one request.
        """
        cached = self.cached(integration, billing_user_id, now)
        if cached is not None:
            return cached
        key = (integration.url, integration.authorization_token, billing_user_id)
        here = self._here()
        flight = here.flights.get(key)
        if flight is None:
            flight = asyncio.create_task(self._fly(here, key, now), name="GetTokenPricing")
            here.flights[key] = flight
            here.tasks.add(flight)  # the event loop itself holds only a weak reference
            flight.add_done_callback(lambda done: _landed(here, key, done))
        # The request continues even if a caller waiting for it is cancelled.
        await asyncio.wait([flight])
        return Quote(None, STOPPED, Outcome.UNREACHABLE, now) if flight.cancelled() else flight.result()

    def forget(self) -> None:
        """Drop everything cached, for example when the settings change."""
        self._cached = OrderedDict()
        for loop in self._loops.values():
            loop.flights.clear()

    async def aclose(self) -> None:
        """Cancel the requests under way in this event loop, and close its client."""
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

    async def _fly(self, here: _Loop, key: _Key, now: Micros) -> Quote:
        # The cache of this moment: an answer that arrives after a `forget` must not be cached.
        cache = self._cached
        exchange = BillingExchange(*key, at=now, timeout=self._timeout, body_limit=self._body_limit)
        client = await self._client(here)
        began = self._monotonic()
        if client is None:
            exchange.reason = "The certificates that this system trusts cannot be read."
        else:
            await exchange.run(client)
        ended = self._monotonic()
        exchange.duration = ended - began
        fresh_until = now if exchange.pricing is None else now + self._keep
        quote = Quote(exchange.pricing, exchange.reason, exchange.outcome, fresh_until)
        wait = exchange.duration if exchange.timed_out else RETRY_AFTER
        cache[key] = _Cached(quote, now, ended + wait)
        cache.move_to_end(key)
        if len(cache) > self._capacity:
            cache.popitem(last=False)
        if self._on_exchange is not None:
            self._on_exchange(exchange)
        return quote

    async def _client(self, here: _Loop) -> "httpx.AsyncClient | None":
        async with here.making:
            if here.client is None:
                try:
                    # Half a second of imports and certificates must not hold up everything else.
                    here.client = await asyncio.to_thread(make_client, self._verify)
                except OSError:
                    return None
        return here.client


def _landed(here: _Loop, key: _Key, flight: asyncio.Task[Quote]) -> None:
    here.tasks.discard(flight)
    if here.flights.get(key) is flight:
        del here.flights[key]
