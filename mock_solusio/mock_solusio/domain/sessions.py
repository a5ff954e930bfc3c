"""Sessions of the user area: a browser that has logged in has a cookie with a secret."""

from msgspec.structs import replace

from mock_solusio.domain.access_tokens import SECRET_LENGTH, digest_of
from mock_solusio.domain.records.credentials import SESSIONS, LoginSession
from mock_solusio.domain.records.user import ACTIVE, USERS, User
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
    """Return the user of a session; None if it has ended, or if the user is locked or suspended."""
    session = _session(world, secret)
    if session is None or session.ended:
        return None
    user = world[USERS].get(session.user_id)
    return user if user is not None and user.status == ACTIVE else None


def refused_user_of(world: World, secret: str) -> User | None:
    """Return the user of a present or past session who is locked or suspended now, to show them why."""
    session = _session(world, secret)
    user = None if session is None else world[USERS].get(session.user_id)
    return user if user is not None and user.status != ACTIVE else None


def close(world: World, secret: str) -> None:
    """End a session, if there is one."""
    session = world[SESSIONS].first(digest=digest_of(secret))
    if session is not None:
        world[SESSIONS].remove(session.id)


def close_all(world: World, user_id: int) -> None:
    """End all sessions of a user. The records stay until they expire, to show the user why."""
    for session in world[SESSIONS].find(user_id=user_id):
        world[SESSIONS].update(replace(session, ended=True))


def forget_user(world: World, user: User) -> None:
    """Delete the sessions of a user who is about to be deleted."""
    for session in world[SESSIONS].find(user_id=user.id):
        world[SESSIONS].remove(session.id)


def _session(world: World, secret: str) -> LoginSession | None:
    session = world[SESSIONS].first(digest=digest_of(secret))
    return session if session is not None and world.now < session.expires_at else None
