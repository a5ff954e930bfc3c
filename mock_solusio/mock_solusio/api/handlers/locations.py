"""Locations over HTTP (facts, section 9)."""

from mock_solusio.api.call import Call, Reply, listed, nothing, operation, shown
from mock_solusio.api.views.catalogue import location_view
from mock_solusio.api.visibility import visible, visible_where
from mock_solusio.domain import locations
from mock_solusio.domain.permissions import Permission
from mock_solusio.domain.records.compute_resources import LOCATIONS, Location


@operation("listLocations")
def list_locations(call: Call) -> Reply:
    """Answer a page of locations."""
    where = visible_where(call, Permission.VIEW_LOCATIONS)
    return listed(call, LOCATIONS, location_view, where)


@operation("createLocation", permission=Permission.MANAGE_LOCATIONS)
def create_location(call: Call) -> Reply:
    """Make a location."""
    return shown(call, location_view, locations.create(call.world, call.body), 201)


@operation("getLocation")
def get_location(call: Call) -> Reply:
    """Answer a location."""
    location = visible(call, LOCATIONS, call.path["location_id"], Permission.VIEW_LOCATIONS)
    return shown(call, location_view, location)


@operation("replaceLocation", permission=Permission.MANAGE_LOCATIONS)
@operation("updateLocation", permission=Permission.MANAGE_LOCATIONS)
def update_location(call: Call) -> Reply:
    """Change a location."""
    return shown(call, location_view, locations.update(call.world, _location(call), call.body))


@operation("deleteLocation", permission=Permission.MANAGE_LOCATIONS)
def delete_location(call: Call) -> Reply:
    """Delete a location."""
    locations.remove(call.world, _location(call))
    return nothing()


def _location(call: Call) -> Location:
    return call.world[LOCATIONS].get_or_404(call.path["location_id"])
