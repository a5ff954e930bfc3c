"""A billing endpoint made of bytes, and what the tests of prices need besides."""

import asyncio
import contextlib
import json
import ssl
from collections.abc import AsyncIterator, Awaitable, Callable, Coroutine
from dataclasses import dataclass, field
from types import SimpleNamespace
from typing import Any

import pytest

from mock_solusio.billing.client import BillingExchange, BillingPrices
from mock_solusio.domain.prices import Currency, Pricing, parse_pricing

LIMIT = 60.0  # seconds for a whole test

VENDOR_EXAMPLE = {
    "base_token_unit_cost": 1.34,
    "user_token_unit_cost": 1.0812,
    "currency": {
        "code": "GBP",
        "display_prefix": "£",
        "display_suffix": " GBP",
        "thousands_separator": ",",
        "decimals_separator": ".",
    },
    "discounts": [
        {
            "name": "Special Client Group Discount",
            "description": "5% Recurring Discount",
            "multipler": 0.95,
        }
    ],
    "taxes": {
        "compound": True,
        "rates": [{"label": "City Tax", "rate": 6}, {"label": "State Tax", "rate": 2}],
    },
}


@pytest.fixture
def example() -> dict[str, Any]:
    """The vendor's own answer (step 6), to be changed at will."""
    return json.loads(json.dumps(VENDOR_EXAMPLE))


@pytest.fixture
def read() -> Callable[[Any], Pricing]:
    """Parse a document as the body of an answer."""
    return lambda document: parse_pricing(json.dumps(document).encode())


@pytest.fixture(scope="session")
def priced() -> Callable[..., Pricing]:
    """Make a pricing from a unit cost, and from what differs in the currency."""

    def make(cost: Any = "0.001", **currency: Any) -> Pricing:
        from decimal import Decimal

        usual = {
            "code": "USD",
            "prefix": "$",
            "suffix": "",
            "thousands_separator": ",",
            "decimals_separator": ".",
            "decimals": 2,
        }
        return Pricing(user_token_unit_cost=Decimal(cost), currency=Currency(**(usual | currency)))

    return make


@pytest.fixture
def run() -> Callable[[Coroutine[Any, Any, None]], None]:
    """Run a coroutine in an event loop of its own, for a bounded time."""

    async def bounded(scenario: Coroutine[Any, Any, None]) -> None:
        async with asyncio.timeout(LIMIT):
            await scenario

    return lambda scenario: asyncio.run(bounded(scenario))


class FakeTime:
    """Monotonic seconds that pass when they are told to."""

    def __init__(self) -> None:
        self.seconds = 1000.0

    def __call__(self) -> float:
        return self.seconds


@pytest.fixture
def monotonic() -> FakeTime:
    return FakeTime()


@dataclass
class Endpoint:
    """What a served endpoint got, and how it answers: `respond` may be exchanged at any time."""

    respond: Callable[[asyncio.StreamWriter], Awaitable[None]]
    requests: list[bytes] = field(default_factory=list)
    asked: asyncio.Event = field(default_factory=asyncio.Event)
    url: str = ""

    async def handle(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        try:
            head = await reader.readuntil(b"\r\n\r\n")
            length = next(
                int(line.split(b":")[1])
                for line in head.split(b"\r\n")
                if line.lower().startswith(b"content-length:")
            )
            self.requests.append(head + await reader.readexactly(length))
            self.asked.set()
            await self.respond(writer)
            writer.close()
        except (ConnectionError, asyncio.IncompleteReadError, asyncio.CancelledError):
            writer.transport.abort()
        with contextlib.suppress(ConnectionError, ssl.SSLError):
            await writer.wait_closed()


@contextlib.asynccontextmanager
async def serving(
    respond: Callable[[asyncio.StreamWriter], Awaitable[None]],
    *,
    path: str = "/solusio/api/",
    tls: ssl.SSLContext | None = None,
) -> AsyncIterator[Endpoint]:
    endpoint = Endpoint(respond)
    handlers: set[asyncio.Task[None]] = set()

    def connected(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        handlers.add(asyncio.create_task(endpoint.handle(reader, writer)))

    server = await asyncio.start_server(connected, "127.0.0.1", 0, ssl=tls)
    port = server.sockets[0].getsockname()[1]
    endpoint.url = f"{'https' if tls else 'http'}://127.0.0.1:{port}{path}"
    try:
        yield endpoint
    finally:
        server.close()
        for task in handlers:
            task.cancel()
        if handlers:
            await asyncio.wait(handlers)


def http(
    body: bytes, status: str = "200 OK", headers: str = "Content-Type: application/json\r\n"
) -> Callable[[asyncio.StreamWriter], Awaitable[None]]:
    """Answer this; an endpoint that closes the connection after it."""
    head = f"HTTP/1.1 {status}\r\n{headers}Content-Length: {len(body)}\r\nConnection: close\r\n\r\n"
    return raw(head.encode() + body)


def raw(data: bytes) -> Callable[[asyncio.StreamWriter], Awaitable[None]]:
    """Send these bytes and close the connection."""

    async def respond(writer: asyncio.StreamWriter) -> None:
        writer.write(data)
        await writer.drain()

    return respond


def silent(data: bytes = b"") -> Callable[[asyncio.StreamWriter], Awaitable[None]]:
    """Send these bytes, and then nothing more for as long as the connection is open."""

    async def respond(writer: asyncio.StreamWriter) -> None:
        writer.write(data)
        await writer.drain()
        await asyncio.Event().wait()

    return respond


def waiting(
    gate: asyncio.Event, then: Callable[[asyncio.StreamWriter], Awaitable[None]]
) -> Callable[[asyncio.StreamWriter], Awaitable[None]]:
    """Answer when the gate is opened."""

    async def respond(writer: asyncio.StreamWriter) -> None:
        await gate.wait()
        await then(writer)

    return respond


@dataclass(frozen=True)
class Integration:
    """Stands for the record of the settings."""

    url: str
    authorization_token: str = "s3cret Tökén+&="


@contextlib.asynccontextmanager
async def asking(**options: Any) -> AsyncIterator[tuple[BillingPrices, list[BillingExchange]]]:
    """Give prices and the list of what they report."""
    exchanges: list[BillingExchange] = []
    prices = BillingPrices(on_exchange=exchanges.append, **options)
    try:
        yield prices, exchanges
    finally:
        await prices.aclose()


@pytest.fixture(scope="session")
def lab() -> SimpleNamespace:
    """Everything with which a test makes an endpoint and asks it."""
    return SimpleNamespace(
        serving=serving,
        asking=asking,
        Integration=Integration,
        http=http,
        raw=raw,
        silent=silent,
        waiting=waiting,
        good=http(json.dumps(VENDOR_EXAMPLE).encode()),
        body=json.dumps(VENDOR_EXAMPLE).encode(),
    )
