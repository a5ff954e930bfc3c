"""The evotic SDK: PHP's curl, `Accept: */*`, POST without a body and without Content-Length."""

import json
import socket
from collections.abc import Callable
from typing import Any

import pytest

KEY = "ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAIAABAgMEBQYHCAkKCwwNDg8QERITFBUWFxgZGhscHR4f ev@example.com"


class Evotic:
    """200 and 201 with an array in `data` are success, all else is an exception."""

    def __init__(self, wire: Any, token: str) -> None:
        self._wire = wire
        self._token = token

    def request(self, method: str, path: str, data: Any = None) -> Any:
        headers = {"Accept": "*/*", "Authorization": f"Bearer {self._token}"}
        body = b""
        if data is not None:
            body = json.dumps(data).encode()
            headers |= {"Content-Type": "application/json", "Content-Length": str(len(body))}
        return self._wire.send(method, f"/api/v1{path}", headers, body)

    def call(self, method: str, path: str, data: Any = None) -> Any:
        answer = self.request(method, path, data)
        assert answer.status in (200, 201), answer
        got = answer.data
        assert isinstance(got, dict | list), "a function that returns `array` would throw"
        return got


@pytest.fixture(scope="module")
def evotic(wire: Any, panel: Any) -> Evotic:
    return Evotic(wire, panel.admin_token)


@pytest.fixture(scope="module")
def server(evotic: Evotic, panel: Any, wait: Callable[[float], None]) -> dict[str, Any]:
    plan = panel.create_plan(name="ev plan", is_additional_ips_available=True)
    project = evotic.call("POST", "/projects", {"name": "ev"})
    order = {
        "name": "ev.example.com",
        "description": "x",
        "password": "aB3-secret-of-root",
        "project": project["id"],
        "plan": plan["id"],
        "location": evotic.call("GET", "/locations")[0]["id"],
        "os": evotic.call("GET", "/os_images")[0]["versions"][0]["id"],
        "ssh_keys": [],
        "user_data": "",
        "fqdns": ["ev.example.com"],
        "ip_types": ["IPv4"],
        "additional_ip_count": 0,
        "additional_disks": [{"name": "data", "size": 3, "offer_id": 1}],
        "mac_address": "52:54:00:aa:bb:cc",
        "firmware": "bios",
        "vpc_network_ids": [],
    }
    made: dict[str, Any] = evotic.call("POST", "/servers", order)
    wait(60)
    return made


def test_errors_are_json_although_anything_is_accepted(evotic, wire):
    for answer in (
        evotic.request("GET", "/servers/2147483647"),
        evotic.request("POST", "/users", {}),
        evotic.request("GET", "/nothing/of/the/kind"),
        Evotic(wire, "wrong").request("GET", "/servers"),
    ):
        assert answer.status in (401, 404, 422)
        assert answer.json["message"]
        assert "location" not in answer.headers


@pytest.mark.usefixtures("server")
def test_lists_and_single_ones(evotic):
    for path in ("/servers", "/plans", "/projects", "/os_images"):
        first = evotic.call("GET", path)[0]
        assert evotic.call("GET", f"{path}/{first['id']}")["id"] == first["id"]
    image = evotic.call("GET", "/os_images")[0]
    version = evotic.call("GET", f"/os_images/{image['id']}/versions")[0]
    assert evotic.call("GET", f"/os_image_versions/{version['id']}") == version


@pytest.mark.parametrize(
    ("action", "body"),
    [
        ("restart", None),
        ("stop", {"force": False}),
        ("start", None),
        ("suspend", None),
        ("resume", None),
        ("reset_usage", None),
        ("reset_password", {"send_password_to_current_user": False}),
        ("install_guest_tools", None),
    ],
)
def test_actions_without_length_and_type(evotic, server, wait, action, body):
    assert evotic.call("POST", f"/servers/{server['id']}/{action}", body)
    wait(60)
    # The connection is still in step.
    assert evotic.call("GET", f"/servers/{server['id']}")["id"] == server["id"]


