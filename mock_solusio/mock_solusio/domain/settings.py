"""The settings of the installation: one tree, as `GET /settings` shows it (see `default_settings`)."""

from copy import deepcopy

import msgspec
from msgspec.structs import replace

from mock_solusio.domain import role_permissions
from mock_solusio.domain.authority import check_grant
from mock_solusio.domain.default_settings import DEFAULT_SETTINGS, LOCALE_MAPS
from mock_solusio.domain.errors import Invalid
from mock_solusio.domain.records.installation import SETTINGS, InstallationSettings, SettingsTree
from mock_solusio.domain.records.limit_groups import LIMIT_GROUPS
from mock_solusio.domain.records.roles import Role
from mock_solusio.domain.records.user import User
from mock_solusio.domain.world import World


class BillingIntegration(msgspec.Struct, frozen=True):
    """The billing endpoint (step 7)."""

    url: str
    authorization_token: str
    """Empty if the billing endpoint requires none."""


def seed(world: World) -> None:
    """Create the settings of a fresh installation: registration is on, billing integration is off."""
    group = world[LIMIT_GROUPS].first()
    own = {"uuid": world.uuid("installation", 1), "limit_group": group.id if group else None}
    world[SETTINGS].add(InstallationSettings(tree=deepcopy(DEFAULT_SETTINGS) | own))


def read(world: World) -> InstallationSettings:
    """Return the settings; do not change the tree."""
    return world[SETTINGS].get_or_404(1)


def patch(world: World, body: SettingsTree, *, actor: User | None = None) -> InstallationSettings:
    """Merge a tree into the settings, object by object; unknown members are ignored (observed).

    `limit_group` may be an id, an object with an `id`, or None (the last is assumed). The id 0 changes
    nothing: the Go SDK sends it unless its user sets one.

    Raises:
        Invalid: the role or the limit group does not exist.
        Forbidden: users who register would get a role with permissions that the actor lacks.
    """
    errors: dict[str, list[str]] = {}
    tree = deepcopy(read(world).tree)
    _merge(tree, {name: value for name, value in body.items() if name not in _FIXED})
    if "limit_group" in body:
        given = body["limit_group"]
        key = given["id"] if isinstance(given, dict) else given
        if key != 0:
            tree["limit_group"] = None if key is None else int(key)
            if key is not None and world[LIMIT_GROUPS].get(int(key)) is None:
                errors["limit_group"] = ["The selected limit group is invalid."]
    role = role_permissions.role_by_name(world, tree["registration"]["role"])
    if role is None:
        errors["registration.role"] = ["The selected role is invalid."]
    if errors:
        raise Invalid(errors)
    if role is not None and role != registration_role(world):
        check_grant(world, actor, role_permissions.permissions_of_role(role))
    return _write(world, tree)


def registration_allowed(world: World) -> bool:
    """Return whether users may register in the user area (step 4)."""
    return bool(read(world).tree["features"]["allow_registration"])


def registration_role(world: World) -> Role | None:
    """Return the role of users who register; None if it no longer exists."""
    return role_permissions.role_by_name(world, read(world).tree["registration"]["role"])


def role_renamed(world: World, old: str, new: str) -> None:
    """Follow the renaming of a role, which the settings refer to by name."""
    tree = read(world).tree
    if tree["registration"]["role"].casefold() == old.casefold() and old != new:
        _write(world, {**tree, "registration": {**tree["registration"], "role": new}})


def default_limit_group(world: World) -> int | None:
    """Return the id of the limit group of new users (step 5); None if they have none."""
    key: int | None = read(world).tree["limit_group"]
    return key


def billing(world: World) -> BillingIntegration | None:
    """Return the billing endpoint; None while the integration is off or has no URL (steps 6 and 7)."""
    integration = read(world).tree["billing_integration"]
    driver = integration["drivers"].get(integration["type"])
    if driver is None or not driver["url"]:
        return None
    return BillingIntegration(url=driver["url"], authorization_token=driver["token"])


_FIXED = frozenset(
    {"limit_group", "uuid", "update_channels", "token_api", "latest-version", "latest_version"}
)
"""Members that a request does not change, or not by merging."""


def _write(world: World, tree: SettingsTree) -> InstallationSettings:
    settings = read(world)
    return settings if settings.tree == tree else world[SETTINGS].update(replace(settings, tree=tree))


def _merge(tree: SettingsTree, body: SettingsTree, *, any_member: bool = False) -> None:
    for name, value in body.items():
        if name not in tree and not any_member:
            continue
        if name in LOCALE_MAPS:
            # PHP sends an empty object as a list.
            _merge(tree[name], value or {}, any_member=True)
        elif isinstance(tree.get(name), dict):
            if isinstance(value, dict):
                _merge(tree[name], value)
        else:
            tree[name] = value
