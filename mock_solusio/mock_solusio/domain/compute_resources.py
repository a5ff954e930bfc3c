"""Compute resources: the machines that servers run on, with their storages and settings.

The mock reaches no machine: nothing is installed, and every compute resource is active at once (assumed).
"""

from collections.abc import Mapping, Sequence
from typing import Any

import msgspec
from msgspec.structs import replace

from mock_solusio.domain import backup_nodes
from mock_solusio.domain.custom_plans import effective_plan
from mock_solusio.domain.errors import Conflict, Invalid
from mock_solusio.domain.ip_blocks import serving
from mock_solusio.domain.plans import GIB
from mock_solusio.domain.records.compute_resources import (
    COMPUTE_RESOURCES,
    LOCATIONS,
    STORAGES,
    Bridge,
    ComputeResource,
    Storage,
)
from mock_solusio.domain.records.networks import IP_BLOCKS
from mock_solusio.domain.records.servers import SERVERS
from mock_solusio.domain.references import count_servers, existing_ids, pick, refuse_in_use
from mock_solusio.domain.world import Has, World

NETWORK_ID = "eth0"
"""Each machine has one network."""


def create(world: World, body: Mapping[str, Any]) -> ComputeResource:
    """Add a machine; password and key are not kept. It has one storage.

    Raises:
        Invalid: an IP block or location does not exist.
    """
    machine = ComputeResource(name=body["name"], host=body["host"])
    machine = world[COMPUTE_RESOURCES].add(_changed(world, machine, body))
    _join_blocks(world, machine, body)
    add_storage(world, machine, {"type": "fb", "path": "/var/lib/solus/storage"})
    return machine


def update(world: World, machine: ComputeResource, body: Mapping[str, Any]) -> ComputeResource:
    """Change what a request names.

    Raises:
        Invalid: an IP block or location does not exist.
    """
    machine = world[COMPUTE_RESOURCES].update(_changed(world, machine, body))
    _join_blocks(world, machine, body)
    return machine


def remove(world: World, machine: ComputeResource) -> None:
    """Remove a machine with its storages; IP blocks and backup nodes forget it.

    Raises:
        Conflict: servers run there.
    """
    refuse_in_use(world, "compute resource", compute_resource_id=machine.id)
    for storage in storages_of(world, machine):
        world[STORAGES].remove(storage.id)
    for block in world[IP_BLOCKS].find(**serving(machine.id)):
        kept = [one for one in block.compute_resource_ids if one != machine.id]
        world[IP_BLOCKS].update(replace(block, compute_resource_ids=kept))
    backup_nodes.forget(world, machine.id)
    world[COMPUTE_RESOURCES].remove(machine.id)


def at_location(world: World, location_id: int) -> list[ComputeResource]:
    """Return the machines at a location."""
    return world[COMPUTE_RESOURCES].find(location_ids=Has(location_id))


def set_at_location(world: World, location_id: int, keys: Sequence[int]) -> None:
    """Let exactly these machines be at a location."""
    for machine in world[COMPUTE_RESOURCES].find():
        ids = machine.location_ids
        if (location_id in ids) == (machine.id in keys):
            continue
        kept = [one for one in ids if one != location_id] if location_id in ids else [*ids, location_id]
        world[COMPUTE_RESOURCES].update(replace(machine, location_ids=kept))


def update_settings(world: World, machine: ComputeResource, body: Mapping[str, Any]) -> ComputeResource:
    """Change the settings that a request names, members of members one by one.

    An empty text is what the Go SDK sends for a choice that its user did not make.
    """
    old = machine.settings
    changes = pick(
        body,
        *("cache_path", "iso_path", "backup_tmp_path", "vnc_proxy_port", "virtualization_types"),
    )
    if body.get("balance_strategy"):
        changes["balance_strategy"] = body["balance_strategy"]
    if "vs_disk_cache_mode" in body:
        changes["vs_disk_cache_mode"] = body["vs_disk_cache_mode"]
    wanted = body.get("limits") or {}
    limits = {
        name: replace(limit, **pick(wanted.get(name) or {}, "unlimited", "total"))
        for name, limit in old.limits.items()
    }
    backups = pick(body.get("concurrent_backups") or {}, "limit")
    if backups:
        changes["concurrent_backups"] = backups["limit"]
    network = body.get("network") or {}
    if network.get("type"):
        changes["network_type"] = network["type"]
    if network.get("bridges") is not None:
        changes["bridges"] = [Bridge(**pick(bridge, "name", "type")) for bridge in network["bridges"]]
    if "ip_for_vpc_network" in network:
        changes["ip_for_vpc_network"] = network["ip_for_vpc_network"]
    settings = replace(old, limits=limits, **changes)
    return world[COMPUTE_RESOURCES].update(replace(machine, settings=settings))


