"""The actor's own account."""

from typing import cast

from mock_solusio.api.call import Call, Reply
from mock_solusio.api.operations import operation
from mock_solusio.api.replies import show
from mock_solusio.api.views.people import user_view
from mock_solusio.domain import passwords, users
from mock_solusio.domain.errors import Invalid
from mock_solusio.domain.user_fields import UserChanges


@operation("getAccount")
def get_account(call: Call) -> Reply:
    """Reply with the actor."""
    return show(call, user_view, call.actor)


@operation("updateAccount")
def update_account(call: Call) -> Reply:
    """Change one's own address, password or language."""
    body = call.body
    # A wrong current password is refused, a missing one is not: a public client changes passwords without it.
    current = body.get("current_password")
    known = call.actor.password_hash
    if current is not None and known is not None and not passwords.matches(current, known):
        raise Invalid.field("current_password", "The current password is incorrect.")
    changes = {name: body[name] for name in ("email", "password", "language_id") if name in body}
    user = users.update(call.world, call.actor, actor=call.actor, **cast("UserChanges", changes))
    return show(call, user_view, user)
