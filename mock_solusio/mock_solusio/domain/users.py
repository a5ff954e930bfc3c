"""Users: created, changed and deleted by the billing system (step 8) or by operators.

What the states of a user mean: see `records.user`. `actor` is who asks for something; None is the operator of
the mock himself, who may do everything.
"""

from collections import Counter
from typing import Any, Unpack

from msgspec.structs import replace

from mock_solusio.domain import (
    activity,
    authority,
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
from mock_solusio.domain.errors import Conflict, Forbidden
from mock_solusio.domain.records.credentials import ACCESS_TOKENS
from mock_solusio.domain.records.installation import DEFAULT_LANGUAGE, LANGUAGES
from mock_solusio.domain.records.limit_groups import LIMIT_GROUPS
from mock_solusio.domain.records.roles import CLIENT_ROLE, ROLES
from mock_solusio.domain.records.user import ACTIVE, SUSPENDED, USERS, User, email_key
from mock_solusio.domain.user_fields import UserChanges, validate
from mock_solusio.domain.world import Kind, World


def by_email(world: World, email: str) -> User | None:
    """Return the user with this address, in any case."""
    return world[USERS].first(email_key=email_key(email))


def by_billing_user_id(world: World, billing_user_id: int) -> User | None:
    """Return the user whom the billing system calls so."""
    return world[USERS].first(billing_user_id=billing_user_id)


def create(
    world: World, *, actor: User | None = None, verified: bool = True, **fields: Unpack[UserChanges]
) -> User:
    """Make a user with his default project.

    Without roles he is a client; without a limit group he gets the default one (step 5; also when None is
    given: clients send null for what they do not care about). His address counts as verified unless told
    otherwise.

    Raises:
        Invalid: there is no e-mail address; something is taken, malformed, or refers to what is not there.
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
    _recount(world, None, user)
    projects.create_default(world, user)
    activity.record(world, activity.USER_CREATED, user=actor, data={"user_id": user.id, "email": user.email})
    if user.status == SUSPENDED:
        servers.user_suspended(world, user)
    return user


def register(world: World, email: str, password: str) -> User:
    """Make the user who registers himself in the user area; he gets the role that the settings name.

    Raises:
        Forbidden: registration is switched off (step 4).
        Invalid: as with `create`.
    """
    if not settings.registration_allowed(world):
        raise Forbidden("Registration is disabled.")
    role = settings.registration_role(world)
    given = [role.id if role else CLIENT_ROLE]
    return create(world, email=email, password=password, roles=given, verified=False)


def update(world: World, user: User, *, actor: User | None = None, **changes: Unpack[UserChanges]) -> User:
    """Change what is given of a user; the rest stays.

    The sessions of who is locked or suspended end, and his access tokens are refused until he is active
    again. Servers are suspended with their user, and resumed when he leaves that state. A new password ends
    all sessions.

    Raises:
        Invalid: something is taken, malformed, or refers to what is not there.
        Forbidden: the user may do what the actor may not, or would then.
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
    _recount(world, user, changed)
    if changed.status != ACTIVE or "password_hash" in values:
        sessions.close_all(world, user.id)
    if changed.status == SUSPENDED and user.status != SUSPENDED:
        servers.user_suspended(world, changed)
    elif user.status == SUSPENDED and changed.status != SUSPENDED:
        servers.user_reactivated(world, changed)
    names = sorted({_SHOWN.get(name, name) for name in values} - {"email_key"})
    data = {"user_id": user.id, "email": changed.email, "changed": names, "status": changed.status}
    activity.record(world, activity.USER_CHANGED, user=actor, data=data)
    return changed


def remove(world: World, user: User, *, actor: User | None = None) -> None:
    """Delete a user with his access tokens, sessions, SSH keys, projects and VPC networks.

    Raises:
        Conflict: he has servers, or there are servers in his projects, or he is the last administrator.
        Forbidden: he may do what the actor may not.
    """
    authority.check_user(world, actor, user)
    authority.check_administrator_remains(world, user, None)
    owned = len(servers.owned_by(world, user.id))
    if owned:
        plural = "a server" if owned == 1 else f"{owned} servers"
        raise Conflict(f"The user {user.email} cannot be deleted: he has {plural}.")
    projects.forget_user(world, user)
    ssh_keys.forget_user(world, user)
    iso_images.forget_user(world, user)
    vpc_networks.forget_user(world, user)
    sessions.forget_user(world, user)
    for token in world[ACCESS_TOKENS].find(user_id=user.id):
        world[ACCESS_TOKENS].remove(token.id)
    world[USERS].remove(user.id)
    lifecycle.user_deleted(world, user)
    _recount(world, user, None)
    by = None if actor is not None and actor.id == user.id else actor
    activity.record(world, activity.USER_DELETED, user=by, data={"user_id": user.id, "email": user.email})


_SHOWN = {"password_hash": "password"}
"""What a field is called outside."""


def _recount(world: World, before: User | None, after: User | None) -> None:
    """Keep `users_count` of roles, limit groups and languages, which lists of users show again and again."""
    counts: Counter[tuple[Kind[Any], int]] = Counter()
    for user, sign in ((before, -1), (after, 1)):
        if user is None:
            continue
        used: list[tuple[Kind[Any], int | None]] = [(ROLES, key) for key in user.roles]
        used += [(LIMIT_GROUPS, user.limit_group_id), (LANGUAGES, user.language_id)]
        for kind, key in used:
            if key is not None:
                counts[kind, key] += sign
    for (kind, key), difference in counts.items():
        if difference:
            record = world[kind].get_or_404(key)
            world[kind].update(replace(record, users_count=record.users_count + difference))
