"""A mock with something of everything, and its answers to every GET of the document."""

import json
import re
from collections.abc import Iterator
from typing import Any

import pytest

from mock_solusio.clock import Clock
from mock_solusio.moment import MINUTE
from mock_solusio.options import Options
from mock_solusio.testing import Solusio, started
from solusio_contracts.contract import documents
from support.calls import START
from support.endpoint import endpoint
from support.pricing import VENDOR_EXAMPLE

Answers = dict[str, Any]
"""By who asked and what for: the whole JSON."""

KEY = "ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAIAABAgMEBQYHCAkKCwwNDg8QERITFBUWFxgZGhscHR4f to@example.com"


@pytest.fixture(scope="module")
def billing() -> Iterator[str]:
    """A billing endpoint that gives everybody the same price."""
    json_body = {"Content-Type": "application/json"}
    with endpoint(lambda _: (200, json_body, VENDOR_EXAMPLE)) as made:
        yield f"{made.url}/"


@pytest.fixture(scope="module")
def rich(billing: str) -> Iterator[Solusio]:
    """A mock with something of everything, and a server in each state."""
    options = Options(clock=Clock(START, speed=0), seed="rich", strict=True, billing_url=billing)
    with started(options) as panel:
        group = panel.call(
            "POST", "limit_groups", {"name": "limited", "vms": {"is_enabled": True, "limit": 9}}
        )
        priced = panel.create_user(billing_user_id=7, limit_group_id=group["id"], billing_token="t")
        panel.create_user()
        plan = panel.create_plan(is_backup_available=True, is_snapshots_enabled=True, backup_price=12.5)
        version = panel.call("GET", "os_images")[0]["versions"][0]["id"]
        location = panel.call("GET", "locations")[0]["id"]
        change = {
            "available_locations": [location],
            "available_os_image_versions": [version],
            "name": "choosy",
            "params": {"disk": 1, "ram": 2**30, "vcpu": 1},
        }
        panel.create_plan(**change)
        panel.call("POST", "users/1/tokens", {"is_one_time": False})
        panel.call("POST", "api_tokens", {"name": "token"})
        key = panel.call("POST", "ssh_keys", {"name": "k", "body": KEY, "user_id": priced["id"]})
        project = panel.call("GET", f"users/{priced['id']}/projects")[0]["id"]
        panel.call("POST", f"projects/{project}/members", {"email": "invited@example.com"})
        weekly = {"type": "weekly", "time": {"hour": 3, "minutes": 0}, "days": [1, 3]}
        main = panel.create_server(
            user=priced["id"],
            plan=plan["id"],
            ssh_keys=[key["id"]],
            fqdns=["a.example.com"],
            backup_settings={"enabled": True, "schedule": weekly},
            additional_disks=[{"name": "more", "size": 1, "offer_id": 1}],
        )
        hook = {"name": "hook", "url": "http://127.0.0.1:9/", "events": ["snapshot_created"]}
        panel.call("POST", "event_handlers", hook)
        network = {"name": "vpc", "from": "10.0.0.1", "to": "10.0.0.9", "netmask": "255.255.255.0"}
        place = {"location_id": main["location"]["id"], "user_id": priced["id"]}
        vpc = panel.call("POST", "vpc_networks", {**network, **place})
        panel.call("POST", f"vpc_networks/{vpc['id']}/add_ip", {"ip": "10.0.0.99"})
        for server in (main, panel.create_server(user=priced["id"], location=location)):
            panel.call("POST", f"vpc_networks/{vpc['id']}/attach", {"server_ids": [server["id"]]})
        panel.call("POST", f"servers/{main['id']}/backups")
        panel.settle()
        panel.call("POST", f"servers/{main['id']}/snapshots", {"name": "s"})
        panel.settle()
        application = panel.call("GET", "applications")[0]
        data = dict.fromkeys(json.loads(application["json_schema"])["required"], "Value-1@example.com")
        panel.create_server(application=application["id"], application_data=data)
        stopped, suspended, gone, iso, away = (panel.create_server()["id"] for _ in range(5))
        image = panel.call("GET", "iso_images")[0]["id"]
        panel.call("POST", f"servers/{stopped}/stop")
        panel.call("POST", f"servers/{suspended}/suspend")
        panel.call("POST", f"servers/{iso}/boot", {"mode": "iso", "iso_image_id": image})
        panel.call("DELETE", f"servers/{gone}")
        here = panel.call("GET", f"servers/{away}")["compute_resource"]["id"]
        there = next(one["id"] for one in panel.call("GET", "compute_resources") if one["id"] != here)
        panel.call(
            "POST", "servers_migrations", {"destination_compute_resource_id": there, "servers": [away]}
        )
        panel.clock.advance(90 * MINUTE)
        panel.settle()
        panel.call("POST", f"servers/{stopped}/start")
        panel.call("POST", f"servers/{iso}/reinstall", {"os": version})
        panel.call("POST", f"servers/{main['id']}/backups")
        panel.create_server(wait=False, user=priced["id"])  # is being created
        yield panel


