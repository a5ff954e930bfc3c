"""IP addresses of servers: the first ones, and changes to them.

An address belongs to a server as soon as it is requested; the task that follows stands for the configuration
of the network (assumed).
"""

from collections.abc import Callable, Sequence
from functools import partial

from msgspec.structs import replace

from mock_solusio.domain import activity, event_handlers, lifecycle, limits
from mock_solusio.domain.errors import Invalid
from mock_solusio.domain.ip_blocks import allocate, allocate_given, of_server, release
from mock_solusio.domain.records.networks import IPS, IPV4, IPV6, Ip
from mock_solusio.domain.records.servers import Server
from mock_solusio.domain.records.tasks import Task
from mock_solusio.domain.records.user import USERS, User
from mock_solusio.domain.references import invalid_reference
from mock_solusio.domain.server_order import ServerOrder
from mock_solusio.domain.tasks import enqueue
from mock_solusio.domain.world import World


def assign_first(world: World, server: Server, order: ServerOrder) -> None:
    """Give a new server the primary and additional addresses of its order.

    Raises:
        Invalid: a required address is not available.
    """
    given = order.primary_ip
    if given is not None:
        given_ip = _given(world, server)(given, is_primary=True, field="primary_ip")
    for version in order.versions:
        if given is not None and given_ip.type == version:
            continue
        try:
            _next(world, server)(version, is_primary=True)
        except Invalid:
            if version in order.must_have:
                raise
    for version, field in ((IPV4, "additional_ip_count"), (IPV6, "additional_ipv6_count")):
        for _ in range(order.additional[version]):
            lifecycle.ip_added(world, server, _next(world, server)(version, field=field))


def add(world: World, actor: User, server: Server, *, number: int, version: str, address: str | None) -> Task:
    """Give a server more addresses, one of which is `address` if it is set.

    Raises:
        Invalid: too few are free, `address` is not free, or the owner's limit is reached.
    """
    limits.check_additional_ips(world, world[USERS].get_or_404(server.user_id), {version: number})
    ips = []
    if address is not None:
        ips.append(_given(world, server)(address))
        if ips[0].type != version:
            raise Invalid.field("ip", f"The ip must be an {version} address.")
        number -= 1
    ips += [_next(world, server)(version, field="count") for _ in range(number)]
    for ip in ips:
        lifecycle.ip_added(world, server, ip)
        event_handlers.emit(world, event_handlers.IP_ADDED, _address(server, ip))
    activity.record(world, "additional_ip_created", user=actor, data=_about(server, ips))
    return enqueue(world, server, "vm-update-network")


def remove(world: World, actor: User, server: Server, ids: Sequence[int]) -> Task:
    """Remove additional addresses of a server.

    Raises:
        Invalid: one belongs to another server, or is primary.
    """
    ips = []
    for index, key in enumerate(ids):
        ip = world[IPS].get(key)
        if ip is None or ip.server_id != server.id:
            raise invalid_reference(f"ids.{index}")
        if ip.is_primary:
            raise Invalid.field(f"ids.{index}", f"The primary address {ip.address} cannot be removed.")
        if ip not in ips:
            ips.append(ip)
    for ip in ips:
        lifecycle.ip_removed(world, server, ip)
        event_handlers.emit(world, event_handlers.IP_REMOVED, _address(server, ip))
        release(world, ip)
    activity.record(world, "additional_ip_deleted", user=actor, data=_about(server, ips))
    return enqueue(world, server, "vm-update-network")


def change_primary(world: World, actor: User, server: Server, address: str) -> Task:
    """Make an address the primary one of its version.

    An additional address of the server swaps roles with the primary one; any other address replaces it.

    Raises:
        Invalid: the address is not free, or in no block of the server's compute resource.
    """
    mine = of_server(world, server.id)
    new = next((ip for ip in mine if ip.address == address), None)
    if new is None:
        new = _given(world, server)(address, is_primary=True)
        for ip in mine:
            if ip.is_primary and ip.type == new.type:
                release(world, ip)
    elif not new.is_primary:
        for ip in mine:
            if ip.is_primary and ip.type == new.type:
                world[IPS].update(replace(ip, is_primary=False))
                lifecycle.ip_replaced(world, server, new, ip)
        world[IPS].update(replace(new, is_primary=True))
    activity.record(world, "primary_ip_changed", user=actor, data=_about(server, [new]))
    return enqueue(world, server, "vm-update-network")


def release_all(world: World, server: Server) -> None:
    """Release all addresses of a server."""
    for ip in of_server(world, server.id):
        release(world, ip)


def _next(world: World, server: Server) -> Callable[..., Ip]:
    """Return a function that gives the server the next free address of a version."""
    where, whose = server.compute_resource_id, server.user_id
    return partial(allocate, world, where, server_id=server.id, user_id=whose)


def _given(world: World, server: Server) -> Callable[..., Ip]:
    """Return a function that gives the server a certain address."""
    where, whose = server.compute_resource_id, server.user_id
    return partial(allocate_given, world, where, server_id=server.id, user_id=whose)


def _address(server: Server, ip: Ip) -> dict[str, object]:
    return {"server_id": server.id, "user_id": server.user_id, "ip_id": ip.id, "ip": ip.address}


def _about(server: Server, ips: Sequence[Ip]) -> dict[str, object]:
    return {"server_id": server.id, "server_name": server.name, "ips": [ip.address for ip in ips]}
