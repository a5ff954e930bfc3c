"""The official Go SDK: every method of every service, with its exact status codes, types and paging."""

import pytest

KEY = "ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAIAABAgMEBQYHCAkKCwwNDg8QERITFBUWFxgZGhscHR4f go@example.com"

LISTS = [
    ("users", "User"),
    ("roles", "Role"),
    ("permissions", "Permission"),
    ("plans", "Plan"),
    ("locations", "Location"),
    ("os_images", "OsImage"),
    ("applications", "Application"),
    ("projects", "Project"),
    ("servers", "VirtualServer"),
    ("tasks", "Task"),
    ("ssh_keys", "SSHKey"),
    ("icons", "Icon"),
    ("ip_blocks", "IPBlock"),
    ("compute_resources", "ComputeResource"),
    ("activity_logs", "ActivityLog"),
    ("iso_images", "ISOImage"),
    ("languages", "Language"),
    ("api_tokens", "APIToken"),
]


@pytest.mark.parametrize(("path", "kind"), LISTS)
@pytest.mark.usefixtures("server")
def test_lists_are_walked_to_their_ends(go, path, kind):
    rows = go.list(path, kind)
    assert len({row["id"] for row in rows}) == len(rows)
    assert rows or path == "ssh_keys"


def test_pages_keep_their_filter(go):
    for number in range(40):
        go.create("users", "User", {"email": f"go-page-{number}@example.com", "password": "secret-1"})
    go.create("users", "User", {"email": "other@example.com", "password": "secret-1", "status": "locked"})
    found = go.list("users", "User", {"filter[search]": "go-page-"})
    assert [row["email"] for row in found] == [f"go-page-{number}@example.com" for number in range(40)]
    locked = go.list("users", "User", {"filter[status]": "locked"})
    assert [row["email"] for row in locked] == ["other@example.com"]


@pytest.mark.parametrize("path", ["users", "servers", "plans", "ssh_keys", "ip_blocks", "icons", "tasks"])
def test_an_empty_list_ends(go, path):
    name = "filter[action]" if path == "tasks" else "filter[search]"
    value = "run version update" if path == "tasks" else "there is nothing of this name"
    assert go.list(path, "any", {name: value}) == []


def test_login_gives_credentials_whose_scheme_is_used_verbatim(go, go_as, wire):
    go.create("users", "User", {"email": "login@example.com", "password": "secret-1"})
    login = go_as("none").request(
        "POST", "auth/login", {"email": "login@example.com", "password": "secret-1"}, status=200
    )
    credentials = login["data"]["credentials"]
    assert all(isinstance(credentials[name], str) for name in ("access_token", "token_type", "expires_at"))
    scheme = f"{credentials['token_type']} {credentials['access_token']}"
    answer = wire.send("GET", "/api/v1/account", {"Authorization": scheme})
    assert answer.status == 200
    assert answer.data["email"] == "login@example.com"


def test_a_wrong_login_is_an_error_that_is_read(go, refused):
    with pytest.raises(refused) as caught:
        go.request("POST", "auth/login", {"email": "login@example.com", "password": "no"}, status=200)
    answer = caught.value.answer  # type: ignore[attr-defined]
    assert answer.status == 422
    assert isinstance(answer.json["message"], str)
    assert all(isinstance(text, str) for texts in answer.json["errors"].values() for text in texts)
    assert "http_code" not in answer.json


def test_account(go):
    assert go.get("account", "User")["email"] == "admin@example.com"


def test_users(go, refused):
    role = go.list("roles", "Role")[-1]
    body = {"email": "go@example.com", "password": "secret-1", "status": "active", "billing_user_id": 4711}
    made = go.create("users", "User", {**body, "roles": [role["id"]], "billing_token": "abc"})
    assert (made["billing_user_id"], made["billing_token"]) == (4711, "abc")
    assert [one["id"] for one in made["roles"]] == [role["id"]]
    path = f"users/{made['id']}"
    assert go.update(path, "User", {"status": "suspended"})["status"] == "suspended"
    assert go.update(path, "User", {"status": "active"})["billing_user_id"] == 4711
    go.sync_delete(path)
    with pytest.raises(refused, match="404"):
        go.get(path, "User")


