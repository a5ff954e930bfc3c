"""Roles: what their holders may do."""

import functools

import msgspec
from msgspec.structs import replace

from mock_solusio.domain.errors import Conflict, Invalid
from mock_solusio.domain.permissions import Permission
from mock_solusio.domain.records.user import User
from mock_solusio.domain.world import Kind, Record, World

ADMINISTRATOR = 1
"""Id of the role that permits everything."""

CLIENT = 2
"""Id of the role of customers, which permits nothing beyond one's own things (facts, section 3)."""

BUILT_IN = (ADMINISTRATOR, CLIENT)

PERMISSIONS: dict[int, Permission] = dict(enumerate(Permission, start=1))
"""All permissions by their ids."""

_NUMBERS = {permission: number for number, permission in PERMISSIONS.items()}
_ALL: frozenset[Permission] = frozenset(Permission)


class Role(Record, frozen=True, kw_only=True):
    """A role, and how many users have it."""

    name: str
    name_key: str
    permissions: list[str] = msgspec.field(default_factory=list)
    """Names, not ids, so that state files outlive new permissions. Not used for the administrator."""
    users_count: int = 0

    @property
    def built_in(self) -> bool:
        """Whether SolusIO brought it along."""
        return self.id in BUILT_IN


ROLES = Kind("roles", Role, index=("name",), unique=("name_key",), search=("name",))


def seed(world: World) -> None:
    """Make the two roles that a fresh installation has (their names: facts, section 3)."""
    for name in ("Administrator", "Client"):
        world[ROLES].add(Role(name=name, name_key=name.casefold()))


def by_name(world: World, name: str) -> Role | None:
    """Return the role with this name, in any case."""
    return world[ROLES].first(name_key=name.casefold())


def permissions_of_role(role: Role) -> frozenset[Permission]:
    """Return what a role permits: to manage includes to view."""
    if role.id == ADMINISTRATOR:
        return _ALL
    return _permitted(tuple(role.permissions))


@functools.lru_cache(maxsize=1000)
def _permitted(names: tuple[str, ...]) -> frozenset[Permission]:
    given = {Permission(name) for name in names if name in _ALL}
    views = {name.replace("manage ", "view ", 1) for name in given}
    return frozenset(given | {permission for permission in Permission if permission in views})


def permissions_of(world: World, user: User) -> frozenset[Permission]:
    """Return what a user's roles permit together; what is his own he needs no permission for."""
    return permissions_of_roles(world, user.roles)


def permissions_of_roles(world: World, ids: list[int]) -> frozenset[Permission]:
    """Return what some roles permit together; those that do not exist permit nothing."""
    if ADMINISTRATOR in ids:
        return _ALL
    found = (world[ROLES].get(key) for key in ids)
    return frozenset().union(*(permissions_of_role(role) for role in found if role is not None))


def numbers(role: Role) -> list[int]:
    """Return the ids of what a role permits, in order."""
    return sorted(_NUMBERS[permission] for permission in permissions_of_role(role))


def create(world: World, name: str, permissions: list[int], *, actor: User | None = None) -> Role:
    """Make a role of the permissions with these ids. Actors: see `users`.

    Raises:
        Invalid: the name is taken, or there is no such permission.
        Forbidden: the actor lacks one of the permissions.
    """
    from mock_solusio.domain import authority

    _check_name(world, name)
    role = Role(name=name, name_key=name.casefold(), permissions=_names(permissions))
    authority.check_grant(world, actor, permissions_of_role(role))
    return world[ROLES].add(role)


def change(
    world: World, role: Role, name: str, permissions: list[int] | None, *, actor: User | None = None
) -> Role:
    """Rename a role and give it other permissions; None leaves them.

    Raises:
        Conflict: SolusIO brought it along.
        Invalid: the name is taken, or there is no such permission.
        Forbidden: the actor lacks a permission that the role has, or shall have.
    """
    from mock_solusio.domain import authority, settings

    authority.check_grant(world, actor, permissions_of_role(role))
    if role.built_in:
        raise Conflict(f"The role {role.name} comes with SolusIO and cannot be changed.")
    _check_name(world, name, role)
    names = role.permissions if permissions is None else _names(permissions)
    changed = replace(role, name=name, name_key=name.casefold(), permissions=names)
    authority.check_grant(world, actor, permissions_of_role(changed))
    settings.role_renamed(world, role.name, name)
    return world[ROLES].put(changed)


def remove(world: World, role: Role, *, actor: User | None = None) -> None:
    """Delete a role.

    Raises:
        Conflict: SolusIO brought it along, users have it, or registration gives it.
        Forbidden: the actor lacks a permission that the role has.
    """
    from mock_solusio.domain import authority, settings

    authority.check_grant(world, actor, permissions_of_role(role))
    if role.built_in:
        raise Conflict(f"The role {role.name} comes with SolusIO and cannot be deleted.")
    if role.users_count:
        raise Conflict(f"The role {role.name} cannot be deleted: users have it ({role.users_count}).")
    if settings.registration_role(world) == role:
        raise Conflict(f"The role {role.name} cannot be deleted: users who register get it.")
    world[ROLES].remove(role.id)


def _names(permissions: list[int]) -> list[str]:
    unknown = [number for number in permissions if number not in PERMISSIONS]
    if unknown:
        raise Invalid.field("permissions", f"There is no permission {unknown[0]}.")
    return [PERMISSIONS[number].value for number in sorted(set(permissions))]


def _check_name(world: World, name: str, role: Role | None = None) -> None:
    holder = by_name(world, name)
    if holder is not None and (role is None or holder.id != role.id):
        raise Invalid.field("name", "The name has already been taken.")
