"""The exchanges of a run or a rule, in the order they were made, within bounds of memory."""

from collections import deque

from msgspec.structs import replace

from solusio_contracts.http.exchange import Exchange

KEPT = 20_000
"""Exchanges kept for the rules that look at all of them."""
KEPT_BYTES = 64 * 1024 * 1024
"""Bytes of those: each response may have megabytes."""
LARGE = 64 * 1024
"""Bytes of a response above which equal ones are kept once."""
BODIES = 16
"""Large responses that are kept once; a program that answers each time differently has more."""


class SharedBodies:
    """The large responses of a run, each of which all exchanges with the same bytes share."""

    def __init__(self) -> None:
        self._known: dict[bytes, bytes] = {}

    def without_copies(self, exchange: Exchange) -> Exchange:
        """Return an exchange whose large body is the one object that there is for these bytes.

        A large response keeps only the beginning of what was received.
        """
        content, body = exchange.content, exchange.body
        received = exchange.received[:LARGE]
        if len(content) <= LARGE:
            return replace(exchange, received=received) if len(exchange.received) > 2 * LARGE else exchange
        if len(self._known) < BODIES:
            self._known.setdefault(content, content)
        shared = self._known.get(content, content)
        return replace(exchange, content=shared, body=shared if body == content else body, received=received)

    def size(self, exchange: Exchange) -> int:
        """Return the bytes that an exchange occupies alone."""
        bodies = {id(one): len(one) for one in (exchange.body, exchange.content) if one not in self._known}
        return len(exchange.sent) + len(exchange.received) + sum(bodies.values())


class ExchangeLog:
    """The latest exchanges; the oldest ones make room for new ones."""

    def __init__(self, bodies: SharedBodies) -> None:
        self.exchanges: deque[Exchange] = deque()
        self._bodies = bodies
        self._bytes = 0

    def add(self, exchange: Exchange) -> None:
        """Append an exchange."""
        self.exchanges.append(exchange)
        self._bytes += self._bodies.size(exchange)
        while len(self.exchanges) > KEPT or self._bytes > KEPT_BYTES:
            self._bytes -= self._bodies.size(self.exchanges.popleft())

    def extend(self, other: "ExchangeLog") -> None:
        """Append all exchanges of another log."""
        for exchange in other.exchanges:
            self.add(exchange)
