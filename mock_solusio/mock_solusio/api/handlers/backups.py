"""Backups (facts, section 7; Go SDK)."""

from mock_solusio.api.access import Access
from mock_solusio.api.call import Call, Reply
from mock_solusio.api.handlers.server_actions import starts_task
from mock_solusio.api.handlers.servers import managed, visible
from mock_solusio.api.operations import Resource, operation
from mock_solusio.api.replies import no_content, show
from mock_solusio.api.views.servers import backup_view
from mock_solusio.domain import backups, server_access
from mock_solusio.domain.records.servers import BACKUPS, Backup


def _visible(call: Call) -> Backup:
    backup = call.record(BACKUPS)
    server_access.get_visible(call.world, call.actor, call.permissions, backup.server_id)
    return backup


def _actionable(call: Call) -> Backup:
    backup = call.record(BACKUPS)
    server_access.get_for_action(call.world, call.actor, call.permissions, backup.server_id)
    return backup


RESOURCE = Resource(backup_view, sees=Access(BACKUPS, _visible))
RESOURCE.list("listServerBackups", where=lambda call: {"server_id": visible(call).id})
RESOURCE.show("getBackup")
starts_task("restoreBackup", _actionable, backups.restore)


@operation("createServerBackup")
def create_server_backup(call: Call) -> Reply:
    """Back up a server; reply with 201 and the backup."""
    return show(call, backup_view, backups.create(call.world, call.actor, managed(call)), 201)


@operation("deleteBackup")
def delete_backup(call: Call) -> Reply:
    """Delete a backup at once."""
    backups.remove(call.world, call.actor, _actionable(call))
    return no_content()
