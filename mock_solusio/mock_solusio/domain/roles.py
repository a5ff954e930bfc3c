"""Roles: sets of permissions for users."""

from typing import Any

from msgspec.structs import replace

from mock_solusio.domain import authority, settings
from mock_solusio.domain.errors import Conflict, Invalid, counted
from mock_solusio.domain.permissions import CLIENT_PERMISSIONS
from mock_solusio.domain.records.roles import ADMINISTRATOR_ROLE, CLIENT_ROLE, ROLES, Role
from mock_solusio.domain.records.user import USERS, User
from mock_solusio.domain.role_permissions import PERMISSIONS, permissions_of_role, role_by_name
from mock_solusio.domain.world import Has, World

_BUILT_IN: dict[int, dict[str, Any]] = {
    ADMINISTRATOR_ROLE: {"name": "ADMIN", "name_key": "admin", "permissions": []},
    CLIENT_ROLE: {
        "name": "CLIENT",
        "name_key": "client",
        "permissions": [permission.value for permission in CLIENT_PERMISSIONS],
    },
}


def seed(world: World) -> None:
    """Create the two roles of a fresh installation."""
    for fields in _BUILT_IN.values():
        world[ROLES].add(Role(**fields))


def restore_built_in(world: World) -> None:
    """Give the built-in roles of an older state their present names and permissions."""
    for key, fields in _BUILT_IN.items():
        holder = role_by_name(world, fields["name"])
        if holder is not None and holder.id != key:
            update(world, holder, f"{holder.name} (own)", None)
        role = world[ROLES].get_or_404(key)
        settings.role_renamed(world, role.name, fields["name"])
        world[ROLES].update(replace(role, **fields))


def create(world: World, name: str, permissions: list[int], *, actor: User | None = None) -> Role:
    """Create a role with permissions of these ids. For `actor` see `users`.

    Raises:
        Invalid: the name is taken, or a permission does not exist.
        Forbidden: the actor lacks one of the permissions.
    """
    _check_name(world, name)
    role = Role(name=name, name_key=name.casefold(), permissions=_names(permissions))
    authority.check_grant(world, actor, permissions_of_role(role))
    return world[ROLES].add(role)


def update(
    world: World, role: Role, name: str, permissions: list[int] | None, *, actor: User | None = None
) -> Role:
    """Rename a role and replace its permissions; None keeps them.

    Raises:
        Conflict: the role is built in.
        Invalid: the name is taken, or a permission does not exist.
        Forbidden: the actor lacks a permission that the role has or would get.
    """
    authority.check_grant(world, actor, permissions_of_role(role))
    if role.built_in:
        raise Conflict(f"The role {role.name} is built in and cannot be changed.")
    _check_name(world, name, role)
    names = role.permissions if permissions is None else _names(permissions)
    changed = replace(role, name=name, name_key=name.casefold(), permissions=names)
    authority.check_grant(world, actor, permissions_of_role(changed))
    settings.role_renamed(world, role.name, name)
    return world[ROLES].update(changed)


def remove(world: World, role: Role, *, actor: User | None = None) -> None:
    """Delete a role.

    Raises:
        Conflict: the role is built in, users have it, or new users get it.
        Forbidden: the actor lacks a permission that the role has.
    """
    authority.check_grant(world, actor, permissions_of_role(role))
    if role.built_in:
        raise Conflict(f"The role {role.name} is built in and cannot be deleted.")
    users = world[USERS].count(roles=Has(role.id))
    if users:
        raise Conflict(f"The role {role.name} cannot be deleted: it is in use by {counted(users, 'user')}.")
    if settings.registration_role(world) == role:
        raise Conflict(f"The role {role.name} cannot be deleted: users who register get it.")
    world[ROLES].remove(role.id)


def _names(permissions: list[int]) -> list[str]:
    unknown = [number for number in permissions if number not in PERMISSIONS]
    if unknown:
        raise Invalid.field("permissions", f"There is no permission {unknown[0]}.")
    return [PERMISSIONS[number].value for number in sorted(set(permissions))]


def _check_name(world: World, name: str, role: Role | None = None) -> None:
    holder = role_by_name(world, name)
    if holder is not None and (role is None or holder.id != role.id):
        raise Invalid.field("name", "The name has already been taken.")