def test_update_resize_and_reinstall(evotic, panel, server, wait):
    path = f"/servers/{server['id']}"
    assert evotic.call("PUT", path, {"description": "new"})["description"] == "new"
    bigger = panel.create_plan(name="ev bigger", params={"disk": 30, "ram": 2**31, "vcpu": 2})
    body = {"preserve_disk": False, "plan_id": bigger["id"], "delayed": False}
    evotic.call("POST", f"{path}/resize", body)
    wait(60)
    assert evotic.call("GET", path)["specifications"] == {"disk": 30, "ram": 2**31, "vcpu": 2}
    version = evotic.call("GET", "/os_images")[1]["versions"][0]["id"]
    evotic.call("POST", f"{path}/reinstall", {"os": version})
    wait(60)


def test_addresses_by_paths_of_its_own(evotic, server, wait):
    path = f"/servers/{server['id']}"
    for count in (1, 2):
        body = {"count": count, "type": "IPv4", "ip": "", "delayed": False}
        evotic.call("POST", f"{path}/additional_ip", body)
        wait(60)
    spare = [ip["id"] for ip in evotic.call("GET", path)["ips"] if not ip["is_primary"]]
    assert len(spare) == 3
    evotic.call("DELETE", f"{path}/additional_ip/{spare[0]}")
    wait(60)
    evotic.call("POST", f"{path}/delete_additional_ips", {"ids": spare[1:], "delayed": False})
    wait(60)
    left = evotic.call("GET", path)["ips"]
    assert [ip["is_primary"] for ip in left] == [True]
    given = {"count": 1, "type": "IPv4", "ip": "203.0.113.77", "delayed": False}
    evotic.call("POST", f"{path}/additional_ip", given)
    wait(60)
    evotic.call("POST", f"{path}/update_ip", {"ip": "203.0.113.77"})
    wait(60)
    primary = [ip["ip"] for ip in evotic.call("GET", path)["ips"] if ip["is_primary"]]
    assert primary == ["203.0.113.77"]


def test_projects_members_and_keys(evotic, panel):
    user = panel.create_user(email="member@example.com")
    project = evotic.call("POST", "/projects", {"name": "of members", "description": "x"})
    path = f"/projects/{project['id']}"
    assert evotic.call("PUT", path, {"name": "renamed"})["description"] == "x"
    member = evotic.call("POST", f"{path}/members", {"email": "member@example.com"})
    invited = evotic.call("POST", f"{path}/members", {"email": "nobody-yet@example.com"})
    evotic.call("POST", f"{path}/members/{invited['id']}/resend_invite")
    assert len(evotic.call("GET", f"{path}/members")) >= 2
    assert evotic.request("DELETE", f"{path}/members/{member['id']}").status == 204
    owner = evotic.call("GET", "/account")["id"]
    key = evotic.call("POST", f"{path}/ssh_keys", {"name": "k", "public_key": KEY, "user_id": owner})
    assert key["body"] == KEY
    assert key["id"] in [one["id"] for one in evotic.call("GET", f"{path}/ssh_keys")]
    assert evotic.call("GET", f"{path}/servers") == []
    assert user["id"] > 0


def test_plans(evotic):
    body = {
        "name": "ev plan of the SDK",
        "is_incremental_backup_enabled": False,  # not a member of a plan: the SDK puts it here
        "storage_type": "fb",
        "image_format": "qcow2",
        "virtualization_type": "kvm",
        "params": {"disk": 1, "ram": 2**30, "vcpu": 1},
        "tokens_per_hour": 7,
        "tokens_per_month": 5000,
        "iso_image_tokens_per_hour": 1,
        "iso_image_tokens_per_month": 2,
        "backup_price": 3,
        "limits": [],
    }
    made = [evotic.call("POST", "/plans", {**body, "name": f"ev {number}"}) for number in range(3)]
    assert made[0]["iso_image_tokens_per_month"] == 2
    assert made[0]["limits"]["network_total_traffic"]["unit"]
    patch = {"position": 5, "is_default": False, "is_visible": False}
    assert evotic.call("PATCH", f"/plans/{made[0]['id']}", patch)["is_visible"] is False
    assert evotic.call("PUT", f"/plans/{made[0]['id']}", {**body, "name": "x"})["name"] == "x"
    assert evotic.request("DELETE", f"/plans/{made[0]['id']}").status == 204
    evotic.request("DELETE", "/plans", {"ids": [one["id"] for one in made[1:]]})
    assert all(evotic.request("GET", f"/plans/{one['id']}").status == 404 for one in made)


