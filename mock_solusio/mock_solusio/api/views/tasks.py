"""Tasks as the API shows them (facts, section 8)."""

from mock_solusio.api.call import Call
from mock_solusio.api.views.parts import Json, compute_resource_short, pick
from mock_solusio.domain.records.compute_resources import COMPUTE_RESOURCES
from mock_solusio.domain.records.tasks import TASKS, Migration, Task
from mock_solusio.moment import rfc3339


def task_view(call: Call, task: Task) -> Json:
    """Show a task; its numbers are integers, as the Go SDK requires."""
    if task.is_open:
        call.uncached()
    return {
        "id": task.id,
        "compute_resource_id": task.compute_resource_id,
        "compute_resource_vm_id": task.server_id or None,
        "queue": f"compute_resource_{task.compute_resource_id}",
        **pick(task, "action", "status", "output"),
        "progress": task.progress(call.now),
        "duration": task.duration(call.now),
        "created_at": rfc3339(task.created_at),
        "started_at": None if task.status == "pending" else rfc3339(task.started_at),
        "finished_at": None if task.is_open else rfc3339(task.finished_at),
    }


def migration_view(call: Call, migration: Migration) -> Json:
    """Show a migration; its destination is null once the compute resource is deleted."""
    destination = call.world[COMPUTE_RESOURCES].get(migration.destination_id)
    tasks = call.world[TASKS]
    return {
        "id": migration.id,
        "destination_compute_resource": None if destination is None else compute_resource_short(destination),
        "task": task_view(call, tasks.get_or_404(migration.task_id)),
        "children": [task_view(call, tasks.get_or_404(key)) for key in migration.children],
    }
