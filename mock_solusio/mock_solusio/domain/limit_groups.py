"""Limit groups: how much their users may have (step 5 of the vendor's page)."""

from collections.abc import Mapping
from typing import Any

from msgspec.structs import replace

from mock_solusio.domain import settings
from mock_solusio.domain.errors import Conflict, counted
from mock_solusio.domain.records.limit_groups import LIMIT_GROUPS, LimitGroup, UserLimit
from mock_solusio.domain.records.user import USERS
from mock_solusio.domain.world import World

LIMITS = ("vms", "running_vms", "additional_ips", "additional_ipv6", "iso_images", "iso_images_size")
"""What can be limited (observed names)."""


def seed(world: World) -> None:
    """Create the limit group of a fresh installation: the default one, without limits (assumed)."""
    create(world, {"name": "Default"})


def create(world: World, body: Mapping[str, Any]) -> LimitGroup:
    """Create a limit group from the fields of `POST /limit_groups`; what they leave out is unlimited."""
    group = LimitGroup(name=body["name"], created_at=world.now, updated_at=world.now)
    return world[LIMIT_GROUPS].add(replace(group, **_merged(group, body)))


def update(world: World, group: LimitGroup, body: Mapping[str, Any]) -> LimitGroup:
    """Change the given fields. Users above a lowered limit keep what they have."""
    changes: dict[str, Any] = {**_merged(group, body), "updated_at": world.now}
    if body.get("name") is not None:
        changes["name"] = body["name"]
    return world[LIMIT_GROUPS].update(replace(group, **changes))


def remove(world: World, group: LimitGroup) -> None:
    """Delete a limit group.

    Raises:
        Conflict: users have it, or new users get it.
    """
    users = world[USERS].count(limit_group_id=group.id)
    if users:
        used = f"it is in use by {counted(users, 'user')}"
        raise Conflict(f"The limit group {group.name} cannot be deleted: {used}.")
    if settings.default_limit_group(world) == group.id:
        raise Conflict(f"The limit group {group.name} cannot be deleted: it is the default for new users.")
    world[LIMIT_GROUPS].remove(group.id)


def _merged(group: LimitGroup, limits: Mapping[str, Any]) -> dict[str, UserLimit]:
    merged = {}
    for name in LIMITS:
        if name in limits:
            given = {key: limits[name][key] for key in ("limit", "is_enabled") if key in limits[name]}
            merged[name] = replace(getattr(group, name), **given)
    return merged