def test_os_images_and_versions(evotic):
    icon = next(one for one in evotic.call("GET", "/icons") if one["type"] == "os")
    image = evotic.call("POST", "/os_images", {"name": "EvOS", "icon_id": icon["id"], "is_visible": True})
    path = f"/os_images/{image['id']}"
    assert evotic.call("PATCH", path, {"position": 2, "is_default": False, "is_visible": True})
    version = {
        "version": "1",
        "url": "https://images.example.com/ev.qcow2",
        "cloud_init_version": "v2",
        "is_visible": True,
        "virtualization_type": "kvm",
        "available_plans": [],
    }
    made = evotic.call("POST", f"{path}/versions", version)
    one = f"/os_image_versions/{made['id']}"
    assert evotic.call("PATCH", one, {"position": 3, "is_visible": False})["is_visible"] is False
    del version["virtualization_type"]
    assert evotic.call("PUT", one, {**version, "version": "2"})["virtualization_type"] == "kvm"
    assert evotic.request("DELETE", one).status == 204
    evotic.request("DELETE", "/os_images", {"ids": [image["id"]]})
    assert evotic.request("GET", path).status == 404


def test_vpc_networks(evotic, server):
    body = {
        "name": "ev",
        "list_type": "range",
        "from": "10.0.0.10",
        "to": "10.0.0.20",
        "netmask": "255.255.255.0",
        "location_id": server["location"]["id"],
        "user_id": server["user"]["id"],
    }
    made = evotic.call("POST", "/vpc_networks", body)
    path = f"/vpc_networks/{made['id']}"
    assert made in evotic.call("GET", "/vpc_networks")
    assert evotic.call("GET", path) == made
    del body["list_type"]
    assert evotic.call("PUT", path, {**body, "name": "renamed"})["name"] == "renamed"
    spare = [evotic.call("POST", f"{path}/add_ip", {"ip": "10.0.0.1"})["id"]]
    added = evotic.call("POST", f"{path}/add_ips", {"ips": ["10.0.0.2", "10.0.0.3"]})
    spare += [row["id"] for row in added]
    assert evotic.call("POST", f"{path}/attach", {"server_ids": [server["id"]]})["servers"]
    assert evotic.call("POST", f"{path}/detach", {"server_ids": [server["id"]]})["servers"] == []
    assert [row["id"] for row in evotic.call("GET", f"{path}/ips")] == spare
    assert evotic.request("DELETE", f"{path}/ip/{spare[0]}").status == 204
    assert evotic.call("DELETE", f"{path}/ips", {"ids": spare[1:]}) == spare[1:]
    assert evotic.request("DELETE", path).status == 204


def test_license_and_updates(evotic):
    """An earlier version of the SDK calls it `license`, the present one `solus-license`."""
    for path in ("/license", "/solus-license"):
        assert evotic.call("GET", path)["is_active"] is True
        assert evotic.call("POST", f"{path}/refresh")["is_active"] is True
    assert evotic.call("POST", "/solus-license/activate", {"license_key": "A-1"})["is_active"] is True
    assert evotic.call("GET", "/updates")["status"] == "up to date"
    assert evotic.call("POST", "/updates")


def test_curl_waits_before_it_sends_a_long_body(panel):
    """Older versions of libcurl announce a long body, and send it a second late unless told to go on."""
    body = json.dumps({"name": "long", "description": "x" * 2000}).encode()
    head = (
        "POST /api/v1/projects HTTP/1.1\r\nAccept: */*\r\n"
        f"Host: {panel.url.removeprefix('http://')}\r\n"
        f"Authorization: Bearer {panel.admin_token}\r\nContent-Type: application/json\r\n"
        f"Content-Length: {len(body)}\r\nExpect: 100-continue\r\nConnection: close\r\n\r\n"
    )
    host, _, port = panel.url.removeprefix("http://").partition(":")
    with socket.create_connection((host, int(port)), timeout=30) as connection:
        connection.sendall(head.encode())
        assert connection.recv(1000) == b"HTTP/1.1 100 Continue\r\n\r\n"
        connection.sendall(body)
        answer = b"".join(iter(lambda: connection.recv(65536), b""))
    assert answer.startswith(b"HTTP/1.1 201 ")


def test_the_end_of_a_server(evotic, server, wait):
    assert evotic.call("DELETE", f"/servers/{server['id']}")["id"]
    wait(60)
    assert evotic.request("GET", f"/servers/{server['id']}").status == 404
