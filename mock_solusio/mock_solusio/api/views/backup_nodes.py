"""What the API shows of backup nodes (Go SDK backupNodes.go)."""

import math
from typing import Any

from mock_solusio.api.call import Call
from mock_solusio.api.views.machines import compute_resource_short
from mock_solusio.domain.records.compute_resources import COMPUTE_RESOURCES, BackupNode
from mock_solusio.domain.records.servers import BACKUPS


def backup_node_short(node: BackupNode) -> dict[str, Any]:
    """Return a backup node, without what belongs to it."""
    return {"id": node.id, "name": node.name, "type": node.type}


def backup_node_view(call: Call, node: BackupNode) -> dict[str, Any]:
    """Return a backup node; sizes are whole GiB (the unit is assumed), credentials without secrets."""
    backups = call.world[BACKUPS].find(backup_node_id=node.id)
    machines = [call.world[COMPUTE_RESOURCES].get_or_404(key) for key in node.compute_resource_ids]
    return {
        **backup_node_short(node),
        "credentials": node.credentials,
        "compute_resources_count": len(machines),
        "backups_count": len(backups),
        "total_backups_size": math.ceil(sum(backup.size for backup in backups)),
        "compute_resources": [compute_resource_short(machine) for machine in machines],
    }
