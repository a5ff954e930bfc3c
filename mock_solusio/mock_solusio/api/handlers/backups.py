"""Backups (facts, section 7; Go SDK)."""

from mock_solusio.api.call import Call, Reply, listed, nothing, operation, shown
from mock_solusio.api.handlers.server_actions import begun
from mock_solusio.api.handlers.servers import managed, seen
from mock_solusio.api.views.servers import backup_view
from mock_solusio.domain import backups, server_access
from mock_solusio.domain.records.servers import BACKUPS, Backup


@operation("listServerBackups")
def list_server_backups(call: Call) -> Reply:
    """Answer a page of a server's backups."""
    return listed(call, BACKUPS, backup_view, {"server_id": seen(call).id})


@operation("createServerBackup")
def create_server_backup(call: Call) -> Reply:
    """Back a server up; answer 201 and the backup."""
    backup = backups.create(call.world, call.actor, managed(call))
    return shown(call, backup_view, backup, status=201)


@operation("getBackup")
def get_backup(call: Call) -> Reply:
    """Answer a backup."""
    backup = call.world[BACKUPS].get_or_404(call.path["backup_id"])
    server_access.get_visible(call.world, call.actor, call.permissions, backup.server_id)
    return shown(call, backup_view, backup)


@operation("deleteBackup")
def delete_backup(call: Call) -> Reply:
    """Delete a backup at once."""
    backups.remove(call.world, call.actor, _touched(call))
    return nothing()


@operation("restoreBackup")
def restore_backup(call: Call) -> Reply:
    """Put a server back to the state of a backup."""
    return begun(call, backups.restore(call.world, call.actor, _touched(call)))


def _touched(call: Call) -> Backup:
    backup = call.world[BACKUPS].get_or_404(call.path["backup_id"])
    server_access.get_for_action(call.world, call.actor, call.permissions, backup.server_id)
    return backup
