"""What a user has, and what his limit group permits him (step 5 of the vendor's page).

What shall be counts, not what is: a server counts from the request that creates it to the end of its
deletion, and as running from the request that starts it to the request that stops it. The owner's limits hold
whoever asks, so an operator cannot exceed them by mistake; he changes the limit group (assumed).
"""

from typing import NamedTuple

from mock_solusio.domain import ip_blocks
from mock_solusio.domain.errors import Invalid
from mock_solusio.domain.records.limit_groups import LIMIT_GROUPS
from mock_solusio.domain.records.servers import SERVERS
from mock_solusio.domain.records.user import User
from mock_solusio.domain.world import World


class LimitUsage(NamedTuple):
    """How much a user has."""

    servers: int
    running_servers: int
    additional_ips: int
    """Of IPv4."""
    additional_ipv6: int


def usage_of(world: World, user_id: int) -> LimitUsage:
    """Return how much a user has."""
    return LimitUsage(
        servers=_servers(world, user_id),
        running_servers=_running(world, user_id),
        additional_ips=ip_blocks.count_additional(world, user_id, "IPv4"),
        additional_ipv6=ip_blocks.count_additional(world, user_id, "IPv6"),
    )


def check_server(world: World, user: User) -> None:
    """Raise Invalid unless a user may have one more server."""
    most = _bound(world, user, "vms")
    if most is not None and _servers(world, user.id) >= most:
        raise _reached("servers", f"The limit of {_number(most, 'server')} is reached.")


def check_running(world: World, user: User) -> None:
    """Raise Invalid unless one more server of a user may run."""
    if not may_run(world, user):
        most = _bound(world, user, "running_vms") or 0
        raise _reached("running_servers", f"The limit of {_number(most, 'running server')} is reached.")


def may_run(world: World, user: User) -> bool:
    """Tell whether one more server of a user may run."""
    most = _bound(world, user, "running_vms")
    return most is None or _running(world, user.id) < most


def check_additional_ips(world: World, user: User, wanted: dict[str, int]) -> None:
    """Raise Invalid unless a user may have so many more additional addresses, by `IPv4` and `IPv6`."""
    for version, group_field in (("IPv4", "additional_ips"), ("IPv6", "additional_ipv6")):
        more = wanted.get(version, 0)
        most = _bound(world, user, group_field) if more else None
        if most is not None and ip_blocks.count_additional(world, user.id, version) + more > most:
            addresses = "address" if most == 1 else "addresses"
            raise _reached(group_field, f"The limit of {most} additional {version} {addresses} is reached.")


def _servers(world: World, user_id: int) -> int:

    return world[SERVERS].count(user_id=user_id)


def _running(world: World, user_id: int) -> int:

    return world[SERVERS].count(running_of=user_id)


def _bound(world: World, user: User, name: str) -> int | None:
    group = None if user.limit_group_id is None else world[LIMIT_GROUPS].get(user.limit_group_id)
    if group is None:
        return None
    bound: int | None = getattr(group, name).bound
    return bound


def _number(count: int, noun: str) -> str:
    return f"{count} {noun}" if count == 1 else f"{count} {noun}s"


def _reached(field: str, text: str) -> Invalid:
    # The message says it, too: clients show one or the other.
    return Invalid({field: [text]}, text)
