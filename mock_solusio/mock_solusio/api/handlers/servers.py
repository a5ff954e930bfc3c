"""Servers: list, create, show, change, delete (facts, section 7). `domain.servers` does what is asked."""

from typing import Any

from mock_solusio.api.access import Access
from mock_solusio.api.call import Call, Reply
from mock_solusio.api.operations import Resource, operation
from mock_solusio.api.replies import list_page, show
from mock_solusio.api.views.servers import boot_view, disk_views, server_view
from mock_solusio.api.views.tasks import task_view
from mock_solusio.domain import server_access, servers
from mock_solusio.domain.permissions import Permission
from mock_solusio.domain.records.servers import SERVERS, Server


def visible(call: Call) -> Server:
    """Return the server of the path if the actor may see it."""
    return server_access.get_visible(call.world, call.actor, call.permissions, call.path["server_id"])


def actionable(call: Call) -> Server:
    """Return the server of the path if the actor may act on it, and it is not suspended."""
    return server_access.get_for_action(call.world, call.actor, call.permissions, call.path["server_id"])


def managed(call: Call) -> Server:
    """Return the server of the path if the actor may act on it; operators may if it is suspended."""
    operator = call.may(Permission.MANAGE_SERVERS)
    key = call.path["server_id"]
    return server_access.get_for_action(call.world, call.actor, call.permissions, key, suspended=operator)


RESOURCE = Resource(server_view, sees=Access(SERVERS, visible), manages=Access(SERVERS, managed))
RESOURCE.show("getServer")
RESOURCE.show("listServerDisks", view=disk_views)
RESOURCE.show("getServerBoot", view=boot_view)
RESOURCE.update("replaceServer", "updateServer", by=servers.update)
RESOURCE.update("updateServerSettings", by=servers.update_settings)


@operation("listServers", permission=Permission.VIEW_SERVERS)
def list_servers(call: Call) -> Reply:
    """Reply with a page of servers."""
    return list_page(call, SERVERS, server_view, call.filters)


@operation("createServer")
def create_server(call: Call) -> Reply:
    """Create a server."""
    return created(call, call.body)


def created(call: Call, fields: dict[str, Any]) -> Reply:
    """Create a server from the fields of `POST /servers`; reply with 201."""
    server = servers.create(call.world, call.actor, call.permissions, **fields)
    return show(call, server_view, server, 201)


@operation("deleteServer")
def delete_server(call: Call) -> Reply:
    """Delete a server; reply with 200 and the task, never with 204."""
    task = servers.remove(call.world, call.actor, call.permissions, call.path["server_id"])
    return show(call, task_view, task)
