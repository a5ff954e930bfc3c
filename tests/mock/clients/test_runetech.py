"""runetech0/solusvm-api-async: every request has the body `{}`, and its models go deep into each answer."""

import json
import math
from collections.abc import Callable, Iterator
from datetime import datetime
from typing import Any

import pytest

from mock_solusio.clock import Clock
from mock_solusio.moment import parse_moment
from mock_solusio.options import Options
from mock_solusio.testing import Solusio, started

START = "2026-03-01T00:00:00Z"


class Runetech:
    """Asks as the client does: aiohttp, `Accept: */*`, a JSON body on every method."""

    def __init__(self, wire: Any, token: str) -> None:
        self._wire = wire
        self._token = token

    def request(self, method: str, path: str, data: Any = None) -> Any:
        body = json.dumps({} if data is None else data).encode()
        headers = {
            "Authorization": f"Bearer {self._token}",
            "Content-Type": "application/json",
            "Accept": "*/*",
            "Accept-Encoding": "gzip, deflate",
            "User-Agent": "Python/3.11 aiohttp/3.9.3",
            "Content-Length": str(len(body)),
        }
        return self._wire.send(method, f"/api/v1{path}", headers, body)

    def json(self, method: str, path: str, data: Any = None) -> Any:
        answer = self.request(method, path, data)
        assert answer.status in range(200, 299), answer
        return answer.json["data"]


@pytest.fixture(scope="module")
def client(wire: Any, panel: Any) -> Runetech:
    return Runetech(wire, panel.admin_token)


@pytest.fixture(scope="module")
def server(client: Runetech, wait: Callable[[float], None]) -> dict[str, Any]:
    """Ordered without owner and location, on the compute resource that the client's code names."""
    plan, os_id = client.json("GET", "/plans")[0], client.json("GET", "/os_images")[0]["versions"][0]["id"]
    order = {"name": "rt.example.com", "plan": plan["id"], "os": os_id, "compute_resource": 2}
    made = client.json("POST", "/servers", order)
    wait(60)
    shown: dict[str, Any] = client.json("GET", f"/servers/{made['id']}")
    return shown


def test_the_access_token_is_verified_with_204_and_no_body(client, wire):
    answer = client.request("GET", "/auth")
    assert (answer.status, answer.body) == (204, b"")
    assert Runetech(wire, "wrong").request("GET", "/auth").status == 401


def test_plans(client, runetech_reads):
    for plan in runetech_reads(client.json("GET", "/plans"), "[Plan]"):
        assert client.json("GET", f"/plans/{plan['id']}") == plan
        ram = plan["params"]["ram"]
        assert round(ram / 1024 ** math.floor(math.log(ram, 1024)), 2) >= 1


def test_servers(server, runetech_reads):
    runetech_reads(server, "Server")
    assert server["ips"][0]["ip"]
    # The client reads what stands before the dot, by exactly this form.
    seconds = datetime.strptime(server["created_at"].split(".")[0], "%Y-%m-%dT%H:%M:%S")  # noqa: DTZ007
    assert seconds.isoformat() == START.removesuffix("Z")
    assert server["compute_resource"]["id"] == 2


def test_the_answer_to_an_order_is_a_whole_server(client, wait, runetech_reads):
    plan, location = client.json("GET", "/plans")[0], client.json("GET", "/locations")[0]
    os_id = client.json("GET", "/os_images")[0]["versions"][0]["id"]
    order = {"name": "other.example.com", "plan": plan["id"], "os": os_id, "location": location["id"]}
    made = runetech_reads(client.json("POST", "/servers", order), "Server")
    wait(60)
    answer = client.request("DELETE", f"/servers/{made['id']}")
    assert answer.status == 200
    assert answer.data["id"] > 0
    wait(60)


@pytest.mark.parametrize(
    ("action", "data"),
    [
        ("stop", {"force": True}),
        ("start", {"force": True}),
        ("restart", {"force": True}),
        ("suspend", {}),
        ("resume", {}),
    ],
)
def test_actions(client, server, wait, action, data):
    answer = client.request("POST", f"/servers/{server['id']}/{action}", data)
    assert answer.status == 200
    assert isinstance(answer.json, dict)
    wait(60)


def test_reset_password_is_200_exactly(client, server, wait):
    body = {"send_password_to_current_user": True}
    assert client.request("POST", f"/servers/{server['id']}/reset_password", body).status == 200
    wait(60)


def test_reinstall_with_application_data_as_a_list(client, server, wait):
    """The client parses `data` as a server, whose members it all reads leniently."""
    os_id = client.json("GET", "/os_images")[-1]["versions"][-1]["id"]
    data = client.json("POST", f"/servers/{server['id']}/reinstall", {"os": os_id, "application_data": []})
    assert isinstance(data, dict)
    for name in ("plan", "settings", "user", "project", "ip_addresses", "usage", "location"):
        assert data.get(name, {}) is not None
    wait(60)


def test_a_server_shows_the_image_it_boots_from_and_else_none(client, server, wait, runetech_reads):
    """Null would break the client, which reads the members of whatever is there."""
    image = client.json("GET", "/iso_images")[0]
    for body in ({"mode": "iso", "iso_image_id": image["id"]}, {"mode": "disk"}):
        client.json("POST", f"/servers/{server['id']}/boot", body)
        wait(60)
        shown = client.json("GET", f"/servers/{server['id']}")
        assert ("iso_image" in shown) is (body["mode"] == "iso")
        if "iso_image" in shown:
            assert runetech_reads(shown["iso_image"], "IsoImage")["name"] == image["name"]


def test_compute_resources(client, runetech_reads):
    for machine in runetech_reads(client.json("GET", "/compute_resources"), "[ComputeResource]"):
        assert client.request("GET", f"/compute_resources/{machine['id']}/usage").status == 200


def test_iso_images_users_and_projects(client, runetech_reads):
    runetech_reads(client.json("GET", "/iso_images"), "[IsoImage]")
    group = client.json("POST", "/limit_groups", {"name": "rt"})
    user = {"email": "rt@example.com", "password": "secret-1", "limit_group_id": group["id"]}
    made = runetech_reads(client.json("POST", "/users", user), "User")
    assert made["limit_group"]["id"] == group["id"]
    runetech_reads(client.json("GET", f"/users/{made['id']}/projects"), "[Project]")


def test_a_body_on_get_is_read_off_the_connection(client):
    """Otherwise the next request on the connection begins with `{}`."""
    for _ in range(5):
        assert client.request("GET", "/plans").status == 200
        assert client.request("GET", "/servers/2147483647").status == 404


@pytest.fixture(scope="module")
def billed() -> Iterator[Solusio]:
    """A mock whose billing endpoint does not answer."""
    dead = "http://127.0.0.1:9/"
    options = Options(clock=Clock(parse_moment(START), speed=0), seed="rt", strict=True, billing_url=dead)
    with started(options) as solusio:
        yield solusio


def test_without_a_price_there_is_no_token_pricing_rather_than_null(billed):
    user = billed.create_user(billing_user_id=7)
    server = billed.create_server(user=user["id"])
    assert "token_pricing" not in server["project"]
    assert "price" not in server["plan"]
