"""Tasks: work on servers that takes time, and proceeds with the clock.

A task knows from its beginning when it starts and when it is finished, so nothing runs in the background:
`settle` does, in order of time, what fell due since it was last called. The tasks of a server follow each
other. That an action is a task, and the words for states and actions, are facts (section 8); how long each
takes is assumed.
"""

import heapq
from typing import Any

import msgspec
from msgspec.structs import replace

from mock_solusio.domain.world import Kind, Micros, Record, World
from mock_solusio.moment import SECOND

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
"""The task of several migrations together: it is of no server, and changes nothing by itself."""

FORCED = SECOND
"""How long it takes to switch a server off, or off and on, instead of shutting it down."""


class Task(Record, frozen=True, kw_only=True):
    """Work on a server. `status` is that of the last settled moment, so it is true at every request."""

    action: str
    server_id: int
    user_id: int
    """Whose server it is; also known once the server is gone."""
    compute_resource_id: int
    status: str
    """`pending` behind another task of the server, then `running`, at last `done` or `failed`."""
    created_at: Micros
    started_at: Micros
    finished_at: Micros
    is_open: bool
    data: dict[str, Any] = msgspec.field(default_factory=dict)
    """What the effect needs to know."""
    output: str = ""

    @property
    def due(self) -> Micros:
        """When it changes next; of an open task."""
        return self.started_at if self.status == "pending" else self.finished_at

    def progress(self, now: Micros) -> int:
        """Return how far it is, in whole percent."""
        if not self.is_open:
            return 100
        if self.status == "pending":
            return 0
        span = self.finished_at - self.started_at
        # The clock may have been set back to before it started.
        return max(0, min(99, 100 * (now - self.started_at) // span)) if span else 99

    def duration(self, now: Micros) -> int:
        """Return for how many whole seconds it has run."""
        return max(0, min(now, self.finished_at) - self.started_at) // SECOND


class Agenda(Record, frozen=True, kw_only=True):
    """The one row that says when the next task changes, so that a request need not search for it."""

    due: Micros | None


TASKS: Kind[Task] = Kind(
    "tasks",
    Task,
    # The most selective first; of `is_open` only True is ever looked for, and few are.
    index=("server_id", "is_open", "user_id", "status", "compute_resource_id", "action"),
)
AGENDA: Kind[Agenda] = Kind("agenda", Agenda)


class TaskFailedError(Exception):
    """What a task was to do cannot be done any more; the message becomes its output."""


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
    """Add a task that starts at a moment, not before now; its effect comes when it is finished."""
    start = max(start, world.now)
    length = DURATIONS.get(action, SECOND) if duration is None else duration
    task = world[TASKS].add(
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
    due = next_due(world)
    _remember(world, task.due if due is None else min(due, task.due))
    return task


def next_due(world: World) -> Micros | None:
    """Return when the next task changes, or None while all is done."""
    agenda = world[AGENDA].get(1)
    return None if agenda is None else agenda.due


def settle(world: World) -> None:
    """Do all that is due by now, in order of time; at the same moment, in the order it was asked for."""
    due = next_due(world)
    if due is None or due > world.now:
        return
    while True:
        waiting = [(task.due, task.id) for task in world[TASKS].find(is_open=True)]
        ready = [entry for entry in waiting if entry[0] <= world.now]
        if not ready:
            break
        heapq.heapify(ready)
        while ready:
            _, key = heapq.heappop(ready)
            task = _advanced(world, world[TASKS].need(key))
            if task.is_open and task.due <= world.now:
                heapq.heappush(ready, (task.due, key))
    _remember(world, min((moment for moment, _ in waiting), default=None))


def open_task(world: World, server_id: int, action: str) -> Task | None:
    """Return an unfinished task that does this to a server, or None."""
    mine = world[TASKS].find(server_id=server_id)
    return next((task for task in mine if task.is_open and task.action == action), None)


def _advanced(world: World, task: Task) -> Task:
    # Imported here: effects know about servers, and servers about tasks.
    from mock_solusio.domain import effects

    if task.status == "pending":
        return world[TASKS].put(replace(task, status="running"))
    status, output = "done", ""
    try:
        effects.apply(world, task)
    except TaskFailedError as error:
        status, output = "failed", str(error)
    return world[TASKS].put(replace(task, status=status, output=output or task.output, is_open=False))


def _remember(world: World, due: Micros | None) -> None:
    agenda = world[AGENDA].get(1)
    if agenda is None:
        world[AGENDA].add(Agenda(due=due))
    elif agenda.due != due:
        world[AGENDA].put(Agenda(id=agenda.id, due=due))
