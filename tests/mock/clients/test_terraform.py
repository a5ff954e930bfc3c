"""The Terraform provider: create, read back without drift, update, delete; waits for servers and tasks.

It is built on a Go SDK of 2022, whose traffic units are KB to PB, and writes zeros and nulls where its user
said nothing.
"""

from collections.abc import Callable
from typing import Any

import pytest

MIB = 1024**2
POLL = 5
"""Seconds between two looks at a server or a task."""
KEY = "ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAIAABAgMEBQYHCAkKCwwNDg8QERITFBUWFxgZGhscHR4f tf@example.com"


def limits(traffic: str) -> dict[str, Any]:
    units = {
        "disk_bandwidth": "Bps",
        "disk_iops": "iops",
        "network_incoming_bandwidth": "Mbps",
        "network_outgoing_bandwidth": "Mbps",
        "network_incoming_traffic": traffic,
        "network_outgoing_traffic": traffic,
        "network_total_traffic": traffic,
        "network_reduce_bandwidth": "Mbps",
        "backups_number": "units",
    }
    return {name: {"is_enabled": False, "limit": 0, "unit": unit} for name, unit in units.items()}


PLAN: dict[str, Any] = {
    "name": "tf plan",
    "virtualization_type": "kvm",
    "params": {"disk": 5, "ram": 512 * MIB, "vcpu": 1, "vcpu_units": 0, "vcpu_limit": 0, "io_priority": 0},
    "storage_type": "fb",
    "image_format": "qcow2",
    "limits": limits("GB"),
    "tokens_per_hour": 1000,
    "tokens_per_month": 0,
    "ip_tokens_per_hour": 999,
    "ip_tokens_per_month": 1,
    "position": 0,
    "is_visible": True,
    "is_default": False,
    "is_snapshots_enabled": False,
    "is_backup_available": True,
    "is_additional_ips_available": False,
    "backup_settings": {"is_incremental_backup_enabled": False, "incremental_backups_limit": 1},
    "backup_price": 3.14,
    "reset_limit_policy": "never",
    "network_traffic_limit_type": "separate",
    "available_locations": None,
    "available_os_image_versions": None,
    "available_applications": None,
}

READ = (
    *("name", "virtualization_type", "storage_type", "image_format"),
    *("tokens_per_hour", "tokens_per_month", "ip_tokens_per_hour", "ip_tokens_per_month"),
    *("is_visible", "is_default", "is_snapshots_enabled", "is_backup_available"),
    *("is_additional_ips_available", "backup_price", "reset_limit_policy", "network_traffic_limit_type"),
)
"""What the provider reads back of a plan: a difference is drift, and the next plan would change it again."""


def only(rows: list[Any]) -> Any:
    """Return the one hit that a data source demands."""
    assert len(rows) == 1, rows
    return rows[0]


@pytest.mark.parametrize("unit", ["KB", "MB", "GB", "TB", "PB", "KiB", "MiB", "GiB", "TiB", "PiB"])
def test_a_plan_without_drift_whatever_the_units(go, unit):
    body = {**PLAN, "name": f"tf plan {unit}", "limits": limits(unit)}
    body["limits"]["network_total_traffic"] = {"is_enabled": True, "limit": 5, "unit": unit}
    made = go.create("plans", "Plan", body)
    path = f"plans/{made['id']}"
    read = go.get(path, "Plan")
    assert {name: read[name] for name in READ} == {name: body[name] for name in READ}
    assert read["params"]["ram"] == 512 * MIB
    assert (read["params"]["disk"], read["params"]["vcpu"]) == (5, 1)
    total = read["limits"]["network_total_traffic"]
    # The official WHMCS module knows the binary names alone.
    assert total == {"is_enabled": True, "limit": 5, "unit": f"{unit[0]}iB"}
    change = {name: value for name, value in body.items() if name not in ("params", "virtualization_type")}
    change = {name: value for name, value in change.items() if name not in ("storage_type", "image_format")}
    change |= {"name": f"tf plan {unit} changed", "tokens_per_hour": 0, "backup_price": 0.0}
    change["limits"] = {name: one for name, one in limits(unit).items() if not name.startswith("disk_")}
    go.update(path, "Plan", change)
    read = go.get(path, "Plan")
    wanted = {name: change[name] for name in READ if name in change}
    assert {name: read[name] for name in wanted} == wanted
    go.sync_delete(path)


