"""Settings and license, as the API shows them (facts, section 10)."""

from typing import Any

from mock_solusio.api.call import Call
from mock_solusio.api.views.people import limit_group_view
from mock_solusio.domain.records.installation import InstallationSettings, License
from mock_solusio.domain.records.limit_groups import LIMIT_GROUPS
from mock_solusio.moment import rfc3339

Json = dict[str, Any]


def settings_view(call: Call, settings: InstallationSettings) -> Json:
    """Show all settings; the default limit group stands there whole."""
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
    # PHP writes an empty map as a list, and a real installation does so here.
    return {**one, "override_templates": one["override_templates"] or []}


def license_view(call: Call, licence: License) -> Json:
    """Show the license, which is active until it expires."""
    active = call.now < licence.expiration_date
    if active:
        call.expires(licence.expiration_date)
    return {
        "cpu_cores": licence.cpu_cores,
        "cpu_cores_in_use": licence.cpu_cores_in_use,
        "is_active": active,
        "key": licence.key,
        "key_type": licence.key_type,
        "product": licence.product,
        "expiration_date": rfc3339(licence.expiration_date),
        "update_date": rfc3339(licence.update_date),
    }
