"""Users, their projects and their access tokens (facts, section 3)."""

from typing import Any, cast

from mock_solusio.api.call import Call, Reply
from mock_solusio.api.operations import operation
from mock_solusio.api.replies import list_items, list_page, no_content, show, show_new
from mock_solusio.api.views.people import TOKEN_TYPE, access_token_view, user_view
from mock_solusio.api.views.projects import project_view
from mock_solusio.domain import access_tokens, allowed_ips, authority, users
from mock_solusio.domain.errors import Forbidden, Invalid, NotFound
from mock_solusio.domain.permissions import Permission
from mock_solusio.domain.projects import visible_to
from mock_solusio.domain.records.credentials import ACCESS_TOKENS
from mock_solusio.domain.records.projects import PROJECTS
from mock_solusio.domain.records.user import USERS, User
from mock_solusio.domain.user_fields import UserChanges
from mock_solusio.domain.world import Has

_NOT_CLEARED = frozenset({"email", "password", "status", "roles", "allowed_ips"})
"""Fields that null leaves alone: some clients send every field, with null for those they do not know."""


@operation("listUsers", permission=Permission.VIEW_USERS)
def list_users(call: Call) -> Reply:
    """Reply with a page of users."""
    where = call.filters
    if "role_id" in where:
        where["roles"] = Has(where.pop("role_id"))
    return list_page(call, USERS, user_view, where)


@operation("createUser", permission=Permission.MANAGE_USERS)
def create_user(call: Call) -> Reply:
    """Create a user."""
    user = users.create(call.world, actor=call.actor, **_changes(call.body))
    return show_new(call, user_view, user)


@operation("getUser")
def get_user(call: Call) -> Reply:
    """Reply with a user."""
    return show(call, user_view, _self_or_permitted(call, Permission.VIEW_USERS))


@operation("replaceUser", "updateUser", permission=Permission.MANAGE_USERS)
def update_user(call: Call) -> Reply:
    """Change the given fields of a user: clients use PUT for a PATCH."""
    changes = _changes(call.body)
    user = users.update(call.world, call.record(USERS), actor=call.actor, **changes)
    if user.id == call.actor.id:
        _check_own_address(call, user)
    return show(call, user_view, user)


@operation("deleteUser", permission=Permission.MANAGE_USERS)
def delete_user(call: Call) -> Reply:
    """Delete a user."""
    users.remove(call.world, call.record(USERS), actor=call.actor)
    return no_content()


@operation("listUserProjects")
def list_user_projects(call: Call) -> Reply:
    """Reply with a page of projects; the default one comes first, since it was created with the user."""
    user = _self_or_permitted(call, Permission.VIEW_PROJECTS)
    return list_page(call, PROJECTS, project_view, visible_to(user))


@operation("listUserTokens")
def list_user_tokens(call: Call) -> Reply:
    """Reply with a page of the valid access tokens."""
    user = _self_or_permitted(call, Permission.MANAGE_USERS)
    tokens = access_tokens.of_user(call.world, user.id)
    for token in tokens:
        if token.expires_at is not None:
            call.expires(token.expires_at)
    return list_items(call, access_token_view, tokens)


@operation("createUserToken")
def create_user_token(call: Call) -> Reply:
    """Create an access token for oneself, or for a user with no more permissions than oneself (step 9)."""
    user = _self_or_permitted(call, Permission.MANAGE_USERS)
    authority.check_user(call.world, call.actor, user)
    one_time, name = call.body.get("is_one_time", False), call.body.get("name") or ""
    token, secret = access_tokens.issue(call.world, user, one_time=one_time, name=name)
    issued = {**access_token_view(call, token), "access_token": secret, "token_type": TOKEN_TYPE}
    return Reply(201, lambda: {"data": issued})


@operation("deleteUserToken")
def delete_user_token(call: Call) -> Reply:
    """Revoke an access token."""
    user = _self_or_permitted(call, Permission.MANAGE_USERS)
    authority.check_user(call.world, call.actor, user)
    token = call.world[ACCESS_TOKENS].get(call.path["token_id"])
    if token is None or token.user_id != user.id:
        raise NotFound("access token", call.path["token_id"])
    call.world[ACCESS_TOKENS].remove(token.id)
    return no_content()


def _self_or_permitted(call: Call, permission: Permission) -> User:
    """Return the user of the path if they are the actor, or if the actor has the permission."""
    if call.path["user_id"] != call.actor.id and not call.may(permission):
        raise Forbidden
    return call.record(USERS)


def _check_own_address(call: Call, user: User) -> None:
    """Raise Invalid if the actor would lock themselves out (assumed)."""
    try:
        allowed_ips.check(user, call.client)
    except allowed_ips.AddressNotAllowed:
        text = f"Your own address {call.client} is not among them: you would lock yourself out."
        raise Invalid.field("allowed_ips", text) from None


def _changes(body: dict[str, Any]) -> UserChanges:
    changes = {
        name: value
        for name, value in body.items()
        if name in UserChanges.__annotations__ and not (value is None and name in _NOT_CLEARED)
    }
    return cast("UserChanges", changes)
