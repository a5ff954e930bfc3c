"""VPC networks: private IPv4 networks of a user at one location, for the user's servers (evotic SDK).

A network of the type `range` has all addresses from its first to its last, one of the type `set` those that
were added to it; a `range` can have added addresses, too. An attached server has one address of the network.
The SDK shows the requests only; how the mock answers them is assumed.
"""

from collections.abc import Iterable, Mapping
from ipaddress import IPv4Address
from typing import Any

from msgspec.structs import replace

from mock_solusio.domain.errors import Conflict, Invalid, counted
from mock_solusio.domain.ip_parsing import parse_address, parse_netmask, parse_range
from mock_solusio.domain.records.compute_resources import LOCATIONS
from mock_solusio.domain.records.networks import (
    RANGE_LIST,
    SET_LIST,
    VPC_IPS,
    VPC_NETWORKS,
    VpcIp,
    VpcNetwork,
)
from mock_solusio.domain.records.servers import SERVERS, Server
from mock_solusio.domain.records.user import USERS, User
from mock_solusio.domain.references import invalid_reference
from mock_solusio.domain.server_access import get_for_action
from mock_solusio.domain.tasks import enqueue
from mock_solusio.domain.world import World

MOST = 65536
"""The most addresses in a range, and the most added ones (assumed)."""


# Networks


def create(world: World, owner_id: int, body: Mapping[str, Any]) -> VpcNetwork:
    """Create a network of a user from the members of a request.

    Raises:
        Invalid: the user or the location does not exist, or the addresses are not a range.
    """
    network = VpcNetwork(
        name=body["name"],
        user_id=_existing_user(world, owner_id),
        location_id=_existing_location(world, body["location_id"]),
        list_type=body.get("list_type") or RANGE_LIST,
        netmask="",
    )
    return world[VPC_NETWORKS].add(_with_addresses(network, body))


def update(world: World, network: VpcNetwork, body: Mapping[str, Any]) -> VpcNetwork:
    """Change the members that a request names; the type of the network stays.

    Raises:
        Invalid: as for `create`.
        Conflict: an address or an attached server would no longer fit.
    """
    changed = _with_addresses(network, body)
    if body.get("name") is not None:
        changed = replace(changed, name=body["name"])
    if body.get("user_id"):  # 0 means none, as in orders
        changed = replace(changed, user_id=_existing_user(world, body["user_id"]))
    if body.get("location_id") is not None:
        changed = replace(changed, location_id=_existing_location(world, body["location_id"]))
    ips = world[VPC_IPS].find(vpc_network_id=network.id)
    used = any(ip.server_id is not None for ip in ips)
    if used and (changed.user_id, changed.location_id) != (network.user_id, network.location_id):
        raise Conflict("User and location of the VPC network cannot change while servers are attached.")
    for ip in ips:
        address = IPv4Address(ip.address)
        if not ip.is_added and not changed.spans(address):
            raise Conflict(f"The address {address} is in use; it must stay in the VPC network.")
        if ip.is_added and changed.spans(address):
            raise Conflict(f"The address {address} was added to the VPC network; delete it first.")
        if not _in_one_network(changed, [changed.first or ips[0].address, ip.address]):
            raise Conflict(f"The address {address} would no longer be in the network {changed.netmask}.")
    return world[VPC_NETWORKS].update(changed)


def remove(world: World, network: VpcNetwork) -> None:
    """Delete a network with its addresses.

    Raises:
        Conflict: servers are attached.
    """
    ips = world[VPC_IPS].find(vpc_network_id=network.id)
    number = sum(ip.server_id is not None for ip in ips)
    if number:
        raise Conflict(f"The VPC network cannot be deleted: it is in use by {counted(number, 'server')}.")
    for ip in ips:
        world[VPC_IPS].remove(ip.id)
    world[VPC_NETWORKS].remove(network.id)


def forget_user(world: World, user: User) -> None:
    """Delete the networks of a user who is about to be deleted and has no servers."""
    for network in world[VPC_NETWORKS].find(user_id=user.id):
        remove(world, network)


def refuse_location(world: World, location_id: int) -> None:
    """Raise Conflict if there are networks at a location."""
    number = world[VPC_NETWORKS].count(location_id=location_id)
    if number:
        networks = counted(number, "VPC network")
        raise Conflict(f"The location cannot be deleted: it is in use by {networks}.")


# Addresses


def add_ips(
    world: World, network: VpcNetwork, addresses: Iterable[str], field: str = "ips.{}"
) -> list[VpcIp]:
    """Add addresses to a network, all or none.

    Raises:
        Invalid: one is not an IPv4 address, not in the network, or there already; the error is of `field`.
    """
    present = {ip.address for ip in world[VPC_IPS].find(vpc_network_id=network.id)}
    # A set is in the network of its addresses.
    anchor = network.first or next(iter(present), "")
    added = []
    for index, text in enumerate(addresses):
        name = field.format(index)
        address = parse_address(IPv4Address, name, text)
        if str(address) in present or network.spans(address):
            raise Invalid.field(name, f"The address {address} is already in the VPC network.")
        anchor = anchor or str(address)
        if not _in_one_network(network, [anchor, str(address)]):
            raise Invalid.field(name, f"The address {address} is not in the network {network.netmask}.")
        if len(present) >= MOST:
            raise Invalid.field(name, f"The VPC network must not have more than {MOST} added addresses.")
        present.add(str(address))
        added.append(
            world[VPC_IPS].add(VpcIp(vpc_network_id=network.id, address=str(address), is_added=True))
        )
    return added


