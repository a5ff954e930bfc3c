"""The permissions of roles, with their ids in the API."""

import functools

from mock_solusio.domain.permissions import INCLUDED, Permission
from mock_solusio.domain.records.roles import ADMINISTRATOR_ROLE, ROLES, Role
from mock_solusio.domain.records.user import User
from mock_solusio.domain.world import World

PERMISSIONS: dict[int, Permission] = dict(enumerate(Permission, start=1))
"""All permissions by their ids."""

_IDS = {permission: number for number, permission in PERMISSIONS.items()}
_ALL: frozenset[Permission] = frozenset(Permission)


def role_by_name(world: World, name: str) -> Role | None:
    """Return the role with this name, in any case."""
    return world[ROLES].first(name_key=name.casefold())


def permissions_of_role(role: Role) -> frozenset[Permission]:
    """Return the permissions of a role with those that they include."""
    if role.id == ADMINISTRATOR_ROLE:
        return _ALL
    return _permitted(tuple(role.permissions))


@functools.lru_cache(maxsize=1000)
def _permitted(names: tuple[str, ...]) -> frozenset[Permission]:
    given = {Permission(name) for name in names if name in _ALL}
    views = {name.replace("manage ", "view ", 1) for name in given}
    included = {permission for name in given for permission in INCLUDED.get(name, ())}
    return frozenset(given | included | {permission for permission in Permission if permission in views})


def permissions_of(world: World, user: User) -> frozenset[Permission]:
    """Return the permissions of a user's roles together. Users need none for their own things."""
    return permissions_of_roles(world, user.roles)


def permissions_of_roles(world: World, ids: list[int]) -> frozenset[Permission]:
    """Return the permissions of some roles together; roles that do not exist have none."""
    if ADMINISTRATOR_ROLE in ids:
        return _ALL
    found = [permissions_of_role(role) for key in ids if (role := world[ROLES].get(key)) is not None]
    return found[0] if len(found) == 1 else frozenset().union(*found)


def permission_ids(role: Role) -> list[int]:
    """Return the ids of a role's permissions, in order."""
    return sorted(_IDS[permission] for permission in permissions_of_role(role))
