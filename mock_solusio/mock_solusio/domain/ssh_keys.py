"""SSH keys of users, for their servers."""

import binascii
import re
from base64 import b64decode
from collections.abc import Mapping
from typing import Any

from mock_solusio.domain.errors import Forbidden, Invalid
from mock_solusio.domain.records.credentials import SSH_KEYS, SshKey
from mock_solusio.domain.records.user import USERS, User
from mock_solusio.domain.references import invalid_reference
from mock_solusio.domain.world import World

_KEY = re.compile(
    r"(ssh-(?:rsa|dss|ed25519)|ecdsa-sha2-nistp(?:256|384|521)|sk-(?:ssh-ed25519|ecdsa-sha2-nistp256)@openssh\.com)"
    r"[ \t]+([A-Za-z0-9+/]+={0,2})(?:[ \t].*)?"
)


def create(world: World, user: User, body: Mapping[str, Any]) -> SshKey:
    """Create a key of a user from the members of a request: `name`, and `body` or `public_key`.

    Raises:
        Invalid: the key is missing or not a public SSH key.
    """
    field = "public_key" if body.get("public_key") and not body.get("body") else "body"
    text = (body.get(field) or "").strip()
    if not text:
        raise Invalid.field("body", "The body field is required.")
    if not _is_key(text):
        raise Invalid.field(field, f"The {field.replace('_', ' ')} must be a public SSH key.")
    return world[SSH_KEYS].add(SshKey(name=body["name"], body=text, user_id=user.id))


def owner(world: World, actor: User, body: Mapping[str, Any], *, any_user: bool) -> User:
    """Return the owner of a new key: the actor, or the user that `user_id` names (0 means none).

    Raises:
        Invalid: the user does not exist.
        Forbidden: it is another user, and the actor may not create keys for `any_user`.
    """
    key = body.get("user_id")
    if not key or key == actor.id:
        return actor
    if not any_user:
        raise Forbidden
    user = world[USERS].get(key)
    if user is None:
        raise invalid_reference("user_id")
    return user


def remove(world: World, key: SshKey) -> None:
    """Delete a key; servers that were created with it keep it."""
    world[SSH_KEYS].remove(key.id)


def forget_user(world: World, user: User) -> None:
    """Delete the keys of a user who is about to be deleted."""
    for key in world[SSH_KEYS].find(user_id=user.id):
        remove(world, key)


def _is_key(text: str) -> bool:
    # A light check: the type, and that the base64 text begins with the name of that type.
    match = _KEY.fullmatch(text)
    if match is None:
        return False
    kind = match[1].encode()
    try:
        blob = b64decode(match[2], validate=True)
    except binascii.Error:
        return False
    return blob.startswith(len(kind).to_bytes(4, "big") + kind) and len(blob) > len(kind) + 4
