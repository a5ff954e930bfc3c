"""Clients of which single facts are known: Perl's SolusVM::Client, pasargad-monitor, Raycast, PHP panels."""

import json
from collections.abc import Callable
from ipaddress import IPv4Address
from typing import Any
from urllib.parse import urlencode

import pytest

from mock_solusio.traffic.referee import HELPER

KEY = "ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAIAABAgMEBQYHCAkKCwwNDg8QERITFBUWFxgZGhscHR4f pl@example.com"


@pytest.fixture(scope="module")
def ask(wire: Any, panel: Any) -> Callable[..., Any]:
    def send(method: str, path: str, data: Any = None, *, token: str | None = panel.admin_token) -> Any:
        headers = {"Accept": "application/json"}
        if token is not None:
            headers["Authorization"] = f"Bearer {token}"
        body = b"" if data is None else json.dumps(data).encode()
        if body:
            headers |= {"Content-Type": "application/json", "Content-Length": str(len(body))}
        return wire.send(method, f"/api/v1/{path}", headers, body)

    return send


# SolusVM::Client


@pytest.fixture(scope="module")
def client(ask: Callable[..., Any], panel: Any) -> tuple[int, str]:
    """A user of the role CLIENT, by id and the access token of their login."""
    user = panel.create_user(email="perl@example.com", password="secret-1")
    login = ask("POST", "auth/login", {"email": "perl@example.com", "password": "secret-1"}, token=None)
    assert login.status == 200
    credentials = login.data["credentials"]
    assert credentials["token_type"].lower() == "bearer"
    assert credentials["expires_at"]
    return user["id"], credentials["access_token"]


def test_a_client_is_refused_the_lists_of_the_operator(ask, client):
    for path in ("servers", "plans", "users", "settings", "compute_resources"):
        answer = ask("GET", path, token=client[1])
        assert answer.status == 403
        assert answer.json["message"] == "This action is unauthorized."


def test_a_client_finds_his_own_below_his_project(ask, panel, client, wait):
    key, token = client
    assert ask("GET", "account", token=token).data["id"] == key
    projects = ask("GET", "projects", token=token).data
    assert [project["is_default"] for project in projects] == [True]
    assert ask("GET", f"users/{key}/projects").data[0]["id"] == projects[0]["id"]  # the Laravel panel's way
    path = f"projects/{projects[0]['id']}"
    plans = ask("GET", f"{path}/plans", token=token)
    assert plans.data
    made = ask(
        "POST",
        f"{path}/servers",
        {
            "name": "perl.example.com",
            "plan_id": plans.data[0]["id"],
            "location_id": ask("GET", "locations", token=token).data[0]["id"],
            "os_image_version_id": ask("GET", "os_images", token=token).data[0]["versions"][0]["id"],
            "application_data": [],
        },
        token=token,
    )
    assert made.status == 201
    wait(60)
    assert [one["id"] for one in ask("GET", f"{path}/servers", token=token).data] == [made.data["id"]]
    added = ask("POST", f"{path}/ssh_keys", {"name": "k", "public_key": KEY, "user_id": key}, token=token)
    assert added.status == 201
    assert [one["id"] for one in ask("GET", f"{path}/ssh_keys", token=token).data] == [added.data["id"]]
    other = panel.create_server()
    assert ask("GET", f"servers/{other['id']}", token=token).status == 403
    snapshot = ask("POST", f"servers/{made.data['id']}/snapshots", {"name": "s"})
    assert snapshot.status == 201
    wait(60)
    assert [one["name"] for one in ask("GET", f"servers/{made.data['id']}/snapshots").data] == ["s"]


def test_pages_of_a_projects_plans(ask, panel, client):
    """They run to three pages on a real installation."""
    for number in range(35):
        panel.create_plan(name=f"page {number:02}")
    project = ask("GET", "projects", token=client[1]).data[0]["id"]
    names: list[str] = []
    for page in (1, 2, 3):
        got = ask("GET", f"projects/{project}/plans?page={page}", token=client[1]).json
        assert got["meta"]["current_page"] == page
        names += [plan["name"] for plan in got["data"]]
    assert {f"page {number:02}" for number in range(35)} <= set(names)
    assert len(set(names)) == len(names)


