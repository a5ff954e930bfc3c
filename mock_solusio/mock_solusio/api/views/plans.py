"""Plans as the API shows them, with their price for a customer (facts, section 5)."""

import functools

from mock_solusio.api.call import Call, View
from mock_solusio.api.views.parts import Json, brief, number, pick
from mock_solusio.domain import os_images, plans
from mock_solusio.domain.permissions import Permission
from mock_solusio.domain.prices import plan_price
from mock_solusio.domain.records.compute_resources import LOCATIONS
from mock_solusio.domain.records.images import APPLICATIONS, OS_IMAGE_VERSIONS
from mock_solusio.domain.records.plans import LIMIT_UNITS, Plan
from mock_solusio.domain.storage_types import has_snapshots

_AS_THEY_ARE = (
    *("id", "name", "virtualization_type", "storage_type", "image_format", "params"),
    *("tokens_per_hour", "tokens_per_month", "ip_tokens_per_hour", "ip_tokens_per_month"),
    *("iso_image_tokens_per_hour", "iso_image_tokens_per_month"),
    *("reset_limit_policy", "network_traffic_limit_type", "is_default", "is_visible"),
    *("is_snapshots_enabled", "is_backup_available", "is_additional_ips_available"),
    *("is_custom", "is_thin_provisioned", "backup_settings", "netfilter", "ppp", "tun_tap"),
)


def plan_view(call: Call, plan: Plan, billing_user_id: int | None) -> Json:
    """Show a plan, priced for a customer of the billing system.

    Without a price (no billing integration, no billing user id, or no answer) `price` is absent, which no
    client objects to (facts, section 14).
    """
    world = call.world
    locations, applications = world[LOCATIONS], world[APPLICATIONS]
    versions = map(world[OS_IMAGE_VERSIONS].get_or_404, plan.available_os_image_versions)
    view = {
        **pick(plan, *_AS_THEY_ARE),
        "backup_price": number(plan.backup_price),
        "limits": {name: plan.limits[name] for name in LIMIT_UNITS},
        "is_snapshot_available": has_snapshots(plan.storage_type, plan.image_format),
        "position": number(plan.position),
        "available_locations": [brief(locations.get_or_404(key)) for key in plan.available_locations],
        "available_os_image_versions": [
            {"id": version.id, "name": os_images.title(world, version)} for version in versions
        ],
        "available_applications": [
            brief(applications.get_or_404(key)) for key in plan.available_applications
        ],
    }
    pricing = call.price(billing_user_id)
    if pricing is not None:
        view["price"] = plan_price(plan, pricing, backups=plan.is_backup_available)
    return view


@functools.lru_cache(maxsize=1000)
def priced_for(billing_user_id: int | None) -> View[Plan]:
    """Return the view of plans for a customer of the billing system; the same view for the same customer."""
    return lambda call, plan: plan_view(call, plan, billing_user_id)


def plan_view_for_actor(call: Call, plan: Plan) -> Json:
    """Show a plan, priced for the actor."""
    return plan_view(call, plan, call.actor.billing_user_id)


def plans_listing(call: Call, relation: str, key: int) -> list[Json]:
    """Show the plans that list a record, such as a location, in brief; customers see the visible ones."""
    listing = plans.listing(call.world, relation, key)
    return [brief(plan) for plan in listing if plan.is_visible or call.may(Permission.VIEW_PLANS)]
