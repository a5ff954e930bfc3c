"""Creates a fresh installation, and applies the options of a start to it."""

from typing import TYPE_CHECKING

from mock_solusio.domain import (
    access_tokens,
    applications,
    backup_nodes,
    compute_resources,
    icons,
    ip_blocks,
    iso_images,
    languages,
    license,  # noqa: A004 - the license of the installation
    limit_groups,
    locations,
    os_images,
    passwords,
    plans,
    roles,
    settings,
    users,
)
from mock_solusio.domain.records.credentials import ACCESS_TOKENS, AccessToken
from mock_solusio.domain.records.roles import ADMINISTRATOR_ROLE
from mock_solusio.domain.records.user import ACTIVE, USERS, User
from mock_solusio.domain.world import World
from mock_solusio.options import Options
from mock_solusio.worlds.upgrade import upgrade

if TYPE_CHECKING:
    from mock_solusio.store.store import Store

ADMINISTRATOR = "admin@example.com"
"""Email address of the administrator of a fresh installation."""

TOKEN_NAME = "mock-solusio serve"  # noqa: S105 - a name, not a credential
OPTION_NAME = "--admin-token"

# In the order of their dependencies.
_SEEDS = (
    *(icons, languages, license, roles, limit_groups, settings),
    *(compute_resources, locations, ip_blocks, backup_nodes),
    *(os_images, applications, iso_images, plans),
)


def begin(world: "Store", options: Options) -> str:
    """Create a fresh installation if there is none; return an access token of the administrator.

    Raises:
        DomainError: the fixtures cannot be loaded.
    """
    if world.fresh:
        for module in _SEEDS:
            module.seed(world)
        users.create(
            world, email=ADMINISTRATOR, password=_password(world), roles=[ADMINISTRATOR_ROLE], verified=True
        )
        if options.fixtures is not None:
            from mock_solusio.worlds import fixtures

            fixtures.load(world, options.fixtures)
    else:
        upgrade(world)
    _integrate(world, options)  # last: an option outweighs the fixtures and the state
    return _admin_token(world, options.admin_token)


def administrator(world: World) -> str:
    """Return how the administrator logs in, for people."""
    user, password = _administrator(world), _password(world)
    if user.email != ADMINISTRATOR or not passwords.matches(password, user.password_hash):
        return user.email
    return f"{user.email}, password {password} (unless changed)"


def _password(world: World) -> str:
    return world.secret("administrator's password", 1, length=16)


def _integrate(world: World, options: Options) -> None:
    if options.billing_url is None:
        return
    custom = {"url": options.billing_url, "token": options.billing_token or ""}
    settings.patch(world, {"billing_integration": {"type": "custom", "drivers": {"custom": custom}}})


def _administrator(world: World) -> User:
    # There is always an active administrator: `domain.users` ensures it.
    found = (user for user in world[USERS].find(status="active") if ADMINISTRATOR_ROLE in user.roles)
    return next(found)


def _admin_token(world: World, wanted: str | None) -> str:
    """Return the access token to show at the start: the wanted one, or the one shown before."""
    user = _administrator(world)
    table = world[ACCESS_TOKENS]
    if wanted is not None:
        known = table.first(digest=access_tokens.digest_of(wanted))
        if known is not None and not _administers(world, known):
            # The operator of the mock decides whose token it is.
            table.remove(known.id)
            known = None
        if known is None:
            access_tokens.issue(world, user, one_time=False, name=OPTION_NAME, secret=wanted)
        return wanted
    for token in table.find(name=TOKEN_NAME):
        # Its secret follows from the seed, so it can be shown again without being stored.
        secret = world.secret("access token", token.id, access_tokens.SECRET_LENGTH)
        if token.user_id == user.id and access_tokens.digest_of(secret) == token.digest:
            return secret
    return access_tokens.issue(world, user, one_time=False, name=TOKEN_NAME)[1]


def _administers(world: World, token: AccessToken) -> bool:
    holder = world[USERS].get(token.user_id)
    lasting = not token.one_time and token.expires_at is None
    return lasting and holder is not None and holder.status == ACTIVE and ADMINISTRATOR_ROLE in holder.roles
