"""The journal: the list with its filters, live, and each exchange."""

import functools
from collections.abc import Mapping
from typing import Any, Final, get_args
from urllib.parse import urlencode

import msgspec
from starlette.requests import Request
from starlette.responses import Response

from mock_solusio.control.api import Control
from mock_solusio.decoding import convert
from mock_solusio.domain.errors import DomainError, NotFound
from mock_solusio.operator_page import control_calls, exchange_views, render
from mock_solusio.operator_page.frames import Frames, clock_view, counts
from mock_solusio.operator_page.models import FindingsPage, JournalPage, JournalWindow
from mock_solusio.operator_page.notices import Notice
from mock_solusio.operator_page.paths import ENTRY
from mock_solusio.traffic.exchanges import ExchangeKind, summary
from mock_solusio.traffic.journal import JournalFilter
from mock_solusio.ui.forms import read_form
from solusio_contracts.contract import documents

WINDOW: Final = 100
"""Exchanges that are loaded at once."""

FILTERS: Final = ("text", "kind", "status", "method", "operation", "path")
STATUSES: Final = ("2xx", "3xx", "4xx", "5xx", "none")
METHODS: Final = ("GET", "POST", "PUT", "PATCH", "DELETE")


class JournalPages:
    """The pages of the journal and of its findings."""

    def __init__(self, control: Control, frames: Frames) -> None:
        self._control = control
        self._journal = control.mock.journal
        self._frames = frames

    async def show(self, request: Request) -> Response:
        """Show the latest exchanges that match the filters, or a page before them."""
        asked = _asked(request)
        filters = {name: asked.get(name, "") for name in FILTERS}
        journal = self._journal
        last = journal.last  # before the search: an open page asks for what came later
        page = JournalPage(
            await self._window(asked),
            filters,
            get_args(ExchangeKind),
            STATUSES,
            METHODS,
            operations(),
            len(journal),
            journal.dropped,
            last,
            is_latest="before" not in asked,
        )
        back = f"{ENTRY}?{urlencode(_filters(asked))}" if _filters(asked) else ENTRY
        return render.page(page, self._frames.frame(request, back=back))

    async def rows(self, request: Request) -> Response:
        """Return exchanges for a list that is open: those after `since`, or those before `before`."""
        asked = _asked(request)
        last = self._journal.last
        window = await self._window(asked)
        live = {
            "rows": render.rows(window.rows),
            "number": len(window.rows),
            "older": window.older,
            "problem": window.problem,
            "last": last,
            "kept": len(self._journal),
            "dropped": self._journal.dropped,
        }
        return _json({**live, **self._now()})

    async def now(self, _: Request) -> Response:
        """Return what changes on every page: the clock and the numbers beside the links."""
        return _json(self._now())

    async def exchange(self, request: Request) -> Response:
        """Show an exchange: as a page, or for the pane beside the list."""
        number = request.path_params["number"]
        entry = self._journal.get(number)
        if entry is None:
            raise NotFound("exchange", number)
        near = (number + 1, number - 1)
        newer, older = (f"{one}" if self._journal.get(one) else "" for one in near)
        page = exchange_views.page(entry, newer, older)
        if "pane" in request.query_params:
            return render.exchange(page)
        return render.page(page, self._frames.frame(request))

    async def findings(self, request: Request) -> Response:
        """Show the findings, must before should before may."""
        referee = self._journal.referee
        page = FindingsPage(tuple(referee.findings()), referee.judged, referee.dropped)
        return render.page(page, self._frames.frame(request))

    async def clear(self, request: Request) -> Response:
        """Delete all exchanges and findings."""
        form = await read_form(request)
        await control_calls.call(self._control, request, "DELETE", "/_mock/journal")
        return self._frames.back(form, Notice("The journal and the findings are cleared."))

    async def _window(self, asked: Mapping[str, str]) -> JournalWindow:
        limit = WINDOW + 1  # one more shows whether there are more
        numbers = {name: _number(asked[name]) for name in ("since", "before") if name in asked}
        try:
            wanted = convert({**_filters(asked), **numbers, "limit": limit}, JournalFilter)
            found = await self._journal.find(wanted, summary)
        except DomainError as error:
            return JournalWindow((), problem=control_calls.problem_of(error.message, error.errors or {}))
        shown = tuple(exchange_views.row(entry) for entry in reversed(found[-WINDOW:]))
        older = ""
        if len(found) == limit:
            older = urlencode({**_filters(asked), "before": shown[-1].number})
        return JournalWindow(shown, older)

    def _now(self) -> dict[str, Any]:
        clock = clock_view(self._control.mock.clock)
        return {"now": clock.shown, "pace": clock.pace, "counts": counts(self._control.mock)}


@functools.cache
def operations() -> tuple[str, ...]:
    """Return the operations of the API, which filters and faults select by."""
    return tuple(sorted(operation.id for operation in documents.operations("solusio-api")))


def _asked(request: Request) -> dict[str, str]:
    names = (*FILTERS, "since", "before")
    return {name: value for name, value in request.query_params.items() if name in names and value}


def _filters(asked: Mapping[str, str]) -> dict[str, str]:
    return {name: asked[name] for name in FILTERS if name in asked}


def _number(text: str) -> int | str:
    return int(text) if text.isascii() and text.isdigit() and len(text) <= 12 else text


def _json(value: dict[str, Any]) -> Response:
    return Response(msgspec.json.encode(value), headers=render.HEADERS, media_type="application/json")
