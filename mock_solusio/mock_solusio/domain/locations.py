"""Locations: where servers can run."""

from collections.abc import Mapping
from typing import Any

from msgspec.structs import replace

from mock_solusio.domain import icons, plans, vpc_networks
from mock_solusio.domain.records.compute_resources import COMPUTE_RESOURCES, LOCATIONS, Location
from mock_solusio.domain.references import (
    ensure_single_default,
    existing_ids,
    link,
    next_position,
    pick,
    refuse_in_use,
)
from mock_solusio.domain.world import World


def create(world: World, body: Mapping[str, Any]) -> Location:
    """Create a location from the members of a request.

    Raises:
        Invalid: an id does not exist.
    """
    location = Location(name=body["name"], position=next_position(world, LOCATIONS))
    return _related(world, world[LOCATIONS].add(_changed(world, location, body)), body)


def update(world: World, location: Location, body: Mapping[str, Any]) -> Location:
    """Change the members that a request names.

    Raises:
        Invalid: an id does not exist.
    """
    return _related(world, world[LOCATIONS].update(_changed(world, location, body)), body)


def remove(world: World, location: Location) -> None:
    """Delete a location, also from the lists of plans and compute resources.

    Raises:
        Conflict: servers or VPC networks are there.
    """
    vpc_networks.refuse_location(world, location.id)
    refuse_in_use(world, "location", location_id=location.id)
    plans.make_unavailable(world, "available_locations", location.id)
    link(world, COMPUTE_RESOURCES, "location_ids", location.id, ())
    world[LOCATIONS].remove(location.id)


def _changed(world: World, location: Location, body: Mapping[str, Any]) -> Location:
    changes = pick(body, "name", "is_default", "is_visible")
    if "description" in body:
        changes["description"] = body["description"] or ""
    changes |= icons.icon_change(world, body)
    if body.get("position") is not None:
        changes["position"] = float(body["position"])
    return replace(location, **changes)


def _related(world: World, location: Location, body: Mapping[str, Any]) -> Location:
    ensure_single_default(world, LOCATIONS, location)
    plans.make_available(world, "available_locations", location.id, body)
    if "compute_resources" in body:
        ids = existing_ids(world, COMPUTE_RESOURCES, body["compute_resources"], "compute_resources")
        link(world, COMPUTE_RESOURCES, "location_ids", location.id, ids)
    return location


_FRESH = (("Frankfurt", "New York"), ("Germany", "United States"))


def seed(world: World) -> None:
    """Create what a fresh installation has: two locations with one compute resource each."""
    resources = world[COMPUTE_RESOURCES].find()
    for number, (name, country, resource) in enumerate(zip(*_FRESH, resources, strict=True), 1):
        location = world[LOCATIONS].add(
            Location(
                name=name,
                description=country,
                icon_id=icons.named(world, country),
                is_default=number == 1,
                position=float(number),
            )
        )
        link(world, COMPUTE_RESOURCES, "location_ids", location.id, [resource.id])
