"""Servers: creation, changes, suspension and deletion.

What a server should be (suspended, running) changes with the request; what it is (`status`) follows when the
task finishes. Limits count what servers should be, so that no sequence of requests exceeds them.
"""

from typing import Any

from msgspec.structs import replace

from mock_solusio.domain import (
    activity,
    additional_ips,
    authority,
    charts,
    lifecycle,
    limits,
    server_order,
    vpc_networks,
)
from mock_solusio.domain.backup_schedule import with_backup_settings
from mock_solusio.domain.errors import Conflict
from mock_solusio.domain.permissions import Permission
from mock_solusio.domain.records.servers import SERVERS, Server
from mock_solusio.domain.records.tasks import Task
from mock_solusio.domain.records.user import USERS, User
from mock_solusio.domain.server_access import get_for_action
from mock_solusio.domain.tasks import enqueue, schedule
from mock_solusio.domain.world import World
from mock_solusio.moment import Micros

OPERATOR = "operator"
"""A suspension by an operator, which only an operator can end."""

USER = "user"
"""A suspension because the owner is suspended; it ends when they are no longer."""


def create(world: World, actor: User, permissions: frozenset[str], **fields: Any) -> Server:
    """Create a server from the members of `POST /servers`; it starts when its task finishes.

    Raises:
        Forbidden: the actor is locked or suspended, or a client orders for another user or sets a member
            reserved for operators.
        Invalid: a field names something that does not exist or does not fit, or a limit is reached.
    """
    authority.check_may_create(actor, "servers")
    order = server_order.read(world, actor, permissions, fields)
    limits.check_server(world, order.owner)
    limits.check_running(world, order.owner)
    limits.check_additional_ips(world, order.owner, order.additional)
    number = world[SERVERS].next_id
    task = schedule(
        world,
        action="vm-create",
        server_id=number,
        user_id=order.owner.id,
        compute_resource_id=order.server.compute_resource_id,
        start=world.now,
        data={"to": "started"},
    )
    fields = identity(world, number)
    fields["mac_address"] = order.server.mac_address or fields["mac_address"]
    fields["root_password"] = order.password or fields["root_password"]
    server = world[SERVERS].add(
        replace(
            order.server,
            **fields,
            created_at=world.now,
            status_at=world.now,
            traffic_from=world.now,
            running_of=order.owner.id,
            busy_until=task.finished_at,
        )
    )
    lifecycle.server_created(world, server)
    additional_ips.assign_first(world, server, order)
    for network in order.vpc_networks:
        vpc_networks.assign_ip(world, network, server, "vpc_network_ids")
    data = {"id": server.id, "name": server.name, "task_id": task.id}
    activity.record(world, "compute_resource_vm_create_requested", user=actor, data=data)
    return server


def identity(world: World, server_id: int) -> dict[str, str]:
    """Return the fields of a server that follow from its id: UUID, MAC address and passwords."""
    uuid = world.uuid("server", server_id)
    digits = uuid[-6:]
    return {
        "uuid": uuid,
        # 52:54:00 is the prefix of QEMU and KVM.
        "mac_address": f"52:54:00:{digits[:2]}:{digits[2:4]}:{digits[4:]}",
        "vnc_password": world.secret("vnc password", server_id, 8),
        "root_password": world.secret("root password 1 of server", server_id, 16),
    }


def remove(world: World, actor: User, permissions: frozenset[str], server_id: int) -> Task:
    """Delete a server; it disappears when the task finishes.

    Raises:
        NotFound: the server does not exist.
        Forbidden: the actor may not act on it.
        Conflict: it is already being deleted, or it is suspended and the actor is not an operator.
    """
    server = get_for_action(world, actor, permissions, server_id, suspended=True)
    if server.is_suspended and Permission.MANAGE_SERVERS not in permissions:
        raise Conflict("The server is suspended.")
    lifecycle.server_deleted(world, server)
    task = enqueue(world, replace(server, is_deleting=True, running_of=None), "vm-delete")
    data = {"id": server.id, "name": server.name, "task_id": task.id}
    activity.record(world, "compute_resource_vm_delete_requested", user=actor, data=data)
    return task