def test_api_tokens(go, go_as):
    user = go.create("users", "User", {"email": "token@example.com", "password": "secret-1"})
    made = go.create("api_tokens", "AccessToken", {"name": "primary token", "user_id": user["id"]})
    assert made["token_type"] == "Bearer"
    assert go_as(made["access_token"]).get("account", "User")["id"] == user["id"]
    path = f"api_tokens/{made['token']['id']}"
    assert go.get(path, "APIToken")["name"] == "primary token"
    assert go.patch(path, "APIToken", {"name": "renamed"})["name"] == "renamed"
    found = go.list("api_tokens", "APIToken", {"filter[search]": "renam", "filter[user_id]": str(user["id"])})
    assert [one["user"]["email"] for one in found] == ["token@example.com"]
    go.sync_delete(path)


def test_roles(go):
    rows = go.list("permissions", "Permission")
    made = go.create("roles", "Role", {"name": "go role", "permissions": [rows[0]["id"], rows[1]["id"]]})
    assert go.get(f"roles/{made['id']}", "Role")["name"] == "go role"


def test_plans(go, plan_body, plan, refused):
    for name, value in plan_body.items():
        if name not in ("params", "netfilter", "ppp", "tun_tap"):
            assert plan[name] == value, name
    assert plan["params"].items() >= plan_body["params"].items()  # type: ignore[attr-defined]
    made = go.create("plans", "Plan", {**plan_body, "name": "to change"})
    limits = {
        name: limit
        for name, limit in plan_body["limits"].items()
        if name not in ("disk_bandwidth", "disk_iops")
    }
    change = {
        name: value for name, value in plan_body.items() if name not in ("params", "virtualization_type")
    }
    path = f"plans/{made['id']}"
    changed = go.update(path, "Plan", {**change, "name": "changed", "limits": limits, "tokens_per_hour": 8})
    assert (changed["name"], changed["tokens_per_hour"]) == ("changed", 8)
    assert changed["limits"] == plan_body["limits"]  # those of the disk are not in an update, and stay
    go.sync_delete(path)
    with pytest.raises(refused, match="404"):
        go.get(path, "Plan")


@pytest.mark.parametrize(
    "filters",
    [
        {"filter[search]": "go plan"},
        {"filter[storage_type]": "fb", "filter[search]": "go plan"},
        {"filter[image_format]": "qcow2", "filter[search]": "go plan"},
        {"filter[disk]": "20", "filter[search]": "go plan"},
    ],
)
def test_plan_filters(go, plan, filters):
    assert plan["id"] in [row["id"] for row in go.list("plans", "Plan", filters)]
    other = {
        "filter[search]": "go plan",
        "filter[storage_type]": "lvm",
        "filter[image_format]": "raw",
        "filter[disk]": "19",
    }
    for name in filters:
        if name != "filter[search]":
            rows = go.list("plans", "Plan", {"filter[search]": "go plan", name: other[name]})
            assert plan["id"] not in [row["id"] for row in rows]


def test_projects(go):
    made = go.create("projects", "Project", {"name": "a", "description": "b"})
    assert (made["name"], made["description"], made["is_owner"]) == ("a", "b", True)
    path = f"projects/{made['id']}"
    assert go.update(path, "Project", {"name": "c", "description": "d"})["name"] == "c"
    assert go.get(path, "Project")["description"] == "d"
    go.sync_delete(path)


def test_locations(go):
    body = {"name": "go", "description": "x", "icon_id": None, "is_default": False, "is_visible": True}
    made = go.create("locations", "Location", body)
    path = f"locations/{made['id']}"
    icon = go.list("icons", "Icon", {"filter[type]": "flags"})[0]
    assert icon["type"] == "flags"
    changed = go.update(path, "Location", {**body, "icon_id": icon["id"]})
    assert changed["icon"]["id"] == icon["id"]
    assert [row["id"] for row in go.list("locations", "Location", {"filter[search]": "go"})] == [made["id"]]
    go.sync_delete(path)


