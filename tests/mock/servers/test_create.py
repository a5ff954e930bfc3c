"""Creating servers, in every form that clients use (facts, sections 0.5 and 7)."""

import pytest

KEY = "ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAIJFk4FvUpK4jgQp6Jc7pZ5NHfM1ygEKMnS1pdTlGDNql me"


def test_the_answer_already_has_an_address(api):
    made = api.post("servers", {"name": "web"})
    assert made.status == 201
    assert [ip["ip"] for ip in made.data["ip_addresses"]["ipv4"]] == ["203.0.113.2"]
    assert made.data["ips"][0]["ip"] == "203.0.113.2"
    assert made.data["ips"][0]["is_primary"] is True
    assert made.data["ip_addresses"]["ipv6"][0]["primary_ip"] == made.data["ip_addresses"]["ipv6"][0]["ip"]
    assert made.data["ip_addresses"]["ipv6"][0]["range"].endswith("::/64")


def test_it_is_processing_until_the_moment_it_is_started(api, wait):
    made = api.post("servers", {"name": "web"}).data
    assert (made["is_processing"], made["status"]) == (True, "processing")
    seen = []
    for _ in range(40):
        now = api.get(f"servers/{made['id']}").data
        seen.append((now["is_processing"], now["status"]))
        wait(0.1)
    assert set(seen) == {(True, "processing"), (False, "started")}
    assert seen == sorted(seen, reverse=True), "once it is started it stays so"


def test_go_sends_zero_and_null_for_what_is_not_set(api):
    body = {"name": "web", "boot_mode": "disk", "ssh_keys": None, "project": 0, "location": 0, "plan": 0}
    made = api.post("servers", body)
    assert made.status == 201
    assert made.data["user"]["email"] == "admin@example.com"
    assert made.data["plan"]["is_default"] is True


def test_for_a_user_as_whmcs_and_blesta_ask(api, customer):
    user = customer(billing_user_id=42)
    body = {
        "name": "web",
        "plan": 2,
        "location": 2,
        "os": 3,
        "user": user,
        "password": "secret",
        "fqdns": ["web.example.com"],
        "ssh_keys": [],
        "additional_ip_count": 2,
        "backup_settings": {"enabled": True},
        "custom_plan": {"params": {"vcpu": 4}, "limits": {"network_total_traffic": {"limit": 5}}},
    }
    made = api.post("servers", body)
    assert made.status == 201
    assert made.data["user"]["id"] == user
    assert made.data["project"]["owner"]["id"] == user
    assert made.data["project"]["is_default"] is True
    assert made.data["location"]["name"] == "New York"
    assert made.data["compute_resource"]["name"] == "nyc-1"
    assert made.data["settings"]["os_image"]["name"] == "Ubuntu 22.04"
    assert made.data["fqdns"] == ["web.example.com"]
    assert len(made.data["ip_addresses"]["ipv4"]) == 3
    plan = made.data["plan"]
    assert (plan["id"], plan["is_custom"], plan["params"]["vcpu"]) == (2, True, 4)
    assert plan["params"]["ram"] == 2 * 2**30, "what is not custom is the plan's"
    assert plan["limits"]["network_total_traffic"] == {"is_enabled": True, "limit": 5, "unit": "GiB"}
    assert made.data["specifications"]["vcpu"] == 4
    assert api.get("plans/2").data["params"]["vcpu"] == 1, "the plan itself is as it was"


def test_a_whole_custom_plan_without_a_plan(api):
    custom = {
        "name": "Mine",
        "virtualization_type": "kvm",
        "storage_type": "",
        "params": {"disk": 33, "ram": 2**30, "vcpu": 3, "swap": 0, "vcpu_units": 0},
        "limits": {"network_total_traffic": {"is_enabled": True, "limit": 7, "unit": "TB"}},
        "tokens_per_hour": 9,
        "netfilter": {"value": ""},
        "available_locations": None,
    }
    made = api.post("servers", {"name": "web", "custom_plan": custom})
    assert made.status == 201
    plan = made.data["plan"]
    assert (plan["name"], plan["tokens_per_hour"], made.data["specifications"]["disk"]) == ("Mine", 9, 33)
    assert plan["limits"]["network_total_traffic"]["unit"] == "TiB"
    assert plan["storage_type"] == "fb"


def test_as_the_evotic_sdk_asks(api):
    project = api.post("projects", {"name": "Shop"}).data["id"]
    key = api.post("ssh_keys", {"name": "mine", "body": KEY}).data["id"]
    body = {
        "name": "web",
        "project": project,
        "ip_types": ["IPv4"],
        "ssh_keys": [key],
        "user_data": "#cloud-config",
        "firmware": "efi",
        "mac_address": "52:54:00:AB:CD:EF",
        "primary_ip": "203.0.113.77",
        "additional_disks": [{"name": "data", "size": 50, "offer_id": 3}],
        "vpc_network_ids": [],
        "backup_settings": {
            "enabled": True,
            "schedule": {"type": "daily", "time": {"hour": 3, "minutes": 30}},
        },
    }
    made = api.post("servers", body)
    assert made.status == 201
    assert made.data["project"]["id"] == project
    assert made.data["ip_addresses"]["ipv6"] == []
    assert [ip["ip"] for ip in made.data["ips"]] == ["203.0.113.77"]
    assert made.data["settings"]["mac_address"] == "52:54:00:ab:cd:ef"
    assert made.data["settings"]["firmware"] == "efi"
    assert [one["id"] for one in made.data["ssh_keys"]] == [key]
    assert made.data["next_scheduled_backup_at"] == "2026-03-01T03:30:00.000000Z"
    disks = api.get(f"servers/{made.data['id']}/disks").data
    assert [(disk["name"], disk["size"], disk["is_primary"]) for disk in disks] == [
        ("Primary disk", 20, True),
        ("data", 50, False),
    ]
    assert disks[1]["offer"] == {"id": 3, "name": "Offer 3"}


