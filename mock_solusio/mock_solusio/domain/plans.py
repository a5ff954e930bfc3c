"""Plans: what a customer can order, and what it costs in tokens (vendor's page, steps 2 and 3)."""

from collections.abc import Mapping, Sequence
from typing import Any

import msgspec
from msgspec.structs import replace

from mock_solusio.domain.errors import Conflict, Invalid
from mock_solusio.domain.references import (
    chosen,
    existing,
    next_position,
    only_default,
    refuse_in_use,
)
from mock_solusio.domain.storage_types import check_format
from mock_solusio.domain.world import Has, Kind, Record, World

GIB = 1024**3


class Params(msgspec.Struct, frozen=True, kw_only=True):
    """What a server has: `disk` in GiB, `ram` and `swap` in bytes (facts, section 5)."""

    disk: int
    ram: int
    vcpu: int
    swap: int = 0
    vcpu_units: int = 0
    vcpu_limit: int = 0
    """Percent of one processor."""
    io_priority: int = 0


class Limit(msgspec.Struct, frozen=True, kw_only=True):
    """A limit; it holds only while it is enabled."""

    unit: str
    is_enabled: bool = False
    limit: int = 0


class BackupSettings(msgspec.Struct, frozen=True, kw_only=True):
    """How a plan's servers are backed up."""

    is_incremental_backup_enabled: bool = False
    incremental_backups_limit: int = 0


class Netfilter(msgspec.Struct, frozen=True, kw_only=True):
    """The firewall modules of a container."""

    value: str = "disabled"
    is_editable: bool = False


class Switch(msgspec.Struct, frozen=True, kw_only=True):
    """A kernel feature of a container."""

    value: bool = False
    is_editable: bool = False


UNITS = {
    "disk_bandwidth": "Bps",
    "disk_iops": "iops",
    "network_incoming_bandwidth": "Mbps",
    "network_outgoing_bandwidth": "Mbps",
    "network_incoming_traffic": "GiB",
    "network_outgoing_traffic": "GiB",
    "network_total_traffic": "GiB",
    "network_reduce_bandwidth": "Mbps",
    "backups_number": "units",
}
"""All limits, each with the unit it has until somebody says otherwise."""

_OLD_UNITS = {"KB": "KiB", "MB": "MiB", "GB": "GiB", "TB": "TiB", "PB": "PiB"}


def _no_limits() -> dict[str, Limit]:
    return {name: Limit(unit=unit) for name, unit in UNITS.items()}


class Plan(Record, frozen=True, kw_only=True):
    """A plan. Tokens are integers; 0 per month: hourly billing alone; 0 per hour: the month's price alone."""

    name: str
    params: Params
    disk: int
    """The same as in `params`, to be found by."""
    storage_type: str = "fb"
    image_format: str = "qcow2"
    virtualization_type: str = "kvm"
    tokens_per_hour: int = 0
    tokens_per_month: int = 0
    ip_tokens_per_hour: int = 0
    ip_tokens_per_month: int = 0
    iso_image_tokens_per_hour: int = 0
    iso_image_tokens_per_month: int = 0
    backup_price: float = 0.0
    """Percent of the server's price (assumed; see `prices.plan_price`)."""
    limits: dict[str, Limit] = msgspec.field(default_factory=_no_limits)
    reset_limit_policy: str = "never"
    network_traffic_limit_type: str = "separate"
    is_default: bool = False
    is_visible: bool = True
    is_snapshots_enabled: bool = False
    is_backup_available: bool = False
    is_additional_ips_available: bool = False
    is_custom: bool = False
    is_thin_provisioned: bool = False
    backup_settings: BackupSettings = BackupSettings()
    position: float = 0.0
    available_locations: list[int] = msgspec.field(default_factory=list)
    """Ids of the locations where it can be ordered; none named: everywhere (assumed). So with the rest."""
    available_os_image_versions: list[int] = msgspec.field(default_factory=list)
    available_applications: list[int] = msgspec.field(default_factory=list)
    netfilter: Netfilter = Netfilter()
    ppp: Switch = Switch()
    tun_tap: Switch = Switch()


