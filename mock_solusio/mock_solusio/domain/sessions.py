"""Sessions of the user area: a browser that has logged in has a cookie with a secret."""

from msgspec.structs import replace

from mock_solusio.domain.access_tokens import SECRET_LENGTH, digest_of
from mock_solusio.domain.records.credentials import SESSIONS, LoginSession
from mock_solusio.domain.records.user import USERS, User
from mock_solusio.domain.world import World
from mock_solusio.moment import DAY, Micros

LIFETIME: Micros = DAY
"""How long a session lasts, used or not (assumed)."""


def open_session(world: World, user: User) -> str:
    """Start a session; return the secret for the cookie."""
    table = world[SESSIONS]
    while (oldest := table.first(user_id=user.id)) and oldest.expires_at <= world.now:
        table.remove(oldest.id)
    session = table.add(LoginSession(user_id=user.id, digest="", expires_at=world.now + LIFETIME))
    secret = world.secret("session", session.id, SECRET_LENGTH)
    table.update(replace(session, digest=digest_of(secret)))
    return secret


def user_of(world: World, secret: str) -> User | None:
    """Return the user of a session; None if it has ended."""
    session = world[SESSIONS].first(digest=digest_of(secret))
    if session is None or session.expires_at <= world.now:
        return None
    return world[USERS].get(session.user_id)


def close(world: World, secret: str) -> None:
    """End a session, if there is one."""
    session = world[SESSIONS].first(digest=digest_of(secret))
    if session is not None:
        world[SESSIONS].remove(session.id)


def close_all(world: World, user_id: int) -> None:
    """End all sessions of a user."""
    for session in world[SESSIONS].find(user_id=user_id):
        world[SESSIONS].remove(session.id)
