"""Roles and permissions (facts, section 4). Nobody gives or takes a permission that they lack themselves."""

from mock_solusio.api.access import permitted
from mock_solusio.api.call import Call, Reply
from mock_solusio.api.operations import Resource, operation
from mock_solusio.api.replies import list_items, no_content, show
from mock_solusio.api.views.people import permission_view, role_view
from mock_solusio.domain import roles
from mock_solusio.domain.permissions import Permission
from mock_solusio.domain.records.roles import ROLES
from mock_solusio.domain.role_permissions import PERMISSIONS

RESOURCE = Resource(role_view, sees=permitted(ROLES, Permission.VIEW_ROLES))
RESOURCE.list("listRoles")
RESOURCE.show("getRole")


@operation("createRole", permission=Permission.MANAGE_ROLES)
def create_role(call: Call) -> Reply:
    """Create a role."""
    role = roles.create(call.world, call.body["name"], _permissions(call) or [], actor=call.actor)
    return show(call, role_view, role, 201)


@operation("replaceRole", permission=Permission.MANAGE_ROLES)
def replace_role(call: Call) -> Reply:
    """Change a role."""
    role, name = call.record(ROLES), call.body["name"]
    return show(call, role_view, roles.update(call.world, role, name, _permissions(call), actor=call.actor))


@operation("deleteRole", permission=Permission.MANAGE_ROLES)
def delete_role(call: Call) -> Reply:
    """Delete a role."""
    roles.remove(call.world, call.record(ROLES), actor=call.actor)
    return no_content()


@operation("listPermissions", permission=Permission.VIEW_ROLES)
def list_permissions(call: Call) -> Reply:
    """Reply with a page of permissions."""
    return list_items(call, lambda _, number: permission_view(number), list(PERMISSIONS))


def _permissions(call: Call) -> list[int] | None:
    permissions = call.body.get("permissions")
    return None if permissions is None else [int(key) for key in permissions]
