"""Tasks: work on servers that takes time and progresses with the clock.

A new task knows already when it will start and finish, so nothing runs in the background: `task_runner` runs
what is due. The tasks of one server run one after another. Which actions are tasks, and the names of states
and actions, are observed; the durations are assumed.
"""

from typing import Any

from msgspec.structs import replace

from mock_solusio.domain.records.servers import SERVERS, Server
from mock_solusio.domain.records.tasks import TASKS, Task
from mock_solusio.domain.world import World
from mock_solusio.moment import SECOND, Micros

DURATIONS: dict[str, Micros] = {
    "vm-create": 3 * SECOND,
    "vm-reinstall": 3 * SECOND,
    "vm-delete": 2 * SECOND,
    "vm-resize": 2 * SECOND,
    "backup-create": 2 * SECOND,
    "backup-restore": 2 * SECOND,
    "vm-restart": 2 * SECOND,
    "vm-stop": 2 * SECOND,
    "vm-migrate": 5 * SECOND,
}
"""How long an action takes; all others take a second."""

MIGRATE_ALL = "vms-migrate"
"""The task of a whole migration, which belongs to no server and changes nothing itself."""

FORCED = SECOND
"""How long a forced stop or restart takes, instead of a shutdown."""


class TaskFailedError(Exception):
    """A task cannot be carried out; the message becomes its output."""


def schedule(
    world: World,
    *,
    action: str,
    server_id: int,
    user_id: int,
    compute_resource_id: int,
    start: Micros,
    duration: Micros | None = None,
    data: dict[str, Any] | None = None,
) -> Task:
    """Add a task that starts at `start`, but not before now, and takes effect when it finishes."""
    start = max(start, world.now)
    length = DURATIONS.get(action, SECOND) if duration is None else duration
    return world[TASKS].add(
        Task(
            action=action,
            server_id=server_id,
            user_id=user_id,
            compute_resource_id=compute_resource_id,
            status="running" if start == world.now else "pending",
            created_at=world.now,
            started_at=start,
            finished_at=start + length,
            is_open=True,
            data=data or {},
        )
    )


def next_due(world: World) -> Micros | None:
    """Return when the next task changes; None while no task is open."""
    task = world[TASKS].earliest()
    return None if task is None else task.due


def open_task(world: World, server_id: int, action: str) -> Task | None:
    """Return an unfinished task of a server with this action, or None."""
    mine = world[TASKS].find(server_id=server_id)
    return next((task for task in mine if task.is_open and task.action == action), None)


def enqueue(
    world: World, server: Server, action: str, *, duration: Micros | None = None, **data: Any
) -> Task:
    """Add a task to the end of a server's queue; store the server with its new `busy_until`."""
    task = schedule(
        world,
        action=action,
        server_id=server.id,
        user_id=server.user_id,
        compute_resource_id=server.compute_resource_id,
        start=server.busy_until,
        duration=duration,
        data=data,
    )
    world[SERVERS].update(replace(server, busy_until=task.finished_at))
    return task


def is_used_by_task(world: World, server_id: int, name: str, key: int) -> bool:
    """Return whether an unfinished task of a server has this id in its parameter `name`."""
    return any(task.is_open and task.data.get(name) == key for task in world[TASKS].find(server_id=server_id))
