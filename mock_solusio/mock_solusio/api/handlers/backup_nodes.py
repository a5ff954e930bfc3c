"""Backup nodes (Go SDK backupNodes.go)."""

from mock_solusio.api.access import permitted
from mock_solusio.api.operations import Resource
from mock_solusio.api.views.compute_resources import backup_node_view
from mock_solusio.domain import backup_nodes
from mock_solusio.domain.permissions import Permission
from mock_solusio.domain.records.compute_resources import BACKUP_NODES

RESOURCE = Resource(
    backup_node_view,
    sees=permitted(BACKUP_NODES, Permission.VIEW_COMPUTE_RESOURCES),
    manages=permitted(BACKUP_NODES, Permission.MANAGE_COMPUTE_RESOURCES),
)
RESOURCE.list("listBackupNodes")
RESOURCE.create("createBackupNode", by=backup_nodes.create)
RESOURCE.show("getBackupNode")
RESOURCE.update("replaceBackupNode", by=backup_nodes.update)
RESOURCE.delete("deleteBackupNode", by=backup_nodes.remove)
