"""Snapshots of servers."""

from msgspec.structs import replace

from mock_solusio.domain import activity, charts, custom_plans, tasks
from mock_solusio.domain.errors import Conflict, Invalid
from mock_solusio.domain.records.servers import SERVERS, SNAPSHOTS, Server, Snapshot
from mock_solusio.domain.records.tasks import Task
from mock_solusio.domain.records.user import User
from mock_solusio.domain.tasks import is_used_by_task
from mock_solusio.domain.world import World
from mock_solusio.moment import rfc3339


def create(world: World, actor: User, server: Server, name: str) -> Snapshot:
    """Take a snapshot of a server; without a name, it is named after the present moment (assumed).

    Raises:
        Invalid: the plan has no snapshots.
    """
    plan = custom_plans.effective_plan(world, server)
    if not plan.is_snapshots_enabled:
        raise Invalid.field("snapshot", f"Snapshots are not available with the plan {plan.name}.")
    name = name or rfc3339(world.now)
    snapshot = world[SNAPSHOTS].add(Snapshot(server_id=server.id, name=name, created_at=world.now))
    # A snapshot only holds later changes, so it is small (assumed: a tenth of the disk space in use).
    size = round(charts.disk_used(world, server, server.disk, world.now) / 10, 3)
    tasks.enqueue(world, server, "snapshot-create", snapshot_id=snapshot.id, size=size)
    activity.record(world, "snapshot_create_requested", user=actor, data=_about(snapshot, server))
    return snapshot


def revert(world: World, actor: User, snapshot: Snapshot) -> Task:
    """Revert a server to a snapshot.

    Raises:
        Conflict: it is being taken or deleted.
    """
    return _work(world, actor, snapshot, "revert")


def remove(world: World, actor: User, snapshot: Snapshot) -> Task:
    """Delete a snapshot; it disappears when the task finishes.

    Raises:
        Conflict: it is being taken, reverted to or deleted.
    """
    if is_used_by_task(world, snapshot.server_id, "snapshot_id", snapshot.id):
        raise Conflict("The snapshot is in use.")
    task = _work(world, actor, snapshot, "delete")
    world[SNAPSHOTS].update(replace(snapshot, status="processing"))
    return task


def _work(world: World, actor: User, snapshot: Snapshot, verb: str) -> Task:
    if snapshot.status != "available":
        raise Conflict("The snapshot is being taken or deleted.")
    server = world[SERVERS].get_or_404(snapshot.server_id)
    task = tasks.enqueue(world, server, f"snapshot-{verb}", snapshot_id=snapshot.id)
    activity.record(world, f"snapshot_{verb}_requested", user=actor, data=_about(snapshot, server))
    return task


def _about(snapshot: Snapshot, server: Server) -> dict[str, int | str]:
    return {"id": snapshot.id, "name": snapshot.name, "server_id": server.id, "server_name": server.name}