def remove_ips(world: World, network: VpcNetwork, keys: Iterable[int]) -> list[int]:
    """Delete added addresses of a network, all or none; return their ids.

    Raises:
        Invalid: one is not in the network.
        Conflict: a server has one.
    """
    ips: list[VpcIp] = []
    for index, key in enumerate(keys):
        ip = world[VPC_IPS].get(key)
        if ip is None or ip.vpc_network_id != network.id:
            raise invalid_reference(f"ids.{index}")
        if ip not in ips:
            ips.append(ip)
    for ip in ips:
        remove_ip(world, ip)
    return [ip.id for ip in ips]


def remove_ip(world: World, ip: VpcIp) -> None:
    """Delete an added address.

    Raises:
        Conflict: a server has it.
    """
    if ip.server_id is not None:
        raise Conflict(f"The address {ip.address} is in use.")
    world[VPC_IPS].remove(ip.id)


# Servers


def attach(
    world: World, actor: User, permissions: frozenset[str], network: VpcNetwork, keys: Iterable[int]
) -> None:
    """Attach servers to a network, all or none; one that is attached stays attached.

    Raises:
        Invalid: one is not the owner's or at another location, or no address is free.
        Forbidden, Conflict: the actor may not act on one, or not now.
    """
    for server in _servers(world, actor, permissions, network, keys):
        if world[VPC_IPS].first(vpc_network_id=network.id, server_id=server.id) is None:
            assign_ip(world, network, server, "server_ids")
            enqueue(world, server, "vm-update-network")


def detach(
    world: World, actor: User, permissions: frozenset[str], network: VpcNetwork, keys: Iterable[int]
) -> None:
    """Detach servers from a network, all or none; one that is not attached stays detached.

    Raises:
        Invalid: one is not the owner's or at another location.
        Forbidden, Conflict: the actor may not act on one, or not now.
    """
    for server in _servers(world, actor, permissions, network, keys):
        ip = world[VPC_IPS].first(vpc_network_id=network.id, server_id=server.id)
        if ip is not None:
            _release(world, ip)
            enqueue(world, server, "vm-update-network")


def networks_of_order(
    world: World, owner_id: int, location_id: int, keys: Iterable[int] | None
) -> tuple[VpcNetwork, ...]:
    """Return the networks that an order names for a server of this user at this location, each once.

    Raises:
        Invalid: one does not exist, belongs to another user, or is at another location.
    """
    networks: dict[int, VpcNetwork] = {}
    for index, key in enumerate(keys or ()):
        network = world[VPC_NETWORKS].get(key)
        if network is None or network.user_id != owner_id:
            raise invalid_reference(f"vpc_network_ids.{index}")
        if network.location_id != location_id:
            raise Invalid.field(
                f"vpc_network_ids.{index}", f"The VPC network {network.name} is at another location."
            )
        networks[key] = network
    return tuple(networks.values())


def assign_ip(world: World, network: VpcNetwork, server: Server, field: str) -> VpcIp:
    """Give a server the next free address of a network.

    Raises:
        Invalid: no address is free; the error is of `field`.
    """
    spare = world[VPC_IPS].first(vpc_network_id=network.id, server_id=None)
    if spare is not None:
        return world[VPC_IPS].update(replace(spare, server_id=server.id))
    if network.first:
        taken = {ip.address for ip in world[VPC_IPS].find(vpc_network_id=network.id)}
        start = IPv4Address(network.first)
        for index in range(network.size):
            address = str(start + index)
            if address not in taken:
                return world[VPC_IPS].add(
                    VpcIp(vpc_network_id=network.id, address=address, server_id=server.id)
                )
    raise Invalid.field(field, f"There is no free address in the VPC network {network.name}.")


def release_all(world: World, server_id: int) -> None:
    """Detach a server from all networks: it was deleted or moved to another location."""
    for ip in world[VPC_IPS].find(server_id=server_id):
        _release(world, ip)


def _release(world: World, ip: VpcIp) -> None:
    if ip.is_added:
        world[VPC_IPS].update(replace(ip, server_id=None))
    else:
        world[VPC_IPS].remove(ip.id)


def _servers(
    world: World, actor: User, permissions: frozenset[str], network: VpcNetwork, keys: Iterable[int]
) -> list[Server]:
    servers: dict[int, Server] = {}
    for index, key in enumerate(keys):
        server = world[SERVERS].get(key)
        if server is None or server.user_id != network.user_id:
            raise invalid_reference(f"server_ids.{index}")
        if server.location_id != network.location_id:
            raise Invalid.field(f"server_ids.{index}", f"The server {server.name} is at another location.")
        servers[key] = get_for_action(world, actor, permissions, key)
    return list(servers.values())


# Requests


def _existing_user(world: World, key: int) -> int:
    if world[USERS].get(key) is None:
        raise invalid_reference("user_id")
    return key


def _existing_location(world: World, key: int) -> int:
    if world[LOCATIONS].get(key) is None:
        raise invalid_reference("location_id")
    return key


def _with_addresses(network: VpcNetwork, body: Mapping[str, Any]) -> VpcNetwork:
    network = replace(network, netmask=parse_netmask(body.get("netmask") or network.netmask))
    if network.list_type == SET_LIST:
        return network
    first, last = parse_range(body.get("from") or network.first, body.get("to") or network.last)
    changed = replace(network, first=str(first), last=str(last))
    if not _in_one_network(changed, [changed.first, changed.last]):
        raise Invalid.field("to", f"The to must be in the same network {network.netmask} as from.")
    if changed.size > MOST:
        raise Invalid.field("to", f"The VPC network must not have more than {MOST} addresses.")
    return changed


def _in_one_network(network: VpcNetwork, addresses: Iterable[str]) -> bool:
    """Return whether all addresses are in one network of this netmask; empty ones do not count."""
    mask = int(IPv4Address(network.netmask))
    return len({int(IPv4Address(address)) & mask for address in addresses if address}) <= 1
