"""Backup nodes: where backups of servers are kept (facts: Go SDK backupNodes.go).

The mock reaches no machine: nothing is copied anywhere. That a compute resource uses the first node that
names it is assumed.
"""

from collections.abc import Mapping
from typing import Any

from msgspec.structs import replace

from mock_solusio.domain.errors import Conflict
from mock_solusio.domain.records.compute_resources import BACKUP_NODES, COMPUTE_RESOURCES, BackupNode
from mock_solusio.domain.records.servers import BACKUPS
from mock_solusio.domain.references import existing_ids
from mock_solusio.domain.world import Has, World

SECRETS = frozenset({"key", "password"})
"""Credentials that are not kept, and so never shown."""


def create(world: World, body: Mapping[str, Any]) -> BackupNode:
    """Add a node.

    Raises:
        Invalid: a compute resource does not exist.
    """
    return world[BACKUP_NODES].add(_changed(world, BackupNode(name=body["name"]), body))


def update(world: World, node: BackupNode, body: Mapping[str, Any]) -> BackupNode:
    """Change what a request names.

    Raises:
        Invalid: a compute resource does not exist.
    """
    return world[BACKUP_NODES].update(_changed(world, node, body))


def remove(world: World, node: BackupNode) -> None:
    """Remove a node.

    Raises:
        Conflict: there are backups on it (assumed).
    """
    if world[BACKUPS].count(backup_node_id=node.id):
        raise Conflict("The backup node cannot be deleted: there are backups on it.")
    world[BACKUP_NODES].remove(node.id)


def used_by(world: World, compute_resource_id: int) -> BackupNode | None:
    """Return the node where servers of a machine are backed up; None if no node names it."""
    return next(iter(world[BACKUP_NODES].find(compute_resource_ids=Has(compute_resource_id))), None)


def forget(world: World, compute_resource_id: int) -> None:
    """Let all nodes forget a machine that is removed."""
    for node in world[BACKUP_NODES].find(compute_resource_ids=Has(compute_resource_id)):
        kept = [one for one in node.compute_resource_ids if one != compute_resource_id]
        world[BACKUP_NODES].update(replace(node, compute_resource_ids=kept))


def _changed(world: World, node: BackupNode, body: Mapping[str, Any]) -> BackupNode:
    changes: dict[str, Any] = {name: body[name] for name in ("name", "type") if body.get(name) is not None}
    if "compute_resources" in body:
        keys = existing_ids(world, COMPUTE_RESOURCES, body["compute_resources"], "compute_resources")
        changes["compute_resource_ids"] = keys
    if body.get("credentials"):
        changes["credentials"] = {
            name: value for name, value in body["credentials"].items() if name not in SECRETS
        }
    return replace(node, **changes)


def seed(world: World) -> None:
    """Make what a fresh install has: one node for all machines (assumed)."""
    machines = [machine.id for machine in world[COMPUTE_RESOURCES].find()]
    credentials = {"host": "backup.solus.example", "port": 22, "login": "root", "storage_path": "/backup"}
    world[BACKUP_NODES].add(
        BackupNode(name="Backup node", compute_resource_ids=machines, credentials=credentials)
    )