def test_os_images_and_versions(go):
    icon = go.list("icons", "Icon", {"filter[type]": "os"})[0]
    made = go.create("os_images", "OsImage", {"name": "GoOS", "icon_id": icon["id"], "is_visible": True})
    version = {
        "position": 1.0,
        "version": "1.0",
        "virtualization_type": "kvm",
        "url": "https://images.example.com/go.qcow2",
        "cloud_init_version": "v2",
        "is_visible": True,
    }
    first = go.create(f"os_images/{made['id']}/versions", "OsImageVersion", version)
    assert first["os_image_id"] == made["id"]
    assert [one["id"] for one in go.get(f"os_images/{made['id']}/versions", "[OsImageVersion]")] == [
        first["id"]
    ]
    path = f"os_image_versions/{first['id']}"
    assert go.update(path, "OsImageVersion", {**version, "version": "1.1"})["version"] == "1.1"
    assert go.get(path, "OsImageVersion")["version"] == "1.1"
    embedded = go.get(f"os_images/{made['id']}", "OsImage")["versions"]
    assert [one["version"] for one in embedded] == ["1.1"]
    go.sync_delete(path)
    go.update(f"os_images/{made['id']}", "OsImage", {"name": "GoOS 2", "is_visible": False})
    go.sync_delete(f"os_images/{made['id']}")


def test_applications(go):
    icon = go.list("icons", "Icon", {"filter[type]": "application"})[0]
    body = {
        "name": "go app",
        "url": "https://images.example.com/app.qcow2",
        "icon_id": icon["id"],
        "cloud_init_version": "v2",
        "user_data_template": "#cloud-config",
        "json_schema": '{"required": [], "properties": {}}',
        "is_visible": True,
        "login_link": {"type": "url", "content": "https://{ip}"},
    }
    made = go.create("applications", "Application", body)
    assert made["json_schema"] == body["json_schema"]
    assert made["login_link"] == body["login_link"]


def test_ssh_keys(go):
    user = go.get("account", "User")["id"]
    body = {"name": "go key", "body": KEY, "user_id": user}
    made = go.create("ssh_keys", "SSHKey", body)
    assert made["body"] == body["body"]
    assert go.get(f"ssh_keys/{made['id']}", "SSHKey") == made
    assert [row["id"] for row in go.list("ssh_keys", "SSHKey", {"filter[search]": "go key"})] == [made["id"]]
    go.sync_delete(f"ssh_keys/{made['id']}")


def test_ip_blocks_and_addresses(go):
    body = {
        "name": "go block",
        "type": "IPv4",
        "gateway": "198.51.100.1",
        "ns_1": "192.0.2.53",
        "ns_2": "192.0.2.54",
        "reverse_dns": {"zone": "", "enabled": False},
        "netmask": "255.255.255.0",
        "from": "198.51.100.10",
        "to": "198.51.100.20",
    }
    made = go.create("ip_blocks", "IPBlock", body)
    assert made.items() >= body.items()
    changed = go.update(f"ip_blocks/{made['id']}", "IPBlock", {**body, "to": "198.51.100.30"})
    assert changed["to"] == "198.51.100.30"
    address = go.create(f"ip_blocks/{made['id']}/ips", "IPAddress", None)
    assert address["ip_block"]["id"] == made["id"]
    go.sync_delete(f"ips/{address['id']}")
    go.sync_delete(f"ip_blocks/{made['id']}")
    six = {"name": "six", "type": "IPv6", "gateway": "2001:db8::1", "ns_1": "192.0.2.53", "ns_2": ""}
    six |= {"reverse_dns": {"zone": "", "enabled": False}, "range": "2001:db8::/64", "subnet": 96}  # type: ignore[assignment]
    assert go.create("ip_blocks", "IPBlock", six)["subnet"] == 96


