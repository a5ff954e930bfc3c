"""Custom plans: what one server has in place of its plan's values, and the plan that results."""

from collections.abc import Mapping
from typing import Any

import msgspec

from mock_solusio.domain.records.plans import LEGACY_UNITS, LIMIT_UNITS, PLANS, Plan, PlanParams
from mock_solusio.domain.records.servers import Server
from mock_solusio.domain.world import World

CUSTOM = (
    "name",
    "virtualization_type",
    "storage_type",
    "image_format",
    "tokens_per_hour",
    "tokens_per_month",
    "ip_tokens_per_hour",
    "ip_tokens_per_month",
    "backup_price",
    "is_snapshots_enabled",
    "is_backup_available",
    "is_additional_ips_available",
)
"""Members of a plan that can be custom for a server, besides `params` and `limits`."""

_SIZES = frozenset({"disk", "ram", "vcpu"})


def customised(plan: Plan, custom: dict[str, Any]) -> Plan:
    """Return a plan with some members replaced; nested objects are merged member by member."""
    if not custom:
        return plan
    whole = _merged(msgspec.to_builtins(plan), custom)
    # The record holds the size of the disk twice.
    whole["disk"] = whole["params"]["disk"]
    return msgspec.convert({**whole, "is_custom": True}, type(plan), strict=False)


def _merged(old: dict[str, Any], new: dict[str, Any]) -> dict[str, Any]:
    merged = dict(old)
    for key, value in new.items():
        before = merged.get(key)
        merged[key] = (
            _merged(before, value) if isinstance(before, dict) and isinstance(value, dict) else value
        )
    return merged


def custom_plan(asked: Mapping[str, Any] | None) -> dict[str, Any]:
    """Return the custom members that a request names: known ones only, without null and empty strings.

    The Go SDK sends a whole plan, and a size of 0 where its user set none. No server has such a size.
    """
    if not asked:
        return {}
    custom: dict[str, Any] = {name: asked[name] for name in CUSTOM if asked.get(name) not in (None, "")}
    params = asked.get("params") or {}
    known = PlanParams.__struct_fields__
    custom["params"] = {
        name: params[name]
        for name in known
        if params.get(name) is not None and (params[name] or name not in _SIZES)
    }
    limits = asked.get("limits") or {}
    custom["limits"] = {name: _limit(limits[name]) for name in LIMIT_UNITS if limits.get(name)}
    return {name: value for name, value in custom.items() if value != {}}


def _limit(asked: Mapping[str, Any]) -> dict[str, Any]:
    limit = {
        name: asked[name] for name in ("is_enabled", "limit", "unit") if asked.get(name) not in (None, "")
    }
    # The WHMCS module sends a limit as its number alone, and means it to apply.
    if limit.get("limit") and "is_enabled" not in limit:
        limit["is_enabled"] = True
    if "unit" in limit:
        limit["unit"] = LEGACY_UNITS.get(limit["unit"], limit["unit"])
    return limit


def effective_plan(world: World, server: Server) -> Plan:
    """Return a server's plan with the server's custom values."""
    return customised(world[PLANS].get_or_404(server.plan_id), server.custom_plan)