def owned_by(world: World, user_id: int) -> list[Server]:
    """Return the servers of a user, including those that are being deleted."""
    return world[SERVERS].find(user_id=user_id)


def suspend(world: World, server: Server, by: str) -> Task:
    """Stop a server and keep it from starting, for a reason; a server can have several reasons."""
    if by not in server.suspensions:
        server = replace(
            server,
            suspensions=[*server.suspensions, by],
            ran=server.ran if server.is_suspended else server.runs,
            is_suspended=True,
            running_of=None,
        )
    return enqueue(world, server, "vm-suspend", to="stopped")


def resume(world: World, server: Server, by: str) -> Task:
    """End a suspension.

    A server that was running starts again. If a limit of its owner forbids that, it stays stopped (assumed),
    so that the limit does not prevent the end of a suspension.

    Raises:
        Conflict: it is also suspended for another reason.
    """
    left = [reason for reason in server.suspensions if reason != by]
    if left:
        raise Conflict("The server stays suspended while its owner is suspended.")
    if server.is_suspended:
        owner = world[USERS].get_or_404(server.user_id)
        runs = server.ran and limits.may_run(world, owner)
        running_of = owner.id if runs else None
        server = replace(server, suspensions=[], is_suspended=False, ran=False, running_of=running_of)
    return enqueue(world, server, "vm-resume", to="started" if server.runs else "stopped")


def user_suspended(world: World, user: User) -> None:
    """Suspend all servers of a user who was suspended."""
    for server in owned_by(world, user.id):
        if not server.is_deleting and USER not in server.suspensions:
            suspend(world, server, USER)


def user_reactivated(world: World, user: User) -> None:
    """End the suspensions of servers that were due to their owner's; those by an operator stay."""
    for server in owned_by(world, user.id):
        if server.is_deleting or USER not in server.suspensions:
            continue
        if OPERATOR in server.suspensions:
            world[SERVERS].update(replace(server, suspensions=[OPERATOR]))
        else:
            resume(world, server, USER)


def update(world: World, server: Server, changes: dict[str, Any]) -> Server:
    """Change the members of `PATCH /servers/{id}` that a request names; null clears one."""
    wanted: dict[str, Any] = {}
    for name in ("name", "boot_mode"):
        if name in changes:
            wanted[name] = changes[name]
    for name in ("description", "user_data"):
        if name in changes:
            wanted[name] = changes[name] or ""
    if "fqdns" in changes:
        wanted["fqdns"] = list(changes["fqdns"] or ())
    if changes.get("backup_settings"):
        wanted["backup_settings"] = with_backup_settings(server.backup_settings, changes["backup_settings"])
    if wanted.get("boot_mode", "iso") != "iso":
        wanted["iso_image_id"] = None
    changed = world[SERVERS].update(replace(server, **wanted))
    if changed.iso_image_id != server.iso_image_id:
        lifecycle.iso_image_changed(world, changed)
    if changed.name != server.name:
        lifecycle.server_renamed(world, changed)
    if changed.backup_settings.enabled != server.backup_settings.enabled:
        lifecycle.backups_changed(world, changed)
    return changed


def update_settings(world: World, server: Server, changes: dict[str, Any]) -> Server:
    """Change the members of `PATCH /servers/{id}/settings` that a request names."""
    names = ("disk_cache_mode", "disk_driver", "firmware")
    return world[SERVERS].update(
        replace(server, **{name: changes[name] for name in names if name in changes})
    )


def is_busy(server: Server, now: Micros) -> bool:
    """Return whether the server has an unfinished task."""
    return now < server.busy_until


def set_status(world: World, server: Server, status: str, at: Micros) -> Server:
    """Set the status of a server as of a moment; traffic accrues while it is started."""
    received, sent = charts.traffic(server, charts.curves_while_running(world, server), at)
    return world[SERVERS].update(
        replace(server, status=status, status_at=at, received=received, sent=sent, traffic_from=at)
    )
