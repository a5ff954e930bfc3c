"""Backups of servers."""

from typing import TYPE_CHECKING

from msgspec.structs import replace

from mock_solusio.domain import activity, charts, lifecycle, servers
from mock_solusio.domain.errors import Conflict, Invalid
from mock_solusio.domain.servers import SERVERS, Server
from mock_solusio.domain.tasks import TASKS, Task
from mock_solusio.domain.world import Kind, Micros, Record, World

if TYPE_CHECKING:
    from mock_solusio.domain.records.user import User


class Backup(Record, frozen=True, kw_only=True):
    """A backup of a server's primary disk."""

    server_id: int
    creator_id: int
    created_at: Micros
    disk: int
    """GiB of the disk at the time."""
    status: str = "pending"
    """`pending` until its task is finished, then `created`."""
    size: float = 0.0
    """GiB, known once it is created."""
    task_id: int = 0
    backup_node_id: int | None = None
    """Where it is kept; None: no node names the compute resource of the server."""


BACKUPS: Kind[Backup] = Kind("backups", Backup, index=("server_id", "backup_node_id"))


def create(world: World, actor: "User", server: Server) -> Backup:
    """Back a server up.

    Raises:
        Invalid: the plan does not permit backups, or no more of them.
    """
    from mock_solusio.domain import backup_nodes

    plan = servers.effective_plan(world, server)
    if not plan.is_backup_available:
        raise Invalid.field("backup", f"Backups are not available with the plan {plan.name}.")
    limit = plan.limits.get("backups_number")
    if limit is not None and limit.is_enabled and world[BACKUPS].count(server_id=server.id) >= limit.limit:
        raise Invalid.field(
            "backup", f"The limit of backups of the plan {plan.name} is reached: {limit.limit}."
        )
    node = backup_nodes.used_by(world, server.compute_resource_id)
    backup = world[BACKUPS].add(
        Backup(
            server_id=server.id,
            creator_id=actor.id,
            created_at=world.now,
            disk=server.disk,
            backup_node_id=None if node is None else node.id,
        )
    )
    lifecycle.backups_changed(world, server)
    size = charts.disk_used(world, server, server.disk, world.now)
    task = servers.enqueue(world, server, "backup-create", backup_id=backup.id, size=size)
    activity.record(world, "backup_create_requested", user=actor, data=_about(backup, server))
    return world[BACKUPS].put(replace(backup, task_id=task.id))


def restore(world: World, actor: "User", backup: Backup) -> Task:
    """Put a server back to the state of a backup.

    Raises:
        Conflict: the backup is not finished.
    """
    if backup.status != "created":
        raise Conflict("The backup is not finished.")
    server = world[SERVERS].need(backup.server_id)
    task = servers.enqueue(world, server, "backup-restore", backup_id=backup.id)
    activity.record(world, "backup_restore_requested", user=actor, data=_about(backup, server))
    return task


def remove(world: World, actor: "User", backup: Backup) -> None:
    """Delete a backup at once.

    Raises:
        Conflict: it is being made or restored.
    """
    if in_use(world, backup.server_id, "backup_id", backup.id):
        raise Conflict("The backup is in use.")
    server = world[SERVERS].need(backup.server_id)
    world[BACKUPS].remove(backup.id)
    lifecycle.backups_changed(world, server)
    activity.record(world, "backups_deleted", user=actor, data=_about(backup, server))


def in_use(world: World, server_id: int, name: str, key: int) -> bool:
    """Tell whether an unfinished task of a server works with something."""
    return any(task.is_open and task.data.get(name) == key for task in world[TASKS].find(server_id=server_id))


def _about(backup: Backup, server: Server) -> dict[str, int | str]:
    return {"id": backup.id, "server_id": server.id, "server_name": server.name}
