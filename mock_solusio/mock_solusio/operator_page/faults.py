"""Faults: injected by a form, listed with what they did, and removed."""

from collections.abc import Mapping
from typing import Any

from starlette.requests import Request
from starlette.responses import Response

from mock_solusio.control.api import Control
from mock_solusio.operator_page import control_calls, render
from mock_solusio.operator_page.control_calls import ControlAnswer
from mock_solusio.operator_page.fault_form import FaultKind, fault_kind, fault_kinds
from mock_solusio.operator_page.frames import Frames
from mock_solusio.operator_page.journal import operations
from mock_solusio.operator_page.models import FaultsPage
from mock_solusio.operator_page.notices import Notice
from mock_solusio.operator_page.paths import BASE
from mock_solusio.ui.forms import read_fields, read_form

PATH = f"{BASE}/faults"


class FaultPages:
    """The page of faults, and what its forms do."""

    def __init__(self, control: Control, frames: Frames) -> None:
        self._control = control
        self._frames = frames

    async def show(self, request: Request) -> Response:
        """Show the faults and the form of a kind."""
        kind = fault_kind(request.query_params.get("kind", ""))
        return self._page(request, kind, kind.defaults())

    async def order(self, request: Request) -> Response:
        """Inject a fault; a form with errors is shown again, with what was entered."""
        entered = await read_fields(request)
        kind = fault_kind("".join(entered.get("kind", [])))
        answer = await control_calls.call(self._control, request, "POST", "/_mock/faults", kind.body(entered))
        if answer.failed:
            return self._page(request, kind, entered, answer)
        number = answer.value["data"]["id"]
        return self._frames.go(f"{PATH}?kind={kind.name}", Notice(f"Fault {number} is active."))

    async def remove(self, request: Request) -> Response:
        """Delete a fault, or all of them."""
        form = await read_form(request)
        number = request.path_params.get("number")
        path = "/_mock/faults" if number is None else f"/_mock/faults/{number}"
        answer = await control_calls.call(self._control, request, "DELETE", path)
        if answer.failed:
            return self._frames.back(form, Notice(answer.problem, failed=True))
        what = "All faults are removed." if number is None else f"Fault {number} is removed."
        return self._frames.back(form, Notice(what))

    def _page(
        self,
        request: Request,
        kind: FaultKind,
        entered: Mapping[str, list[str]],
        refused: ControlAnswer | None = None,
    ) -> Response:
        errors = _errors(refused, {field.name for field in kind.fields}) if refused else {}
        faults: list[dict[str, Any]] = self._control.mock.faults.list()
        page = FaultsPage(
            tuple(map(_shown, reversed(faults))), fault_kinds(), kind, entered, operations(), errors
        )
        frame = self._frames.frame(request, back=f"{PATH}?kind={kind.name}")
        return render.page(page, frame, refused.status if refused else 200)


def _shown(fault: dict[str, Any]) -> dict[str, Any]:
    """Return a fault with what is set in it as texts, besides its counts."""
    counts = {"id", "kind", "seen", "hits", "left", "times", "skip"}
    settings = {
        name: value for name, value in fault.items() if name not in counts and value not in (None, False)
    }
    return {**fault, "settings": [f"{name} {value}" for name, value in settings.items()]}


def _errors(refused: ControlAnswer, fields: set[str]) -> dict[str, list[str]]:
    found: dict[str, list[str]] = {}
    for member, texts in refused.errors.items():
        field = member.partition("[")[0].partition(".")[0]
        found.setdefault(field if field in fields else "", []).extend(texts)
    return found or {"": [refused.problem]}
