"""The account of whoever asks."""

from mock_solusio.api.call import Call, Reply, operation, shown
from mock_solusio.api.views.people import user_view
from mock_solusio.domain import passwords, users
from mock_solusio.domain.errors import Invalid
from mock_solusio.domain.user_fields import UserChanges


@operation("getAccount")
def get_account(call: Call) -> Reply:
    """Answer who asks."""
    return shown(call, user_view, call.actor)


@operation("updateAccount")
def update_account(call: Call) -> Reply:
    """Change one's own address, password or language; a present password that is sent along must be right."""
    body = call.body
    # Not required: a public client changes passwords without it.
    present = body.get("current_password")
    known = call.actor.password_hash
    if present is not None and known is not None and not passwords.matches(present, known):
        raise Invalid.field("current_password", "The current password is incorrect.")
    changes: UserChanges = {}
    if "email" in body:
        changes["email"] = body["email"]
    if "password" in body:
        changes["password"] = body["password"]
    if "language_id" in body:
        changes["language_id"] = body["language_id"]
    return shown(call, user_view, users.update(call.world, call.actor, actor=call.actor, **changes))
