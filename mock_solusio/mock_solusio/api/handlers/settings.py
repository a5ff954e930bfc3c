"""The settings (facts, section 10; steps 4, 5 and 7)."""

from mock_solusio.api.call import Call, Reply
from mock_solusio.api.operations import operation
from mock_solusio.api.replies import show
from mock_solusio.api.views.installation import settings_view
from mock_solusio.domain import activity, settings
from mock_solusio.domain.permissions import Permission


@operation("getSettings", permission=Permission.VIEW_SETTINGS)
def get_settings(call: Call) -> Reply:
    """Reply with all settings."""
    return show(call, settings_view, settings.read(call.world))


@operation("updateSettings", permission=Permission.MANAGE_SETTINGS)
def update_settings(call: Call) -> Reply:
    """Change the given settings."""
    changed = settings.patch(call.world, call.body, actor=call.actor)
    data = {"changed": sorted(set(call.body) & set(changed.tree))}
    activity.record(call.world, activity.SETTINGS_CHANGED, user=call.actor, data=data)
    return show(call, settings_view, changed)
