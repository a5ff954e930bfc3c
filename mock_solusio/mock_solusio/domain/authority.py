"""Who may manage which users, and who may create things.

Nobody gets or gives more permissions than they have, and an active administrator always remains. Both are
assumed: it is what operators expect of roles. What locked and suspended users cannot create is documented.
"""

from collections.abc import Iterable

from mock_solusio.domain import role_permissions
from mock_solusio.domain.errors import Conflict, Forbidden
from mock_solusio.domain.permissions import CLIENT_PERMISSIONS, Permission
from mock_solusio.domain.records.roles import ADMINISTRATOR_ROLE
from mock_solusio.domain.records.user import ACTIVE, USERS, User
from mock_solusio.domain.world import Has, World


def check_user(world: World, actor: User | None, target: User) -> None:
    """Raise Forbidden unless the actor has all permissions of the other user.

    Otherwise they could take over a more powerful account. None is the operator of the mock, who may do
    everything.
    """
    check_grant(world, actor, role_permissions.permissions_of(world, target))


def check_grant(world: World, actor: User | None, permissions: Iterable[Permission]) -> None:
    """Raise Forbidden unless the actor has all of these permissions, apart from what every customer may."""
    if actor is None:
        return
    missing = frozenset(permissions) - role_permissions.permissions_of(world, actor)
    if not missing.issubset(CLIENT_PERMISSIONS):
        raise Forbidden


def check_may_create(actor: User, things: str) -> None:
    """Raise Forbidden, with the reason, if the actor is locked or suspended; `things` is for the message."""
    if actor.status != ACTIVE:
        raise Forbidden(f"Your account is {actor.status}: you cannot create {things}.")


def check_administrator_remains(world: World, before: User, after: User | None) -> None:
    """Raise Conflict if this change of a user (None: deletion) leaves no active administrator."""
    if not _administers(before) or (after is not None and _administers(after)):
        return
    others = world[USERS].find(roles=Has(ADMINISTRATOR_ROLE), status=ACTIVE)
    if all(user.id == before.id for user in others):
        raise Conflict("This is the last active administrator; one must remain.")


def _administers(user: User) -> bool:
    return user.status == ACTIVE and ADMINISTRATOR_ROLE in user.roles
