"""The buttons of the clock."""

from typing import Any, Final

from starlette.requests import Request
from starlette.responses import Response

from mock_solusio.control.api import Control
from mock_solusio.operator_page import control_calls
from mock_solusio.operator_page.frames import Frames, clock_view
from mock_solusio.operator_page.notices import Notice
from mock_solusio.ui.forms import read_form

_CHANGES: Final[dict[str, dict[str, Any]]] = {
    "hour": {"advance": "PT1H"},
    "day": {"advance": "P1D"},
    "month": {"advance": "P1M"},
    "freeze": {"freeze": True},
    "run": {"run": 1},
    "follow": {"follow": True},
}


class ClockForms:
    """What the forms of the clock do; they are on every page."""

    def __init__(self, control: Control, frames: Frames) -> None:
        self._control = control
        self._frames = frames

    async def change(self, request: Request) -> Response:
        """Advance, freeze, run or set the clock."""
        form = await read_form(request)
        answer = await control_calls.call(self._control, request, "POST", "/_mock/clock", _change(form))
        if answer.failed:
            return self._frames.back(form, Notice(answer.problem, failed=True))
        clock = clock_view(self._control.mock.clock)
        return self._frames.back(form, Notice(f"It is {clock.shown} UTC, {clock.pace}."))


def _change(form: dict[str, str]) -> dict[str, Any]:
    what = form.get("do", "")
    if what == "set":
        return {"set": f"{form.get('moment', '').strip().removesuffix('Z')}Z"}
    if what == "speed":
        return {"run": control_calls.value_of(form.get("speed", "").strip())}
    return _CHANGES.get(what, {})
