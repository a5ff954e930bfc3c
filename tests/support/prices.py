"""The mock's questions to a billing endpoint."""

import contextlib
from collections.abc import AsyncIterator
from dataclasses import dataclass
from typing import Any

from mock_solusio.billing.client import BillingClient, BillingExchange
from support.async_endpoint import LIMIT, http
from support.pricing import VENDOR_EXAMPLE

GOOD = http(VENDOR_EXAMPLE)
"""The answer of an endpoint that is right."""


@dataclass(frozen=True)
class Integration:
    """Stands for the record of the settings."""

    url: str
    authorization_token: str = "s3cret Tökén+&="


@contextlib.asynccontextmanager
async def asking(**options: Any) -> AsyncIterator[tuple[BillingClient, list[BillingExchange]]]:
    """Give prices and the list of what they report; a loaded machine may take its time to answer."""
    exchanges: list[BillingExchange] = []
    prices = BillingClient(on_exchange=exchanges.append, **{"timeout": LIMIT, **options})
    try:
        yield prices, exchanges
    finally:
        await prices.aclose()
