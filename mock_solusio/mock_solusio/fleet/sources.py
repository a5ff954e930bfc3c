"""Reads fleet data from a state file, a timeline or fixtures: its time, its customers, spans by server."""

import codecs
import json
import sqlite3
from collections.abc import Iterator
from dataclasses import dataclass
from itertools import groupby
from pathlib import Path

from mock_solusio.clock import Clock, machine
from mock_solusio.domain.errors import DomainError
from mock_solusio.domain.plans import default_plans
from mock_solusio.domain.spans import Span
from mock_solusio.fleet.timeline_spans import SpanPlayer
from mock_solusio.moment import Micros, micros, utc
from mock_solusio.store import state_file
from mock_solusio.store.store import FORMAT, UPGRADABLE
from mock_solusio.store.table import StateError
from mock_solusio.worlds import fixtures
from mock_solusio.worlds.builder import micros_of
from mock_solusio.worlds.schema import ServerPart, WorldPart
from solusio_contracts import timeline
from solusio_contracts.timeline import TimelineError

_SQLITE = b"SQLite format 3\0"


class SourceError(Exception):
    """A file has no fleet data; the message says why."""


@dataclass
class FleetSource:
    """The fleet data of a file."""

    kind: str
    """`state file`, `timeline` or `world`."""
    begin: Micros
    """The time that the data covers."""
    end: Micros
    customers: int
    """For a timeline, known only once all servers are read."""
    servers: Iterator[list[Span]]
    """The spans of each server, one server after the other."""


def open_source(file: Path) -> FleetSource:
    """Open a file as a stream of servers.

    Raises:
        SourceError: it is of another kind, or cannot be read; also later, while servers are read.
    """
    try:
        with file.open("rb") as source:
            start = source.read(4096)
    except OSError as error:
        raise SourceError(f"{file}: {error.strerror}.") from error
    if start.startswith(_SQLITE):
        return _state(file)
    for mark in (codecs.BOM_UTF8, codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE):
        start = start.removeprefix(mark)
    start = start.replace(b"\0", b"")  # enough of UTF-16 to tell the kinds apart
    first = start.partition(b"\n")[0]
    if start.lstrip()[:1] == b"{" and (b'"do"' in first or b'"timeline"' in first):
        return _timeline(file)
    return _world(file)


# State files


def _state(file: Path) -> FleetSource:
    try:
        state_file.require_closed(file)
        connection = state_file.read_only(file)
        meta = dict(connection.execute("SELECT name, value FROM meta"))
        if meta.get("format") not in {FORMAT, *UPGRADABLE}:
            raise SourceError(f"{file} is a state file of another version.")
        (begin,) = connection.execute("SELECT min(started_at) FROM spans").fetchone()
        (customers,) = connection.execute(
            "SELECT count(*) FROM users WHERE billing_user_id IS NOT NULL"
        ).fetchone()
        (former,) = connection.execute("SELECT count(*) FROM former_users").fetchone()
    except StateError as error:
        raise SourceError(f"{error}.") from error
    except sqlite3.Error as error:
        raise SourceError(f"{file} cannot be read: {error}.") from error
    clock = json.loads(meta.get("clock", "null"))
    end = machine() if clock is None else Clock.from_state(clock).now()
    if "fleet" in meta:
        begin = json.loads(meta["fleet"])["begin"]
    return FleetSource(
        "state file", end if begin is None else begin, end, customers + former, _stored(connection)
    )


def _stored(connection: sqlite3.Connection) -> Iterator[list[Span]]:
    rows = connection.execute(f"SELECT {', '.join(_MEMBERS)} FROM spans ORDER BY server_id, id")  # noqa: S608
    for _, group in groupby(rows, key=lambda row: row[_SERVER_ID]):
        yield [Span(**dict(zip(_MEMBERS, row, strict=True))) for row in group]
    connection.close()


_MEMBERS = Span.__struct_fields__
_SERVER_ID = _MEMBERS.index("server_id")


# Timelines


def _timeline(file: Path) -> FleetSource:
    try:
        header = timeline.header(file)
    except TimelineError as error:
        raise SourceError(str(error)) from error
    begin = micros(header.begin)
    end = _last(file, begin) if header.end is None else micros(header.end)
    source = FleetSource("timeline", begin, end, 0, iter(()))
    source.servers = _played(file, source)
    return source


def _last(file: Path, begin: Micros) -> Micros:
    try:
        for line in timeline.read(file):
            begin = max(begin, micros(line.event.at))
    except TimelineError as error:
        raise SourceError(str(error)) from error
    return begin


def _played(file: Path, source: FleetSource) -> Iterator[list[Span]]:
    player = SpanPlayer()
    try:
        for line in timeline.read(file):
            try:
                done = player.play(line.event)
            except KeyError as error:
                raise SourceError(f"Line {line.number}: there is no {error.args[0]}.") from error
            if done is not None:
                yield done
    except TimelineError as error:
        raise SourceError(str(error)) from error
    source.customers = player.customers
    yield from player.remaining()


# Worlds


def _world(file: Path) -> FleetSource:
    try:
        world = fixtures.read(file)
        clock = fixtures.clock_of(world)
    except DomainError as error:
        raise SourceError(error.message) from error
    end = machine() if clock is None else clock.now()
    born = [micros_of(part.created_at) for part in world.servers if part.created_at is not None]
    customers = sum(not part.roles for part in world.users)
    return FleetSource("world", min(born, default=end), end, customers, _standing(world, end))


def _standing(world: WorldPart, end: Micros) -> Iterator[list[Span]]:
    """Yield the spans of a world's servers: from their creation, with their present plan."""
    player = SpanPlayer()
    for part in world.plans:
        player.play(
            timeline.PlanCreate(
                at=utc(0), as_=part.name, **{name: getattr(part, name) for name in timeline.PRICES}
            )
        )
    for number, server in enumerate(world.servers):
        at = end if server.created_at is None else micros_of(server.created_at)
        try:
            player.play(
                timeline.ServerCreate(
                    at=utc(at),
                    as_=f"server {number}",
                    name=server.name,
                    plan=_plan_of(server),
                    additional_ips=server.additional_ips,
                )
            )
        except KeyError as error:
            raise SourceError(f"servers[{number}].plan: there is no {error.args[0]}.") from error
    yield from player.remaining()


def _plan_of(server: ServerPart) -> str:
    if isinstance(server.plan, str):
        return server.plan
    known = {plan.id: plan.name for plan in default_plans()}
    return known.get(server.plan or 1, f"{server.plan}")