def test_in_a_project(api, customer):
    user = customer()
    project = api.as_user(user).get(f"users/{user}/projects").data[0]["id"]
    body = {"name": "web", "plan_id": 3, "location_id": 1, "os_image_version_id": 2, "ssh_keys": []}
    made = api.post(f"projects/{project}/servers", body)
    assert made.status == 201
    assert (made.data["user"]["id"], made.data["plan"]["id"]) == (user, 3)
    assert made.data["settings"]["os_image"]["name"] == "Debian 13"
    assert [one["id"] for one in api.get(f"projects/{project}/servers").data] == [made.data["id"]]
    assert api.get("projects/99/servers").status == 404


def test_on_a_compute_resource(api, customer):
    user = customer()
    body = {"name": "web", "plan_id": 1, "os_image_version_id": 1, "user_id": user, "project_id": 0}
    made = api.post("compute_resources/2/servers", body)
    assert made.status == 201
    assert (made.data["compute_resource"]["id"], made.data["location"]["id"]) == (2, 2)
    assert made.data["user"]["id"] == user


def test_with_an_application_and_its_questions(api):
    schema = '{"required": ["email"], "properties": {"email": {"type": "string"}}}'
    body = {
        "name": "Shop",
        "url": "https://example.com/shop.qcow2",
        "cloud_init_version": "v2",
        "user_data_template": "#cloud-config",
        "login_link": {"type": "url", "content": "https://{{ ip }}/"},
        "json_schema": schema,
        "is_visible": True,
    }
    application = api.post("applications", body).data["id"]
    refused = api.post("servers", {"name": "web", "application": application, "application_data": []})
    assert refused.status == 422
    assert refused.errors == {"application_data.email": ["The email field is required."]}
    for name in ("application_data", "applicationData"):
        answers = {name: {"email": "me@example.com"}}
        made = api.post("servers", {"name": "web", "application": application, **answers})
        assert made.status == 201
        assert made.data["settings"]["os_image"]["name"] == "Shop"
        assert made.data["settings"]["application_login_link"] == [
            {"type": "url", "content": "https://{{ ip }}/"}
        ]


@pytest.mark.parametrize(
    ("body", "field"),
    [
        ({}, "name"),
        ({"name": ""}, "name"),
        ({"name": "web", "plan": 99}, "plan"),
        ({"name": "web", "location": 99}, "location"),
        ({"name": "web", "os": 99}, "os"),
        ({"name": "web", "application": 99}, "application"),
        ({"name": "web", "user": 99}, "user"),
        ({"name": "web", "project": 99}, "project"),
        ({"name": "web", "compute_resource": 99}, "compute_resource"),
        ({"name": "web", "compute_resource": 1, "location": 2}, "compute_resource"),
        ({"name": "web", "ssh_keys": [99]}, "ssh_keys.0"),
        ({"name": "web", "mac_address": "nonsense"}, "mac_address"),
        ({"name": "web", "primary_ip": "192.0.2.1"}, "primary_ip"),
        ({"name": "web", "primary_ip": "nonsense"}, "primary_ip"),
        ({"name": "web", "additional_ip_count": "2"}, "additional_ip_count"),
        ({"name": "web", "vpc_network_ids": [1]}, "vpc_network_ids.0"),
        ({"name": "web", "boot_mode": "iso"}, "boot_mode"),
        ({"name": "web", "custom_plan": {"virtualization_type": "vz"}}, "location"),
    ],
)
def test_what_does_not_exist_or_fit_is_named(api, body, field):
    answer = api.post("servers", body)
    assert answer.status == 422
    assert list(answer.errors) == [field]
    assert api.get("servers").json["meta"]["total"] == 0, "nothing is left behind"
    assert api.get("ip_blocks/1").data["reserved_ips_count"] == 0


def test_a_plan_for_certain_systems_only(api):
    api.patch("plans/2", {"available_os_image_versions": [4]})
    refused = api.post("servers", {"name": "web", "plan": 2, "os": 1})
    assert (refused.status, list(refused.errors)) == (422, ["os"])
    made = api.post("servers", {"name": "web", "plan": 2})
    assert made.data["settings"]["os_image"]["name"] == "Ubuntu 24.04"


def test_addresses_run_out(api):
    api.put(
        "ip_blocks/1", {"name": "small", "gateway": "203.0.113.1", "from": "203.0.113.2", "to": "203.0.113.3"}
    )
    api.delete("ip_blocks/2")
    assert api.post("servers", {"name": "a"}).status == 201
    refused = api.post("servers", {"name": "b", "additional_ip_count": 1})
    assert (refused.status, list(refused.errors)) == (422, ["additional_ip_count"])
    assert api.post("servers", {"name": "b"}).status == 201
    refused = api.post("servers", {"name": "c"})
    assert (refused.status, list(refused.errors)) == (422, ["ip_types"])


def test_the_same_seed_and_calls_give_the_same_bytes(api, mock):
    before = mock.store.snapshot()
    first = api.post("servers", {"name": "web"}).body
    mock.store.restore(before)
    assert api.post("servers", {"name": "web"}).body == first
    another = api.post("servers", {"name": "web"}).data
    for member in ("uuid", "settings"):
        assert another[member] != api.get("servers/1").data[member]
