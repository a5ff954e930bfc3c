"""Limit groups limit what their users have (step 5 of the vendor's page)."""

import pytest


@pytest.fixture
def limited(customer, limit_group):
    """Create a customer with limits."""

    def make(**limits: int) -> int:
        return customer(limit_group_id=limit_group(**limits))

    return make


def test_servers(api, limited, wait):
    user = limited(vms=2)
    first = api.post("servers", {"name": "a", "user": user}).data["id"]
    assert api.post("servers", {"name": "b", "user": user}).status == 201
    refused = api.post("servers", {"name": "c", "user": user})
    assert refused.status == 422
    assert refused.message == "The limit of 2 servers is reached."
    assert refused.errors == {"servers": ["The limit of 2 servers is reached."]}
    assert api.get(f"users/{user}").data["limit_usage"]["servers"] == 2
    assert api.post("servers", {"name": "of somebody else"}).status == 201
    api.delete(f"servers/{first}")
    assert api.post("servers", {"name": "c", "user": user}).status == 422, "it counts until it is gone"
    wait(10)
    assert api.post("servers", {"name": "c", "user": user}).status == 201


def test_the_project_does_not_get_round_it(api, limited):
    user = limited(vms=0)
    project = api.get(f"users/{user}/projects").data[0]["id"]
    assert api.post(f"projects/{project}/servers", {"name": "a"}).status == 422
    assert api.post("compute_resources/1/servers", {"name": "a", "user_id": user}).status == 422


def test_running_servers(api, limited, wait):
    user = limited(running_vms=1)
    first = api.post("servers", {"name": "a", "user": user}).data["id"]
    refused = api.post("servers", {"name": "b", "user": user})
    assert refused.errors == {"running_servers": ["The limit of 1 running server is reached."]}
    api.post(f"servers/{first}/stop")
    second = api.post("servers", {"name": "b", "user": user}).data["id"]
    wait(10)
    for verb in ("start", "restart"):
        assert api.post(f"servers/{first}/{verb}").errors.keys() == {"running_servers"}
    assert api.post(f"servers/{second}/start").status == 200, "it runs already"
    api.post(f"servers/{second}/stop")
    assert api.post(f"servers/{first}/start").status == 200


def test_an_operator_may_resume_what_may_not_run(api, limited, wait):
    user = limited(running_vms=1)
    first = api.post("servers", {"name": "a", "user": user}).data["id"]
    wait(10)
    api.post(f"servers/{first}/suspend")
    second = api.post("servers", {"name": "b", "user": user})
    assert second.status == 201
    assert api.post(f"servers/{first}/resume").status == 200
    wait(10)
    now = api.get(f"servers/{first}").data
    assert (now["is_suspended"], now["status"]) == (False, "stopped")


@pytest.mark.parametrize(
    ("version", "limit", "member"),
    [("IPv4", "additional_ips", "additional_ip_count"), ("IPv6", "additional_ipv6", "additional_ipv6_count")],
)
def test_additional_addresses(api, limited, version, limit, member):
    user = limited(**{limit: 2})
    refused = api.post("servers", {"name": "a", "user": user, member: 3})
    assert refused.errors == {limit: [f"The limit of 2 additional {version} addresses is reached."]}
    key = api.post("servers", {"name": "a", "user": user, member: 1}).data["id"]
    assert api.post(f"servers/{key}/ips", {"count": 2, "type": version}).errors.keys() == {limit}
    assert api.post(f"servers/{key}/ips", {"count": 1, "type": version}).status == 200
    assert api.post(f"servers/{key}/ips", {"type": version}).errors.keys() == {limit}
    extra = [ip["id"] for ip in api.get(f"servers/{key}").data["ips"] if not ip["is_primary"]]
    api.delete(f"servers/{key}/ips", {"ids": extra})
    assert api.post(f"servers/{key}/ips", {"count": 2, "type": version}).status == 200


def test_a_lowered_limit_stops_and_deletes_nothing(api, customer, limit_group, wait):
    group = limit_group(vms=3, running_vms=3, additional_ips=3)
    user = customer(limit_group_id=group)
    first, second = (
        api.create("servers", name=name, user=user, additional_ip_count=1)["id"] for name in "ab"
    )
    wait(60)
    api.patch(
        f"limit_groups/{group}", {limit: {"limit": 1} for limit in ("vms", "running_vms", "additional_ips")}
    )
    wait(60)
    left = api.get(f"servers?filter[user_id]={user}").data
    assert [one["status"] for one in left] == ["started", "started"]
    assert sum(not ip["is_primary"] for one in left for ip in one["ips"] if "." in ip["ip"]) == 2
    assert api.post(f"servers/{first}/restart").status == 200, "a running server may restart"

    assert api.post("servers", {"name": "c", "user": user}).message == "The limit of 1 server is reached."
    assert api.post(f"servers/{first}/ips", {"count": 1}).errors.keys() == {"additional_ips"}
    api.post(f"servers/{second}/stop")
    assert api.post(f"servers/{second}/start").message == "The limit of 1 running server is reached."


def test_without_a_default_limit_group_a_new_user_has_no_limits(api, customer, limit_group):
    group = limit_group(vms=0)
    api.patch("settings", {"limit_group": group})
    assert api.post("servers", {"name": "a", "user": customer()}).status == 422
    api.patch("settings", {"limit_group": None})
    user = customer()
    assert api.get(f"users/{user}").data["limit_group"] is None
    for name in "abc":
        assert api.post("servers", {"name": name, "user": user}).status == 201


def test_a_limit_group_is_assigned_by_editing_a_user(api, customer, limit_group):
    user = customer()
    api.put(f"users/{user}", {"limit_group_id": limit_group(vms=0)})
    assert api.post("servers", {"name": "a", "user": user}).message == "The limit of 0 servers is reached."
    api.put(f"users/{user}", {"limit_group_id": None})
    assert api.post("servers", {"name": "a", "user": user}).status == 201