PLANS: Kind[Plan] = Kind(
    "plans",
    Plan,
    index=("name", "storage_type", "image_format", "disk", "is_default", "is_visible"),
    search=("name",),
)

_PLAIN = (
    "name",
    "tokens_per_hour",
    "tokens_per_month",
    "ip_tokens_per_hour",
    "ip_tokens_per_month",
    "iso_image_tokens_per_hour",
    "iso_image_tokens_per_month",
    "is_default",
    "is_visible",
    "is_snapshots_enabled",
    "is_backup_available",
    "is_additional_ips_available",
    "is_custom",
    "is_thin_provisioned",
)
_NUMBERS = ("backup_price", "position")
_PARTS = ("netfilter", "ppp", "tun_tap")
_POLICIES = ("reset_limit_policy", "network_traffic_limit_type")
AVAILABLE = ("available_locations", "available_os_image_versions", "available_applications")


def create(world: World, body: Mapping[str, Any]) -> Plan:
    """Make a plan from the members of a request (facts, section 5).

    Raises:
        Invalid: the storage type cannot hold the image format, or an id does not exist.
    """
    check_format(body["storage_type"], body["image_format"])
    params = Params(**chosen(body["params"], *Params.__struct_fields__))
    plan = Plan(
        name=body["name"],
        params=params,
        disk=params.disk,
        position=next_position(world, PLANS),
        **chosen(body, "storage_type", "image_format", "virtualization_type"),
    )
    plan = world[PLANS].add(_changed(world, plan, body))
    only_default(world, PLANS, plan)
    return plan


def update(world: World, plan: Plan, body: Mapping[str, Any]) -> Plan:
    """Change what a request names; all else stays, also single limits and members of limits.

    Clients replace plans without what cannot be changed and without disk limits (facts, section 5).

    Raises:
        Invalid: an id does not exist.
    """
    plan = world[PLANS].put(_changed(world, plan, body))
    only_default(world, PLANS, plan)
    return plan


def remove(world: World, plan: Plan) -> None:
    """Delete a plan.

    Raises:
        Conflict: servers use it.
    """
    refuse_in_use(world, "plan", plan_id=plan.id)
    world[PLANS].remove(plan.id)


def remove_all(world: World, keys: Sequence[int]) -> list[int]:
    """Delete several plans, all or none; return their ids.

    Raises:
        Invalid: one does not exist.
        Conflict: servers use one.
    """
    found = existing(world, PLANS, keys, "ids")
    for key in found:
        plan = world[PLANS].need(key)
        try:
            remove(world, plan)
        except Conflict as error:
            raise Conflict(f"{plan.name}: {error.message}") from error
    return found


def check_available(
    plan: Plan,
    *,
    location_id: int | None = None,
    os_image_version_id: int | None = None,
    application_id: int | None = None,
) -> None:
    """Raise Invalid unless a plan can be ordered with all of these (assumed, after the lists' names)."""
    for field, ids, key in (
        ("location", plan.available_locations, location_id),
        ("os", plan.available_os_image_versions, os_image_version_id),
        ("application", plan.available_applications, application_id),
    ):
        if ids and key is not None and key not in ids:
            raise Invalid.field(field, f"The plan {plan.name} is not available with this {field}.")


def naming(world: World, relation: str, key: int) -> list[Plan]:
    """Return the plans whose list (one of `AVAILABLE`) names an id."""
    return world[PLANS].find(**{relation: Has(key)})


def make_available(world: World, relation: str, key: int, plan_ids: Sequence[int]) -> None:
    """Let exactly these plans name an id in a list of theirs (one of `AVAILABLE`)."""
    for plan in world[PLANS].find():
        ids: list[int] = getattr(plan, relation)
        if (key in ids) == (plan.id in plan_ids):
            continue
        kept = [one for one in ids if one != key] if key in ids else [*ids, key]
        world[PLANS].put(replace(plan, **{relation: kept}))


