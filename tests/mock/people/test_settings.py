"""Settings: the shape of a real installation, and steps 4, 5 and 7 (facts, section 10)."""

import pytest

from mock_solusio.domain import settings, users
from mock_solusio.domain.errors import Forbidden
from mock_solusio.domain.settings import BillingIntegration

SHAPE = {
    "uuid": str,
    "force_autoupdate": bool,
    "limit_group": dict,
    "update_channels": list,
    "update_schedule": {"scheduled_days": list, "scheduled_time": str},
    "token_api": {"url": str, "is_enabled": bool},
    "non_existent_vms_remover": {"enabled": bool, "interval": int},
    "network_rules": dict.fromkeys(
        ("arp", "dhcp", "cloud_init", "smtp", "icmp", "icmp_reply", "portmapper"), bool
    ),
    "mail": {
        **dict.fromkeys(
            ("host", "port", "username", "password", "from_email", "from_name", "test_mail"), str
        ),
        "encryption": bool,
    },
    "hostname": str,
    "registration": {"role": str},
    "send_statistic": bool,
    "compute_resource": {"rescue_iso_url": str, "balance_strategy": str},
    "dns": {
        "type": (str, type(None)),
        "ttl": int,
        "server_hostname_template": str,
        "reverse_dns_domain_template": str,
        "register_fqdn_on_server_create": bool,
        "drivers": {"powerdns": {"host": str, "api_key": str, "port": str, "https": bool}},
    },
    "features": dict.fromkeys(
        (
            *("hide_plan_name", "hide_plan_section", "hide_user_data", "hide_location_section"),
            *("allow_registration", "allow_password_recovery", "hide_api_documentation_link"),
        ),
        bool,
    ),
    "billing_integration": {
        "type": (str, type(None)),
        "drivers": {"whmcs": {"url": str, "token": str}, "custom": {"url": str, "token": str}},
    },
    "update": {"method": str, "channel": str},
    "latest-version": str,
    "theme": {
        **dict.fromkeys(("brand_name", "primary_color", "secondary_color"), str),
        **dict.fromkeys(("logo", "favicon", "terms_and_conditions_url"), (str, type(None))),
    },
    "notifications": {
        name: {
            "enabled": bool,
            "override_templates": (list, dict),
            "subject_templates": dict,
            "body_templates": dict,
        }
        for name in (
            *("server_create", "server_reset_password", "user_reset_password", "user_verify_email"),
            *("project_user_invite", "project_user_left"),
            *("server_incoming_traffic_exceeded", "server_outgoing_traffic_exceeded"),
        )
    },
    "latest_version": str,
}
"""Fields and types of a real installation's captured response, and `custom`, which is assumed."""


def differences(shape, value, place=""):
    if not isinstance(shape, dict):
        return [] if isinstance(value, shape) else [f"{place}: {value!r}"]
    found = [f"{place}: {name}" for name in set(shape) ^ set(value)]
    for name in set(shape) & set(value):
        found += differences(shape[name], value[name], f"{place}/{name}")
    return found


def test_the_tree_has_the_members_of_a_real_one(api):
    assert differences(SHAPE, api.get("settings").data) == []


def test_only_what_is_given_changes(api):
    before = api.get("settings").data
    after = api.patch("settings", {"hostname": "solus.example.org"}).data
    assert after == {**before, "hostname": "solus.example.org"}
    features = {"hide_plan_name": True, "allow_registration": False}
    again = api.patch("settings", {"features": features}).data
    assert again["features"] == {**before["features"], **features}
    assert api.get("settings").data == again


def test_what_the_go_sdk_misspells_is_ignored(api):
    before = api.get("settings").data
    body = {
        "send_statistics": True,
        "dns": {"drivers": {"power_dns": {"host": "x"}}},
        "notifications": {"server_create": {"body_templated": {"en_US": "x"}}},
        "uuid": "mine",
        "latest_version": "9",
        "token_api": {"url": "http://x"},
        "something": {"else": 1},
    }
    assert api.patch("settings", body).data == before


