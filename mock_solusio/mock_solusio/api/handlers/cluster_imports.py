"""Imports from another cluster (HostBill converter). The mock has none: nothing is imported into it."""

from mock_solusio.api.call import Call, Reply
from mock_solusio.api.operations import operation
from mock_solusio.api.replies import list_items
from mock_solusio.domain.errors import NotFound
from mock_solusio.domain.permissions import Permission


@operation("listClusterImports", permission=Permission.VIEW_COMPUTE_RESOURCES)
def list_cluster_imports(call: Call) -> Reply:
    """Reply with an empty page."""
    return list_items(call, lambda _, row: row, [])


@operation("getClusterImport", "listClusterImportServers", permission=Permission.VIEW_COMPUTE_RESOURCES)
def get_cluster_import(call: Call) -> Reply:
    """Reply with 404."""
    raise NotFound("cluster import", call.path["cluster_import_id"])
