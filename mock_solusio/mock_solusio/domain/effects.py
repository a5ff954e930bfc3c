"""What a task does to the world when it finishes."""

from collections.abc import Callable

from msgspec.structs import replace

from mock_solusio.domain import activity, additional_ips, lifecycle, vpc_networks
from mock_solusio.domain.compute_resources import storages_of
from mock_solusio.domain.custom_plans import effective_plan
from mock_solusio.domain.records.compute_resources import COMPUTE_RESOURCES, LOCATIONS
from mock_solusio.domain.records.images import APPLICATIONS, OS_IMAGE_VERSIONS
from mock_solusio.domain.records.plans import PLANS
from mock_solusio.domain.records.servers import BACKUPS, SERVERS, SNAPSHOTS, Server
from mock_solusio.domain.records.tasks import Task
from mock_solusio.domain.servers import set_status
from mock_solusio.domain.tasks import MIGRATE_ALL, TaskFailedError
from mock_solusio.domain.world import World

Effect = Callable[[World, Task, Server], None]


def apply(world: World, task: Task) -> None:
    """Carry out a task.

    Raises:
        TaskFailedError: something it needs no longer exists.
    """
    if task.action == MIGRATE_ALL:
        return
    server = world[SERVERS].get(task.server_id)
    if server is None:
        raise TaskFailedError("The server no longer exists.")
    EFFECTS.get(task.action, _nothing)(world, task, server)


def _nothing(world: World, task: Task, server: Server) -> None:
    """Do nothing: the request took effect at once."""


def _power(world: World, task: Task, server: Server) -> None:
    set_status(world, server, task.data["to"], task.finished_at)


def _create(world: World, task: Task, server: Server) -> None:
    # If it was suspended or deleted in the meantime, the next task stops it.
    _power(world, task, server)
    data = {"id": server.id, "name": server.name, "task_id": task.id}
    activity.record(world, "compute_resource_vm_created", user=None, data=data)


def _delete(world: World, task: Task, server: Server) -> None:
    additional_ips.release_all(world, server)
    vpc_networks.release_all(world, server.id)
    for backup in world[BACKUPS].find(server_id=server.id):
        world[BACKUPS].remove(backup.id)
    for snapshot in world[SNAPSHOTS].find(server_id=server.id):
        world[SNAPSHOTS].remove(snapshot.id)
    world[SERVERS].remove(server.id)
    data = {"id": server.id, "name": server.name, "task_id": task.id}
    activity.record(world, "compute_resource_vm_deleted", user=None, data=data)


def _resize(world: World, task: Task, server: Server) -> None:
    if world[PLANS].get(task.data["plan_id"]) is None:
        lifecycle.change_plan(world, server, effective_plan(world, server), at=task.finished_at)
        raise TaskFailedError("The plan was deleted in the meantime.")
    world[SERVERS].update(
        replace(
            server,
            plan_id=task.data["plan_id"],
            custom_plan=task.data["custom_plan"],
            disk=task.data["disk"],
        )
    )


def _migrate(world: World, task: Task, server: Server) -> None:
    machine = world[COMPUTE_RESOURCES].get(task.data["destination_id"])
    if machine is None:
        raise TaskFailedError("The compute resource was deleted in the meantime.")
    if task.data["location_id"] != server.location_id:
        vpc_networks.release_all(world, server.id)  # they belong to the old location
    if world[LOCATIONS].get(task.data["location_id"]) is None or not storages_of(world, machine):
        raise TaskFailedError(
            "The location or the storage of the compute resource was deleted in the meantime."
        )
    world[SERVERS].update(
        replace(server, compute_resource_id=task.data["destination_id"], location_id=task.data["location_id"])
    )


def _reinstall(world: World, task: Task, server: Server) -> None:

    wanted = dict(task.data)
    status = wanted.pop("to")
    version, application = wanted["os_image_version_id"], wanted["application_id"]
    if (version is not None and world[OS_IMAGE_VERSIONS].get(version) is None) or (
        application is not None and world[APPLICATIONS].get(application) is None
    ):
        set_status(world, server, status, task.finished_at)
        raise TaskFailedError("The OS image version or application was deleted in the meantime.")
    server = set_status(world, server, status, task.finished_at)
    world[SERVERS].update(replace(server, guest_tools=False, **wanted))


def _password(world: World, task: Task, server: Server) -> None:
    number = task.data["number"]
    # Generated here, so that no task holds a secret.
    secret = world.secret(f"root password {number} of server", server.id, 16)
    world[SERVERS].update(replace(server, root_password=secret))


def _update(world: World, task: Task, server: Server) -> None:
    if task.data.get("guest_tools"):
        world[SERVERS].update(replace(server, guest_tools=True))


def _backup(world: World, task: Task, server: Server) -> None:  # noqa: ARG001 - an effect
    backup = world[BACKUPS].get(task.data["backup_id"])
    if backup is not None:
        world[BACKUPS].update(replace(backup, status="created", size=task.data["size"]))


def _snapshot(world: World, task: Task, server: Server) -> None:  # noqa: ARG001 - an effect
    snapshot = world[SNAPSHOTS].get(task.data["snapshot_id"])
    if snapshot is not None:
        world[SNAPSHOTS].update(replace(snapshot, status="available", size=task.data["size"]))


def _snapshot_delete(world: World, task: Task, server: Server) -> None:  # noqa: ARG001 - an effect
    world[SNAPSHOTS].remove(task.data["snapshot_id"])


EFFECTS: dict[str, Effect] = {
    "vm-create": _create,
    "vm-start": _power,
    "vm-stop": _power,
    "vm-restart": _power,
    "vm-suspend": _power,
    "vm-resume": _power,
    "vm-delete": _delete,
    "vm-resize": _resize,
    "vm-migrate": _migrate,
    "vm-reinstall": _reinstall,
    "vm-password-change": _password,
    "vm-update": _update,
    "backup-create": _backup,
    "snapshot-create": _snapshot,
    "snapshot-delete": _snapshot_delete,
}
"""By action. Other actions change nothing when they finish."""
