"""How much a user has, and how much their limit group permits (step 5 of the vendor's page).

Limits count what was requested, not what is: a server counts from the request that creates it to the end of
its deletion, and as running from the request that starts it to the request that stops it. The owner's limits
also apply to what operators do; to exceed them on purpose, an operator changes the limit group (assumed).
"""

from collections.abc import Mapping
from typing import NamedTuple

from mock_solusio.domain.errors import Invalid, counted
from mock_solusio.domain.ip_blocks import count_additional
from mock_solusio.domain.records.images import ISO_IMAGES
from mock_solusio.domain.records.limit_groups import LIMIT_GROUPS, UserLimit
from mock_solusio.domain.records.networks import IPV4, IPV6
from mock_solusio.domain.records.servers import SERVERS
from mock_solusio.domain.records.user import User
from mock_solusio.domain.world import World


class LimitUsage(NamedTuple):
    """How much a user has."""

    servers: int
    running_servers: int
    additional_ips: int
    """IPv4 only."""
    additional_ipv6: int


def usage_of(world: World, user_id: int) -> LimitUsage:
    """Return how much a user has."""
    return LimitUsage(
        servers=_servers(world, user_id),
        running_servers=_running(world, user_id),
        additional_ips=count_additional(world, user_id, IPV4),
        additional_ipv6=count_additional(world, user_id, IPV6),
    )


def check_server(world: World, user: User) -> None:
    """Raise Invalid unless a user may have one more server."""
    most = _bound(world, user, "vms")
    if most is not None and _servers(world, user.id) >= most:
        raise _reached("servers", counted(most, "server"))


def check_running(world: World, user: User) -> None:
    """Raise Invalid unless one more server of a user may run."""
    if not may_run(world, user):
        most = _bound(world, user, "running_vms") or 0
        raise _reached("running_servers", counted(most, "running server"))


def may_run(world: World, user: User) -> bool:
    """Return whether one more server of a user may run."""
    most = _bound(world, user, "running_vms")
    return most is None or _running(world, user.id) < most


def check_additional_ips(world: World, user: User, wanted: Mapping[str, int]) -> None:
    """Raise Invalid unless a user may have this many more additional addresses, by IP version."""
    for version, name in ((IPV4, "additional_ips"), (IPV6, "additional_ipv6")):
        more = wanted.get(version, 0)
        most = _bound(world, user, name) if more else None
        if most is not None and count_additional(world, user.id, version) + more > most:
            addresses = "address" if most == 1 else "addresses"
            raise _reached(name, f"{most} additional {version} {addresses}")


def check_iso_images(world: World, user: User) -> None:
    """Raise Invalid if the ISO images that a user has are too many or too large."""
    images = world[ISO_IMAGES].find(user_id=user.id)
    for name, used, noun in (
        ("iso_images", len(images), "ISO images"),
        ("iso_images_size", sum(image.size for image in images), "bytes of ISO images"),
    ):
        most = _bound(world, user, name)
        if most is not None and used > most:
            raise _reached(name, f"{most} {noun}")


def _servers(world: World, user_id: int) -> int:
    return world[SERVERS].count(user_id=user_id)


def _running(world: World, user_id: int) -> int:
    return world[SERVERS].count(running_of=user_id)


def _bound(world: World, user: User, name: str) -> int | None:
    group = None if user.limit_group_id is None else world[LIMIT_GROUPS].get(user.limit_group_id)
    if group is None:
        return None
    limit: UserLimit = getattr(group, name)
    return limit.bound


def _reached(field: str, limit: str) -> Invalid:
    # Some clients show the message, others the errors.
    text = f"The limit of {limit} is reached."
    return Invalid({field: [text]}, text)
