"""What each operation of the control API does."""

import functools
import re
import sqlite3
from collections.abc import Iterator, Mapping
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from importlib import metadata, resources
from typing import Annotated, Any

import msgspec
from msgspec import Meta

from mock_solusio.clock import Clock
from mock_solusio.control.clock import ClockChange
from mock_solusio.control.snapshots import StateSnapshots
from mock_solusio.decoding import convert, invalid, parse
from mock_solusio.domain.errors import Conflict, NotFound
from mock_solusio.domain.records.event_handlers import DELIVERIES
from mock_solusio.moment import rfc3339
from mock_solusio.runtime import Runtime
from mock_solusio.server.messages import Request
from mock_solusio.store.table import StateError
from mock_solusio.traffic.exchanges import shown
from mock_solusio.traffic.journal import JournalFilter
from solusio_contracts.contract.clauses import Level
from solusio_contracts.contract.documents import parse_document


@dataclass(frozen=True, slots=True)
class ControlRequest:
    """A request to the control API."""

    request: Request
    mock: Runtime
    """What is controlled."""
    snapshots: StateSnapshots
    path: Mapping[str, str]
    """The values of the placeholders in the route's path."""
    query: Mapping[str, str]

    @property
    def number(self) -> int:
        """The number in the path. Raises NotFound if it is not one."""
        text = self.path["number"]
        if not re.fullmatch(r"[0-9]{1,12}", text):
            raise NotFound("number", text)
        return int(text)


Result = tuple[int, Any]
"""Status, and the JSON value to send; None sends nothing."""