def test_compute_resources(go):
    body = {"name": "go-1", "host": "go-1.example.com", "login": "root", "port": 22, "type": "lpass"}
    made = go.create("compute_resources", "ComputeResource", {**body, "password": "x", "agent_port": 8080})
    path = f"compute_resources/{made['id']}"
    assert go.patch(path, "ComputeResource", {"name": "go-2"})["name"] == "go-2"
    settings = go.get(f"{path}/settings", "ComputeResourceSettings")
    changed = {**settings, "balance_strategy": "random"}
    assert go.update(f"{path}/settings", "ComputeResourceSettings", changed)["balance_strategy"] == "random"
    networks = go.get(f"{path}/networks", "[ComputeResourceNetwork]")
    go.request("POST", f"{path}/setup_network", {"id": networks[0]["id"], "type": "routed"}, status=200)
    assert go.get(f"{path}/install_steps", "[InstallStep]")
    assert go.get(f"{path}/physical_volumes", "[PhysicalVolume]")
    assert go.get(f"{path}/thin_pools", "[ThinPool]")
    storage = {"type": "fb", "path": "/var/lib/more", "is_available_for_balancing": True}
    more = go.create(f"{path}/storages", "Storage", storage)
    assert more["id"] in [one["id"] for one in go.get(f"{path}/storages", "[Storage]")]
    assert go.get(f"storages/{more['id']}", "Storage")["path"] == "/var/lib/more"
    assert go.list("compute_resources", "ComputeResource", {"filter[search]": "go-2"})[0]["id"] == made["id"]
    go.sync_delete(path, {"force": True})


def test_storage_types(go):
    assert {one["name"] for one in go.get("storage_types", "[StorageType]")} >= {"fb", "lvm", "nfs"}


def test_settings(go):
    before = go.get("settings", "Settings")
    features = {
        "hide_plan_name": True,
        "hide_user_data": False,
        "hide_plan_section": False,
        "hide_location_section": False,
        "allow_registration": False,
        "allow_password_recovery": True,
        "hide_api_documentation_link": False,
    }
    assert go.patch("settings", "Settings", {"features": features})["features"] == features
    assert go.patch("settings", "Settings", {"hostname": "new.example.com"})["hostname"] == "new.example.com"
    # Empty texts are left out, so the rest of a driver stays.
    billing = {"type": "whmcs", "drivers": {"whmcs": {"url": "https://whmcs.example.com/", "token": "t"}}}
    go.patch("settings", "Settings", {"billing_integration": billing})
    got = go.patch(
        "settings", "Settings", {"billing_integration": {"type": "whmcs", "drivers": {"whmcs": {}}}}
    )
    assert got["billing_integration"]["drivers"]["whmcs"] == billing["drivers"]["whmcs"]  # type: ignore[index]
    assert got["features"] == features
    assert got["theme"] == before["theme"]


def test_license(go):
    body = {"activation_code": "A00000-000000-00000-00000-00000"}
    assert go.request("POST", "license/activate", body, status=200)["data"]["is_active"] is True
    go.get("license", "License")


def test_activity_logs(go):
    made = go.create("users", "User", {"email": "logged@example.com", "password": "secret-1"})
    events = go.list("activity_logs", "ActivityLog", {"filter[event]": "user_created"})
    assert {event["event"] for event in events} == {"user_created"}
    admin = go.get("account", "User")["id"]
    assert go.list("activity_logs", "ActivityLog", {"filter[user_id]": str(admin)})
    assert go.list("activity_logs", "ActivityLog", {"filter[user_id]": str(made["id"])}) == []


def test_errors_are_what_the_sdk_reads(go, go_as, refused):
    with pytest.raises(refused, match="404") as missing:
        go.get("servers/2147483647", "VirtualServer")
    with pytest.raises(refused, match="422") as wrong:
        go.create("users", "User", {"email": "not an address"})
    with pytest.raises(refused, match="401") as unknown:
        go_as("unknown").get("account", "User")
    for caught in (missing, wrong, unknown):
        body = caught.value.answer.json  # type: ignore[attr-defined]
        assert isinstance(body["message"], str)
        assert "http_code" not in body
    assert list(wrong.value.answer.json["errors"]) == ["email"]  # type: ignore[attr-defined]
    assert unknown.value.answer.json["message"] == "Unauthenticated."  # type: ignore[attr-defined]
