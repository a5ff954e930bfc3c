"""What the API shows of tasks (facts, section 8)."""

from typing import Any

from mock_solusio.api.call import Call
from mock_solusio.domain.records.tasks import Task
from mock_solusio.moment import rfc3339


def task_view(call: Call, task: Task) -> dict[str, Any]:
    """Show a task; figures are integers, which the Go SDK insists on."""
    if task.is_open:
        call.uncached()
    return {
        "id": task.id,
        "compute_resource_id": task.compute_resource_id,
        "compute_resource_vm_id": task.server_id or None,
        "queue": f"compute_resource_{task.compute_resource_id}",
        "action": task.action,
        "status": task.status,
        "output": task.output,
        "progress": task.progress(call.now),
        "duration": task.duration(call.now),
        "created_at": rfc3339(task.created_at),
        "started_at": None if task.status == "pending" else rfc3339(task.started_at),
        "finished_at": None if task.is_open else rfc3339(task.finished_at),
    }
