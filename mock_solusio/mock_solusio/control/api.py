"""The control API below `/_mock`: clock, reset, fixtures, snapshots, journal, faults, health.

`ROUTES` is the whole of it; mock-control.yaml describes it for people and programs. Whoever reaches
it can do everything, so `control_access` decides who does.
"""

import functools
import re
import sys
import traceback
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from importlib import metadata, resources
from typing import TYPE_CHECKING, Annotated, Any, Final
from urllib.parse import parse_qsl, unquote

import msgspec
from msgspec import Meta

from mock_solusio.control.access import refused
from mock_solusio.control.clock import ClockChange
from mock_solusio.control.snapshots import Snapshots
from mock_solusio.decoding import convert, invalid, parse
from mock_solusio.domain.errors import BadRequest, Conflict, DomainError, NotFound
from mock_solusio.moment import rfc3339
from mock_solusio.runtime import Runtime
from mock_solusio.server.messages import Request, Response, json_response
from mock_solusio.store.table import StateError
from mock_solusio.traffic.journal import Question
from solusio_contracts.contract.documents import parse_document

if TYPE_CHECKING:
    pass

PREFIX: Final = "/_mock"

BODY_LIMIT: Final = 64 * 1024
"""Bytes of a request, except of a world."""


@dataclass(frozen=True, slots=True)
class Asked:
    """A request to the control API."""

    request: Request
    path: Mapping[str, str]
    """What stands for the names in the route's path."""
    query: Mapping[str, str]

    @property
    def number(self) -> int:
        """The number in the path. Raises NotFound when there is none."""
        text = self.path["number"]
        if not re.fullmatch(r"[0-9]{1,12}", text):
            raise NotFound("number", text)
        return int(text)


Reply = tuple[int, Any]
"""Status, and what is sent as JSON; None sends nothing."""


@dataclass(frozen=True, slots=True)
class Route:
    """An operation of the control API."""

    method: str
    path: str
    operation: str
    """operationId in the document."""
    handler: Callable[["Control", Asked], Reply]
    changes: bool = False
    """Whether the journal takes notice of it."""
    body_limit: int = BODY_LIMIT