def test_a_plan_for_containers(go):
    params = {"disk": 5, "ram": 512 * MIB, "vcpu": 1, "vcpu_units": 8, "vcpu_limit": 6400, "io_priority": 7}
    body = {
        **PLAN,
        "name": "tf vz",
        "virtualization_type": "vz",
        "storage_type": "vz",
        "image_format": "ploop",
    }
    made = go.create("plans", "Plan", {**body, "params": params})
    assert go.get(f"plans/{made['id']}", "Plan")["params"].items() >= params.items()
    go.sync_delete(f"plans/{made['id']}")


def test_data_sources_find_exactly_one(go):
    plan = go.create("plans", "Plan", {**PLAN, "name": "the only plan of its kind"})
    assert only(go.list("plans", "Plan", {"filter[search]": plan["name"]}))["id"] == plan["id"]
    for path, kind in (("locations", "Location"), ("os_images", "OsImage"), ("ip_blocks", "IPBlock")):
        first = go.list(path, kind)[0]
        assert only(go.list(path, kind, {"filter[search]": first["name"]}))["id"] == first["id"]
    icon = go.list("icons", "Icon")[0]
    named = {"filter[search]": icon["name"], "filter[type]": icon["type"]}
    assert only(go.list("icons", "Icon", named))["id"] == icon["id"]
    go.sync_delete(f"plans/{plan['id']}")


def test_location_project_key_and_image(go, refused):
    location = {"name": "tf", "description": "tf", "icon_id": None, "is_default": False, "is_visible": True}
    user = go.get("account", "User")["id"]
    for path, kind, body in (
        ("locations", "Location", location),
        ("projects", "Project", {"name": "tf", "description": "tf"}),
        ("ssh_keys", "SSHKey", {"name": "tf", "body": KEY, "user_id": user}),
        ("os_images", "OsImage", {"name": "tf", "icon_id": None, "is_visible": True}),
    ):
        made = go.create(path, kind, body)
        one = f"{path}/{made['id']}"
        read = go.get(one, kind)
        for name in ("name", "description", "body", "is_default", "is_visible"):
            if name in body:
                assert read[name] == body[name]
        go.sync_delete(one)
        with pytest.raises(refused, match="404"):
            go.get(one, kind)


def test_image_version(go):
    image = go.create("os_images", "OsImage", {"name": "tf 2", "icon_id": None, "is_visible": True})
    for number, version in enumerate(
        ("v0", "v0-centos6", "v0-debian9", "v2", "v2-alpine", "v2-centos", "v2-debian10", "cloudbase")
    ):
        body = {
            "version": str(number),
            "url": "https://images.example.com/tf.qcow2",
            "cloud_init_version": version,
            "virtualization_type": "kvm",
            "is_visible": False,
        }
        made = go.create(f"os_images/{image['id']}/versions", "OsImageVersion", body)
        read = go.get(f"os_image_versions/{made['id']}", "OsImageVersion")
        assert read.items() >= {**body, "os_image_id": image["id"]}.items()


