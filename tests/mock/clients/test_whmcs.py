"""The official WHMCS module: an account from its creation to its end, its loaders, and its client area."""

import json
from collections.abc import Callable
from typing import Any
from urllib.parse import quote

import pytest

MIB = 1024**2
UNITS = ("B", "KiB", "MiB", "GiB", "TiB", "PiB")
"""What the module can convert traffic to; it throws on any other."""
KEY = "ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAIAABAgMEBQYHCAkKCwwNDg8QERITFBUWFxgZGhscHR4f me@example.com"


class Whmcs:
    """Guzzle as the module sets it up: JSON both ways, errors above 400 thrown, pages counted by `meta`."""

    def __init__(self, wire: Any, token: str, pages: int) -> None:
        self._wire = wire
        self.token = token
        self._pages = pages

    def with_token(self, token: str) -> "Whmcs":
        return Whmcs(self._wire, token, self._pages)

    def request(self, method: str, path: str, data: Any = None) -> Any:
        headers = {
            "User-Agent": "GuzzleHttp/7",
            "Authorization": f"Bearer {self.token}",
            "Accept": "application/json",
            "Content-Type": "application/json",
        }
        body = b"" if data is None else json.dumps(data).encode()
        if data is not None or method != "GET":
            headers["Content-Length"] = str(len(body))
        return self._wire.send(method, f"/api/v1/{path}", headers, body)

    def call(self, method: str, path: str, data: Any = None) -> Any:
        answer = self.request(method, path, data)
        assert answer.status < 400, answer
        return answer.json if answer.body else None

    def list(self, path: str) -> list[Any]:
        rows = []
        for page in range(1, self._pages):
            got = self.call("GET", f"{path}?page={page}")
            rows += got["data"]
            if page >= got["meta"]["last_page"]:
                return rows
        raise AssertionError(f"{path} has no end")

    def user_by_email(self, email: str) -> Any:
        found = self.call("GET", f"users?{quote('filter[search]')}={quote(email)}")["data"]
        return found[0] if found else None


@pytest.fixture(scope="module")
def whmcs(wire: Any, panel: Any, pages: int) -> Whmcs:
    return Whmcs(wire, panel.admin_token, pages)


@pytest.fixture(scope="module")
def plan(panel: Any) -> dict[str, Any]:
    made: dict[str, Any] = panel.create_plan(
        name="whmcs plan",
        limits={"network_total_traffic": {"is_enabled": True, "limit": 300, "unit": "GiB"}},
        is_backup_available=True,
        is_additional_ips_available=True,
    )
    return made


@pytest.fixture(scope="module")
def customer(whmcs: Whmcs) -> int:
    """`syncWithSolusUser`: look for the address, create, and set the billing id where it is missing."""
    assert whmcs.user_by_email("client@example.com") is None
    role = next(role for role in whmcs.list("roles") if role["name"] == "CLIENT")
    group = whmcs.call("POST", "limit_groups", {"name": "whmcs"})["data"]
    body = {"password": "secret-1", "status": "active", "billing_user_id": 12, "roles": [role["id"]]}
    made = whmcs.call("POST", "users", {"email": "client@example.com", **body, "limit_group_id": group["id"]})
    again = whmcs.user_by_email("client@example.com")
    assert again["id"] == made["data"]["id"]
    assert again["billing_user_id"] == 12
    return int(again["id"])


@pytest.fixture(scope="module")
def account(
    whmcs: Whmcs, plan: dict[str, Any], customer: int, wait: Callable[[float], None]
) -> dict[str, Any]:
    """`CreateAccount` with every option of the order form."""
    key = whmcs.call("POST", "ssh_keys", {"name": "key", "body": KEY, "user_id": customer})["data"]
    order = {
        "name": "shop.example.com",
        "fqdns": ["shop.example.com"],
        "plan": plan["id"],
        "location": whmcs.list("locations")[0]["id"],
        "password": "aB3-secret-of-root",
        "backup_settings": {
            "enabled": True,
            "schedule": {"type": "daily", "time": {"hour": 0, "minutes": 0}},
        },
        "os": whmcs.list("os_images")[0]["versions"][0]["id"],
        "user_data": "#cloud-config\n",
        "ssh_keys": [key["id"]],
        "user": customer,
        "additional_ip_count": 2,
        "custom_plan": {
            "params": {"vcpu": 3, "ram": 2048 * MIB, "disk": 30},
            "limits": {"network_total_traffic": {"limit": 500}},
        },
    }
    answer = whmcs.request("POST", "servers", order)
    assert answer.status == 201
    made: dict[str, Any] = answer.data
    wait(60)
    return made


