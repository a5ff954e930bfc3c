"""License and updates (facts, section 10)."""

from mock_solusio.api.call import Call, Reply
from mock_solusio.api.operations import operation
from mock_solusio.api.replies import show
from mock_solusio.api.views.installation import license_view
from mock_solusio.domain import license as licenses
from mock_solusio.domain.permissions import Permission


@operation("getSolusLicense", "getLicense", permission=Permission.VIEW_LICENSE)
@operation("refreshSolusLicense", "refreshLicense", permission=Permission.MANAGE_LICENSE)
def get_license(call: Call) -> Reply:
    """Reply with the license. Refreshing it changes nothing: the mock has no license server to ask."""
    return show(call, license_view, licenses.read(call.world))


@operation("activateSolusLicense", "activateLicense", permission=Permission.MANAGE_LICENSE)
def activate_license(call: Call) -> Reply:
    """Renew the license; any activation code works."""
    return show(call, license_view, licenses.activate(call.world))


@operation("getUpdates", permission=Permission.VIEW_LICENSE)
@operation("startUpdate", permission=Permission.MANAGE_LICENSE)
def get_updates(_call: Call) -> Reply:
    """Reply that the installation is up to date."""
    return Reply(200, lambda: {"data": {"status": "up to date"}})
