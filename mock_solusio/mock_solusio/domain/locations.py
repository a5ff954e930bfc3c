"""Locations: where servers can be."""

from collections.abc import Mapping
from typing import Any

from msgspec.structs import replace

from mock_solusio.domain import icons, plans
from mock_solusio.domain.references import chosen, existing, next_position, only_default, refuse_in_use
from mock_solusio.domain.world import Kind, Record, World


class Location(Record, frozen=True, kw_only=True):
    """A location (facts, section 9). Which compute resources are there, they themselves know."""

    name: str
    description: str = ""
    icon_id: int | None = None
    is_default: bool = False
    is_visible: bool = True
    position: float = 0.0


LOCATIONS: Kind[Location] = Kind(
    "locations", Location, index=("name", "is_default", "is_visible"), search=("name",)
)


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
    return _related(world, world[LOCATIONS].put(_changed(world, location, body)), body)


def remove(world: World, location: Location) -> None:
    """Delete a location; plans and compute resources forget it.

    Raises:
        Conflict: servers or VPC networks are there.
    """
    from mock_solusio.domain import compute_resources, vpc_networks

    vpc_networks.refuse_location(world, location.id)
    refuse_in_use(world, "location", location_id=location.id)
    plans.make_available(world, "available_locations", location.id, ())
    compute_resources.place(world, location.id, ())
    world[LOCATIONS].remove(location.id)


def _changed(world: World, location: Location, body: Mapping[str, Any]) -> Location:
    changes = chosen(body, "name", "is_default", "is_visible")
    if "description" in body:
        changes["description"] = body["description"] or ""
    if "icon_id" in body:
        changes["icon_id"] = icons.icon_id(world, body["icon_id"])
    if body.get("position") is not None:
        changes["position"] = float(body["position"])
    return replace(location, **changes)


def _related(world: World, location: Location, body: Mapping[str, Any]) -> Location:
    from mock_solusio.domain import compute_resources

    only_default(world, LOCATIONS, location)
    plan_ids = plans.available_plans(world, body)
    if plan_ids is not None:
        plans.make_available(world, "available_locations", location.id, plan_ids)
    if "compute_resources" in body:
        keys = existing(
            world, compute_resources.COMPUTE_RESOURCES, body["compute_resources"], "compute_resources"
        )
        compute_resources.place(world, location.id, keys)
    return location


_FRESH = (("Frankfurt", "New York"), ("Germany", "United States"))


def seed(world: World) -> None:
    """Make what a fresh install has: two locations, with a compute resource each."""
    from mock_solusio.domain import compute_resources

    machines = world[compute_resources.COMPUTE_RESOURCES].find()
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
        compute_resources.place(world, location.id, [machine.id])