def test_the_answer_to_an_order_has_all_that_is_kept_of_it(account, customer):
    """An address must be there at once, or the module gives up."""
    assert account["ip_addresses"]["ipv4"][0]["ip"]
    assert account["user"]["id"] == customer
    assert account["specifications"] == {"vcpu": 3, "ram": 2048 * MIB, "disk": 30}
    assert len(account["ip_addresses"]["ipv4"]) == 3  # one, and the two that were asked for
    assert account["uuid"]
    assert account["fqdns"] == ["shop.example.com"]


@pytest.mark.parametrize("path", ["plans", "locations", "applications", "roles", "limit_groups", "projects"])
@pytest.mark.usefixtures("account")
def test_loaders(whmcs, path):
    rows = whmcs.list(path)
    assert rows
    assert all(isinstance(row["id"], int) and isinstance(row["name"], str) for row in rows)
    assert len({row["id"] for row in rows}) == len(rows)


def test_the_loader_of_operating_systems(whmcs):
    """A system is called by its icon's name where it has one, and offered by the id of its version."""
    for image in whmcs.list("os_images"):
        assert isinstance(image["versions"], list)
        for version in image["versions"]:
            assert isinstance(version["id"], int)
            assert isinstance(version["version"], str)
        assert image["icon"] is None or image["icon"]["name"]


def test_client_area(whmcs, account):
    server = whmcs.call("GET", f"servers/{account['id']}")["data"]
    usage, limit = server["usage"]["network"], server["plan"]["limits"]["network_total_traffic"]
    used = usage["incoming"]["value"] + usage["outgoing"]["value"]
    assert isinstance(used, int)  # the module's converter takes an int
    assert limit["unit"] in UNITS
    assert (limit["is_enabled"], limit["limit"]) == (True, 500)
    assert server["ip_addresses"]["ipv4"][0]["ip"] == account["ip_addresses"]["ipv4"][0]["ip"]
    assert server["status"] == "started"
    assert server["boot_mode"] == "disk"
    for application in whmcs.list("applications"):
        schema = json.loads(application["json_schema"])
        for name in schema["required"]:
            assert name in schema["properties"]


def test_list_accounts(whmcs, account, is_moment):
    rows = {server["id"]: server for server in whmcs.list("servers")}
    row = rows[account["id"]]
    assert row["user"]["email"] == "client@example.com"
    assert row["name"] == "shop.example.com"
    assert row["plan"]["name"] == "whmcs plan"
    assert row["ip_addresses"]["ipv4"][0]["ip"]
    assert is_moment(row["created_at"])
    assert row["is_suspended"] is False


def test_servers_of_a_user(whmcs, account, customer):
    path = f"servers?{quote('filter[user_id]')}="
    assert [one["id"] for one in whmcs.call("GET", f"{path}{customer}")["data"]] == [account["id"]]
    assert whmcs.call("GET", f"{path}2147483647")["data"] == []


@pytest.mark.parametrize("action", ["stop", "start", "restart", "suspend", "resume"])
def test_actions_without_a_body(whmcs, account, wait, action):
    assert isinstance(whmcs.call("POST", f"servers/{account['id']}/{action}"), dict)
    wait(60)
    server = whmcs.call("GET", f"servers/{account['id']}")["data"]
    assert server["is_suspended"] is (action == "suspend")
    assert server["status"] == ("stopped" if action in ("stop", "suspend") else "started")


def test_hostname_and_boot_mode(whmcs, account):
    path = f"servers/{account['id']}"
    renamed = whmcs.call("PATCH", path, {"name": "new.example.com", "fqdns": ["new.example.com"]})["data"]
    assert (renamed["name"], renamed["fqdns"]) == ("new.example.com", ["new.example.com"])
    assert whmcs.call("PATCH", path, {"boot_mode": "rescue"})["data"]["boot_mode"] == "rescue"
    whmcs.call("PATCH", path, {"boot_mode": "disk"})
    whmcs.call("PATCH", path, {"name": "shop.example.com", "fqdns": ["shop.example.com"]})


def test_a_one_time_token_resets_the_root_password(whmcs, account, customer, wait):
    made = whmcs.call("POST", f"users/{customer}/tokens", {"is_one_time": True})
    once = whmcs.with_token(made["data"]["access_token"])
    once.call("POST", f"servers/{account['id']}/reset_password")
    assert once.request("GET", "account").status == 401  # it was for one use
    wait(60)


def test_console(whmcs, account):
    server = whmcs.call("GET", f"servers/{account['id']}")["data"]
    assert server["settings"]["vnc_password"]
    shown = whmcs.call("POST", f"servers/{account['id']}/vnc_up")
    assert isinstance(shown["url"], str)
    assert "data" not in shown


