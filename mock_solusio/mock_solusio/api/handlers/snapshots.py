"""Snapshots (facts, section 7; Go SDK)."""

from mock_solusio.api.access import Access
from mock_solusio.api.call import Call, Reply
from mock_solusio.api.handlers.server_actions import starts_task
from mock_solusio.api.handlers.servers import actionable, visible
from mock_solusio.api.operations import Resource, operation
from mock_solusio.api.replies import show
from mock_solusio.api.views.servers import snapshot_view
from mock_solusio.domain import server_access, snapshots
from mock_solusio.domain.records.servers import SNAPSHOTS, Snapshot


def _visible(call: Call) -> Snapshot:
    snapshot = call.record(SNAPSHOTS)
    server_access.get_visible(call.world, call.actor, call.permissions, snapshot.server_id)
    return snapshot


def _actionable(call: Call) -> Snapshot:
    snapshot = call.record(SNAPSHOTS)
    server_access.get_for_action(call.world, call.actor, call.permissions, snapshot.server_id)
    return snapshot


RESOURCE = Resource(snapshot_view, sees=Access(SNAPSHOTS, _visible))
RESOURCE.list("listServerSnapshots", where=lambda call: {"server_id": visible(call).id})
RESOURCE.show("getSnapshot")
starts_task("deleteSnapshot", _actionable, snapshots.remove)
starts_task("revertSnapshot", _actionable, snapshots.revert)


@operation("createServerSnapshot")
def create_server_snapshot(call: Call) -> Reply:
    """Take a snapshot; reply with 201 and the snapshot."""
    snapshot = snapshots.create(call.world, call.actor, actionable(call), call.body.get("name") or "")
    return show(call, snapshot_view, snapshot, 201)
