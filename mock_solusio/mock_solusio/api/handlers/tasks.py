"""Tasks (facts, section 8). A client sees those of his servers."""

from mock_solusio.api.call import Call, Reply, listed, operation, shown
from mock_solusio.api.views.tasks import task_view
from mock_solusio.domain.errors import Forbidden
from mock_solusio.domain.permissions import Permission
from mock_solusio.domain.records.servers import SERVERS
from mock_solusio.domain.records.tasks import TASKS, Task
from mock_solusio.domain.server_access import has_access


@operation("listTasks")
def list_tasks(call: Call) -> Reply:
    """Answer a page of tasks."""
    where = call.filters
    if "compute_resource_vm_id" in where:
        where["server_id"] = where.pop("compute_resource_vm_id")
    if not call.may(Permission.VIEW_TASKS):
        where["user_id"] = call.actor.id
    return listed(call, TASKS, task_view, where)


@operation("getTask")
def get_task(call: Call) -> Reply:
    """Answer a task."""
    task = call.world[TASKS].get_or_404(call.path["task_id"])
    if not call.may(Permission.VIEW_TASKS) and not _is_his(call, task):
        raise Forbidden
    return shown(call, task_view, task)


def _is_his(call: Call, task: Task) -> bool:
    if task.user_id == call.actor.id:
        return True
    server = call.world[SERVERS].get(task.server_id)
    return server is not None and has_access(call.world, call.actor, server)
