"""The activity log (facts, section 10)."""

from mock_solusio.api.call import Call, Reply, listed, operation
from mock_solusio.api.views.people import activity_log_view
from mock_solusio.domain.permissions import Permission
from mock_solusio.domain.records.installation import ACTIVITY_LOGS


@operation("listActivityLogs", permission=Permission.VIEW_ACTIVITY)
def list_activity_logs(call: Call) -> Reply:
    """Answer a page of the activity log."""
    return listed(call, ACTIVITY_LOGS, activity_log_view, call.filters)
