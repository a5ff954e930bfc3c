"""Backup nodes: where backups of servers are kept (Go SDK).

The mock reaches no machine, so nothing is copied. A compute resource uses the first node that names it
(assumed).
"""

from collections.abc import Mapping
from typing import Any

from msgspec.structs import replace

from mock_solusio.domain.errors import Conflict
from mock_solusio.domain.records.compute_resources import BACKUP_NODES, COMPUTE_RESOURCES, BackupNode
from mock_solusio.domain.records.servers import BACKUPS
from mock_solusio.domain.references import existing_ids, pick
from mock_solusio.domain.world import Has, World

SECRETS = frozenset({"key", "password"})
"""Credentials that are not stored, so that they can never be shown."""


def create(world: World, body: Mapping[str, Any]) -> BackupNode:
    """Create a node.

    Raises:
        Invalid: a compute resource does not exist.
    """
    return world[BACKUP_NODES].add(_changed(world, BackupNode(name=body["name"]), body))


def update(world: World, node: BackupNode, body: Mapping[str, Any]) -> BackupNode:
    """Change the members that a request names.

    Raises:
        Invalid: a compute resource does not exist.
    """
    return world[BACKUP_NODES].update(_changed(world, node, body))


def remove(world: World, node: BackupNode) -> None:
    """Delete a node.

    Raises:
        Conflict: it holds backups (assumed).
    """
    if world[BACKUPS].count(backup_node_id=node.id):
        raise Conflict("The backup node cannot be deleted: it holds backups.")
    world[BACKUP_NODES].remove(node.id)


def used_by(world: World, compute_resource_id: int) -> BackupNode | None:
    """Return the node for servers of a compute resource; None if no node names it."""
    return next(iter(world[BACKUP_NODES].find(compute_resource_ids=Has(compute_resource_id))), None)


def _changed(world: World, node: BackupNode, body: Mapping[str, Any]) -> BackupNode:
    changes = pick(body, "name", "type")
    if "compute_resources" in body:
        changes["compute_resource_ids"] = existing_ids(
            world, COMPUTE_RESOURCES, body["compute_resources"], "compute_resources"
        )
    if body.get("credentials"):
        changes["credentials"] = {
            name: value for name, value in body["credentials"].items() if name not in SECRETS
        }
    return replace(node, **changes)


def seed(world: World) -> None:
    """Create what a fresh installation has: one node for all compute resources (assumed)."""
    everywhere = [resource.id for resource in world[COMPUTE_RESOURCES].find()]
    credentials = {"host": "backup.solus.example", "port": 22, "login": "root", "storage_path": "/backup"}
    world[BACKUP_NODES].add(
        BackupNode(name="Backup node", compute_resource_ids=everywhere, credentials=credentials)
    )
