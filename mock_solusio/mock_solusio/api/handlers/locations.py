"""Locations (facts, section 9)."""

from mock_solusio.api.access import permitted, visible
from mock_solusio.api.operations import Resource
from mock_solusio.api.views.compute_resources import location_view
from mock_solusio.domain import locations
from mock_solusio.domain.permissions import Permission
from mock_solusio.domain.records.compute_resources import LOCATIONS

RESOURCE = Resource(
    location_view,
    sees=visible(LOCATIONS, Permission.VIEW_LOCATIONS, Permission.GET_LOCATIONS),
    manages=permitted(LOCATIONS, Permission.MANAGE_LOCATIONS),
)
RESOURCE.list("listLocations")
RESOURCE.create("createLocation", by=locations.create)
RESOURCE.show("getLocation")
RESOURCE.update("replaceLocation", "updateLocation", by=locations.update)
RESOURCE.delete("deleteLocation", by=locations.remove)
