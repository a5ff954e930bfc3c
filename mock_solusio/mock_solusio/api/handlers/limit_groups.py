"""Limit groups (facts, section 4; step 5)."""

from mock_solusio.api.access import permitted
from mock_solusio.api.operations import Resource
from mock_solusio.api.views.people import limit_group_view
from mock_solusio.domain import limit_groups
from mock_solusio.domain.permissions import Permission
from mock_solusio.domain.records.limit_groups import LIMIT_GROUPS

RESOURCE = Resource(
    limit_group_view,
    sees=permitted(LIMIT_GROUPS, Permission.VIEW_LIMIT_GROUPS),
    manages=permitted(LIMIT_GROUPS, Permission.MANAGE_LIMIT_GROUPS),
)
RESOURCE.list("listLimitGroups")
RESOURCE.create("createLimitGroup", by=limit_groups.create)
RESOURCE.show("getLimitGroup")
RESOURCE.update("replaceLimitGroup", "updateLimitGroup", by=limit_groups.update)
RESOURCE.delete("deleteLimitGroup", by=limit_groups.remove)