def set_up_network(world: World, machine: ComputeResource, network: str, kind: str) -> ComputeResource:
    """Choose network and type.

    Raises:
        Invalid: the machine has no such network.
    """
    if network != NETWORK_ID:
        raise Invalid.field("id", f"The compute resource has one network, {NETWORK_ID}.")
    settings = replace(machine.settings, network_type=kind)
    return world[COMPUTE_RESOURCES].update(replace(machine, settings=settings))


def storages_of(world: World, machine: ComputeResource) -> list[Storage]:
    """Return the storages of a machine."""
    return world[STORAGES].find(compute_resource_id=machine.id)


def add_storage(world: World, machine: ComputeResource, body: Mapping[str, Any]) -> Storage:
    """Add a storage to a machine."""
    return world[STORAGES].add(
        Storage(
            compute_resource_id=machine.id,
            name=f"{body['type']} {body['path']}",
            **pick(body, "type", "path", "thin_pool", "is_available_for_balancing"),
        )
    )


def remove_storage(world: World, storage: Storage) -> None:
    """Remove a storage.

    Raises:
        Conflict: it is the only one of a machine that has servers (assumed).
    """
    alone = world[STORAGES].count(compute_resource_id=storage.compute_resource_id) == 1
    if alone and count_servers(world, compute_resource_id=storage.compute_resource_id):
        raise Conflict("The storage cannot be deleted: servers use it.")
    world[STORAGES].remove(storage.id)


class Capacity(msgspec.Struct, frozen=True, kw_only=True):
    """What servers take of a machine: `ram` in bytes, `hdd` in GiB."""

    vms: int
    vcpu: int
    ram: int
    hdd: int


CAPACITY = Capacity(vms=0, vcpu=64, ram=256 * GIB, hdd=8000)
"""What each machine has, as far as limits do not say otherwise (assumed). It is never full."""


def used_capacity(world: World, machine: ComputeResource) -> Capacity:
    """Return what the servers of a machine take of it, running or not."""
    servers = world[SERVERS].find(compute_resource_id=machine.id)
    params = [effective_plan(world, server).params for server in servers]
    return Capacity(
        vms=len(servers),
        vcpu=sum(one.vcpu for one in params),
        ram=sum(one.ram for one in params),
        hdd=sum(server.disk for server in servers),
    )


def _changed(world: World, machine: ComputeResource, body: Mapping[str, Any]) -> ComputeResource:
    changes = pick(body, "name", "host", "agent_port", "is_locked")
    if "locations" in body:
        changes["location_ids"] = existing_ids(world, LOCATIONS, body["locations"], "locations")
    return replace(machine, **changes)


def _join_blocks(world: World, machine: ComputeResource, body: Mapping[str, Any]) -> None:
    if "ip_blocks" not in body:
        return
    keys = existing_ids(world, IP_BLOCKS, body["ip_blocks"], "ip_blocks")
    for block in world[IP_BLOCKS].find():
        ids = block.compute_resource_ids
        if (machine.id in ids) == (block.id in keys):
            continue
        kept = [one for one in ids if one != machine.id] if machine.id in ids else [*ids, machine.id]
        world[IP_BLOCKS].update(replace(block, compute_resource_ids=kept))


def seed(world: World) -> None:
    """Make what a fresh install has: two machines, which locations and IP blocks then name."""
    for name in ("fra-1", "nyc-1"):
        create(world, {"name": name, "host": f"{name}.solus.example"})
