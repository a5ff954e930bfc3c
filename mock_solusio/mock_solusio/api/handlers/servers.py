"""Servers: list, create, show, change, delete (facts, section 7)."""

from typing import Any

from mock_solusio.api.call import Call, Reply, operation, shown
from mock_solusio.api.views.servers import disk_views, listed_servers, server_view
from mock_solusio.api.views.tasks import task_view
from mock_solusio.domain import server_access, servers
from mock_solusio.domain.permissions import Permission
from mock_solusio.domain.records.servers import Server


def seen(call: Call) -> Server:
    """Return the server of the path, if the actor may see it."""
    return server_access.get_visible(call.world, call.actor, call.permissions, call.path["server_id"])


def touched(call: Call) -> Server:
    """Return the server of the path, if the actor may act on it now."""
    return server_access.get_for_action(call.world, call.actor, call.permissions, call.path["server_id"])


def managed(call: Call) -> Server:
    """Return the server of the path as `touched` does; operators may change a suspended one, too."""
    operator = call.may(Permission.MANAGE_SERVERS)
    key = call.path["server_id"]
    return server_access.get_for_action(call.world, call.actor, call.permissions, key, suspended=operator)


@operation("listServers", permission=Permission.VIEW_SERVERS)
def list_servers(call: Call) -> Reply:
    """Answer a page of servers."""
    return listed_servers(call, call.filters)


@operation("createServer")
def create_server(call: Call) -> Reply:
    """Create a server."""
    return created(call, call.body)


def created(call: Call, fields: dict[str, Any]) -> Reply:
    """Create a server out of the members of `POST /servers`; answer 201."""
    server = servers.create(call.world, call.actor, call.permissions, **fields)
    return shown(call, server_view, server, status=201)


@operation("getServer")
def get_server(call: Call) -> Reply:
    """Answer a server."""
    return shown(call, server_view, seen(call))


@operation("replaceServer")
@operation("updateServer")
def update_server(call: Call) -> Reply:
    """Change what is given of a server: clients take PUT for a PATCH."""
    return shown(call, server_view, servers.update(call.world, managed(call), call.body))


@operation("updateServerSettings")
def update_server_settings(call: Call) -> Reply:
    """Change how the hypervisor runs a server."""
    return shown(call, server_view, servers.update_settings(call.world, managed(call), call.body))


@operation("deleteServer")
def delete_server(call: Call) -> Reply:
    """Delete a server; the answer is 200 and the task, never 204."""
    task = servers.remove(call.world, call.actor, call.permissions, call.path["server_id"])
    return shown(call, task_view, task)


@operation("listServerDisks")
def list_server_disks(call: Call) -> Reply:
    """Answer the disks of a server."""
    server = seen(call)
    return Reply(200, lambda: {"data": disk_views(call, server)})