class SnapshotRequest(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """The body of POST /_mock/snapshots."""

    name: Annotated[str, Meta(pattern="^[A-Za-z0-9][A-Za-z0-9._-]{0,63}$")] | None = None


class RestoreRequest(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """The body of POST /_mock/snapshots/{name}/restore."""

    clock: bool = True
    """Also return to the time of the snapshot."""


# Health, billing endpoint and clock


def health(control: ControlRequest) -> Result:
    """Show that the mock answers, and what it holds."""
    mock = control.mock
    mock.settle()
    return 200, {
        "status": "ok",
        "version": _version(),
        "clock": _time(control.mock.clock),
        "tasks": mock.open_tasks(),
        "webhooks": mock.store[DELIVERIES].count(),
        "journal": len(mock.journal),
        "faults": len(mock.faults),
        "snapshots": len(control.snapshots),
        "replay": None if mock.replay is None else mock.replay.shown(),
    }


def billing(control: ControlRequest) -> Result:
    """Show the billing endpoint, and the latest request to it with its answer."""
    found = control.mock.prices.health()
    exchange = None if found.exchange is None else control.mock.journal.get(found.exchange)
    return 200, {"data": {**msgspec.structs.asdict(found), "exchange": exchange}}


def get_clock(control: ControlRequest) -> Result:
    """Show the clock."""
    return 200, {"data": _time(control.mock.clock)}


def change_clock(control: ControlRequest) -> Result:
    """Set, advance, freeze or run the clock; everything due by then has run when this answers."""
    with _clock_change(control.mock) as clock:
        clock.go(*parse(control.request.body, ClockChange).applied(clock))
        control.mock.clock_changed()
    control.mock.settle()
    return 200, {"data": _time(control.mock.clock)}


# The whole state


def reset(control: ControlRequest) -> Result:
    """Return to the state after the start: data, clock, journal, faults. Snapshots stay."""
    with _clock_change(control.mock) as clock:
        clock.reset()
        control.mock.clock_changed()
        control.mock.reset()
    return 204, None


def load(control: ControlRequest) -> Result:
    """Add fixtures to the state, all of them or none."""
    from mock_solusio.worlds import fixtures

    world = fixtures.parse_world(control.request.body)
    wanted = fixtures.clock_of(world)
    with _clock_change(control.mock) as clock:
        if wanted is not None:
            # Before the transaction, within which everything happens at one moment.
            clock.go(wanted.now(), wanted.speed)
            control.mock.clock_changed()
        with control.mock.store.transaction() as store:
            made = fixtures.build(store, world)
    control.mock.settle()
    return 201, {"data": {"made": made, "clock": _time(control.mock.clock)}}


# Snapshots


def list_snapshots(control: ControlRequest) -> Result:
    """List the snapshots, oldest first."""
    return 200, {"data": control.snapshots.list()}


def take_snapshot(control: ControlRequest) -> Result:
    """Save the whole state and the time under a name; an existing snapshot of that name is replaced."""
    wanted = parse(control.request.body, SnapshotRequest)
    control.mock.settle()
    return 201, {"data": control.snapshots.take(wanted.name, control.mock.store, control.mock.clock)}


def restore(control: ControlRequest) -> Result:
    """Return to a snapshot."""
    wanted = parse(control.request.body, RestoreRequest)
    snapshot = control.snapshots.get(control.path["name"])
    try:
        control.mock.store.restore(snapshot.image)
    except StateError as error:
        raise Conflict(f"{error}.") from error
    with _clock_change(control.mock) as clock:
        if wanted.clock:
            clock.go(snapshot.moment, snapshot.speed)
        control.mock.clock_changed()
    control.mock.settle()
    return 200, {"data": {"snapshot": snapshot.shown(), "clock": _time(control.mock.clock)}}


def delete_snapshot(control: ControlRequest) -> Result:
    """Delete a snapshot."""
    control.snapshots.remove(control.path["name"])
    return 204, None


def delete_snapshots(control: ControlRequest) -> Result:
    """Delete all snapshots."""
    control.snapshots.clear()
    return 204, None


# Journal


async def read_journal(control: ControlRequest) -> Result:
    """Show the latest exchanges that match."""
    journal, query = control.mock.journal, control.query
    numbers = {name: _number(name, query[name]) for name in ("since", "before", "limit") if name in query}
    wanted = convert({**query, **numbers}, JournalFilter)
    meta = {"last": journal.last, "kept": len(journal), "dropped": journal.dropped}
    return 200, {"data": await journal.find(wanted, shown), "meta": meta}


def get_exchange(control: ControlRequest) -> Result:
    """Show one exchange."""
    found = control.mock.journal.get(control.number)
    if found is None:
        raise NotFound("exchange", control.number)
    return 200, {"data": found}


def clear_journal(control: ControlRequest) -> Result:
    """Delete all exchanges and findings."""
    control.mock.journal.clear()
    return 204, None


def read_findings(control: ControlRequest) -> Result:
    """Show what clients do wrong by the clauses of conduct."""
    referee = control.mock.journal.referee
    found = referee.findings()
    levels = {str(level): sum(one.level == level for one in found) for level in Level}
    return 200, {"data": found, "meta": {**levels, "judged": referee.judged, "dropped": referee.dropped}}


# Faults


def list_faults(control: ControlRequest) -> Result:
    """List the faults, including those that are over."""
    return 200, {"data": control.mock.faults.list()}


def add_fault(control: ControlRequest) -> Result:
    """Inject a fault from now on."""
    return 201, {"data": control.mock.faults.add_json(control.request.body)}


def get_fault(control: ControlRequest) -> Result:
    """Show a fault."""
    return 200, {"data": control.mock.faults.get(control.number)}


def delete_fault(control: ControlRequest) -> Result:
    """Delete a fault."""
    control.mock.faults.remove(control.number)
    return 204, None


def delete_faults(control: ControlRequest) -> Result:
    """Delete all faults, and release requests that are being held back."""
    control.mock.faults.clear()
    return 204, None


# The document


def get_document(_: ControlRequest) -> Result:
    """Show the OpenAPI document of this API."""
    return 200, document()


def _time(clock: Clock) -> dict[str, Any]:
    return {"moment": rfc3339(clock.now()), "mode": clock.mode, "speed": clock.speed}


@contextmanager
def _clock_change(mock: Runtime) -> Iterator[Clock]:
    """Give the clock to be changed, and undo the change if anything in the block fails."""
    clock = mock.clock
    before = clock.state()
    try:
        yield clock
    except BaseException:
        clock.restore(before)
        with suppress(sqlite3.Error):  # on a full disk, what is stored has not changed either
            mock.clock_changed()
        raise


@functools.cache
def document() -> Any:
    """Return the OpenAPI document of the control API. It is shared: do not change it."""
    text = resources.files("mock_solusio.control").joinpath("mock-control.yaml").read_text(encoding="utf-8")
    return parse_document(text)


def _number(name: str, text: str) -> int:
    if not re.fullmatch(r"[0-9]{1,12}", text):
        raise invalid(name, f"expected a whole number, got {text[:60]!r}")
    return int(text)


@functools.cache
def _version() -> str:
    return metadata.version("mock-solusio")
