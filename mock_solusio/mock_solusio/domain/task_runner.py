"""Runs tasks as time passes: each one starts, takes effect and finishes at its moment, in order."""

import heapq

from msgspec.structs import replace

from mock_solusio.domain import effects, event_handlers
from mock_solusio.domain.records.servers import SERVERS, Server
from mock_solusio.domain.records.tasks import TASKS, Task
from mock_solusio.domain.tasks import TaskFailedError, next_due, set_next_due
from mock_solusio.domain.world import World


def run_due(world: World) -> None:
    """Run all due tasks, by time and then by id; a no-op if none are due."""
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
            task = _advanced(world, world[TASKS].get_or_404(key))
            if task.is_open and task.due <= world.now:
                heapq.heappush(ready, (task.due, key))
    set_next_due(world, min((moment for moment, _ in waiting), default=None))


def finish_now(world: World, server: Server) -> Server:
    """Finish all tasks of a server at once; return the server."""
    for task in world[TASKS].find(server_id=server.id, is_open=True):
        world[TASKS].update(replace(task, started_at=world.now, finished_at=world.now))
    world[SERVERS].update(replace(world[SERVERS].get_or_404(server.id), busy_until=world.now))
    set_next_due(world, world.now)
    run_due(world)
    return world[SERVERS].get_or_404(server.id)


def _advanced(world: World, task: Task) -> Task:
    if task.status == "pending":
        return world[TASKS].update(replace(task, status="running"))
    status, output = "done", ""
    try:
        effects.apply(world, task)
    except TaskFailedError as error:
        status, output = "failed", str(error)
    else:
        event_handlers.emit_for_task(world, task)
    return world[TASKS].update(replace(task, status=status, output=output or task.output, is_open=False))
