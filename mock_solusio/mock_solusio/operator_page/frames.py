"""What surrounds every page, and the way back to it after a form."""

import re
from typing import Final
from urllib.parse import urlencode

from starlette.requests import Request
from starlette.responses import Response

from mock_solusio.clock import Clock
from mock_solusio.domain.records.event_handlers import EVENT_HANDLERS
from mock_solusio.domain.records.user import USERS
from mock_solusio.moment import rfc3339, utc
from mock_solusio.operator_page import render
from mock_solusio.operator_page.models import ClockView, Frame
from mock_solusio.operator_page.notices import Notice, Notices
from mock_solusio.operator_page.paths import BASE, ENTRY
from mock_solusio.runtime import Runtime
from mock_solusio.traffic.referee import counted

SAID: Final = "said"
"""The parameter that names the notice to show."""

_OWN: Final = re.compile(rf"(?:{ENTRY}|{BASE}/[\w/-]*)(?:\?[!-~]*)?", re.ASCII)


class Frames:
    """Makes the frames of pages, and redirects to them."""

    def __init__(self, mock: Runtime) -> None:
        self._mock = mock
        self._notices = Notices()

    def frame(self, request: Request, *, back: str = "", notice: Notice | None = None) -> Frame:
        """Return the frame of the requested page; `back`: where its forms return to, if not to itself."""
        mock = self._mock
        if notice is None and SAID in request.query_params:
            notice = self._notices.take(request.query_params[SAID])
        if not back:
            path = request.scope["path"]
            query = urlencode([pair for pair in request.query_params.multi_items() if pair[0] != SAID])
            back = f"{path}?{query}" if query else path
        return Frame(clock_view(mock.clock), back, counts(mock), notice)

    def back(self, form: dict[str, str], notice: Notice) -> Response:
        """Redirect to the page that a form was on; it shows the notice."""
        return self.go(form.get("back", ""), notice)

    def go(self, path: str, notice: Notice) -> Response:
        """Redirect to one of our pages, or to the first one; it shows the notice."""
        path = path if _OWN.fullmatch(path) else ENTRY
        return render.see_other(f"{path}{'&' if '?' in path else '?'}{SAID}={self._notices.add(notice)}")


def clock_view(clock: Clock) -> ClockView:
    """Return the mock's time for people and for an input."""
    now = clock.now()
    when = utc(now)
    shown = f"{when:%a} {when.day} {when:%b} {when.year}, {when:%H:%M:%S}"
    return ClockView(shown, rfc3339(now)[:19], clock.described().partition(", ")[2])


def counts(mock: Runtime) -> dict[str, int]:
    """Return the numbers beside the links to pages."""
    return {
        "journal": len(mock.journal),
        "findings": counted(mock.journal.findings()),
        "faults": len(mock.faults),
        "users": mock.store[USERS].count(),
        "webhooks": mock.store[EVENT_HANDLERS].count(),
    }
