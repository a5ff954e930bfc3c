"""Snapshots, reset, webhooks, and what the mock holds."""

from urllib.parse import quote

from starlette.requests import Request
from starlette.responses import Response

from mock_solusio.control.api import Control
from mock_solusio.operator_page import control_calls, render
from mock_solusio.operator_page.frames import Frames
from mock_solusio.operator_page.models import StatePage, WebhooksPage
from mock_solusio.operator_page.notices import Notice
from mock_solusio.operator_page.paths import BASE
from mock_solusio.ui.event_handlers import event_handlers_page
from mock_solusio.ui.forms import read_form

PATH = f"{BASE}/state"


class StatePages:
    """The pages of the whole state, and what their forms do."""

    def __init__(self, control: Control, frames: Frames) -> None:
        self._control = control
        self._frames = frames

    async def show(self, request: Request) -> Response:
        """Show snapshots and what the mock holds."""
        return await self._page(request)

    async def webhooks(self, request: Request) -> Response:
        """Show event handlers and their latest deliveries."""
        with self._control.mock.transaction() as world:
            page = WebhooksPage(event_handlers_page(world))
        return render.page(page, self._frames.frame(request))

    async def take_snapshot(self, request: Request) -> Response:
        """Save the state under the given name, or a new one."""
        form = await read_form(request)
        body = {"name": name} if (name := form.get("name", "").strip()) else {}
        return await self._done(request, "POST", "/_mock/snapshots", body, "The snapshot is saved.")

    async def change_snapshot(self, request: Request) -> Response:
        """Restore or delete a snapshot."""
        form = await read_form(request)
        name = request.path_params["name"]
        path = f"/_mock/snapshots/{quote(name, safe='')}"
        if form.get("do") == "delete":
            return await self._done(request, "DELETE", path, None, f"The snapshot {name} is deleted.")
        return await self._done(request, "POST", f"{path}/restore", {}, f"The mock is as it was at {name}.")

    async def ask_reset(self, request: Request) -> Response:
        """Ask for confirmation of a reset."""
        return await self._page(request, confirming=True)

    async def reset(self, request: Request) -> Response:
        """Return to the state after the start."""
        await read_form(request)
        return await self._done(
            request, "POST", "/_mock/reset", None, "The mock is as it was after its start."
        )

    async def _page(self, request: Request, *, confirming: bool = False) -> Response:
        health = await control_calls.call(self._control, request, "GET", "/_mock/health")
        snapshots = await control_calls.call(self._control, request, "GET", "/_mock/snapshots")
        page = StatePage(health.value, tuple(snapshots.value["data"]), confirming)
        return render.page(page, self._frames.frame(request, back=PATH))

    async def _done(self, request: Request, method: str, path: str, body: object, said: str) -> Response:
        answer = await control_calls.call(self._control, request, method, path, body)
        notice = Notice(answer.problem, failed=True) if answer.failed else Notice(said)
        return self._frames.go(PATH, notice)
