"""Access tokens: credentials of users for the API, and for login by link (step 9).

Only the SHA-256 of a secret is stored. A secret has so many bits that a fast hash is enough, and that the
timing of the lookup reveals nothing to an attacker.
"""

import hashlib

from mock_solusio.domain import allowed_ips
from mock_solusio.domain.errors import Unauthenticated
from mock_solusio.domain.records.credentials import ACCESS_TOKENS, AccessToken
from mock_solusio.domain.records.user import USERS, User
from mock_solusio.domain.world import World
from mock_solusio.moment import DAY, MINUTE, Micros

ONE_TIME_LIFETIME: Micros = 10 * MINUTE
"""How long a one-time access token is valid (assumed)."""

LOGIN_LIFETIME: Micros = 365 * DAY
"""How long an access token from `POST /auth/login` is valid (assumed: a year, as in Laravel Passport)."""

SECRET_LENGTH = 64
"""Number of letters and digits in a secret."""

SWEEP = 100
"""How many access tokens are issued between two sweeps for expired ones; each deletes up to twice as many of
a kind."""


def digest_of(secret: str) -> str:
    """Return the digest of a secret, as it is stored."""
    return hashlib.sha256(secret.encode("utf-8", "surrogatepass")).hexdigest()


def issue(
    world: World,
    user: User,
    *,
    one_time: bool,
    name: str = "",
    lifetime: Micros | None = None,
    from_login: bool = False,
    secret: str | None = None,
) -> tuple[AccessToken, str]:
    """Create an access token; return it with its secret, which cannot be read again.

    Without a lifetime a one-time token is valid for `ONE_TIME_LIFETIME`, any other until it is revoked. An
    operator may choose the `secret`; by default it follows from the seed.
    """
    _drop_expired(world)
    if lifetime is None and one_time:
        lifetime = ONE_TIME_LIFETIME
    table = world[ACCESS_TOKENS]
    if secret is None:
        secret = world.secret("access token", table.next_id, SECRET_LENGTH)
    token = table.add(
        AccessToken(
            user_id=user.id,
            digest=digest_of(secret),
            uuid=None if one_time or from_login else world.uuid("access token", table.next_id),
            one_time=one_time,
            from_login=from_login,
            name=name,
            created_at=world.now,
            expires_at=None if lifetime is None else world.now + lifetime,
        )
    )
    return token, secret


def find(world: World, secret: str) -> AccessToken | None:
    """Return the valid access token with this secret, without using it up."""
    token = world[ACCESS_TOKENS].first(digest=digest_of(secret))
    return token if token is not None and token.is_valid(world.now) else None


def authenticate(world: World, secret: str, ip: str) -> tuple[AccessToken, User]:
    """Return an access token and its user; a one-time token is used up by this. `ip` is the client's address.

    Raises:
        Unauthenticated: it is unknown, used up, revoked or expired.
        AddressNotAllowed: the user may not use it from this address; the token is not used up.
    """
    token = find(world, secret)
    if token is None:
        raise Unauthenticated
    user = world[USERS].get(token.user_id)
    if user is None:
        raise Unauthenticated
    allowed_ips.check(user, ip)
    if token.one_time:
        world[ACCESS_TOKENS].remove(token.id)
    return token, user


def of_user(world: World, user_id: int) -> list[AccessToken]:
    """Return the valid access tokens of a user, by id."""
    return [token for token in world[ACCESS_TOKENS].find(user_id=user_id) if token.is_valid(world.now)]


def _drop_expired(world: World) -> None:
    """Delete expired access tokens, once in `SWEEP` new ones: to look for one costs a tenth of a new one."""
    table = world[ACCESS_TOKENS]
    if table.next_id % SWEEP:
        return
    for kind in ({"one_time": True}, {"from_login": True}):
        # All of a kind are valid equally long, so the oldest one expires first.
        for _ in range(2 * SWEEP):
            oldest = table.first(**kind)
            if oldest is None or oldest.is_valid(world.now):
                break
            table.remove(oldest.id)
