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
    """The current page of a list; pages are numbered from 1."""

    path: str
    number: int
    size: int
    total: int
    query: Mapping[str, str]

    @property
    def offset(self) -> int:
        """The number of entries on the pages before this one."""
        return (self.number - 1) * self.size

    @property
    def last(self) -> int:
        """The number of the last page."""
        return max(1, -(-self.total // self.size))

    def url(self, number: int) -> str:
        """Return the URL of a page."""
        return f"{self.path}?{urlencode({**self.query, 'page': number})}"

    def slice(self, entries: Iterable[T]) -> Iterator[T]:
        """Yield the entries of this page."""
        return islice(entries, self.offset, self.offset + self.size)


LONGEST_SEARCH = 100
"""Characters of a search text that count; the rest is dropped."""


def requested_search(request: Request) -> str:
    """Return the text to search for; empty for none."""
    return request.query_params.get("q", "").strip()[:LONGEST_SEARCH]


def requested_page(request: Request, size: int, total: int, **query: str) -> Pagination:
    """Return the requested page of a list. Raises Refusal (404) if there is no such page."""
    text = request.query_params.get("page", "1")
    number = int(text) if text.isascii() and text.isdecimal() and len(text) < 10 else 0
    pages = Pagination(request.url.path, number, size, total, query)
    if not 1 <= number <= pages.last:
        raise Refusal(404, "no_such_page", f"There is no such page; the last one is {pages.last}.")
    return pages
