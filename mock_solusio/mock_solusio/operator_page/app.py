"""The operator's page as an ASGI application: its pages by their paths, behind the rules of access."""

from starlette.applications import Starlette
from starlette.exceptions import HTTPException
from starlette.requests import Request as PageRequest
from starlette.responses import Response as PageResponse
from starlette.routing import Route

from mock_solusio.control.api import Control
from mock_solusio.domain.errors import DomainError
from mock_solusio.operator_page import render
from mock_solusio.operator_page.access import refused
from mock_solusio.operator_page.billing import BillingPages
from mock_solusio.operator_page.clock import ClockForms
from mock_solusio.operator_page.faults import FaultPages
from mock_solusio.operator_page.frames import Frames
from mock_solusio.operator_page.journal import JournalPages
from mock_solusio.operator_page.models import MessagePage
from mock_solusio.operator_page.paths import BASE, ENTRY
from mock_solusio.operator_page.render import SITE
from mock_solusio.operator_page.state import StatePages
from mock_solusio.operator_page.users import UserPages
from mock_solusio.server.asgi import Scope, answered_by
from mock_solusio.server.messages import Request, Response
from mock_solusio.ui.forms import FormError


class OperatorPage:
    """Answers the requests for the operator's page of one mock."""

    def __init__(self, control: Control) -> None:
        self._anywhere = control.mock.options.control_from_anywhere
        self._app = _application(control)

    async def answer(self, request: Request, scope: Scope) -> Response:
        """Answer a request for which `paths.is_page` holds."""
        reason = refused(request, anywhere=self._anywhere)
        if reason is not None:
            refusal = render.page(MessagePage("Not allowed", reason, 403), None, 403)
            return await answered_by(refusal, scope, request)
        return await answered_by(self._app, scope, request)


def _application(control: Control) -> Starlette:
    frames = Frames(control.mock)
    journal, billing = JournalPages(control, frames), BillingPages(control, frames)
    faults, users = FaultPages(control, frames), UserPages(control, frames)
    state, clock = StatePages(control, frames), ClockForms(control, frames)

    def message(request: PageRequest, title: str, text: str, status: int) -> PageResponse:
        frame = frames.frame(request, back=ENTRY)
        return render.page(MessagePage(title, text, status), frame, status)

    # All handlers are coroutines: Starlette runs others in threads, and the state is for one thread alone.

    async def failed(request: PageRequest, error: Exception) -> PageResponse:
        assert isinstance(error, FormError | DomainError)  # noqa: S101 - registered for these classes
        return message(request, "This did not work", error.message, error.status)

    async def http_error(request: PageRequest, error: Exception) -> PageResponse:
        assert isinstance(error, HTTPException)  # noqa: S101 - registered for this class
        response = message(request, "Nothing here", f"{error.detail}.", error.status_code)
        response.headers.update(error.headers or {})
        return response

    return Starlette(
        routes=[
            Route(ENTRY, journal.show),
            Route(ENTRY.removesuffix("/"), journal.show),
            Route(f"{BASE}/rows", journal.rows),
            Route(f"{BASE}/now", journal.now),
            Route(f"{BASE}/journal/clear", journal.clear, methods=["POST"]),
            Route(f"{BASE}/journal/{{number:int}}", journal.exchange),
            Route(f"{BASE}/findings", journal.findings),
            Route(f"{BASE}/clock", clock.change, methods=["POST"]),
            Route(f"{BASE}/faults", faults.show, methods=["GET"]),
            Route(f"{BASE}/faults", faults.order, methods=["POST"]),
            Route(f"{BASE}/faults/remove", faults.remove, methods=["POST"]),
            Route(f"{BASE}/faults/{{number:int}}/remove", faults.remove, methods=["POST"]),
            Route(f"{BASE}/users", users.show),
            Route(f"{BASE}/users/{{user_id:int}}", users.change, methods=["POST"]),
            Route(f"{BASE}/billing", billing.show, methods=["GET"]),
            Route(f"{BASE}/billing", billing.ask, methods=["POST"]),
            Route(f"{BASE}/webhooks", state.webhooks),
            Route(f"{BASE}/state", state.show),
            Route(f"{BASE}/snapshots", state.take_snapshot, methods=["POST"]),
            Route(f"{BASE}/snapshots/{{name}}", state.change_snapshot, methods=["POST"]),
            Route(f"{BASE}/reset", state.ask_reset, methods=["GET"]),
            Route(f"{BASE}/reset", state.reset, methods=["POST"]),
            Route(f"{BASE}/static/{{name}}", SITE.static),
        ],
        exception_handlers={FormError: failed, DomainError: failed, HTTPException: http_error},
    )
