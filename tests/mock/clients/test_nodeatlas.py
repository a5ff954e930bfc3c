"""NodeAtlas: a strict Go client written from the vendor's OpenAPI; it refuses what is only nearly right."""

import ipaddress
import json
import re
import uuid
from typing import Any

import pytest

HOST = re.compile(r"(?!-)[A-Za-z0-9-]{1,63}(?<!-)(\.(?!-)[A-Za-z0-9-]{1,63}(?<!-))*\.?")


class NodeAtlas:
    """2xx and exactly JSON, an object; everything else is a failure of the provider."""

    def __init__(self, wire: Any, token: str) -> None:
        self._wire = wire
        self._token = token

    def request(self, method: str, path: str, data: Any = None) -> Any:
        headers = {
            "User-Agent": "Go-http-client/1.1",
            "Accept": "application/json",
            "Accept-Encoding": "gzip",
            "Authorization": f"Bearer {self._token}",
        }
        body = b"" if data is None else json.dumps(data, separators=(",", ":")).encode()
        if data is not None or method == "POST":
            headers |= {"Content-Type": "application/json", "Content-Length": str(len(body))}
        return self._wire.send(method, f"/api/v1{path}", headers, body)

    def object(self, method: str, path: str, data: Any = None) -> Any:
        answer = self.request(method, path, data)
        assert 200 <= answer.status < 300, answer
        assert answer.body.lstrip()[:1] == b"{"
        return answer.json


def is_normal(server: Any) -> None:
    """What the client checks of a server before it takes it over."""
    for key in (server["id"], server["project"]["id"]):
        assert type(key) is int
        assert key > 0
    for name in ("vcpu", "ram", "disk"):
        assert type(server["specifications"][name]) is int
        assert server["specifications"][name] >= 0
    for name in ("name", "status", "real_status", "virtualization_type", "os_type"):
        assert type(server[name]) is str
    for name in ("is_suspended", "is_processing"):
        assert type(server[name]) is bool
    assert type(server["settings"]["vnc_enabled"]) is bool
    for row in server["ip_addresses"]["ipv4"]:
        assert ipaddress.ip_address(row["ip"]).version == 4
    for row in server["ip_addresses"]["ipv6"]:
        assert ipaddress.ip_address(row["primary_ip"]).version == 6


def state(server: Any) -> str:
    """How the client reads the state of a server."""
    if server["is_suspended"]:
        return "suspended"
    if server["is_processing"] or "processing" in (server["status"], server["real_status"]):
        return "pending"
    words = {"started": "running", "stopped": "stopped", "not exist": "error"}
    return words.get(server["real_status"] or server["status"], "unknown")


@pytest.fixture(scope="module")
def atlas(wire: Any, panel: Any) -> NodeAtlas:
    return NodeAtlas(wire, panel.admin_token)


@pytest.fixture(scope="module")
def servers(panel: Any) -> list[int]:
    user = panel.create_user()["id"]
    made = [panel.create_server(wait=False, user=user)["id"] for _ in range(20)]
    panel.settle()
    return made


@pytest.mark.usefixtures("panel")
def test_an_empty_inventory_validates_the_connection(atlas):
    page = atlas.object("GET", "/servers?page=1")
    assert page["data"] == []
    assert (page["meta"]["current_page"], page["meta"]["last_page"]) == (1, 1)


def test_the_inventory_page_by_page(atlas, servers):
    seen: list[int] = []
    number, last = 1, 1
    while number <= last:
        page = atlas.object("GET", f"/servers?page={number}")
        assert type(page["meta"]["current_page"]) is type(page["meta"]["last_page"]) is int
        assert page["meta"]["current_page"] == number <= page["meta"]["last_page"]
        assert page["data"] or number == page["meta"]["last_page"]
        for server in page["data"]:
            is_normal(server)
        seen += [server["id"] for server in page["data"]]
        number, last = number + 1, page["meta"]["last_page"]
    assert seen == servers


def test_power(atlas, servers, wait):
    """Start has no body, the others say `force`; the state is pending until it is what was asked for."""
    path = f"/servers/{servers[0]}"
    for action, body, wanted in (
        ("stop", {"force": False}, "stopped"),
        ("start", None, "running"),
        ("restart", {"force": False}, "running"),
    ):
        task = atlas.object("POST", f"{path}/{action}", body)["data"]["id"]
        assert type(task) is int
        assert task > 0
        assert state(atlas.object("GET", path)["data"]) == "pending"
        wait(60)
        assert state(atlas.object("GET", path)["data"]) == wanted


@pytest.mark.usefixtures("servers")
def test_states(atlas, panel, wait):
    made = panel.create_server(wait=False)
    assert state(made) == "pending"
    wait(60)
    atlas.object("POST", f"/servers/{made['id']}/suspend")
    assert state(atlas.object("GET", f"/servers/{made['id']}")["data"]) == "suspended"
    wait(60)
    assert state(atlas.object("GET", f"/servers/{made['id']}")["data"]) == "suspended"
    atlas.object("DELETE", f"/servers/{made['id']}")
    wait(60)


def test_console(atlas, servers):
    server = atlas.object("GET", f"/servers/{servers[0]}")["data"]
    shown = atlas.object("POST", f"/servers/{servers[0]}/vnc_up")
    assert "data" not in shown
    assert shown["vm"]["id"] == server["id"]
    assert str(uuid.UUID(shown["vm"]["uuid"])) == shown["vm"]["uuid"] == server["uuid"]
    assert 1 <= shown["port"] <= 65535
    assert HOST.fullmatch(shown["host"])
    assert len(shown["host"]) <= 253
    password = shown["vm"]["settings"]["vnc_password"]
    assert password.strip()
    assert password.isprintable()


@pytest.mark.parametrize(
    ("method", "path", "token", "status"),
    [
        ("GET", "/servers/2147483647", None, 404),
        ("GET", "/servers/1", "wrong", 401),
        ("POST", "/servers/2147483647/start", None, 404),
    ],
)
def test_refusals(atlas, wire, method, path, token, status):
    client = atlas if token is None else NodeAtlas(wire, token)
    assert client.request(method, path).status == status


def test_a_state_that_forbids_it_is_409_or_422(atlas, servers, wait):
    atlas.object("POST", f"/servers/{servers[1]}/suspend")
    wait(60)
    assert atlas.request("POST", f"/servers/{servers[1]}/start").status in (409, 422)
