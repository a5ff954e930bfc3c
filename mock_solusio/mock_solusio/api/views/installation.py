"""Settings, license and activity log as the API shows them (facts, section 10)."""

from mock_solusio.api.call import Call
from mock_solusio.api.views.parts import Json, pick
from mock_solusio.api.views.people import limit_group_view
from mock_solusio.domain.records.event_handlers import EventHandler
from mock_solusio.domain.records.installation import ActivityLog, InstallationSettings, License
from mock_solusio.domain.records.limit_groups import LIMIT_GROUPS
from mock_solusio.moment import rfc3339


def settings_view(call: Call, settings: InstallationSettings) -> Json:
    """Show all settings, with the default limit group in full."""
    tree = settings.tree
    key = tree["limit_group"]
    group = None if key is None else call.world[LIMIT_GROUPS].get(key)
    return {
        **tree,
        "limit_group": None if group is None else limit_group_view(call, group),
        "token_api": {**tree["token_api"], "url": f"{call.base_url}/api/v1"},
        "notifications": {name: _notification(one) for name, one in tree["notifications"].items()},
    }


def _notification(one: Json) -> Json:
    # PHP writes an empty map as a list, and so does a real installation here.
    return {**one, "override_templates": one["override_templates"] or []}


def license_view(call: Call, licence: License) -> Json:
    """Show the license, which is active until it expires."""
    active = call.now < licence.expiration_date
    if active:
        call.expires(licence.expiration_date)
    return {
        **pick(licence, "cpu_cores", "cpu_cores_in_use", "key", "key_type", "product"),
        "is_active": active,
        "expiration_date": rfc3339(licence.expiration_date),
        "update_date": rfc3339(licence.update_date),
    }


def activity_log_view(_call: Call, entry: ActivityLog) -> Json:
    """Show an entry of the activity log."""
    return {
        **pick(entry, "id", "event", "user_email", "data"),
        "created_at": rfc3339(entry.created_at),
    }


def event_handler_view(_call: Call, handler: EventHandler) -> Json:
    """Show an event handler."""
    return {
        **pick(handler, "id", "name", "url", "events", "parameters", "is_enabled"),
        "created_at": rfc3339(handler.created_at),
        "updated_at": rfc3339(handler.updated_at),
    }
