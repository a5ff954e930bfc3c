"""Limit groups (facts, section 4; step 5)."""

from typing import Any

from mock_solusio.api.call import Call, Reply, listed, nothing, operation, shown
from mock_solusio.api.views.people import limit_group_view
from mock_solusio.domain import limit_groups
from mock_solusio.domain.limit_groups import LIMITS
from mock_solusio.domain.permissions import Permission
from mock_solusio.domain.records.limit_groups import LIMIT_GROUPS, LimitGroup


@operation("listLimitGroups", permission=Permission.VIEW_LIMIT_GROUPS)
def list_limit_groups(call: Call) -> Reply:
    """Answer a page of limit groups."""
    return listed(call, LIMIT_GROUPS, limit_group_view)


@operation("getLimitGroup", permission=Permission.VIEW_LIMIT_GROUPS)
def get_limit_group(call: Call) -> Reply:
    """Answer a limit group."""
    return shown(call, limit_group_view, _group(call))


@operation("createLimitGroup", permission=Permission.MANAGE_LIMIT_GROUPS)
def create_limit_group(call: Call) -> Reply:
    """Make a limit group."""
    group = limit_groups.create(call.world, call.body["name"], _limits(call))
    return shown(call, limit_group_view, group, status=201)


@operation("replaceLimitGroup", permission=Permission.MANAGE_LIMIT_GROUPS)
@operation("updateLimitGroup", permission=Permission.MANAGE_LIMIT_GROUPS)
def update_limit_group(call: Call) -> Reply:
    """Change what is given of a limit group."""
    group = limit_groups.update(call.world, _group(call), call.body.get("name"), _limits(call))
    return shown(call, limit_group_view, group)


@operation("deleteLimitGroup", permission=Permission.MANAGE_LIMIT_GROUPS)
def delete_limit_group(call: Call) -> Reply:
    """Delete a limit group."""
    limit_groups.remove(call.world, _group(call))
    return nothing()


def _group(call: Call) -> LimitGroup:
    return call.world[LIMIT_GROUPS].get_or_404(call.path["limit_group_id"])


def _limits(call: Call) -> dict[str, dict[str, Any]]:
    return {name: call.body[name] for name in LIMITS if name in call.body}