class SnapshotWanted(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """What POST /_mock/snapshots takes."""

    name: Annotated[str, Meta(pattern="^[A-Za-z0-9][A-Za-z0-9._-]{0,63}$")] | None = None


class RestoreWanted(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """What POST /_mock/snapshots/{name}/restore takes."""

    clock: bool = True
    """Go back to the time of the snapshot, too."""


class Control:
    """Answers requests to the control API of one mock."""

    def __init__(self, mock: Runtime) -> None:
        self.mock = mock
        self.snapshots = Snapshots()

    async def answer(self, request: Request) -> Response:
        """Answer a request whose path begins with `/_mock`."""
        reason = refused(request, anywhere=self.mock.options.control_from_anywhere)
        if reason is not None:
            return json_response(403, {"message": reason})
        head = request.method == "HEAD"
        route, values, methods = find("GET" if head else request.method, request.path)
        if route is None:
            return _nowhere(request, methods)
        if len(request.body) > route.body_limit:
            message = f"The body has more than {route.body_limit} bytes."
            return json_response(413, {"message": message}, operation=route.operation)
        try:
            status, value = route.handler(self, Asked(request, values, _query(request.query)))
        except DomainError as error:
            status, value = error.status, {"message": error.message}
            if error.errors is not None:
                value["errors"] = error.errors
        except Exception as error:  # whatever it is, the mock must go on, and say so
            traceback.print_exc(file=sys.stderr)
            status, value = 500, {"message": f"A mistake of the mock itself: {type(error).__name__}."}
        if value is None:
            response = Response(status, [], operation=route.operation)
        else:
            response = json_response(
                status, value, [(b"cache-control", b"no-store")], operation=route.operation
            )
        if route.changes:
            self.mock.journal.add_exchange("control", request, response, moment=self.mock.clock.now())
        if head:
            response.body = b""
        return response

    # Health and clock

    def health(self, _: Asked) -> Reply:
        """Say that the mock answers, and what it has."""
        mock = self.mock
        return 200, {
            "status": "ok",
            "version": _version(),
            "clock": self.time(),
            "journal": len(mock.journal),
            "faults": len(mock.faults),
            "snapshots": len(self.snapshots),
            "replay": None if mock.replay is None else mock.replay.shown(),
        }

    def time(self) -> dict[str, Any]:
        """Return the moment and the mode of the clock."""
        clock = self.mock.clock
        return {"moment": rfc3339(clock.now()), "mode": clock.mode, "speed": clock.speed}

    def get_clock(self, _: Asked) -> Reply:
        """Show the clock."""
        return 200, {"data": self.time()}

    def change_clock(self, asked: Asked) -> Reply:
        """Set, advance, freeze or run the clock; what falls due by that has happened when this answers."""
        clock = self.mock.clock
        clock.go(*parse(asked.request.body, ClockChange).applied(clock))
        self.mock.clock_changed()
        self.mock.settle()
        return 200, {"data": self.time()}

    # The whole state

    def reset(self, _: Asked) -> Reply:
        """Begin anew: state, clock, journal, faults. Snapshots stay."""
        before = self.mock.clock.state()
        try:
            self.mock.clock.reset()
            self.mock.clock_changed()
            self.mock.reset()
        except BaseException:
            self.mock.clock.restore(before)
            self.mock.clock_changed()
            raise
        return 204, None

    def load(self, asked: Asked) -> Reply:
        """Add a world to the state, all of it or nothing."""
        from mock_solusio.worlds import fixtures

        world = fixtures.parse_world(asked.request.body)
        clock = fixtures.clock_of(world)
        before = self.mock.clock.state()
        try:
            if clock is not None:
                # Before the transaction: everything in it happens at one moment.
                self.mock.clock.go(clock.now(), clock.speed)
                self.mock.clock_changed()
            with self.mock.store.transaction() as store:
                made = fixtures.build(store, world)
        except BaseException:
            if clock is not None:
                self.mock.clock.restore(before)
                self.mock.clock_changed()
            raise
        self.mock.settle()
        return 201, {"data": {"made": made, "clock": self.time()}}

    # Snapshots

    def list_snapshots(self, _: Asked) -> Reply:
        """List the snapshots, oldest first."""
        return 200, {"data": self.snapshots.list()}

    def take_snapshot(self, asked: Asked) -> Reply:
        """Keep the whole state and the time under a name; one of that name is replaced."""
        wanted = parse(asked.request.body, SnapshotWanted)
        self.mock.settle()
        return 201, {"data": self.snapshots.take(wanted.name, self.mock.store, self.mock.clock)}

    def restore_snapshot(self, asked: Asked) -> Reply:
        """Return to a snapshot."""
        wanted = parse(asked.request.body, RestoreWanted)
        taken = self.snapshots.need(asked.path["name"])
        try:
            self.mock.store.restore(taken.image)
        except StateError as error:
            raise Conflict(f"{error}.") from error
        if wanted.clock:
            self.mock.clock.go(taken.moment, taken.speed)
        self.mock.clock_changed()
        self.mock.settle()
        return 200, {"data": {"snapshot": taken.shown(), "clock": self.time()}}

    def delete_snapshot(self, asked: Asked) -> Reply:
        """Forget a snapshot."""
        self.snapshots.remove(asked.path["name"])
        return 204, None

    def delete_snapshots(self, _: Asked) -> Reply:
        """Forget all snapshots."""
        self.snapshots.clear()
        return 204, None

    # Journal

    def read_journal(self, asked: Asked) -> Reply:
        """Show the latest exchanges that match."""
        journal = self.mock.journal
        numbers = {
            name: _number(name, asked.query[name]) for name in ("since", "limit") if name in asked.query
        }
        found = journal.ask(convert({**asked.query, **numbers}, Question))
        return 200, {
            "data": found,
            "meta": {"last": journal.last, "kept": len(journal), "dropped": journal.dropped},
        }

    def get_exchange(self, asked: Asked) -> Reply:
        """Show one exchange."""
        found = self.mock.journal.get(asked.number)
        if found is None:
            raise NotFound("exchange", asked.number)
        return 200, {"data": found}

    def clear_journal(self, _: Asked) -> Reply:
        """Forget all exchanges."""
        self.mock.journal.clear()
        return 204, None

    # Faults

    def list_faults(self, _: Asked) -> Reply:
        """List the faults, also those that are over."""
        return 200, {"data": self.mock.faults.list()}

    def add_fault(self, asked: Asked) -> Reply:
        """Let something go wrong from now on."""
        return 201, {"data": self.mock.faults.add_json(asked.request.body)}

    def get_fault(self, asked: Asked) -> Reply:
        """Show a fault."""
        return 200, {"data": self.mock.faults.get(asked.number)}

    def delete_fault(self, asked: Asked) -> Reply:
        """Delete a fault."""
        self.mock.faults.remove(asked.number)
        return 204, None

    def delete_faults(self, _: Asked) -> Reply:
        """Delete all faults, and let go of requests that are held back."""
        self.mock.faults.clear()
        return 204, None

    # The document

    def document(self, _: Asked) -> Reply:
        """Show the OpenAPI document of this API."""
        return 200, document()


ROUTES: Final = (
    Route("GET", "/_mock/health", "getHealth", Control.health),
    Route("GET", "/_mock/clock", "getClock", Control.get_clock),
    Route("POST", "/_mock/clock", "changeClock", Control.change_clock, changes=True),
    Route("POST", "/_mock/reset", "reset", Control.reset, changes=True),
    Route("POST", "/_mock/fixtures", "loadFixtures", Control.load, changes=True, body_limit=16 * 1024 * 1024),
    Route("GET", "/_mock/snapshots", "listSnapshots", Control.list_snapshots),
    Route("POST", "/_mock/snapshots", "takeSnapshot", Control.take_snapshot),
    Route("DELETE", "/_mock/snapshots", "deleteSnapshots", Control.delete_snapshots),
    Route("DELETE", "/_mock/snapshots/{name}", "deleteSnapshot", Control.delete_snapshot),
    Route(
        "POST", "/_mock/snapshots/{name}/restore", "restoreSnapshot", Control.restore_snapshot, changes=True
    ),
    Route("GET", "/_mock/journal", "readJournal", Control.read_journal),
    Route("DELETE", "/_mock/journal", "clearJournal", Control.clear_journal),
    Route("GET", "/_mock/journal/{number}", "getExchange", Control.get_exchange),
    Route("GET", "/_mock/faults", "listFaults", Control.list_faults),
    Route("POST", "/_mock/faults", "addFault", Control.add_fault, changes=True),
    Route("DELETE", "/_mock/faults", "deleteFaults", Control.delete_faults, changes=True),
    Route("GET", "/_mock/faults/{number}", "getFault", Control.get_fault),
    Route("DELETE", "/_mock/faults/{number}", "deleteFault", Control.delete_fault, changes=True),
    Route("GET", "/_mock/openapi.json", "getControlDocument", Control.document),
)
"""The control API."""


def find(method: str, path: str) -> tuple[Route | None, Mapping[str, str], list[str]]:
    """Return the route, what stands for the names in its path, and the methods that the path has."""
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


@functools.cache
def document() -> Any:
    """Return the OpenAPI document of the control API. It is shared: do not change it."""
    text = resources.files("mock_solusio.control").joinpath("mock-control.yaml").read_text(encoding="utf-8")
    return parse_document(text)


def _nowhere(request: Request, methods: list[str]) -> Response:
    if methods:
        allowed = ", ".join(sorted(methods))
        message = f"{request.path} has no {request.method}, but {allowed}."
        return json_response(405, {"message": message}, [(b"allow", allowed.encode())])
    paths = ", ".join(dict.fromkeys(route.path for route in ROUTES))
    return json_response(404, {"message": f"The control API has no {request.path}. It has {paths}."})


def _query(raw: bytes) -> dict[str, str]:
    try:
        return dict(parse_qsl(raw.decode("utf-8"), keep_blank_values=True, max_num_fields=50))
    except ValueError as error:
        raise BadRequest(f"The query cannot be read: {error}.") from None


def _number(name: str, text: str) -> int:
    if not re.fullmatch(r"[0-9]{1,12}", text):
        raise invalid(name, f"expected a whole number, got {text[:60]!r}")
    return int(text)


@functools.cache
def _version() -> str:
    return metadata.version("mock-solusio")
