"""IP blocks and their registered addresses: in use by a server, or reserved by an operator.

An IPv4 block is a range of addresses. An IPv6 block is a network from which each server gets a prefix of its
own; the registered address is the first one in the prefix that a machine can have.
"""

from collections.abc import Iterator, Mapping
from ipaddress import IPv4Address, IPv4Network, IPv6Address, IPv6Network
from itertools import chain
from typing import Any

from msgspec.structs import replace

from mock_solusio.domain.errors import Conflict, Invalid
from mock_solusio.domain.ip_parsing import parse_address, parse_netmask, parse_range
from mock_solusio.domain.records.compute_resources import COMPUTE_RESOURCES
from mock_solusio.domain.records.networks import IP_BLOCKS, IPS, IPV4, IPV6, FreeAddresses, Ip, IpBlock
from mock_solusio.domain.references import existing_ids, pick
from mock_solusio.domain.world import Has, World

# Blocks


def create(world: World, body: Mapping[str, Any]) -> IpBlock:
    """Create a block from the members of a request.

    Raises:
        Invalid: an address is not valid, the range is empty, or a compute resource does not exist.
    """
    block = IpBlock(name=body["name"], gateway=body["gateway"])
    return world[IP_BLOCKS].add(_changed(world, block, body))


def update(world: World, block: IpBlock, body: Mapping[str, Any]) -> IpBlock:
    """Change the members that a request names.

    Raises:
        Invalid: as for `create`.
        Conflict: a registered address would no longer be in the block.
    """
    changed = replace(_changed(world, block, body), free=FreeAddresses())
    for ip in world[IPS].find(ip_block_id=block.id):
        if changed.type != ip.type or changed.index(ip.address) is None:
            raise Conflict(f"The address {ip.address} is registered; it must stay in the block.")
    return world[IP_BLOCKS].update(changed)


def remove(world: World, block: IpBlock) -> None:
    """Delete a block with its reserved addresses.

    Raises:
        Conflict: a server has one of its addresses.
    """
    ips = world[IPS].find(ip_block_id=block.id)
    used = sum(ip.server_id is not None for ip in ips)
    if used:
        raise Conflict(f"The IP block cannot be deleted: {used} of its addresses are in use.")
    for ip in ips:
        world[IPS].remove(ip.id)
    world[IP_BLOCKS].remove(block.id)


def blocks_of(world: World, compute_resource_id: int, **where: Any) -> list[IpBlock]:
    """Return the blocks of a compute resource that meet these conditions, too."""
    return world[IP_BLOCKS].find(compute_resource_ids=Has(compute_resource_id), **where)


# Addresses


def reserve(world: World, block: IpBlock, address: str | None = None, comment: str | None = None) -> Ip:
    """Register an address without a server: this one, or the next free one.

    Raises:
        Invalid: it is not in the block or already registered, or the block has no free address.
    """
    if address is None:
        free = _first_free(world, block)
        if free is None:
            raise Invalid.field("ip", f"There is no free address in the IP block {block.name}.")
        return _take(
            world, block, free, Ip(ip_block_id=block.id, address="", type=block.type, comment=comment)
        )
    if block.index(address) is None:
        raise Invalid.field("ip", f"The address must be one of the IP block {block.name}.")
    address = block.normal(address)
    if world[IPS].first(ip_block_id=block.id, address=address) is not None:
        raise Invalid.field("ip", "The ip has already been taken.")
    return world[IPS].add(Ip(ip_block_id=block.id, address=address, type=block.type, comment=comment))


def allocate(
    world: World,
    compute_resource_id: int,
    version: str = IPV4,
    *,
    server_id: int,
    user_id: int,
    is_primary: bool = False,
    field: str = "ip_types",
) -> Ip:
    """Give a server the next free address of the blocks of its compute resource.

    Raises:
        Invalid: there is no free address; the error is of `field`.
    """
    for block in blocks_of(world, compute_resource_id, type=version):
        free = _first_free(world, block)
        if free is None:
            continue
        ip = Ip(
            ip_block_id=block.id,
            address="",
            type=version,
            compute_resource_id=compute_resource_id,
            server_id=server_id,
            user_id=user_id,
            is_primary=is_primary,
        )
        return _take(world, block, free, ip)
    raise Invalid.field(field, f"There is no free {version} address on the compute resource.")


def allocate_given(
    world: World,
    compute_resource_id: int,
    address: str,
    *,
    server_id: int,
    user_id: int,
    is_primary: bool = False,
    field: str = "ip",
) -> Ip:
    """Give a server a certain address that is free or reserved.

    Raises:
        Invalid: it is in no block of the compute resource, or in use; the error is of `field`.
    """
    for block in blocks_of(world, compute_resource_id):
        if block.index(address) is None:
            continue
        ip = world[IPS].first(ip_block_id=block.id, address=block.normal(address))
        if ip is not None and ip.server_id is not None:
            raise Invalid.field(field, f"The address {address} is in use.")
        ip = ip or reserve(world, block, address)
        return world[IPS].update(
            replace(
                ip,
                compute_resource_id=compute_resource_id,
                server_id=server_id,
                user_id=user_id,
                is_primary=is_primary,
            )
        )
    raise Invalid.field(field, f"The address {address} is in no IP block of the compute resource.")


