"""Lists that are too long for one page."""

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from itertools import islice
from typing import TypeVar
from urllib.parse import urlencode

from starlette.requests import Request

from solusio_reference.errors import Refusal

T = TypeVar("T")


@dataclass(frozen=True, slots=True)
class Pagination:
    """Where a reader is in a list; pages are counted from 1."""

    path: str
    number: int
    size: int
    total: int
    query: Mapping[str, str]

    @property
    def first(self) -> int:
        """How many entries are on the pages before."""
        return (self.number - 1) * self.size

    @property
    def last(self) -> int:
        """The number of the last page."""
        return max(1, -(-self.total // self.size))

    def address(self, number: int) -> str:
        """Return the address of a page."""
        return f"{self.path}?{urlencode({**self.query, 'page': number})}"

    def part(self, entries: Iterable[T]) -> Iterator[T]:
        """Yield the entries that are on this page."""
        return islice(entries, self.first, self.first + self.size)


def requested_page(request: Request, size: int, total: int, **query: str) -> Pagination:
    """Return which page of a list is asked for. Raises Refusal (404) for one that is not there."""
    text = request.query_params.get("page", "1")
    number = int(text) if text.isascii() and text.isdecimal() and len(text) < 10 else 0
    pages = Pagination(request.url.path, number, size, total, query)
    if not 1 <= number <= pages.last:
        raise Refusal(404, "no_such_page", f"There is no such page; the last one is {pages.last}.")
    return pages
