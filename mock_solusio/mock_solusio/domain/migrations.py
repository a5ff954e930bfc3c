"""Migrations: servers move to another compute resource (Go SDK).

Addresses change with the request: with `preserve_ips` a server keeps its own, otherwise it gets as many at
the destination. The server itself moves when its task finishes. All of this is assumed.
"""

from collections.abc import Mapping
from typing import Any

from msgspec.structs import replace

from mock_solusio.domain import activity, lifecycle, tasks
from mock_solusio.domain.compute_resources import storages_of
from mock_solusio.domain.errors import Invalid
from mock_solusio.domain.ip_blocks import allocate, of_server, release
from mock_solusio.domain.records.compute_resources import COMPUTE_RESOURCES, ComputeResource
from mock_solusio.domain.records.networks import IPS
from mock_solusio.domain.records.servers import SERVERS, Server
from mock_solusio.domain.records.tasks import MIGRATIONS, Migration
from mock_solusio.domain.records.user import User
from mock_solusio.domain.references import existing_ids, invalid_reference
from mock_solusio.domain.tasks import enqueue
from mock_solusio.domain.world import World


def create(world: World, actor: User, body: Mapping[str, Any]) -> Migration:
    """Move servers; `is_live` makes no difference to the mock.

    Raises:
        Invalid: a server or the destination does not exist or does not fit, or lacks free addresses.
    """
    destination = world[COMPUTE_RESOURCES].get(body["destination_compute_resource_id"])
    if destination is None or not destination.location_ids or not storages_of(world, destination):
        raise invalid_reference("destination_compute_resource_id")
    keys = existing_ids(world, SERVERS, body["servers"], "servers")
    moving = [_fit(world[SERVERS].get_or_404(key), destination, index) for index, key in enumerate(keys)]
    for server in moving:
        _readdress(world, server, destination, preserve=bool(body.get("preserve_ips")))
    children = [
        enqueue(
            world,
            server,
            "vm-migrate",
            destination_id=destination.id,
            location_id=_place(server, destination),
        )
        for server in moving
    ]
    whole = tasks.schedule(
        world,
        action=tasks.MIGRATE_ALL,
        server_id=0,
        user_id=actor.id,
        compute_resource_id=destination.id,
        start=world.now,
        duration=max(child.finished_at for child in children) - world.now,
    )
    data = {"task_id": whole.id, "compute_resource_id": destination.id, "servers": keys}
    activity.record(world, "servers_migration_requested", user=actor, data=data)
    return world[MIGRATIONS].add(
        Migration(
            destination_id=destination.id,
            task_id=whole.id,
            children=[child.id for child in children],
            created_at=world.now,
        )
    )


def _fit(server: Server, destination: ComputeResource, index: int) -> Server:
    if server.is_deleting:
        raise Invalid.field(f"servers.{index}", "The server is being deleted.")
    if server.compute_resource_id == destination.id:
        raise Invalid.field(f"servers.{index}", "The server is already on this compute resource.")
    if server.virtualization_type not in destination.settings.virtualization_types:
        text = f"{destination.name} does not support the virtualization type {server.virtualization_type}."
        raise Invalid.field(f"servers.{index}", text)
    return server


def _place(server: Server, destination: ComputeResource) -> int:
    ids = destination.location_ids
    return server.location_id if server.location_id in ids else ids[0]


def _readdress(world: World, server: Server, destination: ComputeResource, *, preserve: bool) -> None:
    addresses = of_server(world, server.id)
    if preserve:
        for ip in addresses:
            world[IPS].update(replace(ip, compute_resource_id=destination.id))
        return
    # New ones first: a block of both compute resources would return the released ones.
    for old in addresses:
        new = allocate(
            world,
            destination.id,
            old.type,
            server_id=server.id,
            user_id=server.user_id,
            is_primary=old.is_primary,
            field="destination_compute_resource_id",
        )
        if not old.is_primary:
            lifecycle.ip_replaced(world, server, old, new)
    for old in addresses:
        release(world, old)
