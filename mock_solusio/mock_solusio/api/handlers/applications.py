"""Applications (facts, section 9)."""

from mock_solusio.api.access import permitted, visible
from mock_solusio.api.operations import Resource
from mock_solusio.api.views.images import application_view
from mock_solusio.domain import applications
from mock_solusio.domain.permissions import Permission
from mock_solusio.domain.records.images import APPLICATIONS

RESOURCE = Resource(
    application_view,
    sees=visible(APPLICATIONS, Permission.MANAGE_IMAGES, Permission.GET_APPLICATIONS),
    manages=permitted(APPLICATIONS, Permission.MANAGE_IMAGES),
)
RESOURCE.list("listApplications")
RESOURCE.create("createApplication", by=applications.create)
RESOURCE.show("getApplication")
RESOURCE.update("replaceApplication", "updateApplication", by=applications.update)
RESOURCE.delete("deleteApplication", by=applications.remove)
