"""What a state file, a timeline or a world tells of a fleet: its time, its customers, and spans by server."""

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
from mock_solusio.fleet.timeline_spans import Stage
from mock_solusio.moment import Micros, micros, utc
from mock_solusio.store.store import FORMAT
from mock_solusio.worlds import fixtures
from mock_solusio.worlds.builder import micros_of
from mock_solusio.worlds.schema import ServerPart, WorldPart
from solusio_contracts import timeline as events
from solusio_contracts.timeline import TimelineError

_SQLITE = b"SQLite format 3\0"


class TellingError(Exception):
    """A file that tells of no fleet; the message says why."""


@dataclass
class Told:
    """A fleet as a file tells of it."""

    kind: str
    """`state file`, `timeline` or `world`."""
    begin: Micros
    """Of the time that is told of; None of it lies before."""
    end: Micros
    customers: int
    """Of a timeline known only when all servers are read."""
    servers: Iterator[list[Span]]
    """The spans of each server, one server after the other."""


def tell(file: Path) -> Told:
    """Return what a file tells; nothing more is held in memory than what lives at one moment.

    Raises:
        TellingError: it is none of the three, or cannot be read; also later, while servers are read.
    """
    try:
        with file.open("rb") as source:
            start = source.read(4096)
    except OSError as error:
        raise TellingError(f"{file} cannot be read: {error.strerror}.") from error
    if start.startswith(_SQLITE):
        return _state(file)
    first = start.partition(b"\n")[0]
    if start.lstrip()[:1] == b"{" and (b'"do"' in first or b'"timeline"' in first):
        return _timeline(file)
    return _world(file)


# State files


def _state(file: Path) -> Told:
    try:
        connection = sqlite3.connect(f"{file.resolve().as_uri()}?mode=ro", uri=True, timeout=1)
        meta = dict(connection.execute("SELECT name, value FROM meta"))
        if meta.get("format") != FORMAT:
            raise TellingError(f"{file} is a state file of another version.")
        (begin,) = connection.execute("SELECT min(started_at) FROM spans").fetchone()
        (customers,) = connection.execute(
            "SELECT count(*) FROM users WHERE billing_user_id IS NOT NULL"
        ).fetchone()
        (former,) = connection.execute("SELECT count(*) FROM former_users").fetchone()
    except sqlite3.Error as error:
        busy = "locked" in str(error)
        reason = "another process uses it" if busy else f"it is no state file ({error})"
        raise TellingError(f"{file} cannot be read: {reason}.") from error
    clock = json.loads(meta.get("clock", "null"))
    end = machine() if clock is None else Clock.from_state(clock).now()
    if "fleet" in meta:
        begin = json.loads(meta["fleet"])["begin"]
    return Told("state file", end if begin is None else begin, end, customers + former, _stored(connection))


def _stored(connection: sqlite3.Connection) -> Iterator[list[Span]]:
    rows = connection.execute(f"SELECT {', '.join(_MEMBERS)} FROM spans ORDER BY server_id, id")  # noqa: S608
    for _, group in groupby(rows, key=lambda row: row[_SERVER_ID]):
        yield [Span(**dict(zip(_MEMBERS, row, strict=True))) for row in group]
    connection.close()


_MEMBERS = Span.__struct_fields__
_SERVER_ID = _MEMBERS.index("server_id")


# Timelines


def _timeline(file: Path) -> Told:
    try:
        header = events.header(file)
    except TimelineError as error:
        raise TellingError(str(error)) from error
    begin = micros(header.begin)
    end = _last(file, begin) if header.end is None else micros(header.end)
    told = Told("timeline", begin, end, 0, iter(()))
    told.servers = _played(file, told)
    return told


def _last(file: Path, begin: Micros) -> Micros:
    try:
        for line in events.read(file):
            begin = max(begin, micros(line.event.at))
    except TimelineError as error:
        raise TellingError(str(error)) from error
    return begin


def _played(file: Path, told: Told) -> Iterator[list[Span]]:
    stage = Stage()
    try:
        for line in events.read(file):
            try:
                done = stage.play(line.event)
            except KeyError as error:
                raise TellingError(f"Line {line.number}: there is no {error.args[0]}.") from error
            if done is not None:
                yield done
    except TimelineError as error:
        raise TellingError(str(error)) from error
    told.customers = stage.customers
    yield from stage.living()


# Worlds


def _world(file: Path) -> Told:
    try:
        world = fixtures.read(file)
        clock = fixtures.clock_of(world)
    except DomainError as error:
        raise TellingError(error.message) from error
    end = machine() if clock is None else clock.now()
    born = [micros_of(part.created_at) for part in world.servers if part.created_at is not None]
    customers = sum(not part.roles for part in world.users)
    return Told("world", min(born, default=end), end, customers, _standing(world, end))


def _standing(world: WorldPart, end: Micros) -> Iterator[list[Span]]:
    """Return the spans of a world's servers: since their creation with the plan that they have."""
    stage = Stage()
    for part in world.plans:
        stage.play(
            events.PlanCreate(
                at=utc(0), as_=part.name, **{name: getattr(part, name) for name in events.PRICES}
            )
        )
    for number, server in enumerate(world.servers):
        at = end if server.created_at is None else micros_of(server.created_at)
        try:
            stage.play(
                events.ServerCreate(
                    at=utc(at),
                    as_=f"server {number}",
                    name=server.name,
                    plan=_plan_of(server),
                    additional_ips=server.additional_ips,
                )
            )
        except KeyError as error:
            raise TellingError(f"servers[{number}].plan: there is no {error.args[0]}.") from error
    yield from stage.living()


def _plan_of(server: ServerPart) -> str:
    if isinstance(server.plan, str):
        return server.plan
    known = {plan.id: plan.name for plan in default_plans()}
    return known.get(server.plan or 1, f"{server.plan}")
