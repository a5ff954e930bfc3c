"""Locations: where servers can be."""

from collections.abc import Mapping
from typing import Any

from msgspec.structs import replace

from mock_solusio.domain import compute_resources, icons, plans, vpc_networks
from mock_solusio.domain.records.compute_resources import COMPUTE_RESOURCES, LOCATIONS, Location
from mock_solusio.domain.references import (
    ensure_single_default,
    existing_ids,
    next_position,
    pick,
    refuse_in_use,
)
from mock_solusio.domain.world import World


def create(world: World, body: Mapping[str, Any]) -> Location:
    """Make a location from the members of a request (facts, section 9).

    Raises:
        Invalid: an id does not exist.
    """
    location = world[LOCATIONS].add(
        _changed(world, Location(name=body["name"], position=next_position(world, LOCATIONS)), body)
    )
    return _related(world, location, body)


def update(world: World, location: Location, body: Mapping[str, Any]) -> Location:
    """Change what a request names.

    Raises:
        Invalid: an id does not exist.
    """
    return _related(world, world[LOCATIONS].update(_changed(world, location, body)), body)


def remove(world: World, location: Location) -> None:
    """Delete a location; plans and compute resources forget it.

    Raises:
        Conflict: servers or VPC networks are there.
    """
    vpc_networks.refuse_location(world, location.id)
    refuse_in_use(world, "location", location_id=location.id)
    plans.make_available(world, "available_locations", location.id, ())
    compute_resources.set_at_location(world, location.id, ())
    world[LOCATIONS].remove(location.id)


def _changed(world: World, location: Location, body: Mapping[str, Any]) -> Location:
    changes = pick(body, "name", "is_default", "is_visible")
    if "description" in body:
        changes["description"] = body["description"] or ""
    if "icon_id" in body:
        changes["icon_id"] = icons.icon_id(world, body["icon_id"])
    if body.get("position") is not None:
        changes["position"] = float(body["position"])
    return replace(location, **changes)


def _related(world: World, location: Location, body: Mapping[str, Any]) -> Location:

    ensure_single_default(world, LOCATIONS, location)
    plan_ids = plans.available_plans(world, body)
    if plan_ids is not None:
        plans.make_available(world, "available_locations", location.id, plan_ids)
    if "compute_resources" in body:
        keys = existing_ids(world, COMPUTE_RESOURCES, body["compute_resources"], "compute_resources")
        compute_resources.set_at_location(world, location.id, keys)
    return location


_FRESH = (("Frankfurt", "New York"), ("Germany", "United States"))


def seed(world: World) -> None:
    """Make what a fresh install has: two locations, with a compute resource each."""
    machines = world[COMPUTE_RESOURCES].find()
    for number, (name, country, machine) in enumerate(zip(*_FRESH, machines, strict=True), 1):
        location = world[LOCATIONS].add(
            Location(
                name=name,
                description=country,
                icon_id=icons.named(world, country),
                is_default=number == 1,
                position=float(number),
            )
        )
        compute_resources.set_at_location(world, location.id, [machine.id])
