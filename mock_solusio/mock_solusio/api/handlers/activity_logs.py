"""The activity log (facts, section 10)."""

from mock_solusio.api.access import permitted
from mock_solusio.api.operations import Resource
from mock_solusio.api.views.installation import activity_log_view
from mock_solusio.domain.permissions import Permission
from mock_solusio.domain.records.installation import ACTIVITY_LOGS

RESOURCE = Resource(activity_log_view, sees=permitted(ACTIVITY_LOGS, Permission.VIEW_ACTIVITY))
RESOURCE.list("listActivityLogs")