def test_texts_of_another_language_are_added(api):
    body = {"notifications": {"server_create": {"subject_templates": {"de_DE": "Neu"}}}}
    templates = api.patch("settings", body).data["notifications"]["server_create"]
    assert templates["subject_templates"]["de_DE"] == "Neu"
    assert "en_US" in templates["subject_templates"]
    assert templates["override_templates"] == []
    body = {"notifications": {"server_create": {"override_templates": {"de_DE": True}}}}
    templates = api.patch("settings", body).data["notifications"]["server_create"]
    assert templates["override_templates"] == {"de_DE": True}
    # PHP writes an empty map as a list; it changes nothing.
    body = {"notifications": {"server_create": {"override_templates": []}}}
    assert api.patch("settings", body).status == 200


@pytest.mark.parametrize(
    "body",
    [
        {"features": {"allow_registration": 1}},
        {"features": []},
        {"mail": {"encryption": "tls"}},
        {"mail": None},
        {"billing_integration": {"type": "other"}},
        {"billing_integration": {"drivers": {"custom": {"url": "ftp://x"}}}},
        {"billing_integration": {"drivers": []}},
        {"limit_group": {"name": "x"}},
        {"limit_group": 99},
        {"registration": {"role": "Nobody"}},
        {"theme": {"primary_color": "red"}},
        {"notifications": {"server_create": {"subject_templates": {"__proto__": "x"}}}},
    ],
)
def test_what_would_break_clients_is_refused(api, body):
    before = api.get("settings").data
    assert api.patch("settings", body).status == 422
    assert api.get("settings").data == before


@pytest.mark.parametrize("given", [2, "2", {"id": 2, "name": "whatever", "vms": {"limit": 9}}])
def test_the_default_limit_group_is_given_by_its_id(api, given):
    api.post("limit_groups", {"name": "Starter"})
    changed = api.patch("settings", {"limit_group": given}).data["limit_group"]
    assert (changed["id"], changed["name"], changed["vms"]["limit"]) == (2, "Starter", 0)
    assert api.patch("settings", {"limit_group": None}).data["limit_group"] is None
    assert api.post("users", {"email": "a@b.c"}).data["limit_group"] is None


def test_the_billing_integration_is_off_until_it_has_type_and_url(api, mock):
    def billing():
        with mock.transaction() as world:
            return settings.billing(world)

    assert billing() is None
    url = "https://www.mybilling.com/solusio/api/"
    api.patch("settings", {"billing_integration": {"drivers": {"custom": {"url": url, "token": "xxxxxxx"}}}})
    assert billing() is None
    shown = api.patch("settings", {"billing_integration": {"type": "custom"}}).data["billing_integration"]
    assert shown["drivers"]["custom"] == {"url": url, "token": "xxxxxxx"}
    assert billing() == BillingIntegration(url=url, authorization_token="xxxxxxx")
    api.patch("settings", {"billing_integration": {"type": "whmcs", "drivers": {"whmcs": {}}}})
    assert billing() is None
    api.patch("settings", {"billing_integration": {"drivers": {"whmcs": {"url": "http://w/"}}}})
    assert billing() == BillingIntegration(url="http://w/", authorization_token="")
    api.patch("settings", {"billing_integration": {"type": None}})
    assert billing() is None


def test_registration_gives_the_role_of_the_settings(api, mock):
    role = api.post("roles", {"name": "Guest"}).data
    api.patch("settings", {"registration": {"role": "guest"}})
    with mock.transaction() as world:
        user = users.register(world, "new@example.com", "long enough")
    shown = api.get(f"users/{user.id}").data
    assert [one["id"] for one in shown["roles"]] == [role["id"]]
    assert (shown["has_verified_email"], shown["email_verified_at"]) == (False, None)


def test_without_registration_only_the_api_creates_users(api, mock):
    api.patch("settings", {"features": {"allow_registration": False}})
    with mock.transaction() as world, pytest.raises(Forbidden):
        users.register(world, "new@example.com", "long enough")
    assert api.get("users?filter[search]=new@example.com").data == []
    assert api.post("users", {"email": "new@example.com"}).status == 201
