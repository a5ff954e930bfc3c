"""The Blesta module: curl, a JSON object on every method but GET, ids as text, SSH keys as `public_key`."""

import json
from collections.abc import Callable
from typing import Any

import pytest

KEY = "ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAIAABAgMEBQYHCAkKCwwNDg8QERITFBUWFxgZGhscHR4f bl@example.com"


class Blesta:
    """What the module sends, and how it tells success: a 2xx with a JSON array or object in it."""

    def __init__(self, wire: Any, token: str, pages: int) -> None:
        self._wire = wire
        self._token = token
        self._pages = pages

    def submit(self, method: str, path: str, data: Any = None, query: str = "") -> Any:
        headers = {
            "Accept": "application/json",
            "Authorization": f"Bearer {self._token}",
            "Content-Type": "application/json",
        }
        body = b"" if method == "GET" else json.dumps(data or {}).encode()
        if body:
            headers["Content-Length"] = str(len(body))
        return self._wire.send(method, f"/api/v1/{path}{query}", headers, body)

    def data(self, method: str, path: str, data: Any = None, query: str = "") -> Any:
        answer = self.submit(method, path, data, query)
        assert 200 <= answer.status < 300, answer
        assert isinstance(answer.json, dict | list), "no body is an error to the module"
        return answer.json

    def list_all(self, path: str) -> list[Any]:
        rows: list[Any] = []
        for page in range(1, self._pages):
            got = self.data("GET", path, query=f"?page={page}")
            rows += got["data"]
            if page >= got["meta"]["last_page"]:
                return rows
        raise AssertionError(f"{path} has no end")

    def errors(self, answer: Any) -> list[str]:
        got = answer.json
        texts = [got["message"]] if got.get("message") else []
        for field, messages in got.get("errors", {}).items():
            texts += [f"{field}: {message}" for message in messages]
        return texts


@pytest.fixture(scope="module")
def blesta(wire: Any, panel: Any, pages: int) -> Blesta:
    return Blesta(wire, panel.admin_token, pages)


@pytest.fixture(scope="module")
def customer(blesta: Blesta) -> int:
    role = next(role for role in blesta.list_all("roles") if role["name"] == "CLIENT")
    body = {
        "email": "blesta@example.com",
        "password": "secret-1",
        "status": "active",
        "billing_user_id": "42",
        "roles": [role["id"]],
    }
    made = blesta.data("POST", "users", body)["data"]
    assert made["billing_user_id"] == 42  # written as text, always shown as an integer
    return int(made["id"])


@pytest.fixture(scope="module")
def server(blesta: Blesta, panel: Any, customer: int, wait: Callable[[float], None]) -> int:
    plan = panel.create_plan(name="blesta plan", is_additional_ips_available=True)
    key = blesta.data("POST", "ssh_keys", {"name": "bl", "public_key": KEY})["data"]
    assert key["body"] == KEY
    body = {
        "name": "blesta.example.com",
        "plan": plan["id"],
        "location": blesta.list_all("locations")[0]["id"],
        "os": blesta.list_all("os_images")[0]["versions"][0]["id"],
        "password": "aB3-secret-of-root",
        "user": customer,
        "custom_plan": {"is_snapshots_enabled": True},
    }
    answer = blesta.submit("POST", "servers", body)
    assert answer.status == 201
    assert answer.data["ip_addresses"]["ipv4"][0]["ip"]
    wait(60)
    return int(answer.data["id"])


@pytest.mark.parametrize(
    "path",
    [
        *("plans", "os_images", "locations", "applications", "roles", "limit_groups", "ssh_keys"),
        *("projects", "iso_images"),
    ],
)
@pytest.mark.usefixtures("server")
def test_lists(blesta, path):
    rows = blesta.list_all(path)
    assert len({row["id"] for row in rows}) == len(rows)


def test_a_user_is_found_by_his_address(blesta, customer):
    for email in ("a.blesta@example.com", "blesta@example.com.br"):
        blesta.data("POST", "users", {"email": email, "password": "secret-1"})
    found = blesta.data("GET", "users", query="?filter%5Bsearch%5D=blesta%40example.com")["data"]
    assert found[0]["id"] == customer


