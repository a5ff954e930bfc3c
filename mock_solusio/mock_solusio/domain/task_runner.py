"""Runs tasks as time passes: each one starts, takes effect and finishes at its moment, in order."""

from msgspec.structs import replace

from mock_solusio.domain import effects, event_handlers
from mock_solusio.domain.records.servers import SERVERS, Server
from mock_solusio.domain.records.tasks import TASKS, Task
from mock_solusio.domain.tasks import TaskFailedError
from mock_solusio.domain.world import World


def run_due(world: World) -> None:
    """Run all due tasks, by time and then by id; a no-op if none are due."""
    while (task := world[TASKS].earliest()) is not None and task.due <= world.now:
        _advance(world, task)


def finish_now(world: World, server: Server) -> Server:
    """Finish all tasks of a server at once; return the server."""
    for task in world[TASKS].find(server_id=server.id, is_open=True):
        world[TASKS].update(replace(task, started_at=world.now, finished_at=world.now))
    world[SERVERS].update(replace(world[SERVERS].get_or_404(server.id), busy_until=world.now))
    run_due(world)
    return world[SERVERS].get_or_404(server.id)


def _advance(world: World, task: Task) -> None:
    if task.status == "pending":
        world[TASKS].update(replace(task, status="running"))
        return
    status, output = "done", ""
    try:
        effects.apply(world, task)
    except TaskFailedError as error:
        status, output = "failed", str(error)
    else:
        event_handlers.emit_for_task(world, task)
    world[TASKS].update(replace(task, status=status, output=output or task.output, is_open=False))
