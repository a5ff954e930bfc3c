"""Migrations of servers (Go SDK serversMigrations.go)."""

from mock_solusio.api.call import Call, Reply
from mock_solusio.api.operations import operation
from mock_solusio.api.replies import show
from mock_solusio.api.views.tasks import migration_view
from mock_solusio.domain import migrations
from mock_solusio.domain.permissions import Permission
from mock_solusio.domain.records.tasks import MIGRATIONS


@operation("createServersMigration", permission=Permission.MANAGE_SERVERS)
def create_servers_migration(call: Call) -> Reply:
    """Move servers to another compute resource."""
    call.require(Permission.VIEW_COMPUTE_RESOURCES)
    return show(call, migration_view, migrations.create(call.world, call.actor, call.body), 201)


@operation("getServersMigration", permission=Permission.VIEW_SERVERS)
def get_servers_migration(call: Call) -> Reply:
    """Reply with a migration and its tasks."""
    call.require(Permission.VIEW_COMPUTE_RESOURCES)
    return show(call, migration_view, call.record(MIGRATIONS))
