"""Plays a timeline in which many servers are created at once, like `player.play`, but faster.

To create a server takes more than a millisecond: everything is looked up and checked, and tasks begin and
end. Of servers that differ only in their names, the first is created, and the others are copies of it. Usage
and the list of servers are the same; the activity log lacks the copies.
"""

from collections.abc import Iterator, Sequence
from itertools import groupby, islice
from typing import Final

from msgspec.structs import replace

from mock_solusio.domain.ip_blocks import blocks_of, of_server
from mock_solusio.domain.records.networks import IP_BLOCKS, IPS, FreeAddresses, Ip, IpBlock
from mock_solusio.domain.records.playback import PLAYED_NAMES, PlayedName
from mock_solusio.domain.records.servers import SERVERS, Server
from mock_solusio.domain.records.tasks import TASKS
from mock_solusio.domain.servers import identity
from mock_solusio.domain.spans import Span
from mock_solusio.store.store import Store
from mock_solusio.timeline import player
from solusio_contracts import timeline

FEW: Final = 50
"""Fewer servers are not worth copying."""


def play(world: Store, events: Sequence[timeline.AnyEvent], *, few: int = FEW) -> None:
    """Play events in order, within a transaction.

    Raises:
        TimelineError: an event names something that the timeline never created.
        DomainError: an event is refused, as the API would refuse it.
    """
    playing = player.Player()
    for _, group in groupby(events, key=_without_name):
        alike = list(group)
        first, rest = alike[0], alike[1:]
        playing.play(world, first)
        if isinstance(first, timeline.ServerCreate) and len(rest) >= few and _copy(world, first, rest):
            continue
        for event in rest:
            playing.play(world, event)


def _without_name(event: timeline.AnyEvent) -> object:
    """Return an event that equal orders have in common; other events have nothing in common."""
    if isinstance(event, timeline.ServerCreate):
        return replace(event, as_="-", name=None)
    return id(event)


def _copy(world: Store, first: timeline.ServerCreate, rest: Sequence[timeline.AnyEvent]) -> bool:
    """Copy a server that was just created; tell whether that was possible."""
    known = world[PLAYED_NAMES].first(name=f"server {first.as_}")
    names = [(one.as_, one.name or one.as_) for one in rest if isinstance(one, timeline.ServerCreate)]
    if known is None or len({name for name, _ in names} | {first.as_}) <= len(names):
        return False  # a name is used twice, which the player reports
    player.settle(world, world[SERVERS].get_or_404(known.key).busy_until)
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
        world[IP_BLOCKS].update(replace(block, free=FreeAddresses(index + 1)))
    world[PLAYED_NAMES].load(
        PlayedName(id=known.id + place, name=f"server {name}", key=one.id)
        for place, ((name, _), one) in enumerate(zip(names, copies, strict=True), 1)
    )
    return True


def _free(world: Store, ip: Ip, count: int) -> list[tuple[IpBlock, int]]:
    """Return the next free addresses of a kind: of each its block, and its index there."""
    found: list[tuple[IpBlock, int]] = []
    for block in blocks_of(world, ip.compute_resource_id or 0, type=ip.type):
        if block.free.released:
            return []
        free = (index for index in range(block.free.hint, block.size) if not block.is_gateway(index))
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
