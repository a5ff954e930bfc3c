"""Fills a state file with a fleet: users and existing servers as records, deleted servers as spans alone.

Servers are streamed in batches, each in a transaction, so memory stays flat. The file gets its name only
when it is complete.
"""

import json
from collections.abc import Callable, Iterable
from itertools import islice
from pathlib import Path

from mock_solusio.clock import Clock
from mock_solusio.domain import usage, users
from mock_solusio.domain.kinds import KINDS
from mock_solusio.domain.moved_world import MovedWorld
from mock_solusio.domain.records.networks import IPS, Ip
from mock_solusio.domain.records.plans import PLANS, Plan
from mock_solusio.domain.records.servers import BACKUPS, SERVERS, Backup, Server
from mock_solusio.domain.records.user import USERS, User
from mock_solusio.domain.usage import UsageQuery
from mock_solusio.fleet.bulk_records import RecordMaker, status_of
from mock_solusio.fleet.changes import Change
from mock_solusio.fleet.events import about
from mock_solusio.fleet.model import Fleet, FleetServer
from mock_solusio.fleet.people import Person, faker_version, people
from mock_solusio.fleet.spans import SpanMaker
from mock_solusio.moment import DAY
from mock_solusio.options import Options
from mock_solusio.store import keys
from mock_solusio.store.store import Store
from mock_solusio.worlds import installation

BATCH = 10_000

Advance = Callable[[int], None]
"""Called with the number of servers done since the last call."""


def fill(fleet: Fleet, file: Path, advance: Advance = lambda _: None) -> None:
    """Make a state file of a fleet as it is at the end of its time, where the clock is frozen.

    Raises:
        FileExistsError: the file exists already.
        StateError: the file cannot be made.
    """
    if file.exists():
        raise FileExistsError(file)
    part = file.with_name(f"{file.name}.part")
    _remove(part)
    try:
        first = fleet.customers[0].joined_at - DAY
        # The file does not show when it was made.
        clock = Clock(first, speed=0, source=lambda: fleet.end)
        store = Store(KINDS, clock, file=part, seed=fleet.seed)
        try:
            with store.transaction() as world:
                installation.begin(world, Options(seed=fleet.seed))
            store.clock.set(fleet.end)
            populate(fleet, store, people(fleet), advance)
            with store.transaction() as world:
                world.remember("clock", json.dumps(clock.state()))
                known = {**about(fleet), "faker": faker_version(), "begin": fleet.begin}
                del known["seed"]  # the administrator's credentials follow from it
                world.remember("fleet", json.dumps(known))
        finally:
            store.close()
        part.rename(file)
        keys.file_of(part).rename(keys.file_of(file))
    finally:
        _remove(part)


def populate(
    fleet: Fleet, store: Store, everybody: Iterable[Person], advance: Advance = lambda _: None
) -> None:
    """Add a fleet, whose customers are `everybody`, to a fresh installation whose clock is at the end."""
    with store.transaction() as world:
        known = {person.customer.number: _user(world, person) for person in everybody}
        plans = [world[PLANS].get_or_404(number) for number in range(1, 5)]
        maker = RecordMaker(world, plans, known, world[USERS].get_or_404(1))
    stream = fleet.servers()
    while batch := list(islice(stream, BATCH)):
        with store.transaction() as world:
            _add(world, batch, plans, known, maker)
        advance(len(batch))
    with store.transaction() as world:
        maker.finish()
        world[SERVERS].reserve(fleet.count)
        world[IPS].reserve(maker.ip_id)
        for customer in fleet.customers:
            if customer.left_at is not None:
                user = world[USERS].get_or_404(known[customer.number].id)
                users.remove(MovedWorld(world, customer.left_at), user)
        # So the first page of /usage is ready when it is asked for.
        whole = UsageQuery(since=usage.EARLIEST, until=fleet.end, as_of=fleet.end)
        for _ in usage.preparation(world, whole):
            pass


def _add(
    world: Store, batch: list[FleetServer], plans: list[Plan], known: dict[int, User], maker: RecordMaker
) -> None:
    addresses: dict[int, dict[int, int]] = {}

    def address(number: int, change: Change) -> int:
        key = maker.address_id(number, change)
        addresses.setdefault(number, {})[change.item] = key
        return key

    spans = SpanMaker(plans, lambda number: known[number].id, address)
    world.spans.load(span for server in batch for span in spans.make(server))
    servers: list[Server] = []
    ips: list[Ip] = []
    backups: list[Backup] = []
    for server in batch:
        if server.ended_at is None:
            records = maker.make(server, addresses.get(server.number, {}))
            servers.append(records.server)
            ips += records.ips
            backups += records.backups
    world[SERVERS].load(servers)
    world[IPS].load(sorted(ips, key=lambda ip: ip.id))
    world[BACKUPS].load(backups)


def _user(world: Store, person: Person) -> User:
    customer = person.customer
    user = users.create(
        MovedWorld(world, customer.joined_at), email=person.email, billing_user_id=customer.billing_user_id
    )
    status = status_of(customer)
    if status is not None:
        user = users.update(MovedWorld(world, customer.pauses[-1].begin), user, status=status)
    return user


def _remove(part: Path) -> None:
    for suffix in ("", "-wal", "-shm", "-key"):
        part.with_name(part.name + suffix).unlink(missing_ok=True)
