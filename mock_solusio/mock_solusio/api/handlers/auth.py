"""Login and logout (facts, section 1)."""

from mock_solusio.api.call import Call, Reply
from mock_solusio.api.operations import operation
from mock_solusio.api.replies import no_content
from mock_solusio.api.views.people import TOKEN_TYPE
from mock_solusio.domain import access_tokens
from mock_solusio.domain.access_tokens import LOGIN_LIFETIME
from mock_solusio.domain.login import login
from mock_solusio.domain.records.credentials import ACCESS_TOKENS
from mock_solusio.moment import rfc3339


@operation("login", public=True)
def log_in(call: Call) -> Reply:
    """Reply with an access token for an email address and password."""
    user = login(call.world, call.throttle, call.body["email"], call.body["password"], call.client)
    token, secret = access_tokens.issue(
        call.world, user, one_time=False, name="login", lifetime=LOGIN_LIFETIME, from_login=True
    )
    credentials = {
        "access_token": secret,
        "token_type": TOKEN_TYPE,
        "expires_at": rfc3339(token.created_at + LOGIN_LIFETIME),
    }
    return Reply(200, lambda: {"data": {"credentials": credentials}})


@operation("logout")
def log_out(call: Call) -> Reply:
    """Revoke the access token of the request."""
    if call.access_token is not None:
        call.world[ACCESS_TOKENS].remove(call.access_token.id)
    return no_content()


@operation("checkAuth")
def check(_call: Call) -> Reply:
    """Confirm that the access token is valid; an invalid one is refused before."""
    return no_content()