def available_plans(world: World, body: Mapping[str, Any]) -> list[int] | None:
    """Return the plans that a request names in `available_plans`, as ids or objects; None if it names none.

    Raises:
        Invalid: one does not exist.
    """
    if "available_plans" not in body:
        return None
    named = (one["id"] if isinstance(one, dict) else one for one in body["available_plans"] or ())
    return existing(world, PLANS, named, "available_plans")


def _changed(world: World, plan: Plan, body: Mapping[str, Any]) -> Plan:
    changes = chosen(body, *_PLAIN)
    changes |= {name: float(value) for name, value in chosen(body, *_NUMBERS).items()}
    # An empty text is what the Go SDK sends for a policy that its user did not set.
    changes |= {name: value for name, value in chosen(body, *_POLICIES).items() if value}
    for name, value in chosen(body, *_PARTS).items():
        changes[name] = replace(getattr(plan, name), **chosen(value, "value", "is_editable"))
    if body.get("limits"):
        changes["limits"] = _limits(plan.limits, body["limits"])
    backups = dict(body.get("backup_settings") or {})
    backups |= chosen(body, *BackupSettings.__struct_fields__)
    if backups:
        known = chosen(backups, *BackupSettings.__struct_fields__)
        changes["backup_settings"] = replace(plan.backup_settings, **known)
    for name in AVAILABLE:
        if name in body:
            changes[name] = _known(world, name, body[name])
    return replace(plan, **changes)


def _limits(old: Mapping[str, Limit], body: Mapping[str, Any]) -> dict[str, Limit]:
    limits = dict(old)
    for name in UNITS:
        given = chosen(body.get(name) or {}, "is_enabled", "limit", "unit")
        if "unit" in given:
            # The Terraform provider's SDK of 2022 knows the old names alone. It never reads limits back, and
            # the WHMCS module reads the new names alone: so everybody is answered the new ones.
            unit = given.pop("unit") or limits[name].unit
            given["unit"] = _OLD_UNITS.get(unit, unit)
        limits[name] = replace(limits[name], **given)
    return limits


def _known(world: World, name: str, keys: Sequence[int] | None) -> list[int]:
    from mock_solusio.domain.applications import APPLICATIONS
    from mock_solusio.domain.locations import LOCATIONS
    from mock_solusio.domain.os_images import OS_IMAGE_VERSIONS

    kinds: dict[str, Kind[Any]] = dict(
        zip(AVAILABLE, (LOCATIONS, OS_IMAGE_VERSIONS, APPLICATIONS), strict=True)
    )
    return existing(world, kinds[name], keys, name)


_FRESH = (
    ("1 Core, 1 GB RAM", 1, 1, 20, 7, 5000),
    ("1 Core, 2 GB RAM", 1, 2, 40, 14, 10000),
    ("2 Cores, 2 GB RAM", 2, 2, 60, 21, 15000),
    ("2 Cores, 4 GB RAM", 2, 4, 80, 28, 20000),
)
"""The table of the vendor's page, step 2; disks are assumed."""


def fresh() -> list[Plan]:
    """Return what a fresh install has, with their ids: the four plans of the vendor's page."""
    return [
        Plan(
            id=number,
            name=name,
            params=Params(disk=disk, ram=ram * GIB, vcpu=vcpu),
            disk=disk,
            tokens_per_hour=per_hour,
            tokens_per_month=per_month,
            ip_tokens_per_hour=1,
            ip_tokens_per_month=700,
            backup_price=10.0,
            is_default=number == 1,
            is_snapshots_enabled=True,
            is_backup_available=True,
            is_additional_ips_available=True,
            position=float(number),
        )
        for number, (name, vcpu, ram, disk, per_hour, per_month) in enumerate(_FRESH, 1)
    ]


def seed(world: World) -> None:
    """Make what a fresh install has."""
    for plan in fresh():
        world[PLANS].add(plan)
