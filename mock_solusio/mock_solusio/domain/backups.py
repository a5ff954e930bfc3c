"""Backups of servers."""

from msgspec.structs import replace

from mock_solusio.domain import activity, backup_nodes, charts, custom_plans, lifecycle, tasks
from mock_solusio.domain.errors import Conflict, Invalid, counted
from mock_solusio.domain.records.servers import BACKUPS, SERVERS, Backup, Server
from mock_solusio.domain.records.tasks import Task
from mock_solusio.domain.records.user import User
from mock_solusio.domain.tasks import is_used_by_task
from mock_solusio.domain.world import World


def create(world: World, actor: User, server: Server) -> Backup:
    """Back up a server.

    Raises:
        Invalid: the plan has no backups, or its limit is reached.
    """
    plan = custom_plans.effective_plan(world, server)
    if not plan.is_backup_available:
        raise Invalid.field("backup", f"Backups are not available with the plan {plan.name}.")
    limit = plan.limits.get("backups_number")
    if limit is not None and limit.is_enabled and world[BACKUPS].count(server_id=server.id) >= limit.limit:
        raise Invalid.field(
            "backup", f"The limit of {counted(limit.limit, 'backup')} of the plan {plan.name} is reached."
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
    task = tasks.enqueue(world, server, "backup-create", backup_id=backup.id, size=size)
    activity.record(world, "backup_create_requested", user=actor, data=_about(backup, server))
    return world[BACKUPS].update(replace(backup, task_id=task.id))


def restore(world: World, actor: User, backup: Backup) -> Task:
    """Restore a server from a backup.

    Raises:
        Conflict: the backup is not finished.
    """
    if backup.status != "created":
        raise Conflict("The backup is not finished.")
    server = world[SERVERS].get_or_404(backup.server_id)
    task = tasks.enqueue(world, server, "backup-restore", backup_id=backup.id)
    activity.record(world, "backup_restore_requested", user=actor, data=_about(backup, server))
    return task


def remove(world: World, actor: User, backup: Backup) -> None:
    """Delete a backup at once.

    Raises:
        Conflict: it is being created or restored.
    """
    if is_used_by_task(world, backup.server_id, "backup_id", backup.id):
        raise Conflict("The backup is in use.")
    server = world[SERVERS].get_or_404(backup.server_id)
    world[BACKUPS].remove(backup.id)
    lifecycle.backups_changed(world, server)
    activity.record(world, "backups_deleted", user=actor, data=_about(backup, server))


def _about(backup: Backup, server: Server) -> dict[str, int | str]:
    return {"id": backup.id, "server_id": server.id, "server_name": server.name}
