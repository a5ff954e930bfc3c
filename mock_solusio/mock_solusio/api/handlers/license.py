"""License and updates (facts, section 10)."""

from mock_solusio.api.call import Call, Reply, operation, shown
from mock_solusio.api.views.settings import license_view
from mock_solusio.domain import license as licenses
from mock_solusio.domain.permissions import Permission


@operation("getSolusLicense", permission=Permission.VIEW_LICENSE)
@operation("getLicense", permission=Permission.VIEW_LICENSE)
def get_license(call: Call) -> Reply:
    """Answer the license."""
    return shown(call, license_view, licenses.read(call.world))


@operation("activateSolusLicense", permission=Permission.MANAGE_LICENSE)
@operation("activateLicense", permission=Permission.MANAGE_LICENSE)
def activate_license(call: Call) -> Reply:
    """Renew the license: any code will do."""
    return shown(call, license_view, licenses.activate(call.world))


@operation("refreshSolusLicense", permission=Permission.MANAGE_LICENSE)
@operation("refreshLicense", permission=Permission.MANAGE_LICENSE)
def refresh_license(call: Call) -> Reply:
    """Answer the license: nobody is there who could know better."""
    return shown(call, license_view, licenses.read(call.world))


@operation("startUpdate", permission=Permission.MANAGE_LICENSE)
@operation("getUpdates", permission=Permission.VIEW_LICENSE)
def get_updates(_call: Call) -> Reply:
    """Answer that nothing newer is there; there never is."""
    return Reply(200, lambda: {"data": {"status": "up to date"}})
