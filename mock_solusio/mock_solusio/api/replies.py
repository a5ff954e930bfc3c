"""Replies that show records: one of them, a page of them (facts, section 2), or all."""

from collections.abc import Callable, Iterable, Mapping
from typing import Any, TypeVar
from urllib.parse import urlencode

from mock_solusio.api.cache import NEVER
from mock_solusio.api.call import Call, Reply, View
from mock_solusio.api.rendered_records import hole
from mock_solusio.domain.world import Kind, Record

T = TypeVar("T", bound=Record)

MAX_PER_PAGE = 100
"""Most rows of a page (assumed; one client asks for 100)."""


def rendered(call: Call, view: View[T], record: T) -> Any:
    """Return the view of a record, from an earlier response where the state has not changed since."""
    if call.rendered is None:
        return view(call, record)
    if call.shown is not None:
        # Within another record, which shows it as it will be then.
        call.shown.append((view, record))
        return hole(len(call.shown) - 1)
    found = call.rendered.render(call, view, record)
    if found.until != NEVER:
        call.expires(found.until)
    return found.json


def _rendered_each(call: Call, view: View[T], records: Iterable[T]) -> list[Any]:
    """Return what `rendered` returns of each record; those rendered before, mostly all, in less time."""
    known = call.rendered
    if known is None:
        return [view(call, record) for record in records]
    actor, base_url = call.actor_id, call.base_url
    rows = []
    until = NEVER
    for record in records:
        found = known.get((view, record.id, actor, base_url), record) or known.render(call, view, record)
        rows.append(found.json)
        until = min(until, found.until)
    call.expires(until)
    return rows


def show(call: Call, view: View[T], record: T, status: int = 200) -> Reply:
    """Reply with a record: `{"data": ...}`."""
    if call.rendered is None:
        # A changed record is new each time; only those within it may have been rendered before.
        return Reply(status, lambda: {"data": view(call, record)})
    return Reply(status, lambda: {"data": rendered(call, view, record)})


def show_new(call: Call, view: View[T], record: T) -> Reply:
    """Reply with a new record that has changed what it shows of others, such as how many users they have."""

    def render() -> Any:
        call.rendered = None
        return {"data": view(call, record)}

    return Reply(201, render)


def no_content() -> Reply:
    """Reply with 204."""
    return Reply(204)


def list_all(call: Call, view: View[T], records: Iterable[T]) -> Reply:
    """Reply with a list without pages: `{"data": [...]}`."""
    shown = list(records)
    return Reply(200, lambda: {"data": _rendered_each(call, view, shown)})


def list_page(call: Call, kind: Kind[T], view: View[T], where: Mapping[str, Any] | None = None) -> Reply:
    """Reply with the requested page of the records that meet all conditions (see `domain.world.Table`)."""

    def render() -> Any:
        number, per_page = requested_page(call)
        page = call.world[kind].page(number, per_page, where or {}, call.search)
        return page_envelope(call, _rendered_each(call, view, page.items), page.total)

    return Reply(200, render)


def list_items(call: Call, view: Callable[[Call, Any], Any], items: list[Any]) -> Reply:
    """Reply with the requested page of a list."""

    def render() -> Any:
        number, per_page = requested_page(call)
        chosen = items[(number - 1) * per_page : number * per_page]
        return page_envelope(call, [view(call, item) for item in chosen], len(items))

    return Reply(200, render)


def requested_page(call: Call, most: int = MAX_PER_PAGE) -> tuple[int, int]:
    """Return the number of the requested page and its size in rows."""
    return call.query["page"], min(call.query["per_page"], most)


def page_envelope(call: Call, rows: list[Any], total: int, most: int = MAX_PER_PAGE) -> dict[str, Any]:
    """Wrap the rows of the requested page in `data`, `links` and `meta`; links keep the filters.

    An empty list has page 1 of 1: with 0 pages the Go SDK loops forever (facts, 0.11).
    """
    number, per_page = requested_page(call, most)
    last = max(1, -(-total // per_page))
    path = f"{call.base_url}{call.raw_path}"
    filters = urlencode([(name, value) for name, value in call.raw_query.items() if name != "page"])
    start = f"{path}?{filters}&page=" if filters else f"{path}?page="
    first_row = (number - 1) * per_page + 1
    return {
        "data": rows,
        "links": {
            "first": f"{start}1",
            "last": f"{start}{last}",
            "prev": f"{start}{min(number - 1, last)}" if number > 1 else None,
            "next": f"{start}{number + 1}" if number < last else None,
        },
        "meta": {
            "current_page": number,
            "from": first_row if rows else None,
            "last_page": last,
            "path": path,
            "per_page": per_page,
            "to": first_row + len(rows) - 1 if rows else None,
            "total": total,
        },
    }
