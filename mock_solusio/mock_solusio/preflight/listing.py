"""Reads a list of SolusIO's API: whole if it is short, a sample of its pages if it is long."""

from collections.abc import Mapping
from contextlib import suppress
from dataclasses import dataclass
from typing import Any

import msgspec

from mock_solusio.preflight.client import Reader, UnreadableError

Row = dict[str, Any]


@dataclass(frozen=True, slots=True, kw_only=True)
class Listing:
    """The rows of a list that were read."""

    rows: tuple[Row, ...]
    total: int | None
    """How many there are, as SolusIO says; None if it does not."""
    whole: bool
    """Whether every page was read."""

    def extent(self, noun: str) -> str:
        """Return what was read, for people: `all 12 plans`, `2,400 of 5,000 users`."""
        count = f"{len(self.rows):,}"
        if self.whole:
            return f"all {count} {noun}" if len(self.rows) > 1 else f"{count} {noun}"
        return f"{count} of {self.total:,} {noun}" if self.total is not None else f"the first {count} {noun}"

    def sampled(self, noun: str) -> str:
        """Return a sentence if only a part was read; otherwise an empty text."""
        return "" if self.whole else f"Judged on a sample: {self.extent(noun)}."


def read_list(
    reader: Reader,
    operation: str,
    path: str,
    *,
    pages: int,
    per_page: int = 100,
    query: Mapping[str, object] = {},
) -> Listing:
    """Read at most `pages` pages: all of them, or the first, the last and some in between.

    Raises:
        UnreadableError: a page cannot be read, or is not a list.
    """
    query = {**query, "per_page": per_page}
    try:
        first = reader.get(operation, path, query)
    except UnreadableError as error:
        if error.exchange is None or error.exchange.status not in (400, 422):
            raise
        # No official client sends per_page, so it may be what is refused.
        del query["per_page"]
        first = reader.get(operation, path, query)
    rows = _rows(first.data, path)
    total, last = _count(first.value, "total"), _count(first.value, "last_page")
    # Without `last_page`, nothing says whether more follows.
    chosen = spread(last or 1, min(pages, max(1, reader.left)))
    read = 1
    with suppress(UnreadableError):
        # What was read of a list is a sample of it, even if a later page breaks.
        for number in chosen[1:]:
            page = reader.get(operation, path, {**query, "page": number})
            rows += _rows(page.data, path)
            read += 1
    rows = _distinct(rows)
    whole = (read == last and (total is None or len(rows) >= total)) or (not last and total == len(rows))
    return Listing(rows=tuple(rows), total=total, whole=whole)


def spread(last: int, count: int) -> list[int]:
    """Return at most `count` of the pages 1 to `last`, evenly spread, the first and the last among them."""
    if last <= count:
        return list(range(1, max(last, 1) + 1))
    if count == 1:
        return [1]
    return sorted({1 + round(step * (last - 1) / (count - 1)) for step in range(count)})


def _rows(data: Any, path: str) -> list[Row]:
    if not isinstance(data, list):
        raise UnreadableError(f"the response of GET /api/v1/{path} has no list `data`")
    return [row for row in data if isinstance(row, dict)]


def _distinct(rows: list[Row]) -> list[Row]:
    """Return rows once: if something is deleted or created meanwhile, rows move to other pages."""
    return list({msgspec.json.encode(row): row for row in rows}.values())


def _count(value: Any, name: str) -> int | None:
    meta = value.get("meta") if isinstance(value, dict) else None
    found = meta.get(name) if isinstance(meta, dict) else None
    return found if isinstance(found, int) and not isinstance(found, bool) else None
