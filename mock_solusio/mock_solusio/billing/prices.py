"""The prices of customers: asked from the billing endpoint, and noted in journal and activity log."""

import asyncio
from collections.abc import Sequence

from mock_solusio.billing.advice import INTEGRATION_OFF, NO_ID, BillingHealth, CustomerQuote, advice_on
from mock_solusio.billing.client import BillingClient
from mock_solusio.billing.question import BillingExchange
from mock_solusio.domain import activity, settings
from mock_solusio.domain.prices import Pricing, unit_cost
from mock_solusio.domain.records.user import USERS
from mock_solusio.moment import Micros
from mock_solusio.store.store import Store
from mock_solusio.traffic import redaction
from mock_solusio.traffic.journal import Journal

AT_ONCE = 8
"""How many prices are requested at the same time."""

NEVER: Micros = 2**63


class CustomerPrices:
    """Asks the billing endpoint in the settings, if billing integration is enabled."""

    def __init__(self, store: Store, journal: Journal, *, timeout: float = 5.0) -> None:
        self._store = store
        self._journal = journal
        self._prices = BillingClient(on_exchange=self._note, timeout=timeout)
        self._latest: BillingExchange | None = None
        self._latest_number: int | None = None

    def known(self, billing_user_id: int) -> tuple[Pricing | None, Micros] | None:
        """Return a customer's price and until when it holds; None if it has to be asked for."""
        integration = settings.billing(self._store)
        if integration is None:
            return None, NEVER
        quote = self._prices.cached(integration, billing_user_id, self._store.now)
        return None if quote is None else (quote.pricing, quote.fresh_until)

    async def ask(self, billing_user_ids: Sequence[int]) -> dict[int, Pricing | None]:
        """Ask for several customers and return the price of each; never raises."""
        gate = asyncio.Semaphore(AT_ONCE)

        async def one(billing_user_id: int) -> Pricing | None:
            async with gate:
                return await self.price(billing_user_id)

        found = await asyncio.gather(*map(one, billing_user_ids))
        return dict(zip(billing_user_ids, found, strict=True))

    async def price(self, billing_user_id: int | None) -> Pricing | None:
        """Return the price of a customer; None if there is no price to show."""
        return (await self.quote(billing_user_id)).pricing

    async def quote(self, billing_user_id: int | None) -> CustomerQuote:
        """Return the price of a customer, or why there is none; `billing_user_id` None: they have no id."""
        integration = settings.billing(self._store)
        if integration is None:
            return INTEGRATION_OFF
        if billing_user_id is None:
            return NO_ID
        quote = await self._prices.ask(integration, billing_user_id, self._store.now)
        advice = advice_on(quote.outcome, integration, billing_user_id)
        return CustomerQuote(quote.pricing, quote.reason, advice)

    def first_customer(self) -> int | None:
        """Return the id in the billing system of the first user who has one."""
        number, users = 0, 1
        while users:
            number += 1
            page = self._store[USERS].page(number, 100, {}).items
            users = len(page)
            for user in page:
                if user.billing_user_id is not None:
                    return user.billing_user_id
        return None

    def health(self) -> BillingHealth:
        """Return where the billing endpoint is, and what came of the latest request to it."""
        integration = settings.billing(self._store)
        if integration is None:
            return BillingHealth(
                url=None, state="off", reason=INTEGRATION_OFF.reason, advice=INTEGRATION_OFF.advice
            )
        url = redaction.free_text(integration.url)
        asked = self._latest
        if asked is None or (asked.url, asked.authorization_token) != (
            integration.url,
            integration.authorization_token,
        ):
            return BillingHealth(url=url, state="not-asked")
        return BillingHealth(
            url=url,
            state=asked.outcome.value,
            reason=asked.reason or None,
            advice=advice_on(asked.outcome, integration, asked.billing_user_id) or None,
            billing_user_id=asked.billing_user_id,
            price=None if asked.pricing is None else unit_cost(asked.pricing),
            exchange=self._latest_number,
        )

    def forget(self) -> None:
        """Drop all cached prices, and what came of the latest request."""
        self._prices.forget()
        self._latest = None

    async def aclose(self) -> None:
        """Close the connections to the billing endpoint."""
        await self._prices.aclose()

    def _note(self, exchange: BillingExchange) -> None:
        self._latest = exchange
        self._latest_number = self._journal.add(
            "billing",
            "POST",
            exchange.url,
            moment=exchange.at,
            headers=exchange.request_headers,
            body=exchange.request_body,
            status=exchange.status or 0,
            response_headers=exchange.response_headers,
            response_body=bytes(exchange.response_body),
            milliseconds=exchange.duration * 1000,
            notes=[exchange.result()],
        )
        if not exchange.sent:
            return
        with self._store.transaction() as world:
            user = world[USERS].first(billing_user_id=exchange.billing_user_id)
            data = {"status": exchange.status, "reason": exchange.reason or None}
            activity.record(world, "external_integration_requested", user=user, data=data)
