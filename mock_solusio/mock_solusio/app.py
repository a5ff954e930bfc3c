"""The mock as an ASGI application: what a request goes through, from the journal inwards."""

import asyncio
import sys
import time
import traceback
from functools import partial
from typing import TYPE_CHECKING, Final

import msgspec

from mock_solusio.api.dispatch import Api, refusal
from mock_solusio.api.routes import PREFIX, Match
from mock_solusio.domain.errors import DomainError
from mock_solusio.operator_page.paths import is_page
from mock_solusio.options import Options
from mock_solusio.runtime import Runtime
from mock_solusio.server.asgi import (
    OPEN_BODY_LIMIT,
    App,
    ClientGoneError,
    Receive,
    Refusal,
    Scope,
    Send,
    UnreadableError,
    answered_by,
    decompress,
    read_request,
    run_lifespan,
    send_response,
)
from mock_solusio.server.messages import Request, Response, insufficient_storage, json_response
from mock_solusio.store.state_file import unkept
from mock_solusio.traffic.exchanges import ExchangeKind
from solusio_contracts.contract.overlay import NO_OVERLAY

if TYPE_CHECKING:
    from mock_solusio.control.api import Control
    from mock_solusio.operator_page.app import OperatorPage
    from mock_solusio.server.cors import Cors

CONTROL: Final = "/_mock"
_BELOW_API: Final = f"{PREFIX}/"
_BELOW_CONTROL: Final = f"{CONTROL}/"


class Incoming(msgspec.Struct, eq=False):
    """A request on its way."""

    request: Request
    scope: Scope
    receive: Receive
    send: Send
    kind: ExchangeKind
    """Which part of the mock its path belongs to."""
    match: Match | None = None
    """The operation of the API, once somebody has looked it up."""
    sent: bool = False
    """Whether the response was already sent."""


class Mock(Runtime):
    """A mock SolusIO, as an ASGI application. Raises what `Runtime` raises."""

    def __init__(self, options: Options) -> None:
        super().__init__(options)
        self.api = Api(
            self.store,
            self.prices,
            throttle=self.throttle,
            strict=options.strict,
            overlay=options.overlay or NO_OVERLAY,
        )
        self._control: Control | None = None
        self._operator_page: OperatorPage | None = None
        self._ui: App | None = None
        self._cors: Cors | None = None
        if options.cors:
            from mock_solusio.server import cors

            self._cors = cors.Cors(options.cors)

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Read a request, answer it, and send the response."""
        if scope["type"] == "lifespan":
            await run_lifespan(receive, send, self.background())
            return
        try:
            request = await read_request(scope, receive, self._refuse_large_body)
            if request.body:
                decompress(request)
        except UnreadableError as error:
            await send_response(self.reject(error.request, error.status, str(error)), send)
            return
        except (ClientGoneError, asyncio.CancelledError):
            # The client went away, or the mock stops before it has read the request: nobody waits.
            return
        kind = _kind(request.path)
        if request.path == _BELOW_API and request.wants_page:
            kind = "ui"  # somebody opens the address of the API in a browser
        if self._cors is not None and kind == "api":
            send = self._cors.allowing(request, send)
        incoming = Incoming(request, scope, receive, send, kind)
        # Control is exempt from faults, and journals only what changes the mock.
        answer = self._serve_control if kind == "control" else self._journaled
        response = await answer(incoming)
        if not incoming.sent:
            await send_response(response, send)

    def make_ui(self) -> App:
        """Build the user area, which is imported with its first page."""
        from mock_solusio.ui.app import create_ui

        return create_ui(self)

    def reject(self, request: Request, status: int, reason: str) -> Response:
        """Return the response to a request that cannot be read, and add both to the journal."""
        # What was not read of it must not be taken for the next request.
        headers = () if request.body else [(b"connection", b"close")]
        response = json_response(status, {"message": reason}, headers, notes=[reason])
        self.journal.add_exchange(_kind(request.path), request, response, moment=self.clock.now())
        return response

    def _refuse_large_body(self, request: Request) -> Refusal | None:
        """Return why a body above `OPEN_BODY_LIMIT` is not read: its sender has no right to send one."""
        match _kind(request.path):
            case "control":
                from mock_solusio.control.access import refused

                reason = refused(request, anywhere=self.options.control_from_anywhere)
                return None if reason is None else (403, reason)
            case "api" if self.api.has_access_token(request):
                return None
        return 413, f"Without an access token, a body has at most {OPEN_BODY_LIMIT} bytes."

    async def _serve_control(self, incoming: Incoming) -> Response:
        if self._control is None:
            from mock_solusio.control.api import Control

            self._control = Control(self)
        if not is_page(incoming.request):
            return await self._control.answer(incoming.request)
        if self._operator_page is None:
            from mock_solusio.operator_page.app import OperatorPage

            self._operator_page = OperatorPage(self._control)
        return await self._operator_page.answer(incoming.request, incoming.scope)

    async def _journaled(self, incoming: Incoming) -> Response:
        """Answer a request, and add both to the journal."""
        began = time.perf_counter()
        response = self._answer_preflight(incoming)
        if response is None:
            answer = self._disturbed if self.faults else self._answered
            response = await answer(incoming)
        if not response.operation and incoming.kind == "api":
            # A response from a recording, for example.
            response.operation = self.api.match(incoming.request).operation
        self.journal.add_exchange(
            incoming.kind,
            incoming.request,
            response,
            moment=self.clock.now(),
            began=began,
            ended=time.perf_counter(),
        )
        return response

    def _answer_preflight(self, incoming: Incoming) -> Response | None:
        """Return the answer if a browser asks whether a page may call the API."""
        if self._cors is None or incoming.kind != "api":
            return None
        return self._cors.preflight(incoming.request)

    async def _disturbed(self, incoming: Incoming) -> Response:
        """Give a wrong, late or missing response, if somebody wants one to this request."""
        request = incoming.request
        if incoming.kind == "api":
            incoming.match = self.api.match(request)
        operation = incoming.match.operation if incoming.match else ""
        fault = self.faults.next(request.method, request.path, operation)
        if fault is None:
            return await self._answered(incoming)
        from mock_solusio.traffic.fault_injection import deliver

        incoming.sent = True
        return await deliver(
            fault,
            partial(self._answered, incoming),
            request,
            receive=incoming.receive,
            send=incoming.send,
            faults=self.faults,
            operation=operation,
        )

    async def _answered(self, incoming: Incoming) -> Response:
        """Return the right response, which shows the present state; errors are responses, too."""
        try:
            self.settle()
            if self.recorded is not None and (found := self.recorded.answer(incoming.request)) is not None:
                return found
            if incoming.kind == "ui":
                return await self._serve_ui(incoming)
            # Reads that were rendered before need nothing else.
            found = self.api.cached(incoming.request)
            return found or await self.api.answer(incoming.request, incoming.match)
        except DomainError as error:
            return refusal(error)
        except Exception as error:
            if reason := unkept(error):
                return insufficient_storage(reason)
            traceback.print_exc(file=sys.stderr)
            note = f"an internal error of the mock: {type(error).__name__}"
            return json_response(500, {"message": "Server Error"}, notes=[note])

    async def _serve_ui(self, incoming: Incoming) -> Response:
        if self._ui is None:
            self._ui = self.make_ui()
        return await answered_by(self._ui, incoming.scope, incoming.request)


def _kind(path: str) -> ExchangeKind:
    if path.startswith(_BELOW_API):
        return "api"
    return "control" if path == CONTROL or path.startswith(_BELOW_CONTROL) else "ui"
