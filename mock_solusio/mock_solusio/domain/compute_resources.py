"""Compute resources: the machines that servers run on, with their storages and settings.

The mock reaches no machine, so nothing is installed: every compute resource is active at once (assumed).
"""

from collections.abc import Mapping
from typing import Any

import msgspec
from msgspec.structs import replace

from mock_solusio.domain.custom_plans import effective_plan
from mock_solusio.domain.errors import Conflict, Invalid
from mock_solusio.domain.records.compute_resources import (
    BACKUP_NODES,
    COMPUTE_RESOURCES,
    LOCATIONS,
    STORAGES,
    Bridge,
    ComputeResource,
    Storage,
)
from mock_solusio.domain.records.networks import IP_BLOCKS
from mock_solusio.domain.records.servers import SERVERS
from mock_solusio.domain.references import count_servers, existing_ids, link, pick, refuse_in_use
from mock_solusio.domain.units import GIB
from mock_solusio.domain.world import Has, World

NETWORK_ID = "eth0"
"""The one network of each compute resource."""


def create(world: World, body: Mapping[str, Any]) -> ComputeResource:
    """Create a compute resource with one storage. Its password and key are not stored.

    Raises:
        Invalid: an IP block or a location does not exist.
    """
    resource = ComputeResource(name=body["name"], host=body["host"])
    resource = world[COMPUTE_RESOURCES].add(_changed(world, resource, body))
    _link_ip_blocks(world, resource, body)
    add_storage(world, resource, {"type": "fb", "path": "/var/lib/solus/storage"})
    return resource


def update(world: World, resource: ComputeResource, body: Mapping[str, Any]) -> ComputeResource:
    """Change the members that a request names.

    Raises:
        Invalid: an IP block or a location does not exist.
    """
    resource = world[COMPUTE_RESOURCES].update(_changed(world, resource, body))
    _link_ip_blocks(world, resource, body)
    return resource


def remove(world: World, resource: ComputeResource) -> None:
    """Delete a compute resource with its storages, also from the lists of IP blocks and backup nodes.

    Raises:
        Conflict: servers run on it.
    """
    refuse_in_use(world, "compute resource", compute_resource_id=resource.id)
    for storage in storages_of(world, resource):
        world[STORAGES].remove(storage.id)
    link(world, IP_BLOCKS, "compute_resource_ids", resource.id, ())
    link(world, BACKUP_NODES, "compute_resource_ids", resource.id, ())
    world[COMPUTE_RESOURCES].remove(resource.id)


def at_location(world: World, location_id: int) -> list[ComputeResource]:
    """Return the compute resources at a location."""
    return world[COMPUTE_RESOURCES].find(location_ids=Has(location_id))


def update_settings(world: World, resource: ComputeResource, body: Mapping[str, Any]) -> ComputeResource:
    """Change the settings that a request names; nested objects are merged member by member.

    The Go SDK sends an empty string for a choice that its user did not make.
    """
    old = resource.settings
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
    return world[COMPUTE_RESOURCES].update(replace(resource, settings=settings))


def set_up_network(world: World, resource: ComputeResource, network: str, kind: str) -> ComputeResource:
    """Set the type of a compute resource's network.

    Raises:
        Invalid: the compute resource does not have this network.
    """
    if network != NETWORK_ID:
        raise Invalid.field("id", f"The only network of the compute resource is {NETWORK_ID}.")
    settings = replace(resource.settings, network_type=kind)
    return world[COMPUTE_RESOURCES].update(replace(resource, settings=settings))


def storages_of(world: World, resource: ComputeResource) -> list[Storage]:
    """Return the storages of a compute resource."""
    return world[STORAGES].find(compute_resource_id=resource.id)


def add_storage(world: World, resource: ComputeResource, body: Mapping[str, Any]) -> Storage:
    """Add a storage to a compute resource."""
    return world[STORAGES].add(
        Storage(
            compute_resource_id=resource.id,
            name=f"{body['type']} {body['path']}",
            **pick(body, "type", "path", "thin_pool", "is_available_for_balancing"),
        )
    )


def remove_storage(world: World, storage: Storage) -> None:
    """Delete a storage.

    Raises:
        Conflict: it is the only one of a compute resource that has servers (assumed).
    """
    alone = world[STORAGES].count(compute_resource_id=storage.compute_resource_id) == 1
    if alone and count_servers(world, compute_resource_id=storage.compute_resource_id):
        raise Conflict("The storage cannot be deleted: servers use it.")
    world[STORAGES].remove(storage.id)


class Capacity(msgspec.Struct, frozen=True, kw_only=True):
    """What a compute resource has, or what its servers use of it: `ram` in bytes, `hdd` in GiB."""

    vms: int
    vcpu: int
    ram: int
    hdd: int


CAPACITY = Capacity(vms=0, vcpu=64, ram=256 * GIB, hdd=8000)
"""What each compute resource has unless its limits set less (assumed). It is never full."""


def used_capacity(world: World, resource: ComputeResource) -> Capacity:
    """Return what the servers of a compute resource use of it, running or not."""
    servers = world[SERVERS].find(compute_resource_id=resource.id)
    params = [effective_plan(world, server).params for server in servers]
    return Capacity(
        vms=len(servers),
        vcpu=sum(one.vcpu for one in params),
        ram=sum(one.ram for one in params),
        hdd=sum(server.disk for server in servers),
    )


def _changed(world: World, resource: ComputeResource, body: Mapping[str, Any]) -> ComputeResource:
    changes = pick(body, "name", "host", "agent_port", "is_locked")
    if "locations" in body:
        changes["location_ids"] = existing_ids(world, LOCATIONS, body["locations"], "locations")
    return replace(resource, **changes)


def _link_ip_blocks(world: World, resource: ComputeResource, body: Mapping[str, Any]) -> None:
    if "ip_blocks" in body:
        ids = existing_ids(world, IP_BLOCKS, body["ip_blocks"], "ip_blocks")
        link(world, IP_BLOCKS, "compute_resource_ids", resource.id, ids)


def seed(world: World) -> None:
    """Create what a fresh installation has: two compute resources, which locations and IP blocks then use."""
    for name in ("fra-1", "nyc-1"):
        create(world, {"name": name, "host": f"{name}.solus.example"})
