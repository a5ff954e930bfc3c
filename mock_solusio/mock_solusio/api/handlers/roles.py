"""Roles and permissions (facts, section 4)."""

from mock_solusio.api.call import Call, Reply, listed, listed_from, nothing, operation, shown
from mock_solusio.api.views.people import permission_view, role_view
from mock_solusio.domain import roles
from mock_solusio.domain.permissions import Permission
from mock_solusio.domain.records.roles import ROLES, Role
from mock_solusio.domain.role_permissions import PERMISSIONS


@operation("listRoles", permission=Permission.VIEW_ROLES)
def list_roles(call: Call) -> Reply:
    """Answer a page of roles."""
    return listed(call, ROLES, role_view)


@operation("getRole", permission=Permission.VIEW_ROLES)
def get_role(call: Call) -> Reply:
    """Answer a role."""
    return shown(call, role_view, _role(call))


@operation("createRole", permission=Permission.MANAGE_ROLES)
def create_role(call: Call) -> Reply:
    """Make a role; it may permit nothing that the actor lacks."""
    role = roles.create(call.world, call.body["name"], _permissions(call) or [], actor=call.actor)
    return shown(call, role_view, role, status=201)


@operation("replaceRole", permission=Permission.MANAGE_ROLES)
def replace_role(call: Call) -> Reply:
    """Change a role; neither before nor after may it permit what the actor lacks."""
    changed = roles.update(call.world, _role(call), call.body["name"], _permissions(call), actor=call.actor)
    return shown(call, role_view, changed)


@operation("deleteRole", permission=Permission.MANAGE_ROLES)
def delete_role(call: Call) -> Reply:
    """Delete a role."""
    roles.remove(call.world, _role(call), actor=call.actor)
    return nothing()


@operation("listPermissions", permission=Permission.VIEW_ROLES)
def list_permissions(call: Call) -> Reply:
    """Answer a page of permissions."""
    return listed_from(call, lambda _, number: permission_view(number), list(PERMISSIONS))


def _role(call: Call) -> Role:
    return call.world[ROLES].get_or_404(call.path["role_id"])


def _permissions(call: Call) -> list[int] | None:
    given = call.body.get("permissions")
    return None if given is None else [int(key) for key in given]
