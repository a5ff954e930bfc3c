"""Rules about lists: their pages are read to the last one, each once."""

from collections.abc import Hashable, Iterator
from typing import Final

import msgspec

from solusio_contracts.users.conduct.exchange import ClientExchange
from solusio_contracts.users.conduct.rule import Problem, Recent, conduct_rule

WALKS: Final = 64
"""How many unfinished walks through pages are remembered."""
PATIENCE: Final = 200
"""After how many exchanges a walk that was not continued counts as given up."""
REPEATED: Final = 4
"""How often in succession a client may ask for one page of a list before it walks in circles."""
BEYOND: Final = 3
"""How many pages after the last one a client may ask for. Some stop at the first empty page."""
QUICK: Final = 10.0
"""Seconds within which repetitions are a loop; later ones may be a new look."""


class _Walk(msgspec.Struct):
    """Pages of a list that were read so far."""

    operation: str
    page: int
    last_page: int
    numbers: list[int]

    @property
    def problem(self) -> Problem:
        pages, were = ("page 1", "was") if self.page == 1 else (f"pages 1 to {self.page}", "were")
        text = f"{self.operation}: only {pages} of {self.last_page} {were} read"
        return Problem(text, tuple(self.numbers), self.operation, is_past=True)


@conduct_rule("CL-011", applies=lambda operation: operation.is_paged)
class LastPage:
    """Customers on later pages are not billed, suspended or found."""

    def __init__(self) -> None:
        self._walks: Recent[Hashable, _Walk] = Recent(WALKS)

    def __call__(self, exchange: ClientExchange) -> Problem | None:
        """Follow the walk that the exchange belongs to; report the oldest one if it was given up."""
        if exchange.method == "GET" and exchange.status == 200:
            self._follow(exchange)
        oldest = next(iter(self._walks), None)
        if oldest is None or exchange.number - self._walks[oldest].numbers[-1] <= PATIENCE:
            return None
        return self._walks.pop(oldest).problem

    def unfinished(self) -> Iterator[Problem]:
        """Yield the walks that did not reach the last page."""
        yield from [walk.problem for walk in self._walks.values()]

    def _follow(self, exchange: ClientExchange) -> None:
        page, last_page = exchange.page, exchange.last_page
        if page >= last_page:
            if self._walks:
                self._walks.pop(exchange.list_key, None)
            return
        # Of a search, the exact match comes first; a page of one row is a way to count.
        sent = exchange.parameters
        if sent and (sent.get("filter[search]") or sent.get("per_page") == "1"):
            return
        key = exchange.list_key
        walk = self._walks.get(key)
        if page == 1:
            walk = _Walk(exchange.operation, 1, last_page, [exchange.number])
        elif walk is None:
            return
        else:
            walk.page, walk.last_page = page, last_page
            walk.numbers[1:] = [exchange.number]
        self._walks.put(key, walk)


class _Loop(msgspec.Struct):
    page: int
    queries: set[bytes]
    numbers: list[int]
    began: float


@conduct_rule("CL-012", applies=lambda operation: operation.is_paged)
class EndlessWalk:
    """A loop that never ends keeps SolusIO busy, and its own customer waiting."""

    def __init__(self) -> None:
        self._loops: Recent[Hashable, _Loop] = Recent(WALKS)

    def __call__(self, exchange: ClientExchange) -> Problem | None:
        """Count how often one page is asked for in succession, and how far beyond the end."""
        if exchange.method != "GET" or exchange.status != 200:
            return None
        page, last_page = exchange.page, exchange.last_page
        if page >= last_page + BEYOND:
            return Problem(f"{exchange.operation} has {last_page} pages, and page {page} was asked for")
        if last_page == 1:
            return None
        key = exchange.list_key
        loop = self._loops.get(key)
        # A client that does something else in between uses what it read.
        apart = loop is not None and exchange.number - loop.numbers[-1] > 1
        if loop is None or apart or loop.page != page or exchange.arrived - loop.began > QUICK:
            self._loops.put(key, _Loop(page, {exchange.query}, [exchange.number], exchange.arrived))
            return None
        loop.queries.add(exchange.query)
        loop.numbers.append(exchange.number)
        # A request that names no page, repeated as it is, looks for news; it does not walk.
        walks = "page" in exchange.parameters or len(loop.queries) > 1
        if len(loop.numbers) <= REPEATED or not walks:
            return None
        del self._loops[key]
        times = len(loop.numbers)
        text = f"page {page} of {exchange.operation} was asked for {times} times in succession"
        return Problem(text, tuple(loop.numbers))
