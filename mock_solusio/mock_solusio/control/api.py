"""The control API below `/_mock`: clock, reset, fixtures, snapshots, journal, findings, faults, billing.

`ROUTES` lists all of it, and mock-control.yaml describes it. Anybody who reaches it can do everything, so
`access` decides who may.
"""

import sys
import time
import traceback
from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass
from inspect import isawaitable
from typing import Final
from urllib.parse import parse_qsl, unquote

from mock_solusio.api.dispatch import refusal
from mock_solusio.control import operations
from mock_solusio.control.access import refused
from mock_solusio.control.operations import ControlRequest, Result
from mock_solusio.control.snapshots import StateSnapshots
from mock_solusio.domain.errors import BadRequest, DomainError
from mock_solusio.runtime import Runtime
from mock_solusio.server.messages import Request, Response, insufficient_storage, json_response
from mock_solusio.store.state_file import unkept

BODY_LIMIT: Final = 64 * 1024
"""Largest request body in bytes, except for fixtures."""
FIXTURES: Final = 16 * 1024 * 1024
"""Largest fixtures in bytes."""


@dataclass(frozen=True, slots=True)
class ControlRoute:
    """An operation of the control API."""

    method: str
    path: str
    operation: str
    """operationId in the document."""
    handle: Callable[[ControlRequest], Result | Awaitable[Result]]
    changes: bool = False
    """Whether the journal notes it."""
    body_limit: int = BODY_LIMIT


ROUTES: Final = (
    ControlRoute("GET", "/_mock/health", "getHealth", operations.health),
    ControlRoute("GET", "/_mock/billing", "getBilling", operations.billing),
    ControlRoute("GET", "/_mock/clock", "getClock", operations.get_clock),
    ControlRoute("POST", "/_mock/clock", "changeClock", operations.change_clock, changes=True),
    ControlRoute("POST", "/_mock/reset", "reset", operations.reset, changes=True),
    ControlRoute(
        "POST", "/_mock/fixtures", "loadFixtures", operations.load, changes=True, body_limit=FIXTURES
    ),
    ControlRoute("GET", "/_mock/snapshots", "listSnapshots", operations.list_snapshots),
    ControlRoute("POST", "/_mock/snapshots", "takeSnapshot", operations.take_snapshot),
    ControlRoute("DELETE", "/_mock/snapshots", "deleteSnapshots", operations.delete_snapshots),
    ControlRoute("DELETE", "/_mock/snapshots/{name}", "deleteSnapshot", operations.delete_snapshot),
    ControlRoute(
        "POST",
        "/_mock/snapshots/{name}/restore",
        "restoreSnapshot",
        operations.restore,
        changes=True,
    ),
    ControlRoute("GET", "/_mock/journal", "readJournal", operations.read_journal),
    ControlRoute("DELETE", "/_mock/journal", "clearJournal", operations.clear_journal),
    ControlRoute("GET", "/_mock/journal/{number}", "getExchange", operations.get_exchange),
    ControlRoute("GET", "/_mock/findings", "readFindings", operations.read_findings),
    ControlRoute("GET", "/_mock/faults", "listFaults", operations.list_faults),
    ControlRoute("POST", "/_mock/faults", "addFault", operations.add_fault, changes=True),
    ControlRoute("DELETE", "/_mock/faults", "deleteFaults", operations.delete_faults, changes=True),
    ControlRoute("GET", "/_mock/faults/{number}", "getFault", operations.get_fault),
    ControlRoute("DELETE", "/_mock/faults/{number}", "deleteFault", operations.delete_fault, changes=True),
    ControlRoute("GET", "/_mock/openapi.json", "getControlDocument", operations.get_document),
)
"""The control API."""


class Control:
    """Answers requests to the control API of one mock."""

    def __init__(self, mock: Runtime) -> None:
        self.mock = mock
        self._snapshots = StateSnapshots()

    async def answer(self, request: Request) -> Response:
        """Answer a request whose path begins with `/_mock`."""
        reason = refused(request, anywhere=self.mock.options.control_from_anywhere)
        if reason is not None:
            return json_response(403, {"message": reason})
        return await self.perform(request)

    async def perform(self, request: Request) -> Response:
        """Carry out a request from a permitted sender; the journal gets it if it changes the mock."""
        head = request.method == "HEAD"
        route, values, methods = find("GET" if head else request.method, request.path)
        if route is None:
            return _not_found(request, methods)
        began = time.perf_counter()
        response = await self._handle(route, values, request)
        response.operation = route.operation
        if route.changes:
            self.mock.journal.add_exchange(
                "control",
                request,
                response,
                moment=self.mock.clock.now(),
                began=began,
                ended=time.perf_counter(),
            )
        if head:
            response.body = b""
        return response

    async def _handle(self, route: ControlRoute, values: Mapping[str, str], request: Request) -> Response:
        if len(request.body) > route.body_limit:
            return json_response(413, {"message": f"The body has more than {route.body_limit} bytes."})
        try:
            query = _query(request.query)
            result = route.handle(ControlRequest(request, self.mock, self._snapshots, values, query))
            status, value = await result if isawaitable(result) else result
        except DomainError as error:
            return refusal(error)
        except Exception as error:  # whatever it is, the mock must keep running, and report it
            if reason := unkept(error):
                return insufficient_storage(reason)
            traceback.print_exc(file=sys.stderr)
            return json_response(500, {"message": f"Internal error of the mock: {type(error).__name__}."})
        if value is None:
            return Response(status, [])
        return json_response(status, value, [(b"cache-control", b"no-store")])


def find(method: str, path: str) -> tuple[ControlRoute | None, Mapping[str, str], list[str]]:
    """Return the route, the values of the placeholders in its path, and the methods of the path."""
    parts = path.rstrip("/").split("/")
    methods: list[str] = []
    for route in ROUTES:
        wanted = route.path.split("/")
        if len(wanted) != len(parts):
            continue
        pairs = list(zip(wanted, parts, strict=True))
        if all(name == part or (name[:1] == "{" and part) for name, part in pairs):
            methods.append(route.method)
            if route.method == method:
                return route, {name[1:-1]: unquote(part) for name, part in pairs if name[:1] == "{"}, methods
    return None, {}, methods


def _not_found(request: Request, methods: list[str]) -> Response:
    if methods:
        allowed = ", ".join(sorted(methods))
        message = f"{request.path} does not support {request.method}. Supported: {allowed}."
        return json_response(405, {"message": message}, [(b"allow", allowed.encode())])
    paths = ", ".join(dict.fromkeys(route.path for route in ROUTES))
    return json_response(404, {"message": f"The control API has no {request.path}. It has {paths}."})


def _query(raw: bytes) -> dict[str, str]:
    try:
        return dict(parse_qsl(raw.decode("utf-8"), keep_blank_values=True, max_num_fields=50))
    except ValueError as error:
        raise BadRequest(f"The query cannot be read: {error}.") from None
