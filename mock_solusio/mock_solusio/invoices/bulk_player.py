"""Plays a timeline in which many servers are ordered at once, as `playing.play` does, but faster.

An order takes more than a millisecond: everything is looked up and checked, and tasks begin and end. Of many
servers that differ in nothing but their names, the first is ordered, and the others are copies of it. What
usage and the list of servers say is the same; the activity log says nothing of the copies.
"""

from collections.abc import Iterator, Sequence
from itertools import groupby, islice
from typing import Final

from msgspec.structs import replace

from mock_solusio.domain.ip_blocks import blocks_of, of_server
from mock_solusio.domain.records.networks import IP_BLOCKS, IPS, Ip, IpBlock
from mock_solusio.domain.records.playback import PLAYED_NAMES, PlayedName
from mock_solusio.domain.records.servers import SERVERS, Server
from mock_solusio.domain.records.tasks import TASKS
from mock_solusio.domain.servers import identity
from mock_solusio.domain.spans import Span
from mock_solusio.store.store import Store
from mock_solusio.timeline import player as playing
from solusio_contracts import timeline

FEW: Final = 50
"""So many servers are not worth copying."""


def play(world: Store, events: Sequence[timeline.AnyEvent], *, few: int = FEW) -> None:
    """Let events happen one after the other, within a transaction.

    Raises:
        TimelineError: an event names what the timeline never made.
        DomainError: the world refuses one, as the API would.
    """
    player = playing.Player()
    for _, group in groupby(events, key=_without_name):
        alike = list(group)
        first, rest = alike[0], alike[1:]
        player.play(world, first)
        if isinstance(first, timeline.ServerCreate) and len(rest) >= few and _copy(world, first, rest):
            continue
        for event in rest:
            player.play(world, event)


def _without_name(event: timeline.AnyEvent) -> object:
    """Return what orders of the same kind have in common; other events have nothing in common."""
    if isinstance(event, timeline.ServerCreate):
        return replace(event, as_="-", name=None)
    return id(event)


def _copy(world: Store, first: timeline.ServerCreate, rest: Sequence[timeline.AnyEvent]) -> bool:
    """Copy a server that was ordered just now; return whether that was possible."""
    known = world[PLAYED_NAMES].first(name=f"server {first.as_}")
    names = [(one.as_, one.name or one.as_) for one in rest if isinstance(one, timeline.ServerCreate)]
    if known is None or len({name for name, _ in names} | {first.as_}) <= len(names):
        return False  # a name stands there twice: the player says so
    playing.settle(world, world[SERVERS].get_or_404(known.key).busy_until)
    model = world[SERVERS].get_or_404(known.key)
    ips = of_server(world, model.id)
    free = [_free(world, ip, len(names)) for ip in ips]
    if any(len(found) < len(names) for found in free) or len({ip.type for ip in ips}) < len(ips):
        return False
    spans, tasks = world.spans.open_of(model.id), world[TASKS].find(server_id=model.id)
    if any(span.resource_id != model.id for span in spans):
        return False
    copies = list(_servers(world, model, [name for _, name in names]))
    world[SERVERS].load(copies)
    world.spans.load(_spans(spans, copies))
    world[TASKS].load(
        replace(task, id=tasks[-1].id + place * len(tasks) + 1 + position, server_id=one.id)
        for place, one in enumerate(copies)
        for position, task in enumerate(tasks)
    )
    world[IPS].load(_ips(ips, free, copies))
    for block, index in {block.id: (block, index) for found in free for block, index in found}.values():
        world[IP_BLOCKS].update(replace(block, hint=index + 1))
    world[PLAYED_NAMES].load(
        PlayedName(id=known.id + place, name=f"server {name}", key=one.id)
        for place, ((name, _), one) in enumerate(zip(names, copies, strict=True), 1)
    )
    return True


def _free(world: Store, ip: Ip, count: int) -> list[tuple[IpBlock, int]]:
    """Return where the next addresses of a kind come from: of each its block, and its number there."""
    found: list[tuple[IpBlock, int]] = []
    for block in blocks_of(world, ip.compute_resource_id or 0, type=ip.type):
        if block.released:
            return []
        free = (index for index in range(block.hint, block.size) if not block.is_gateway(index))
        found += [(block, index) for index in islice(free, count - len(found))]
    return found


def _servers(world: Store, model: Server, names: Sequence[str]) -> Iterator[Server]:
    for key, name in enumerate(names, model.id + 1):
        yield replace(model, id=key, name=name, **identity(world, key))


def _spans(spans: Sequence[Span], copies: Sequence[Server]) -> Iterator[Span]:
    for one in copies:
        for span in spans:
            yield replace(span, server_id=one.id, resource_id=one.id, server_name=one.name)


def _ips(
    ips: Sequence[Ip], free: Sequence[Sequence[tuple[IpBlock, int]]], copies: Sequence[Server]
) -> Iterator[Ip]:
    key = max((ip.id for ip in ips), default=0)
    for place, one in enumerate(copies):
        for ip, places in zip(ips, free, strict=True):
            key += 1
            block, index = places[place]
            yield replace(ip, id=key, ip_block_id=block.id, address=block.address(index), server_id=one.id)
