"""Imports of another cluster (HostBill converter): there are none, since nothing is imported into a mock."""

from mock_solusio.api.call import Call, Reply, listed_from, operation
from mock_solusio.domain.errors import NotFound
from mock_solusio.domain.permissions import Permission


@operation("listClusterImports", permission=Permission.VIEW_COMPUTE_RESOURCES)
def list_cluster_imports(call: Call) -> Reply:
    """Answer an empty page."""
    return listed_from(call, lambda _, row: row, [])


@operation("getClusterImport", permission=Permission.VIEW_COMPUTE_RESOURCES)
@operation("listClusterImportServers", permission=Permission.VIEW_COMPUTE_RESOURCES)
def get_cluster_import(call: Call) -> Reply:
    """Answer that there is no such import."""
    raise NotFound("cluster import", call.path["cluster_import_id"])
