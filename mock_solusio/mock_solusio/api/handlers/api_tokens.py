"""Lasting access tokens as newer versions of the Go SDK and the Raycast extension manage them."""

from collections.abc import Callable
from typing import Any

from msgspec.structs import replace

from mock_solusio.api.access import Access
from mock_solusio.api.call import Call, Reply
from mock_solusio.api.operations import Resource, operation
from mock_solusio.api.replies import list_page
from mock_solusio.api.views.people import TOKEN_TYPE, api_token_view
from mock_solusio.domain import access_tokens, authority
from mock_solusio.domain.errors import Forbidden, Invalid, NotFound
from mock_solusio.domain.permissions import Permission
from mock_solusio.domain.records.credentials import ACCESS_TOKENS, AccessToken
from mock_solusio.domain.records.user import USERS, User
from mock_solusio.domain.world import World

_LASTING = {"one_time": False, "from_login": False}


def _token(call: Call) -> AccessToken:
    key = call.path["api_token_id"]
    token = call.world[ACCESS_TOKENS].first(uuid=key, **_LASTING)
    if token is None:
        raise NotFound("access token", key)
    if token.user_id != call.actor.id:
        call.require(Permission.MANAGE_USERS)
        authority.check_user(call.world, call.actor, call.world[USERS].get_or_404(token.user_id))
    return token


def _rename(world: World, token: AccessToken, body: dict[str, Any]) -> AccessToken:
    return world[ACCESS_TOKENS].update(replace(token, name=body["name"])) if "name" in body else token


RESOURCE = Resource(api_token_view, sees=Access(ACCESS_TOKENS, _token))
RESOURCE.list("listAccountTokens", where=lambda call: {**_LASTING, "user_id": call.actor.id})
RESOURCE.show("getApiToken")
RESOURCE.update("updateApiToken", by=_rename)
RESOURCE.delete("deleteApiToken", by=lambda world, token: world[ACCESS_TOKENS].remove(token.id))


@operation("listApiTokens")
def list_api_tokens(call: Call) -> Reply:
    """Reply with a page of access tokens: the actor's, or everybody's for those who may manage users."""
    where = {**_LASTING, **call.filters}
    only_own = not call.may(Permission.MANAGE_USERS)
    if only_own and where.setdefault("user_id", call.actor.id) != call.actor.id:
        raise Forbidden
    return list_page(call, ACCESS_TOKENS, api_token_view, where)


@operation("createApiToken")
def create_api_token(call: Call) -> Reply:
    """Create an access token for oneself, or for a user with no more permissions than oneself."""
    key = int(call.body.get("user_id", call.actor.id))
    if key != call.actor.id:
        call.require(Permission.MANAGE_USERS)
    user = call.world[USERS].get(key)
    if user is None:
        raise Invalid.field("user_id", "The selected user is invalid.")
    authority.check_user(call.world, call.actor, user)
    issued = _issue(call, user)
    return Reply(201, lambda: {"data": issued()})


@operation("createAccountToken")
def create_account_token(call: Call) -> Reply:
    """Create an access token for oneself; the one client that calls this reads it without an envelope."""
    return Reply(201, _issue(call, call.actor))


def _issue(call: Call, user: User) -> Callable[[], dict[str, Any]]:
    token, secret = access_tokens.issue(call.world, user, one_time=False, name=call.body["name"])
    return lambda: {
        "token": api_token_view(call, token),
        "access_token": secret,
        "token_type": TOKEN_TYPE,
    }
