"""A plan, a project, an order and a server of the Go SDK."""

import copy
from collections.abc import Callable
from typing import Any

import pytest

GIB = 1024**3
LIMITS = {
    "disk_bandwidth": {"is_enabled": True, "limit": 1000, "unit": "Bps"},
    "disk_iops": {"is_enabled": True, "limit": 500, "unit": "iops"},
    "network_incoming_bandwidth": {"is_enabled": True, "limit": 100, "unit": "Mbps"},
    "network_outgoing_bandwidth": {"is_enabled": True, "limit": 1, "unit": "Gbps"},
    "network_incoming_traffic": {"is_enabled": True, "limit": 1, "unit": "TiB"},
    "network_outgoing_traffic": {"is_enabled": True, "limit": 1, "unit": "PiB"},
    "network_total_traffic": {"is_enabled": True, "limit": 300, "unit": "GiB"},
    "network_reduce_bandwidth": {"is_enabled": False, "limit": 0, "unit": "Kbps"},
    "backups_number": {"is_enabled": True, "limit": 3, "unit": "units"},
}
PLAN = {
    "name": "go plan",
    "virtualization_type": "kvm",
    "params": {"disk": 20, "ram": GIB, "vcpu": 2, "vcpu_units": 1000, "vcpu_limit": 200, "io_priority": 4},
    "storage_type": "fb",
    "image_format": "qcow2",
    "limits": LIMITS,
    "tokens_per_hour": 7,
    "tokens_per_month": 5000,
    "ip_tokens_per_hour": 1,
    "ip_tokens_per_month": 500,
    "position": 1.5,
    "is_visible": True,
    "is_default": False,
    "is_snapshots_enabled": True,
    "is_backup_available": True,
    "is_additional_ips_available": True,
    "backup_price": 3.14,
    "backup_settings": {"is_incremental_backup_enabled": False, "incremental_backups_limit": 3},
    "reset_limit_policy": "first_day_of_month",
    "network_traffic_limit_type": "total",
    "available_locations": [],
    "available_os_image_versions": [],
    "available_applications": [],
    "netfilter": {"value": "disabled", "is_editable": False},
    "ppp": {"value": False, "is_editable": False},
    "tun_tap": {"value": False, "is_editable": False},
}


@pytest.fixture
def plan_body() -> dict[str, Any]:
    """PlanCreateRequest, with a value of its own for every member."""
    return copy.deepcopy(PLAN)


@pytest.fixture(scope="module")
def project(go: Any) -> int:
    made = go.create("projects", "Project", {"name": "go project", "description": "of the SDK"})
    return int(made["id"])


@pytest.fixture(scope="module")
def plan(go: Any) -> dict[str, Any]:
    made: dict[str, Any] = go.create("plans", "Plan", PLAN)
    return made


@pytest.fixture(scope="module")
def order(go: Any, plan: dict[str, Any], project: int) -> dict[str, Any]:
    """VirtualServerCreateRequest: what its user did not set is there all the same."""
    return {
        "name": "go.example.com",
        "boot_mode": "disk",
        "ssh_keys": None,
        "plan": plan["id"],
        "project": project,
        "location": go.list("locations", "Location")[0]["id"],
        "os": go.list("os_images", "OsImage")[0]["versions"][0]["id"],
    }


@pytest.fixture(scope="module")
def server(go: Any, wait: Callable[[float], None], order: dict[str, Any]) -> int:
    made = go.create("servers", "VirtualServer", order)
    wait(60)
    assert go.get(f"servers/{made['id']}", "VirtualServer")["status"] == "started"
    return int(made["id"])
