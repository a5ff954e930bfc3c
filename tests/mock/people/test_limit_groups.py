"""Limit groups (facts, section 4; step 5)."""

import pytest

OFF = {"limit": 0, "is_enabled": False}


def test_a_fresh_installation_has_one_that_limits_nothing(api):
    (group,) = api.get("limit_groups").data
    assert (group["id"], group["name"], group["vms"], group["running_vms"]) == (1, "Default", OFF, OFF)
    assert api.get("settings").data["limit_group"]["id"] == 1


@pytest.mark.parametrize(
    ("body", "field"),
    [
        ({}, "name"),
        ({"name": ""}, "name"),
        ({"name": "x", "vms": {"limit": -1}}, "vms.limit"),
        ({"name": "x", "vms": {"limit": 1.5}}, "vms.limit"),
        ({"name": "x", "vms": {"is_enabled": 1}}, "vms.is_enabled"),
        ({"name": "x", "vms": 3}, "vms"),
    ],
)
def test_an_invalid_limit_group(api, body, field):
    assert list(api.post("limit_groups", body).errors) == [field]


def test_one_in_use_stays(api):
    group = api.post("limit_groups", {"name": "Starter"}).data
    path = f"limit_groups/{group['id']}"
    user = api.post("users", {"email": "a@b.c", "limit_group_id": group["id"]}).data
    assert api.get(path).data["users_count"] == 1
    assert api.delete(path).status == 409
    api.put(f"users/{user['id']}", {"limit_group_id": None})
    api.patch("settings", {"limit_group": group["id"]})
    refused = api.delete(path)
    assert (refused.status, "default" in refused.message) == (409, True)
    api.patch("settings", {"limit_group": None})
    assert api.delete(path).status == 204


def test_limit_usage_is_shown_where_there_is_a_limit(api, order):
    group = api.post("limit_groups", {"name": "Starter", "vms": {"limit": 3, "is_enabled": True}}).data
    user = api.post("users", {"email": "a@b.c", "limit_group_id": group["id"]}).data
    assert user["limit_usage"] == {
        "servers": 0,
        "running_servers": None,
        "additional_ips": None,
        "iso_images": None,
        "iso_images_size": None,
    }
    order(user=user["id"])
    assert api.get(f"users/{user['id']}").data["limit_usage"]["servers"] == 1
