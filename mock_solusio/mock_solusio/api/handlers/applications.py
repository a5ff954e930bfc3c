"""Applications over HTTP (facts, section 9)."""

from mock_solusio.api.call import Call, Reply, listed, nothing, operation, shown
from mock_solusio.api.views.catalogue import application_view
from mock_solusio.api.visibility import visible, visible_where
from mock_solusio.domain import applications
from mock_solusio.domain.permissions import Permission
from mock_solusio.domain.records.images import APPLICATIONS, Application


@operation("listApplications")
def list_applications(call: Call) -> Reply:
    """Answer a page of applications."""
    where = visible_where(call, Permission.MANAGE_IMAGES)
    return listed(call, APPLICATIONS, application_view, where)


@operation("createApplication", permission=Permission.MANAGE_IMAGES)
def create_application(call: Call) -> Reply:
    """Make an application."""
    return shown(call, application_view, applications.create(call.world, call.body), 201)


@operation("getApplication")
def get_application(call: Call) -> Reply:
    """Answer an application."""
    key = call.path["application_id"]
    return shown(call, application_view, visible(call, APPLICATIONS, key, Permission.MANAGE_IMAGES))


@operation("replaceApplication", permission=Permission.MANAGE_IMAGES)
@operation("updateApplication", permission=Permission.MANAGE_IMAGES)
def update_application(call: Call) -> Reply:
    """Change an application."""
    return shown(call, application_view, applications.update(call.world, _application(call), call.body))


@operation("deleteApplication", permission=Permission.MANAGE_IMAGES)
def delete_application(call: Call) -> Reply:
    """Delete an application."""
    applications.remove(call.world, _application(call))
    return nothing()


def _application(call: Call) -> Application:
    return call.world[APPLICATIONS].get_or_404(call.path["application_id"])
