"""Icons (facts, section 9)."""

from mock_solusio.api.access import permitted
from mock_solusio.api.operations import Resource
from mock_solusio.api.views.parts import icon_view
from mock_solusio.domain.records.images import ICONS

RESOURCE = Resource(icon_view, sees=permitted(ICONS))
RESOURCE.list("listIcons")
RESOURCE.show("getIcon")
