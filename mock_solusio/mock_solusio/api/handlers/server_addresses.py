"""Addresses of a server (facts, section 7). The evotic SDK uses paths of its own for the same operations."""

from collections.abc import Sequence

from mock_solusio.api.call import Call, Reply
from mock_solusio.api.handlers.servers import managed
from mock_solusio.api.operations import operation
from mock_solusio.api.replies import show
from mock_solusio.api.views.tasks import task_view
from mock_solusio.domain import additional_ips, custom_plans
from mock_solusio.domain.errors import Forbidden, Invalid
from mock_solusio.domain.permissions import Permission


@operation("addServerIps", "addServerAdditionalIp")
def add_server_ips(call: Call) -> Reply:
    """Add addresses to a server. Customers cannot choose them, and need a plan that offers them."""
    server, body = managed(call), call.body
    if not call.may(Permission.MANAGE_SERVERS):
        if body.get("ip"):
            raise Forbidden
        plan = custom_plans.effective_plan(call.world, server)
        if not plan.is_additional_ips_available:
            text = f"Additional addresses are not available with the plan {plan.name}."
            raise Invalid.field("count", text)
    task = additional_ips.add(
        call.world,
        call.actor,
        server,
        number=body.get("count") or 1,
        version=body.get("type") or "IPv4",
        address=body.get("ip") or None,
    )
    return show(call, task_view, task)


@operation("removeServerIps", "removeServerAdditionalIps")
def remove_server_ips(call: Call) -> Reply:
    """Remove addresses from a server."""
    return _remove(call, call.body["ids"])


@operation("removeServerIp", "removeServerAdditionalIp")
def remove_server_ip(call: Call) -> Reply:
    """Remove one address from a server."""
    return _remove(call, [call.path["ip_id"]])


def _remove(call: Call, ids: Sequence[int]) -> Reply:
    return show(call, task_view, additional_ips.remove(call.world, call.actor, managed(call), ids))


@operation("updateServerIp", permission=Permission.MANAGE_SERVERS)
def update_server_ip(call: Call) -> Reply:
    """Change the primary address of a server."""
    task = additional_ips.change_primary(call.world, call.actor, managed(call), call.body["ip"])
    return show(call, task_view, task)
