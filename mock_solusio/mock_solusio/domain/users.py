"""Users: created, changed and deleted by the billing system (step 8) or by operators.

For the states of a user see `records.user`. `actor` is the user who makes a request; None is the operator of
the mock, who may do everything.
"""

from typing import Unpack

from msgspec.structs import replace

from mock_solusio.domain import (
    activity,
    authority,
    event_handlers,
    iso_images,
    lifecycle,
    projects,
    role_permissions,
    servers,
    sessions,
    settings,
    ssh_keys,
    vpc_networks,
)
from mock_solusio.domain.errors import Conflict, Forbidden, counted
from mock_solusio.domain.records.credentials import ACCESS_TOKENS
from mock_solusio.domain.records.installation import DEFAULT_LANGUAGE
from mock_solusio.domain.records.roles import CLIENT_ROLE
from mock_solusio.domain.records.user import LOCKED, SUSPENDED, USERS, User, email_key
from mock_solusio.domain.user_fields import UserChanges, validate
from mock_solusio.domain.world import World


def by_email(world: World, email: str) -> User | None:
    """Return the user with this email address, in upper or lower case."""
    return world[USERS].first(email_key=email_key(email))


def create(
    world: World, *, actor: User | None = None, verified: bool = True, **fields: Unpack[UserChanges]
) -> User:
    """Create a user with a default project.

    Without roles the user is a client; without a limit group, or with None (clients send null for fields they
    do not use), they get the default one (step 5).

    Raises:
        Invalid: the email is missing, or a field is malformed, taken, or refers to something that does not
            exist.
        Forbidden: the actor lacks a permission that the roles give.
    """
    values = validate(world, {"email": "", **fields}, None)
    values["roles"] = values.get("roles") or [CLIENT_ROLE]
    authority.check_grant(world, actor, role_permissions.permissions_of_roles(world, values["roles"]))
    if values.get("limit_group_id") is None:
        values["limit_group_id"] = settings.default_limit_group(world)
    values.setdefault("language_id", DEFAULT_LANGUAGE)
    user = world[USERS].add(
        User(
            **values,
            created_at=world.now,
            updated_at=world.now,
            email_verified_at=world.now if verified else None,
        )
    )
    projects.create_default(world, user)
    activity.record(world, activity.USER_CREATED, user=actor, data={"user_id": user.id, "email": user.email})
    event_handlers.emit(world, event_handlers.USER_CREATED, _identity(user))
    if user.status == SUSPENDED:
        servers.user_suspended(world, user)
    return user


def register(world: World, email: str, password: str) -> User:
    """Create a user who registers in the user area, with the role from the settings.

    Raises:
        Forbidden: registration is disabled (step 4).
        Invalid: as for `create`.
    """
    if not settings.registration_allowed(world):
        raise Forbidden("Registration is disabled.")
    role = settings.registration_role(world)
    given = [role.id if role else CLIENT_ROLE]
    return create(world, email=email, password=password, roles=given, verified=False)


def update(world: World, user: User, *, actor: User | None = None, **changes: Unpack[UserChanges]) -> User:
    """Change the given fields of a user.

    Suspending a user suspends their servers, too; leaving that state resumes them. A new password ends all
    sessions.

    Raises:
        Invalid: a field is malformed or taken, or refers to something that does not exist.
        Forbidden: the user has permissions that the actor lacks, or would get them.
        Conflict: no active administrator would remain.
    """
    authority.check_user(world, actor, user)
    values = {
        name: value for name, value in validate(world, changes, user).items() if value != getattr(user, name)
    }
    if not values:
        return user
    changed = replace(user, **values, updated_at=world.now)
    if "roles" in values:
        authority.check_grant(world, actor, role_permissions.permissions_of(world, changed))
    authority.check_administrator_remains(world, user, changed)
    world[USERS].update(changed)
    if "password_hash" in values:
        sessions.close_all(world, user.id)
    if changed.status == SUSPENDED and user.status != SUSPENDED:
        servers.user_suspended(world, changed)
    elif user.status == SUSPENDED and changed.status != SUSPENDED:
        servers.user_reactivated(world, changed)
    names = sorted({_SHOWN.get(name, name) for name in values} - {"email_key"})
    data = {"user_id": user.id, "email": changed.email, "changed": names, "status": changed.status}
    activity.record(world, activity.USER_CHANGED, user=actor, data=data)
    event_handlers.emit(world, event_handlers.USER_CHANGED, _identity(changed))
    if changed.status != user.status and changed.status in _STATUS_EVENTS:
        event_handlers.emit(world, _STATUS_EVENTS[changed.status], _identity(changed))
    return changed


def remove(world: World, user: User, *, actor: User | None = None) -> None:
    """Delete a user with their access tokens, sessions, SSH keys, projects and VPC networks.

    Raises:
        Conflict: the user or their projects have servers, or they are the last active administrator.
        Forbidden: the user has permissions that the actor lacks.
    """
    authority.check_user(world, actor, user)
    authority.check_administrator_remains(world, user, None)
    owned = len(servers.owned_by(world, user.id))
    if owned:
        raise Conflict(f"The user {user.email} cannot be deleted: they have {counted(owned, 'server')}.")
    projects.forget_user(world, user)
    ssh_keys.forget_user(world, user)
    iso_images.forget_user(world, user)
    vpc_networks.forget_user(world, user)
    sessions.close_all(world, user.id)
    for token in world[ACCESS_TOKENS].find(user_id=user.id):
        world[ACCESS_TOKENS].remove(token.id)
    world[USERS].remove(user.id)
    lifecycle.user_deleted(world, user)
    by = None if actor is not None and actor.id == user.id else actor
    activity.record(world, activity.USER_DELETED, user=by, data={"user_id": user.id, "email": user.email})
    event_handlers.emit(world, event_handlers.USER_DELETED, _identity(user))


_STATUS_EVENTS = {LOCKED: event_handlers.USER_LOCKED, SUSPENDED: event_handlers.USER_SUSPENDED}


def _identity(user: User) -> dict[str, object]:
    return {"user_id": user.id, "billing_user_id": user.billing_user_id}


_SHOWN = {"password_hash": "password"}
"""Names of fields in the activity log that differ from those of the record."""