def of_server(world: World, server_id: int) -> list[Ip]:
    """Return the addresses of a server, primary ones first."""
    return sorted(world[IPS].find(server_id=server_id), key=lambda ip: (not ip.is_primary, ip.id))


def release(world: World, ip: Ip) -> None:
    """Delete an address, so that it is free again."""
    world[IPS].remove(ip.id)
    block = world[IP_BLOCKS].get_or_404(ip.ip_block_id)
    index = block.index(ip.address)
    free = block.free
    if index is not None and index < free.hint and index not in free.released:
        left = sorted([*free.released, index])
        world[IP_BLOCKS].update(replace(block, free=FreeAddresses(free.hint, left)))


def unreserve(world: World, ip: Ip) -> None:
    """Delete a reserved address.

    Raises:
        Conflict: a server has it.
    """
    if ip.server_id is not None:
        raise Conflict(f"The address {ip.address} is in use.")
    release(world, ip)


def _take(world: World, block: IpBlock, free: tuple[int, str], ip: Ip) -> Ip:
    """Register the first free address of a block."""
    index, address = free
    # The addresses skipped on the way are registered.
    left = [one for one in block.free.released if one > index]
    world[IP_BLOCKS].update(replace(block, free=FreeAddresses(max(block.free.hint, index + 1), left)))
    return world[IPS].add(replace(ip, address=address))


def _first_free(world: World, block: IpBlock) -> tuple[int, str] | None:
    """Return number and text of the first address of a block that is not registered."""
    for index in chain(block.free.released, range(block.free.hint, block.size)):
        if block.is_gateway(index):
            continue
        address = block.address(index)
        if world[IPS].first(ip_block_id=block.id, address=address) is None:
            return index, address
    return None


# Requests


def _changed(world: World, block: IpBlock, body: Mapping[str, Any]) -> IpBlock:
    changes = pick(body, "name", "type", "gateway")
    for name in ("ns_1", "ns_2"):
        if name in body:
            changes[name] = body[name] or ""
    dns = pick(body.get("reverse_dns") or {}, "zone", "enabled")
    changes |= {f"reverse_dns_{name}": value for name, value in dns.items()}
    if "compute_resources" in body:
        changes["compute_resource_ids"] = existing_ids(
            world, COMPUTE_RESOURCES, body["compute_resources"], "compute_resources"
        )
    gateway = changes.get("gateway", block.gateway)
    if changes.get("type", block.type) == IPV4:
        old = {"netmask": block.netmask, "from": block.first, "to": block.last}
        given = {name: body.get(name) or value for name, value in old.items()}
        changes |= dict(_checked_ipv4(given, gateway))
        changes |= {"range": "", "subnet": 0}
    else:
        range_ = body.get("range") or block.range
        subnet = body["subnet"] if body.get("subnet") is not None else block.subnet
        changes |= dict(_checked_ipv6(range_, subnet, gateway))
        changes |= {"netmask": "", "first": "", "last": ""}
    return replace(block, **changes)


def _checked_ipv4(given: Mapping[str, str], gateway: str) -> Iterator[tuple[str, Any]]:
    if not given["netmask"]:
        raise Invalid.field("netmask", "The netmask field is required.")
    yield "gateway", str(parse_address(IPv4Address, "gateway", gateway))
    yield "netmask", parse_netmask(given["netmask"])
    first, last = parse_range(given["from"], given["to"])
    yield "first", str(first)
    yield "last", str(last)


def _checked_ipv6(range_: str, subnet: int, gateway: str) -> Iterator[tuple[str, Any]]:
    yield "gateway", str(parse_address(IPv6Address, "gateway", gateway))
    try:
        network = IPv6Network(range_ if "%" not in range_ else "")
    except ValueError:
        raise Invalid.field("range", "The range must be an IPv6 network, such as 2001:db8::/48.") from None
    if not network.prefixlen <= subnet <= 128:
        raise Invalid.field("subnet", f"The subnet must be between {network.prefixlen} and 128.")
    yield "range", str(network)
    yield "subnet", subnet


def seed(world: World) -> None:
    """Create what a fresh installation has. The compute resources exist already: each block serves all."""
    everywhere = [one.id for one in world[COMPUTE_RESOURCES].find()]
    # The first is for documentation (RFC 5737); the second has room for large fleets.
    for name, network in (("203.0.113.0/24", "203.0.113.0/24"), ("Private 10.20.0.0/16", "10.20.0.0/16")):
        addresses = IPv4Network(network)
        world[IP_BLOCKS].add(
            IpBlock(
                name=name,
                gateway=str(addresses[1]),
                netmask=str(addresses.netmask),
                first=str(addresses[2]),
                last=str(addresses[-2]),
                ns_1="192.0.2.53",
                ns_2="198.51.100.53",
                compute_resource_ids=everywhere,
            )
        )
    world[IP_BLOCKS].add(
        IpBlock(
            name="2001:db8::/32",
            type=IPV6,
            gateway="2001:db8::1",
            range="2001:db8::/32",
            subnet=64,
            ns_1="2001:db8:53::1",
            ns_2="2001:db8:53::2",
            compute_resource_ids=everywhere,
        )
    )


def count_additional(world: World, user_id: int, version: str) -> int:
    """Return how many additional addresses of a version the servers of a user have."""
    return world[IPS].count(user_id=user_id, type=version, is_primary=False)
