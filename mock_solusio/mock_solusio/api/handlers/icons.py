"""Icons over HTTP (facts, section 9)."""

from mock_solusio.api.call import Call, Reply, listed, operation, shown
from mock_solusio.api.views.machines import icon_view
from mock_solusio.domain.records.images import ICONS


@operation("listIcons")
def list_icons(call: Call) -> Reply:
    """Answer a page of icons."""
    return listed(call, ICONS, icon_view, call.filters)


@operation("getIcon")
def get_icon(call: Call) -> Reply:
    """Answer an icon."""
    return shown(call, icon_view, call.world[ICONS].get_or_404(call.path["icon_id"]))
