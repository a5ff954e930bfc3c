"""Tasks (facts, section 8). Customers see those of their servers."""

from mock_solusio.api.call import Call, Reply
from mock_solusio.api.operations import operation
from mock_solusio.api.replies import list_page, show
from mock_solusio.api.views.tasks import task_view
from mock_solusio.domain.errors import Forbidden
from mock_solusio.domain.permissions import Permission
from mock_solusio.domain.records.servers import SERVERS
from mock_solusio.domain.records.tasks import TASKS, Task
from mock_solusio.domain.server_access import has_access


@operation("listTasks")
def list_tasks(call: Call) -> Reply:
    """Reply with a page of tasks; customers list those that they started."""
    where = call.filters
    if "compute_resource_vm_id" in where:
        where["server_id"] = where.pop("compute_resource_vm_id")
    if not call.may(Permission.VIEW_TASKS):
        where["user_id"] = call.actor.id
    return list_page(call, TASKS, task_view, where)


@operation("getTask")
def get_task(call: Call) -> Reply:
    """Reply with a task."""
    task = call.record(TASKS)
    if not call.may(Permission.VIEW_TASKS) and not _is_own(call, task):
        raise Forbidden
    return show(call, task_view, task)


def _is_own(call: Call, task: Task) -> bool:
    if task.user_id == call.actor.id:
        return True
    server = call.world[SERVERS].get(task.server_id)
    return server is not None and has_access(call.world, call.actor, server)
