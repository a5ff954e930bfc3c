"""Backup nodes (Go SDK backupNodes.go)."""

from mock_solusio.api.call import Call, Reply, listed, nothing, operation, shown
from mock_solusio.api.views.backup_nodes import backup_node_view
from mock_solusio.domain import backup_nodes
from mock_solusio.domain.permissions import Permission
from mock_solusio.domain.records.compute_resources import BACKUP_NODES, BackupNode


@operation("listBackupNodes", permission=Permission.VIEW_COMPUTE_RESOURCES)
def list_backup_nodes(call: Call) -> Reply:
    """Answer a page of backup nodes."""
    return listed(call, BACKUP_NODES, backup_node_view)


@operation("createBackupNode", permission=Permission.MANAGE_COMPUTE_RESOURCES)
def create_backup_node(call: Call) -> Reply:
    """Add a backup node."""
    return shown(call, backup_node_view, backup_nodes.create(call.world, call.body), status=201)


@operation("getBackupNode", permission=Permission.VIEW_COMPUTE_RESOURCES)
def get_backup_node(call: Call) -> Reply:
    """Answer a backup node."""
    return shown(call, backup_node_view, _node(call))


@operation("replaceBackupNode", permission=Permission.MANAGE_COMPUTE_RESOURCES)
def replace_backup_node(call: Call) -> Reply:
    """Change what is given of a backup node."""
    return shown(call, backup_node_view, backup_nodes.update(call.world, _node(call), call.body))


@operation("deleteBackupNode", permission=Permission.MANAGE_COMPUTE_RESOURCES)
def delete_backup_node(call: Call) -> Reply:
    """Remove a backup node without backups."""
    backup_nodes.remove(call.world, _node(call))
    return nothing()


def _node(call: Call) -> BackupNode:
    return call.world[BACKUP_NODES].get_or_404(call.path["backup_node_id"])
