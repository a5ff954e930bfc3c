"""What the API shows of plans, with what they cost the customer who looks."""

import functools
from typing import Any

import msgspec

from mock_solusio.api.call import Call, View
from mock_solusio.domain import os_images
from mock_solusio.domain.prices import plan_price
from mock_solusio.domain.records.compute_resources import LOCATIONS
from mock_solusio.domain.records.images import APPLICATIONS, OS_IMAGE_VERSIONS
from mock_solusio.domain.records.plans import LIMIT_UNITS, Plan
from mock_solusio.domain.storage_types import has_snapshots


def plan_view(call: Call, plan: Plan, billing_user_id: int | None) -> dict[str, Any]:
    """Return a plan (facts, section 5), with `price` for a customer of the billing system.

    Without a price (no billing integration, no billing_user_id, or no answer) `price` is absent: no client
    breaks on that (facts, section 14).
    """
    world = call.world
    view: dict[str, Any] = {
        "id": plan.id,
        "name": plan.name,
        "virtualization_type": plan.virtualization_type,
        "storage_type": plan.storage_type,
        "image_format": plan.image_format,
        "params": msgspec.to_builtins(plan.params),
        "tokens_per_hour": plan.tokens_per_hour,
        "tokens_per_month": plan.tokens_per_month,
        "ip_tokens_per_hour": plan.ip_tokens_per_hour,
        "ip_tokens_per_month": plan.ip_tokens_per_month,
        "iso_image_tokens_per_hour": plan.iso_image_tokens_per_hour,
        "iso_image_tokens_per_month": plan.iso_image_tokens_per_month,
        "backup_price": number(plan.backup_price),
        "limits": {
            name: {"is_enabled": limit.is_enabled, "limit": limit.limit, "unit": limit.unit}
            for name, limit in ((name, plan.limits[name]) for name in LIMIT_UNITS)
        },
        "reset_limit_policy": plan.reset_limit_policy,
        "network_traffic_limit_type": plan.network_traffic_limit_type,
        "is_default": plan.is_default,
        "is_visible": plan.is_visible,
        "is_snapshot_available": has_snapshots(plan.storage_type, plan.image_format),
        "is_snapshots_enabled": plan.is_snapshots_enabled,
        "is_backup_available": plan.is_backup_available,
        "is_additional_ips_available": plan.is_additional_ips_available,
        "is_custom": plan.is_custom,
        "is_thin_provisioned": plan.is_thin_provisioned,
        "backup_settings": msgspec.to_builtins(plan.backup_settings),
        "position": number(plan.position),
        "available_locations": [
            {"id": key, "name": world[LOCATIONS].get_or_404(key).name} for key in plan.available_locations
        ],
        "available_os_image_versions": [
            {"id": key, "name": os_images.title(world, world[OS_IMAGE_VERSIONS].get_or_404(key))}
            for key in plan.available_os_image_versions
        ],
        "available_applications": [
            {"id": key, "name": world[APPLICATIONS].get_or_404(key).name}
            for key in plan.available_applications
        ],
        "netfilter": msgspec.to_builtins(plan.netfilter),
        "ppp": msgspec.to_builtins(plan.ppp),
        "tun_tap": msgspec.to_builtins(plan.tun_tap),
    }
    pricing = call.price(billing_user_id)
    if pricing is not None:
        view["price"] = plan_price(plan, pricing, backups=plan.is_backup_available)
    return view


@functools.lru_cache(maxsize=1000)
def priced_for(billing_user_id: int | None) -> View[Plan]:
    """Return the view of plans for a customer of the billing system; the same one for the same customer."""
    return lambda call, plan: plan_view(call, plan, billing_user_id)


def plan_view_for_actor(call: Call, plan: Plan) -> dict[str, Any]:
    """Return a plan, priced for the actor."""
    return plan_view(call, plan, call.actor.billing_user_id)


def short_plans(plans: list[Plan]) -> list[dict[str, Any]]:
    """Return plans by id and name."""
    return [{"id": plan.id, "name": plan.name} for plan in plans]


def number(value: float) -> int | float:
    """Return a number as people write it: 7, not 7.0, which clients that expect an integer refuse."""
    return int(value) if value == int(value) else value
