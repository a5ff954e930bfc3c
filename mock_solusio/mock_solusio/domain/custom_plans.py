"""Plans that are custom to one server: what differs from a plan, and the two together."""

from collections.abc import Mapping
from typing import Any

import msgspec

from mock_solusio.domain.records.plans import LIMIT_UNITS, PLANS, Plan, PlanParams
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
"""Members of a plan that can be custom to a server, beside `params` and `limits`."""


def customised(plan: Plan, custom: dict[str, Any]) -> Plan:
    """Return a plan with some members changed, members of members one by one."""
    if not custom:
        return plan
    whole = _merged(msgspec.to_builtins(plan), custom)
    # A disk that is custom stands in two places of the record.
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
    """Return what of a plan is custom: known members alone, without null and empty texts."""
    if not asked:
        return {}
    custom: dict[str, Any] = {name: asked[name] for name in CUSTOM if asked.get(name) not in (None, "")}
    params = asked.get("params") or {}
    known = PlanParams.__struct_fields__
    custom["params"] = {name: params[name] for name in known if params.get(name) is not None}
    limits = asked.get("limits") or {}
    custom["limits"] = {name: _limit(limits[name]) for name in LIMIT_UNITS if limits.get(name)}
    return {name: value for name, value in custom.items() if value != {}}


def _limit(asked: Mapping[str, Any]) -> dict[str, Any]:
    limit = {
        name: asked[name] for name in ("is_enabled", "limit", "unit") if asked.get(name) not in (None, "")
    }
    # A limit of which only the figure is given is meant to hold: so the WHMCS module sends it.
    if limit.get("limit") and "is_enabled" not in limit:
        limit["is_enabled"] = True
    # KB to PB are the names of old SDKs (facts, section 5).
    if "unit" in limit and len(limit["unit"]) == 2 and limit["unit"].endswith("B"):
        limit["unit"] = f"{limit['unit'][0]}iB"
    return limit


def effective_plan(world: World, server: Server) -> Plan:
    """Return a server's plan, with what is custom to the server."""
    return customised(world[PLANS].get_or_404(server.plan_id), server.custom_plan)
