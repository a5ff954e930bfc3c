"""Migrations of servers (Go SDK serversMigrations.go)."""

from typing import Any

from mock_solusio.api.call import Call, Reply, operation, shown
from mock_solusio.api.views.machines import compute_resource_short
from mock_solusio.api.views.tasks import task_view
from mock_solusio.domain import migrations
from mock_solusio.domain.permissions import Permission
from mock_solusio.domain.records.compute_resources import COMPUTE_RESOURCES
from mock_solusio.domain.records.tasks import MIGRATIONS, TASKS, Migration


@operation("createServersMigration", permission=Permission.MANAGE_SERVERS)
def create_servers_migration(call: Call) -> Reply:
    """Move servers to another compute resource."""
    call.require(Permission.VIEW_COMPUTE_RESOURCES)
    return shown(call, _view, migrations.create(call.world, call.actor, call.body), status=201)


@operation("getServersMigration", permission=Permission.VIEW_SERVERS)
def get_servers_migration(call: Call) -> Reply:
    """Answer a migration with the present state of its tasks."""
    call.require(Permission.VIEW_COMPUTE_RESOURCES)
    return shown(call, _view, call.world[MIGRATIONS].get_or_404(call.path["servers_migration_id"]))


def _view(call: Call, migration: Migration) -> dict[str, Any]:
    world = call.world
    destination = world[COMPUTE_RESOURCES].get(migration.destination_id)
    return {
        "id": migration.id,
        # Null once the compute resource is removed.
        "destination_compute_resource": None if destination is None else compute_resource_short(destination),
        "task": task_view(call, world[TASKS].get_or_404(migration.task_id)),
        "children": [task_view(call, world[TASKS].get_or_404(key)) for key in migration.children],
    }
