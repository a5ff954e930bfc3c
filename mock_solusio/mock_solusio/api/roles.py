"""Roles and permissions (facts, section 4)."""

from mock_solusio.api.call import Call, Reply, listed, listed_from, nothing, operation, shown
from mock_solusio.domain import authority, roles
from mock_solusio.domain.errors import Forbidden
from mock_solusio.domain.permissions import Permission
from mock_solusio.domain.roles import PERMISSIONS, ROLES, Role
from mock_solusio.views.people import permission_view, role_view


@operation("listRoles", permission=Permission.VIEW_ROLES)
def list_roles(call: Call) -> Reply:
    """Answer a page of roles."""
    return listed(call, ROLES, role_view, search=call.query.get("filter[search]", ""))


@operation("getRole", permission=Permission.VIEW_ROLES)
def get_role(call: Call) -> Reply:
    """Answer a role."""
    return shown(call, role_view, _role(call))


@operation("createRole", permission=Permission.MANAGE_ROLES)
def create_role(call: Call) -> Reply:
    """Make a role; it may permit nothing that the actor lacks."""
    role = roles.create(call.world, call.body["name"], _permissions(call) or [])
    authority.check_grant(call.world, call.actor, roles.permissions_of_role(role))
    return shown(call, role_view, role, status=201)


@operation("replaceRole", permission=Permission.MANAGE_ROLES)
def replace_role(call: Call) -> Reply:
    """Change a role; neither before nor after may it permit what the actor lacks."""
    role = _role(call)
    authority.check_grant(call.world, call.actor, roles.permissions_of_role(role))
    changed = roles.change(call.world, role, call.body["name"], _permissions(call))
    # The actor as he was before: the role may be one of his own.
    if not call.permissions.issuperset(roles.permissions_of_role(changed)):
        raise Forbidden
    return shown(call, role_view, changed)


@operation("deleteRole", permission=Permission.MANAGE_ROLES)
def delete_role(call: Call) -> Reply:
    """Delete a role."""
    role = _role(call)
    authority.check_grant(call.world, call.actor, roles.permissions_of_role(role))
    roles.remove(call.world, role)
    return nothing()


@operation("listPermissions", permission=Permission.VIEW_ROLES)
def list_permissions(call: Call) -> Reply:
    """Answer a page of permissions."""
    return listed_from(call, lambda _, number: permission_view(number), list(PERMISSIONS))


def _role(call: Call) -> Role:
    return call.world[ROLES].need(call.path["role_id"])


def _permissions(call: Call) -> list[int] | None:
    given = call.body.get("permissions")
    return None if given is None else [int(key) for key in given]
