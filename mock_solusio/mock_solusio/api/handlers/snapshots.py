"""Snapshots (facts, section 7; Go SDK)."""

from mock_solusio.api.call import Call, Reply, listed, operation, shown
from mock_solusio.api.handlers.server_actions import begun
from mock_solusio.api.handlers.servers import seen, touched
from mock_solusio.api.views.servers import snapshot_view
from mock_solusio.domain import server_access, snapshots
from mock_solusio.domain.records.servers import SNAPSHOTS, Snapshot


@operation("listServerSnapshots")
def list_server_snapshots(call: Call) -> Reply:
    """Answer a page of a server's snapshots."""
    return listed(call, SNAPSHOTS, snapshot_view, {"server_id": seen(call).id})


@operation("createServerSnapshot")
def create_server_snapshot(call: Call) -> Reply:
    """Take a snapshot; answer 201 and the snapshot."""
    snapshot = snapshots.create(call.world, call.actor, touched(call), call.body["name"])
    return shown(call, snapshot_view, snapshot, status=201)


@operation("getSnapshot")
def get_snapshot(call: Call) -> Reply:
    """Answer a snapshot."""
    snapshot = call.world[SNAPSHOTS].get_or_404(call.path["snapshot_id"])
    server_access.get_visible(call.world, call.actor, call.permissions, snapshot.server_id)
    return shown(call, snapshot_view, snapshot)


@operation("deleteSnapshot")
def delete_snapshot(call: Call) -> Reply:
    """Delete a snapshot, which takes time."""
    return begun(call, snapshots.remove(call.world, call.actor, _touched(call)))


@operation("revertSnapshot")
def revert_snapshot(call: Call) -> Reply:
    """Put a server back to the state of a snapshot."""
    return begun(call, snapshots.revert(call.world, call.actor, _touched(call)))


def _touched(call: Call) -> Snapshot:
    snapshot = call.world[SNAPSHOTS].get_or_404(call.path["snapshot_id"])
    server_access.get_for_action(call.world, call.actor, call.permissions, snapshot.server_id)
    return snapshot