def test_one_address_is_removed_by_its_path(ask, panel, wait):
    server = panel.create_server(additional_ip_count=1, ip_types=["IPv4"])
    spare = next(ip["id"] for ip in server["ips"] if not ip["is_primary"])
    assert ask("DELETE", f"servers/{server['id']}/ips/{spare}").status == 200
    wait(60)
    assert len(ask("GET", f"servers/{server['id']}").data["ips"]) == 1


@pytest.mark.usefixtures("client")
def test_who_has_a_wrong_password_is_told_so(ask):
    answer = ask("POST", "auth/login", {"email": "perl@example.com", "password": "wrong"}, token=None)
    assert answer.status == 422
    assert answer.json["message"] == "These credentials do not match our records."


def test_the_scheme_may_be_in_small_letters(wire, client):
    """One client writes it as `token_type` came in older answers: `bearer`."""
    answer = wire.send("GET", "/api/v1/account", {"Authorization": f"bearer {client[1]}"})
    assert (answer.status, answer.data["id"]) == (200, client[0])


def test_without_a_token(wire):
    # On purpose, so not as a client that the referee judges.
    answer = wire.send("GET", "/api/v1/account", {"User-Agent": HELPER.decode()})
    assert (answer.status, answer.json["message"]) == (401, "Unauthenticated.")


# pasargad-monitor


def paged(ask: Callable[..., Any], path: str) -> list[Any]:
    """Walk pages of 100; a short page is the last one."""
    rows: list[Any] = []
    for page in range(1, 200):
        got = ask("GET", f"{path}?{urlencode({'page': page, 'per_page': 100})}").json
        rows += got["data"]
        if len(got["data"]) < 100 or page >= got["meta"]["last_page"]:
            return rows
    raise AssertionError(path)


def test_pages_of_a_hundred(ask, panel):
    for number in range(120):
        panel.create_user(email=f"hundred{number}@example.com")
    rows = paged(ask, "users")
    assert len({row["id"] for row in rows}) == len(rows) >= 120
    assert ask("GET", "users?per_page=100").json["meta"]["per_page"] == 100


def test_address_rows_are_those_of_a_production_install(ask, panel):
    server = panel.create_server()
    rows, blocks = [], []
    for block in paged(ask, "ip_blocks"):
        if block["type"] == "IPv4":
            IPv4Address(block["gateway"])
            IPv4Address(block["netmask"])
            blocks.append(block)
            rows += paged(ask, f"ip_blocks/{block['id']}/ips")
    assert {"id", "name", "gateway", "netmask", "ns_1", "ns_2", "from", "to", "type"} <= blocks[0].keys()
    assert {block["list_type"] for block in blocks} == {"range"}
    row = next(row for row in rows if row["server"] and row["server"]["id"] == server["id"])
    assert row["server"] == {"id": server["id"], "name": server["name"]}
    assert row["user"] == {"id": server["user"]["id"], "email": server["user"]["email"]}
    assert (row["is_primary"], row["is_reserved"], row["issued_for"]) == (True, True, "vm")
    assert row["comment"] is None
    assert row["is_reverse_dns_enabled"] is False
    assert all(row["is_reserved"] is True for row in rows)


def test_addresses_are_moved_one_at_a_time(ask, panel, wait):
    server = panel.create_server(ip_types=["IPv4"])
    path = f"servers/{server['id']}/ips"
    body = {"ip": "203.0.113.200", "type": "IPv4", "delayed": False}
    assert 200 <= ask("POST", path, body).status < 300
    wait(60)
    block = server["ips"][0]["ip_block"]["id"]
    row = next(one for one in paged(ask, f"ip_blocks/{block}/ips") if one["ip"] == "203.0.113.200")
    assert (row["server"]["id"], row["is_primary"]) == (server["id"], False)
    assert ask("POST", path, body).status in (409, 422)  # it is taken
    assert ask("DELETE", path, {"ids": [row["id"]], "delayed": False}).status == 200
    wait(60)
    assert all(
        one["server"] is None for one in paged(ask, f"ip_blocks/{block}/ips") if one["id"] == row["id"]
    )


# The Raycast extension: a client's own account and projects


