"""Actions on servers. Most start a task and reply with it, as 200 (facts, section 7)."""

from collections.abc import Callable
from typing import TypeVar

from mock_solusio.api.call import Call, Reply
from mock_solusio.api.handlers.servers import actionable, managed
from mock_solusio.api.operations import operation
from mock_solusio.api.replies import show
from mock_solusio.api.views.servers import console_view, server_view
from mock_solusio.api.views.tasks import task_view
from mock_solusio.domain import server_actions as actions
from mock_solusio.domain.errors import Forbidden
from mock_solusio.domain.permissions import Permission
from mock_solusio.domain.records.tasks import Task
from mock_solusio.domain.records.user import User
from mock_solusio.domain.world import World

T = TypeVar("T")


def starts_task(
    operation_id: str,
    find: Callable[[Call], T],
    by: Callable[[World, User, T], Task],
    permission: Permission | None = None,
) -> None:
    """Register an operation that starts a task on the record of the path; reply with the task."""

    @operation(operation_id, permission=permission)
    def handle(call: Call) -> Reply:
        return show(call, task_view, by(call.world, call.actor, find(call)))


starts_task("startServer", actionable, actions.start)
starts_task("suspendServer", managed, actions.suspend, Permission.MANAGE_SERVERS)
starts_task("resumeServer", managed, actions.resume, Permission.MANAGE_SERVERS)
starts_task("installGuestTools", actionable, actions.install_guest_tools)


@operation("stopServer")
def stop_server(call: Call) -> Reply:
    """Stop a server."""
    force = bool(call.body.get("force"))
    return show(call, task_view, actions.stop(call.world, call.actor, actionable(call), force=force))


@operation("restartServer")
def restart_server(call: Call) -> Reply:
    """Restart a server."""
    force = bool(call.body.get("force"))
    return show(call, task_view, actions.restart(call.world, call.actor, actionable(call), force=force))


@operation("resizeServer", permission=Permission.RESIZE_SERVERS)
def resize_server(call: Call) -> Reply:
    """Give a server another plan. Customers choose among the plans that they see, without changes."""
    operator = call.may(Permission.MANAGE_SERVERS)
    server = managed(call)
    if call.body.get("custom_plan") and not operator:
        raise Forbidden
    task = actions.resize(call.world, call.actor, server, call.body, any_plan=operator)
    return show(call, task_view, task)


@operation("reinstallServer")
def reinstall_server(call: Call) -> Reply:
    """Reinstall a server with an operating system or an application."""
    operator = call.may(Permission.MANAGE_SERVERS)
    task = actions.reinstall(call.world, call.actor, actionable(call), call.body, any_system=operator)
    return show(call, task_view, task)


@operation("resetServerPassword")
def reset_server_password(call: Call) -> Reply:
    """Give the server's root user a new password."""
    to_current_user = bool(call.body.get("send_password_to_current_user"))
    server = actionable(call)
    task = actions.reset_password(call.world, call.actor, server, to_current_user=to_current_user)
    return show(call, task_view, task)


@operation("openServerConsole")
def open_server_console(call: Call) -> Reply:
    """Reply with the address of the console, without an envelope."""
    server = actionable(call)
    return Reply(200, lambda: console_view(call, server))


@operation("resetServerUsage", permission=Permission.MANAGE_SERVERS)
def reset_server_usage(call: Call) -> Reply:
    """Reset the traffic counters; reply with the server."""
    return show(call, server_view, actions.reset_usage(call.world, call.actor, managed(call)))


@operation("setServerBoot")
def set_server_boot(call: Call) -> Reply:
    """Choose what a server boots from."""
    server, operator = actionable(call), call.may(Permission.MANAGE_SERVERS)
    mode, image = call.body["mode"], call.body.get("iso_image_id")
    task = actions.set_boot(call.world, call.actor, server, mode, image, any_image=operator)
    return show(call, task_view, task)