def test_ip_blocks(go):
    common = {"ns_1": "ns1.example.com", "ns_2": "192.0.2.2", "reverse_dns": {"zone": "", "enabled": False}}
    four = {"netmask": "255.255.255.0", "from": "203.0.113.2", "to": "203.0.113.9", "gateway": "203.0.113.1"}
    six = {"range": "2001:db8:1::/64", "subnet": 83, "gateway": "2001:db8:1::1"}
    for body in (
        {"name": "tf four", "type": "IPv4", **common, **four},
        {"name": "tf six", "type": "IPv6", **common, **six},
    ):
        made = go.create("ip_blocks", "IPBlock", body)
        path = f"ip_blocks/{made['id']}"
        assert go.get(path, "IPBlock").items() >= body.items()
        go.update(path, "IPBlock", {**body, "name": f"{body['name']} changed"})
        assert go.get(path, "IPBlock").items() >= {**body, "name": f"{body['name']} changed"}.items()
        go.sync_delete(path)


@pytest.fixture
def created(go: Any, wait: Callable[[float], None]) -> int:
    """The provider's `create` of a server, with its wait: five seconds, look, until it is not busy."""
    project = go.create("projects", "Project", {"name": "tf servers", "description": "x"})["id"]
    body = {
        "name": "tf.example.com",
        "boot_mode": "disk",
        "description": "of the provider",
        "user_data": "#cloud-config",
        "ssh_keys": [],
        "plan": go.create("plans", "Plan", {**PLAN, "name": "for servers"})["id"],
        "project": project,
        "location": go.list("locations", "Location")[0]["id"],
        "os": go.list("os_images", "OsImage")[0]["versions"][0]["id"],
    }
    made = go.create("servers", "VirtualServer", body)
    assert made["is_processing"] is True, "the provider would find a server that is not started, and fail"
    for _ in range(100):
        seen = go.get(f"servers/{made['id']}", "VirtualServer")
        if not seen["is_processing"]:
            assert seen["status"] == "started"
            return int(made["id"])
        wait(POLL)
    raise AssertionError("the provider would wait for ever")


def test_a_server_from_create_to_destroy(go, wait, created, refused):
    path = f"servers/{created}"
    read = go.get(path, "VirtualServer")
    assert (read["name"], read["description"]) == ("tf.example.com", "of the provider")
    addresses = [ip["ip"] for ip in read["ips"]]
    assert addresses
    go.patch(path, "VirtualServer", {"name": "other.example.com", "description": "changed"})
    read = go.get(path, "VirtualServer")
    assert (read["name"], read["description"]) == ("other.example.com", "changed")
    assert [ip["ip"] for ip in read["ips"]] == addresses
    task = go.async_delete(path)
    for _ in range(100):
        seen = go.get(f"tasks/{task['id']}", "Task")
        if seen["status"] not in ("pending", "queued", "running"):
            break
        wait(POLL)
    assert seen["status"] == "done"
    with pytest.raises(refused, match="404"):
        go.get(path, "VirtualServer")


def test_each_moment_of_a_creation_is_busy_or_started(go, wait):
    """However often the provider looks, it never sees a server that is neither."""
    body = {
        "name": "tf",
        "ssh_keys": [],
        "plan": go.create("plans", "Plan", {**PLAN, "name": "moments"})["id"],
        "project": go.list("projects", "Project")[0]["id"],
        "location": go.list("locations", "Location")[0]["id"],
        "os": go.list("os_images", "OsImage")[0]["versions"][0]["id"],
    }
    key, seen = go.create("servers", "VirtualServer", body)["id"], []
    for _ in range(100):
        server = go.get(f"servers/{key}", "VirtualServer")
        seen.append(server["is_processing"])
        assert server["is_processing"] or server["status"] == "started"
        wait(0.1)
    assert seen == sorted(seen, reverse=True)  # once it is done, it stays done
    assert seen[0]
    assert not seen[-1]


def test_errors_are_told_apart(go, refused):
    with pytest.raises(refused, match="404"):
        go.sync_delete("plans/2147483647")
    with pytest.raises(refused, match="422") as caught:
        go.create("plans", "Plan", {**PLAN, "virtualization_type": "xen"})
    answer = caught.value.answer  # type: ignore[attr-defined]
    assert list(answer.json["errors"]) == ["virtualization_type"]