def test_a_client_sees_his_account_and_makes_an_access_token(ask, panel):
    user = panel.create_user(email="raycast@example.com")
    token = panel.call("POST", f"users/{user['id']}/tokens", {"is_one_time": False})["access_token"]
    account = ask("GET", "account", token=token).data
    assert account["email"] == "raycast@example.com"
    assert account["roles"][0]["name"] == "CLIENT"
    assert account["language"]["icon"]["url"]
    answer = ask("POST", "account/tokens", {"name": "raycast"}, token=token)
    assert (answer.status, answer.json["token_type"]) == (201, "Bearer")
    rows = {row["id"]: row["name"] for row in ask("GET", "account/tokens", token=token).data}
    assert rows[answer.json["token"]["id"]] == "raycast"
    assert ask("GET", "account", token=answer.json["access_token"]).data["id"] == user["id"]
    others = ask("GET", "account/tokens").data
    assert answer.json["token"]["id"] not in [row["id"] for row in others]


def test_a_client_invites_members_and_takes_snapshots(ask, panel, wait):
    user = panel.create_user(email="host@example.com")
    token = panel.call("POST", f"users/{user['id']}/tokens", {"is_one_time": False})["access_token"]
    server = panel.create_server(user=user["id"])
    project = next(one for one in ask("GET", "projects", token=token).data if one["is_default"])
    path = f"projects/{project['id']}"
    ask("POST", f"{path}/members", {"email": "guest@example.com"}, token=token)
    owner, member = ask("GET", f"{path}/members", token=token).data
    assert (owner["status"], owner["is_owner"], owner["email"]) == ("active", True, "host@example.com")
    assert (member["status"], member["is_owner"]) == ("invited", False)
    wait(60)
    again = ask("POST", f"{path}/members/{member['id']}/resend_invite", token=token)
    assert again.data["invite_sent_at"] > member["invite_sent_at"]
    assert ask("DELETE", f"{path}/members/{member['id']}", token=token).status == 204
    (row,) = ask("GET", f"{path}/servers", token=token).data
    assert isinstance(row["settings"]["os_image"]["icon"], str)
    assert row["location"]["icon"]["url"]
    assert next(ip for ip in row["ip_addresses"]["ipv4"] if ip["is_primary"])["ip"]
    assert ask("POST", f"servers/{server['id']}/snapshots", {"name": "s"}, token=token).status == 201
    wait(600)
    (snapshot,) = ask("GET", f"servers/{server['id']}/snapshots", token=token).data
    assert snapshot["status"] == "available"
    assert 0 < snapshot["size"] <= server["specifications"]["disk"]  # GiB


# A Laravel panel, and others


def test_a_user_is_put_with_language_and_roles(ask, panel):
    user = panel.create_user(billing_user_id=91)
    role = next(role for role in ask("GET", "roles").data if role["name"] == "CLIENT")["id"]
    language = ask("GET", "languages").data[-1]["id"]
    got = ask("PUT", f"users/{user['id']}", {"status": "active", "language_id": language, "roles": [role]})
    assert got.status == 200
    assert (got.data["language"]["id"], got.data["billing_user_id"]) == (language, 91)
    assert [one["id"] for one in got.data["roles"]] == [role]
    listed = ask("GET", f"users?{urlencode({'filter[role_id]': role, 'per_page': 100})}")
    assert listed.json["meta"]["total"] >= 1
    assert all(role in [one["id"] for one in row["roles"]] for row in listed.data)
    assert ask("GET", f"users/{user['id']}").data["id"] == user["id"]


def test_a_server_is_changed_by_put_as_by_patch(ask, panel):
    server = panel.create_server()
    for method, name in (("PUT", "put.example.com"), ("PATCH", "patch.example.com")):
        got = ask(method, f"servers/{server['id']}", {"name": name})
        assert (got.status, got.data["name"], got.data["boot_mode"]) == (200, name, "disk")


def test_empty_maps_of_php_are_lists(ask, panel):
    """`json_encode` makes `[]` of an empty array: custom fields of an order that has none, for one."""
    simple = ask(
        "POST",
        "applications",
        {
            "name": "simple",
            "url": "https://images.example.com/simple.qcow2",
            "cloud_init_version": "v2",
            "user_data_template": "#cloud-config",
            "json_schema": '{"required": [], "properties": {}}',
            "is_visible": True,
            "login_link": {"type": "none", "content": ""},
        },
    ).data
    order = {
        "name": "php",
        "plan": panel.create_plan()["id"],
        "location": ask("GET", "locations").data[0]["id"],
        "application": simple["id"],
        "application_data": [],
        "custom_plan": [],
        "backup_settings": [],
        "user": panel.create_user()["id"],
    }
    made = ask("POST", "servers", order)
    assert made.status == 201, made