def test_backups(whmcs, account, wait, is_moment):
    made = whmcs.request("POST", f"servers/{account['id']}/backups", {"id": account["id"]})
    assert made.status == 201
    wait(60)
    for backup in whmcs.call("GET", f"servers/{account['id']}/backups")["data"]:
        assert int(backup["backup_progress"]) == 100
        assert backup["status"] == "created"
        assert isinstance(backup["backup_fail_reason"], str)
        assert is_moment(backup["created_at"])
        whmcs.call("POST", f"backups/{backup['id']}/restore")
        wait(60)


def test_usage_charts(whmcs, account, is_moment, wait):
    wait(3600)  # a server that was just made has no curve
    members = {
        "cpu": lambda item: [item["load_average"]],
        "network": lambda item: [item["derivative"]["read_kb"], item["derivative"]["write_kb"]],
        "disks": lambda item: [item["derivative"]["read_kb"], item["derivative"]["write_kb"]],
        "memory": lambda item: [item["memory"]],
    }
    for name, read in members.items():
        items = whmcs.call("GET", f"usage/{name}/{account['uuid']}")["data"]["items"]
        assert items, name
        for item in items:
            assert is_moment(item["time"])
            assert all(type(value) in (int, float) for value in read(item))


def test_change_package(whmcs, account, plan, wait):
    path = f"servers/{account['id']}"
    custom = {"params": {"vcpu": 4, "ram": 4096 * MIB}, "limits": {"network_total_traffic": {"limit": 900}}}
    body = {"plan_id": plan["id"], "preserve_disk": True, "custom_plan": custom}
    whmcs.call("POST", f"{path}/resize", body)
    wait(60)
    server = whmcs.call("GET", path)["data"]
    assert server["specifications"] == {"vcpu": 4, "ram": 4096 * MIB, "disk": 30}
    assert server["plan"]["limits"]["network_total_traffic"]["limit"] == 900
    assert server["plan"]["limits"]["network_total_traffic"]["unit"] == "GiB"


def test_additional_addresses(whmcs, account, wait):
    path = f"servers/{account['id']}"
    whmcs.call("POST", f"{path}/ips", {"count": 1})
    wait(60)
    ips = whmcs.call("GET", path)["data"]["ip_addresses"]["ipv4"]
    assert len(ips) == 4
    spare = [ip["id"] for ip in ips if not ip["is_primary"]]
    whmcs.call("DELETE", f"{path}/ips", {"ids": spare[:2]})
    wait(60)
    assert len(whmcs.call("GET", path)["data"]["ip_addresses"]["ipv4"]) == 2


def test_reinstall(whmcs, account, wait):
    path = f"servers/{account['id']}"
    system = whmcs.list("os_images")[1]
    whmcs.call("POST", f"{path}/reinstall", {"os": system["versions"][0]["id"]})
    wait(60)
    assert system["name"] in whmcs.call("GET", path)["data"]["settings"]["os_image"]["name"]
    application = whmcs.list("applications")[0]
    schema = json.loads(application["json_schema"])
    data = dict.fromkeys(schema["required"], "Value-1@example.com")
    whmcs.call("POST", f"{path}/reinstall", {"application": application["id"], "application_data": data})
    wait(60)
    installed = whmcs.call("GET", path)["data"]["settings"]["os_image"]
    assert (installed["type"], installed["name"]) == ("application", application["name"])


def test_a_client_changes_his_address(whmcs, customer):
    whmcs.call("PATCH", f"users/{customer}", {"email": "renamed@example.com"})
    found = whmcs.user_by_email("renamed@example.com")
    assert (found["id"], found["billing_user_id"]) == (customer, 12)
    assert whmcs.user_by_email("client@example.com") is None
    whmcs.call("PATCH", f"users/{customer}", {"email": "client@example.com"})


def test_a_user_is_updated_with_status_and_billing_id(whmcs, customer):
    answer = whmcs.request("PUT", f"users/{customer}", {"status": "active", "billing_user_id": 12})
    assert answer.status == 200
    assert answer.data["billing_user_id"] == 12


def test_the_first_hit_of_a_search_is_the_user_of_that_address(whmcs):
    """The module takes `data[0]`: another customer's address that contains this one must not come first."""
    for email in ("xann@example.com", "ann@example.com.au", "ann@example.com"):
        whmcs.call("POST", "users", {"email": email, "password": "secret-1"})
    assert whmcs.user_by_email("ann@example.com")["email"] == "ann@example.com"


@pytest.mark.usefixtures("panel")
def test_terminate_and_delete_the_client(whmcs, customer, account, wait):
    """The module deletes a client who has no servers left; 204 has no body, which its decoder takes."""
    assert whmcs.request("DELETE", f"users/{customer}").status == 409
    assert whmcs.request("DELETE", f"servers/{account['id']}").status == 200
    wait(60)
    assert whmcs.request("GET", f"servers/{account['id']}").status == 404
    answer = whmcs.request("DELETE", f"users/{customer}")
    assert (answer.status, answer.body) == (204, b"")
