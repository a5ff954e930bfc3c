"""Users, and what is theirs (facts, section 3)."""

from typing import Any

from mock_solusio.api.call import Call, Reply, listed, listed_from, nothing, operation, shown
from mock_solusio.api.views.people import TOKEN_TYPE, access_token_view, user_view
from mock_solusio.api.views.projects import project_view
from mock_solusio.domain import access_tokens, authority, users
from mock_solusio.domain.errors import Forbidden, NotFound
from mock_solusio.domain.permissions import Permission
from mock_solusio.domain.projects import visible_to
from mock_solusio.domain.records.credentials import ACCESS_TOKENS
from mock_solusio.domain.records.projects import PROJECTS
from mock_solusio.domain.records.user import USERS, User
from mock_solusio.domain.user_fields import UserChanges
from mock_solusio.domain.world import Has


@operation("listUsers", permission=Permission.VIEW_USERS)
def list_users(call: Call) -> Reply:
    """Answer a page of users."""
    where = call.filters
    if "role_id" in where:
        where["roles"] = Has(where.pop("role_id"))
    return listed(call, USERS, user_view, where)


@operation("createUser", permission=Permission.MANAGE_USERS)
def create_user(call: Call) -> Reply:
    """Make a user."""
    user = users.create(call.world, actor=call.actor, **_fields(call.body))
    return shown(call, user_view, user, status=201)


@operation("getUser")
def get_user(call: Call) -> Reply:
    """Answer a user."""
    return shown(call, user_view, _user(call, Permission.VIEW_USERS))


@operation("replaceUser", permission=Permission.MANAGE_USERS)
@operation("updateUser", permission=Permission.MANAGE_USERS)
def update_user(call: Call) -> Reply:
    """Change what is given of a user: clients take PUT for a PATCH."""
    user = call.world[USERS].get_or_404(call.path["user_id"])
    return shown(call, user_view, users.update(call.world, user, actor=call.actor, **_fields(call.body)))


@operation("deleteUser", permission=Permission.MANAGE_USERS)
def delete_user(call: Call) -> Reply:
    """Delete a user."""
    users.remove(call.world, call.world[USERS].get_or_404(call.path["user_id"]), actor=call.actor)
    return nothing()


@operation("listUserProjects")
def list_user_projects(call: Call) -> Reply:
    """Answer a page of projects; the default one was made with the user, so it comes first."""
    user = _user(call, Permission.VIEW_PROJECTS)
    return listed(call, PROJECTS, project_view, visible_to(user))


@operation("listUserTokens")
def list_user_tokens(call: Call) -> Reply:
    """Answer a page of the access tokens that hold."""
    user = _user(call, Permission.MANAGE_USERS)
    tokens = access_tokens.of_user(call.world, user.id)
    for token in tokens:
        if token.expires_at is not None:
            call.expires(token.expires_at)
    return listed_from(call, access_token_view, tokens)


@operation("createUserToken")
def create_user_token(call: Call) -> Reply:
    """Make an access token, for oneself or for somebody who may do no more than oneself (step 9)."""
    user = _user(call, Permission.MANAGE_USERS)
    authority.check_user(call.world, call.actor, user)
    token, secret = access_tokens.issue(
        call.world,
        user,
        one_time=call.body.get("is_one_time", False),
        name=call.body.get("name") or "",
    )
    made = {**access_token_view(call, token), "access_token": secret, "token_type": TOKEN_TYPE}
    return Reply(201, lambda: {"data": made})


@operation("deleteUserToken")
def delete_user_token(call: Call) -> Reply:
    """Withdraw an access token."""
    user = _user(call, Permission.MANAGE_USERS)
    authority.check_user(call.world, call.actor, user)
    token = call.world[ACCESS_TOKENS].get(call.path["token_id"])
    if token is None or token.user_id != user.id:
        raise NotFound("access token", call.path["token_id"])
    call.world[ACCESS_TOKENS].remove(token.id)
    return nothing()


def _user(call: Call, permission: Permission) -> User:
    """Return the user of the path, if it is the actor himself or the actor has this permission."""
    key = call.path["user_id"]
    if key != call.actor.id and not call.may(permission):
        raise Forbidden
    return call.world[USERS].get_or_404(key)


_NOT_CLEARED = frozenset({"email", "password", "status", "roles"})
"""What null leaves alone: some clients send all they know, with null for what they do not."""


def _fields(body: dict[str, Any]) -> UserChanges:
    fields: UserChanges = {}
    for name in UserChanges.__annotations__:
        if name in body and not (body[name] is None and name in _NOT_CLEARED):
            fields[name] = body[name]  # type: ignore[literal-required]
    return fields
