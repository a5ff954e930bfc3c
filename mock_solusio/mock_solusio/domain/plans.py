"""Plans: what a customer can order, and what it costs in tokens (vendor's page, steps 2 and 3)."""

from collections.abc import Mapping, Sequence
from typing import Any

from msgspec.structs import replace

from mock_solusio.domain.errors import Invalid
from mock_solusio.domain.records.compute_resources import LOCATIONS
from mock_solusio.domain.records.images import APPLICATIONS, OS_IMAGE_VERSIONS
from mock_solusio.domain.records.plans import (
    LEGACY_UNITS,
    LIMIT_UNITS,
    PLANS,
    Plan,
    PlanBackupSettings,
    PlanLimit,
    PlanParams,
)
from mock_solusio.domain.references import (
    ensure_single_default,
    existing_ids,
    link,
    next_position,
    pick,
    refuse_in_use,
    remove_each,
)
from mock_solusio.domain.storage_types import check_format
from mock_solusio.domain.units import GIB
from mock_solusio.domain.world import Has, Kind, World

AVAILABLE: dict[str, Kind[Any]] = {
    "available_locations": LOCATIONS,
    "available_os_image_versions": OS_IMAGE_VERSIONS,
    "available_applications": APPLICATIONS,
}
"""The lists that restrict what a plan can be ordered with, and what their ids refer to."""

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


def create(world: World, body: Mapping[str, Any]) -> Plan:
    """Create a plan from the members of a request.

    Raises:
        Invalid: the storage type cannot hold the image format, or an id does not exist.
    """
    check_format(body["storage_type"], body["image_format"])
    params = PlanParams(**pick(body["params"], *PlanParams.__struct_fields__))
    plan = Plan(
        name=body["name"],
        params=params,
        disk=params.disk,
        position=next_position(world, PLANS),
        **pick(body, "storage_type", "image_format", "virtualization_type"),
    )
    plan = world[PLANS].add(_changed(world, plan, body))
    ensure_single_default(world, PLANS, plan)
    return plan


def update(world: World, plan: Plan, body: Mapping[str, Any]) -> Plan:
    """Change what a request names; the rest stays, down to single limits and their members.

    Clients replace plans without the members that cannot change and without disk limits (observed).

    Raises:
        Invalid: an id does not exist.
    """
    plan = world[PLANS].update(_changed(world, plan, body))
    ensure_single_default(world, PLANS, plan)
    return plan


def remove(world: World, plan: Plan) -> None:
    """Delete a plan.

    Raises:
        Conflict: servers use it.
    """
    refuse_in_use(world, "plan", plan_id=plan.id)
    world[PLANS].remove(plan.id)


def remove_all(world: World, ids: Sequence[int]) -> list[int]:
    """Delete several plans, all or none; return their ids.

    Raises:
        Invalid: one does not exist.
        Conflict: servers use one.
    """
    return remove_each(world, PLANS, ids, remove)


def check_available(
    plan: Plan,
    *,
    location_id: int | None = None,
    os_image_version_id: int | None = None,
    application_id: int | None = None,
) -> None:
    """Raise Invalid unless a plan can be ordered with all of these (assumed from the names of the lists)."""
    for field, ids, key in (
        ("location", plan.available_locations, location_id),
        ("os", plan.available_os_image_versions, os_image_version_id),
        ("application", plan.available_applications, application_id),
    ):
        if ids and key is not None and key not in ids:
            raise Invalid.field(field, f"The plan {plan.name} is not available with this {field}.")


def listing(world: World, relation: str, key: int) -> list[Plan]:
    """Return the plans with an id in one of their lists (a key of `AVAILABLE`)."""
    return world[PLANS].find(**{relation: Has(key)})


def make_available(world: World, relation: str, key: int, body: Mapping[str, Any]) -> None:
    """Put an id in the list `relation` of exactly the plans in `available_plans`, if a request names any.

    They are given as ids or as objects with an id.

    Raises:
        Invalid: one does not exist.
    """
    if "available_plans" not in body:
        return
    ids = (one["id"] if isinstance(one, dict) else one for one in body["available_plans"] or ())
    link(world, PLANS, relation, key, existing_ids(world, PLANS, ids, "available_plans"))


def make_unavailable(world: World, relation: str, key: int) -> None:
    """Take an id that no longer exists out of the list `relation` of all plans."""
    link(world, PLANS, relation, key, ())


def _changed(world: World, plan: Plan, body: Mapping[str, Any]) -> Plan:
    changes = pick(body, *_PLAIN)
    changes |= {name: float(value) for name, value in pick(body, *_NUMBERS).items()}
    # The Go SDK sends an empty string for a policy that its user did not set.
    changes |= {name: value for name, value in pick(body, *_POLICIES).items() if value}
    for name, value in pick(body, *_PARTS).items():
        # The same for a firewall mode; `false` is a value.
        given = {key: one for key, one in pick(value, "value", "is_editable").items() if one != ""}
        changes[name] = replace(getattr(plan, name), **given)
    if body.get("limits"):
        changes["limits"] = _limits(plan.limits, body["limits"])
    backups = dict(body.get("backup_settings") or {})
    backups |= pick(body, *PlanBackupSettings.__struct_fields__)
    if backups:
        known = pick(backups, *PlanBackupSettings.__struct_fields__)
        changes["backup_settings"] = replace(plan.backup_settings, **known)
    for name, kind in AVAILABLE.items():
        if name in body:
            changes[name] = existing_ids(world, kind, body[name], name)
    return replace(plan, **changes)


def _limits(old: Mapping[str, PlanLimit], body: Mapping[str, Any]) -> dict[str, PlanLimit]:
    limits = dict(old)
    for name in LIMIT_UNITS:
        given = pick(body.get(name) or {}, "is_enabled", "limit", "unit")
        if "unit" in given:
            # The Terraform provider's SDK of 2022 sends legacy names only, and never reads limits back. The
            # WHMCS module reads the current names only, so every client gets those.
            unit = given.pop("unit") or limits[name].unit
            given["unit"] = LEGACY_UNITS.get(unit, unit)
        limits[name] = replace(limits[name], **given)
    return limits


_FRESH = (
    ("1 Core, 1 GB RAM", 1, 1, 20, 7, 5000),
    ("1 Core, 2 GB RAM", 1, 2, 40, 14, 10000),
    ("2 Cores, 2 GB RAM", 2, 2, 60, 21, 15000),
    ("2 Cores, 4 GB RAM", 2, 4, 80, 28, 20000),
)
"""The table of the vendor's page, step 2; the disks are assumed."""


def default_plans() -> list[Plan]:
    """Return the plans of a fresh installation with their ids: the four of the vendor's page."""
    return [
        Plan(
            id=number,
            name=name,
            params=PlanParams(disk=disk, ram=ram * GIB, vcpu=vcpu),
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
    """Create what a fresh installation has."""
    for plan in default_plans():
        world[PLANS].add(plan)