FIRST = {
    "user_id": "users",
    "role_id": "roles",
    "limit_group_id": "limit_groups",
    "plan_id": "plans",
    "project_id": "projects",
    "location_id": "locations",
    "os_image_id": "os_images",
    "application_id": "applications",
    "icon_id": "icons",
    "iso_image_id": "iso_images",
    "ssh_key_id": "ssh_keys",
    "compute_resource_id": "compute_resources",
    "ip_block_id": "ip_blocks",
    "server_id": "servers",
    "task_id": "tasks",
    "api_token_id": "api_tokens",
    "backup_node_id": "backup_nodes",
    "vpc_network_id": "vpc_networks",
    "cluster_import_id": "cluster_imports",
    "event_handler_id": "event_handlers",
}
"""Lists in which path parameters find their values."""


@pytest.fixture(scope="module")
def answers(rich: Solusio) -> Answers:
    """Every GET of the document, for the administrator, and for a client where they may."""
    ids: dict[str, list[Any]] = {
        name: [row["id"] for row in rich.call("GET", f"{path}?per_page=100")] for name, path in FIRST.items()
    }
    servers = rich.call("GET", "servers?per_page=100")
    ids["server_uuid"] = [server["uuid"] for server in servers]
    ids["os_image_version_id"] = [
        version["id"] for image in rich.call("GET", "os_images") for version in image["versions"]
    ]
    rows = [rich.call("GET", f"compute_resources/{key}/storages") for key in ids["compute_resource_id"]]
    ids["storage_id"] = [row["id"] for found in rows for row in found]
    for name in ("backup", "snapshot"):
        found = [rich.call("GET", f"servers/{key}/{name}s") for key in ids["server_id"]]
        ids[f"{name}_id"] = [row["id"] for listed in found for row in listed]
    ids["servers_migration_id"] = [1]  # the only one
    got: Answers = {}
    customer = next(user["id"] for user in rich.call("GET", "users") if user["billing_user_id"] == 7)
    tokens = {"admin": rich.admin_token, "client": rich.access_token(customer)}
    for path, item in documents.document("solusio-api")["paths"].items():
        if "get" not in item:
            continue
        names = re.findall(r"{(\w+)}", path)
        assert len(names) <= 1 or path.endswith("}"), path
        for value in ids[names[0]] if names else [None]:
            asked = re.sub(r"{\w+}", str(value), path).removeprefix("/")
            for who, token in tokens.items():
                answer = rich.client.get(asked, headers={"Authorization": f"Bearer {token}"})
                assert answer.status_code in ((200, 204) if who == "admin" else (200, 204, 403)), answer.text
                if answer.status_code == 200:
                    assert answer.headers["content-type"] == "application/json"
                    got[f"{who} {asked}"] = answer.json()
    for key in ids["server_id"]:
        answer = rich.client.post(f"servers/{key}/vnc_up")
        if answer.status_code == 200:
            got[f"console {key}"] = answer.json()
    return got