def test_a_billing_id_alone_is_put_and_nothing_else_changes(blesta, customer):
    got = blesta.data("PUT", f"users/{customer}", {"billing_user_id": "7"})["data"]
    assert (got["billing_user_id"], got["email"], got["status"]) == (7, "blesta@example.com", "active")
    assert len(got["roles"]) == 1
    assert (
        blesta.data("PUT", f"users/{customer}", {"billing_user_id": None})["data"]["billing_user_id"] is None
    )
    blesta.data("PUT", f"users/{customer}", {"billing_user_id": "42"})


@pytest.mark.parametrize(
    ("action", "body"),
    [("stop", {"force": True}), ("start", {}), ("restart", {}), ("suspend", {}), ("resume", {})],
)
def test_actions(blesta, server, wait, action, body):
    assert blesta.data("POST", f"servers/{server}/{action}", body)["data"]["id"]
    wait(60)


def test_service_information(blesta, server):
    got = blesta.data("GET", f"servers/{server}")["data"]
    for address in got["ip_addresses"]["ipv6"]:
        assert address["primary_ip"]
        assert "/" in address["range"]
    assert isinstance(got["usage"]["network"]["incoming"]["value"], int)
    limit = got["plan"]["limits"]["network_total_traffic"]
    assert set(limit) == {"is_enabled", "limit", "unit"}
    assert got["settings"]["vnc_password"]
    assert blesta.data("POST", f"servers/{server}/vnc_up")["url"]
    for name in ("cpu", "network", "disks", "memory"):
        assert "items" in blesta.data("GET", f"usage/{name}/{got['uuid']}")["data"]


def test_boot(blesta, server, wait):
    image = blesta.list_all("iso_images")[0]
    blesta.data("POST", f"servers/{server}/boot", {"mode": "iso", "iso_image_id": image["id"]})
    wait(60)
    assert blesta.data("GET", f"servers/{server}/boot")["data"] == {
        "mode": "iso",
        "iso_image_id": image["id"],
    }
    for mode in ("rescue", "disk"):
        blesta.data("POST", f"servers/{server}/boot", {"mode": mode})
        wait(60)
        assert blesta.data("GET", f"servers/{server}/boot")["data"] == {"mode": mode, "iso_image_id": None}


def test_resize_reset_and_reinstall(blesta, panel, server, wait):
    bigger = panel.create_plan(name="blesta bigger", params={"disk": 20, "ram": 2**31, "vcpu": 2})
    body = {"plan_id": bigger["id"], "preserve_disk": False, "delayed": True}
    blesta.data("POST", f"servers/{server}/resize", body)
    wait(60)
    assert blesta.data("GET", f"servers/{server}")["data"]["plan"]["id"] == bigger["id"]
    blesta.data("POST", f"servers/{server}/reset_password")
    wait(60)
    version = blesta.list_all("os_images")[1]["versions"][0]["id"]
    blesta.data(
        "POST", f"servers/{server}/reinstall", {"os": version, "user_data": "", "password": "aB3-new"}
    )
    wait(60)
    changed = blesta.data("PATCH", f"servers/{server}", {"name": "bl-2", "fqdns": ["bl-2.example.com"]})
    assert changed["data"]["fqdns"] == ["bl-2.example.com"]


def test_addresses_with_a_body_on_delete(blesta, server, wait):
    blesta.data("POST", f"servers/{server}/ips", {"count": 2, "delayed": True})
    wait(60)
    ips = blesta.data("GET", f"servers/{server}")["data"]["ip_addresses"]["ipv4"]
    assert len(ips) == 3
    spare = [ip["id"] for ip in ips if not ip["is_primary"]]
    blesta.data("DELETE", f"servers/{server}/ips", {"ids": spare, "delayed": True})
    wait(60)
    assert len(blesta.data("GET", f"servers/{server}")["data"]["ip_addresses"]["ipv4"]) == 1


def test_errors_become_texts(blesta):
    answer = blesta.submit("POST", "users", {"email": "no address", "billing_user_id": "x"})
    assert answer.status == 422
    texts = blesta.errors(answer)
    assert texts[0]
    assert {text.partition(":")[0] for text in texts[1:]} == {"email", "billing_user_id"}


def test_the_end_of_a_service(blesta, server, wait):
    """The body `{}` on DELETE is read, and the answer has one, too."""
    assert blesta.data("DELETE", f"servers/{server}")["data"]["id"]
    wait(60)
    answer = blesta.submit("GET", f"servers/{server}")
    assert answer.status == 404
    assert blesta.errors(answer)
