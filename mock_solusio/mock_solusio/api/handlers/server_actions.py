"""What can be done to a server. Every answer is 200 with a task, unless said otherwise (facts, section 7)."""

from mock_solusio.api.call import Call, Reply, operation, shown
from mock_solusio.api.handlers.servers import managed, seen, touched
from mock_solusio.api.views.servers import console_view, server_view
from mock_solusio.api.views.tasks import task_view
from mock_solusio.domain import server_actions as actions
from mock_solusio.domain.errors import Forbidden
from mock_solusio.domain.permissions import Permission
from mock_solusio.domain.records.tasks import Task


def begun(call: Call, task: Task) -> Reply:
    """Answer the task that does what was asked for."""
    return shown(call, task_view, task)


@operation("startServer")
def start_server(call: Call) -> Reply:
    """Start a server."""
    return begun(call, actions.start(call.world, call.actor, touched(call)))


@operation("stopServer")
def stop_server(call: Call) -> Reply:
    """Stop a server."""
    return begun(call, actions.stop(call.world, call.actor, touched(call), force=_force(call)))


@operation("restartServer")
def restart_server(call: Call) -> Reply:
    """Restart a server."""
    return begun(call, actions.restart(call.world, call.actor, touched(call), force=_force(call)))


def _force(call: Call) -> bool:
    return bool(call.body.get("force"))


@operation("suspendServer", permission=Permission.MANAGE_SERVERS)
def suspend_server(call: Call) -> Reply:
    """Suspend a server."""
    return begun(call, actions.suspend(call.world, call.actor, managed(call)))


@operation("resumeServer", permission=Permission.MANAGE_SERVERS)
def resume_server(call: Call) -> Reply:
    """End a suspension."""
    return begun(call, actions.resume(call.world, call.actor, managed(call)))


@operation("resizeServer")
def resize_server(call: Call) -> Reply:
    """Give a server another plan. A client chooses among those he sees, as they are."""
    operator = call.may(Permission.MANAGE_SERVERS)
    server = managed(call)
    if call.body.get("custom_plan") and not operator:
        raise Forbidden
    return begun(call, actions.resize(call.world, call.actor, server, call.body, any_plan=operator))


@operation("reinstallServer")
def reinstall_server(call: Call) -> Reply:
    """Install an operating system or an application anew."""
    operator = call.may(Permission.MANAGE_SERVERS)
    task = actions.reinstall(call.world, call.actor, touched(call), call.body, any_system=operator)
    return begun(call, task)


@operation("resetServerPassword")
def reset_server_password(call: Call) -> Reply:
    """Give the server's root a new password."""
    to_current_user = bool(call.body.get("send_password_to_current_user"))
    server = touched(call)
    task = actions.reset_password(call.world, call.actor, server, to_current_user=to_current_user)
    return begun(call, task)


@operation("openServerConsole")
def open_server_console(call: Call) -> Reply:
    """Answer where the console is, without an envelope."""
    server = touched(call)
    return Reply(200, lambda: console_view(call, server))


@operation("resetServerUsage", permission=Permission.MANAGE_SERVERS)
def reset_server_usage(call: Call) -> Reply:
    """Count the traffic from zero again; answer the server."""
    server = managed(call)
    return shown(call, server_view, actions.reset_usage(call.world, call.actor, server))


@operation("installGuestTools")
def install_guest_tools(call: Call) -> Reply:
    """Install the guest tools."""
    return begun(call, actions.install_guest_tools(call.world, call.actor, touched(call)))


@operation("getServerBoot")
def get_server_boot(call: Call) -> Reply:
    """Answer from what a server boots."""
    server = seen(call)
    boot = {"mode": server.boot_mode, "iso_image_id": server.iso_image_id}
    return Reply(200, lambda: {"data": boot})


@operation("setServerBoot")
def set_server_boot(call: Call) -> Reply:
    """Say from what a server boots."""
    task = actions.set_boot(
        call.world,
        call.actor,
        touched(call),
        call.body["mode"],
        call.body.get("iso_image_id"),
        any_image=call.may(Permission.MANAGE_SERVERS),
    )
    return begun(call, task)
