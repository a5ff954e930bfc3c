"""Servers: what they are, who may touch them, how they come and go.

What a server shall be (suspended, running) holds from the moment it is asked for; what it is (`status`)
follows once the task is finished. Limits count what shall be, so no sequence of requests gets past them.
"""

from typing import Any

from msgspec.structs import replace

from mock_solusio.domain import (
    activity,
    additional_ips,
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
from mock_solusio.domain.tasks import enqueue
from mock_solusio.domain.world import World
from mock_solusio.moment import Micros

OPERATOR = "operator"
"""A suspension by an operator: only an operator ends it."""

USER = "user"
"""A suspension with its suspended owner: it ends when he is active again."""


def create(world: World, actor: User, permissions: frozenset[str], **fields: Any) -> Server:
    """Create a server out of the members of `POST /servers`; it starts once its task is done.

    Raises:
        Forbidden: a client asks for somebody else's, or for what only an operator may say.
        Invalid: a field names what does not exist or does not fit, or a limit of the owner is reached.
    """
    order = server_order.read(world, actor, permissions, fields)
    limits.check_server(world, order.owner)
    limits.check_running(world, order.owner)
    limits.check_additional_ips(world, order.owner, order.additional)
    server = world[SERVERS].add(
        replace(order.server, uuid="", created_at=world.now, running_of=order.owner.id)
    )
    server = _with_secrets(world, server, order.password)
    lifecycle.server_created(world, server)
    additional_ips.assign_first(world, server, order)
    for network in order.vpc_networks:
        vpc_networks.assign_ip(world, network, server, "vpc_network_ids")
    task = enqueue(world, server, "vm-create", to="started")
    data = {"id": server.id, "name": server.name, "task_id": task.id}
    activity.record(world, "compute_resource_vm_create_requested", user=actor, data=data)
    return world[SERVERS].get_or_404(server.id)


def identity(world: World, server_id: int) -> dict[str, str]:
    """Return the fields of a server that follow from its id: UUID, MAC address and passwords."""
    draw = world.random("mac address", server_id)
    return {
        "uuid": world.uuid("server", server_id),
        # 52:54:00 is the prefix of QEMU and KVM.
        "mac_address": "52:54:00:" + ":".join(f"{draw.randrange(256):02x}" for _ in range(3)),
        "vnc_password": world.secret("vnc password", server_id, 8),
        "root_password": world.secret("root password 1 of server", server_id, 16),
    }


def _with_secrets(world: World, server: Server, password: str) -> Server:
    fields = identity(world, server.id)
    fields["mac_address"] = server.mac_address or fields["mac_address"]
    fields["root_password"] = password or fields["root_password"]
    return world[SERVERS].update(replace(server, **fields, status_at=world.now, traffic_from=world.now))


def remove(world: World, actor: User, permissions: frozenset[str], server_id: int) -> Task:
    """Delete a server; it is gone once the task is done. A suspended one may be deleted, too.

    Raises:
        NotFound: there is none.
        Forbidden: the actor may not, or he is its client and it is suspended.
        Conflict: it is being deleted already.
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
    """Return the servers of a user, also those that are being deleted."""
    return world[SERVERS].find(user_id=user_id)


def suspend(world: World, server: Server, by: str) -> Task:
    """Stop a server and keep it from starting, for one more reason; twice for the same is once."""
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

    A server that ran starts again, unless a limit of its owner says no: then it stays stopped (assumed), so
    that an operator is not kept from ending a suspension.

    Raises:
        Conflict: it is suspended for another reason, too.
    """
    left = [reason for reason in server.suspensions if reason != by]
    if left:
        raise Conflict("The server stays suspended as long as its owner is.")
    if server.is_suspended:
        owner = world[USERS].get_or_404(server.user_id)
        runs = server.ran and limits.may_run(world, owner)
        running_of = owner.id if runs else None
        server = replace(server, suspensions=[], is_suspended=False, ran=False, running_of=running_of)
    return enqueue(world, server, "vm-resume", to="started" if server.runs else "stopped")


def user_suspended(world: World, user: User) -> None:
    """Suspend all servers of a user who was suspended (assumed)."""
    for server in owned_by(world, user.id):
        if not server.is_deleting and USER not in server.suspensions:
            suspend(world, server, USER)


def user_reactivated(world: World, user: User) -> None:
    """End the suspensions that came with that of their owner; an operator's own stay."""
    for server in owned_by(world, user.id):
        if server.is_deleting or USER not in server.suspensions:
            continue
        if OPERATOR in server.suspensions:
            world[SERVERS].update(replace(server, suspensions=[OPERATOR]))
        else:
            resume(world, server, USER)


def update(world: World, server: Server, changes: dict[str, Any]) -> Server:
    """Change what a server is called and how it boots, by members of `PATCH /servers/{id}`; null empties."""
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
    changed = world[SERVERS].update(replace(server, **wanted))
    if changed.name != server.name:
        lifecycle.server_renamed(world, changed)
    if changed.backup_settings.enabled != server.backup_settings.enabled:
        lifecycle.backups_changed(world, changed)
    return changed


def update_settings(world: World, server: Server, changes: dict[str, Any]) -> Server:
    """Change how the hypervisor runs a server, by members of `PATCH /servers/{id}/settings`."""
    names = ("disk_cache_mode", "disk_driver", "firmware")
    return world[SERVERS].update(
        replace(server, **{name: changes[name] for name in names if name in changes})
    )


def is_busy(server: Server, now: Micros) -> bool:
    """Tell whether a task of the server is not finished."""
    return now < server.busy_until


def set_status(world: World, server: Server, status: str, at: Micros) -> Server:
    """Say what a server is since a moment; its traffic is counted while it is started."""
    received, sent = charts.traffic(server, charts.load_curves(world, server), at)
    return world[SERVERS].update(
        replace(server, status=status, status_at=at, received=received, sent=sent, traffic_from=at)
    )
