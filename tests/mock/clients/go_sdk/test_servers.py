"""The official Go SDK: servers and what hangs on them, from order to migration."""

import pytest

GIB = 1024**3


def test_backup_nodes(go, refused):
    machine = go.list("compute_resources", "ComputeResource")[0]["id"]
    credentials = {
        "host": "b.example.com",
        "port": 22,
        "login": "root",
        "key": "-----BEGIN",
        "storage_path": "/b",
    }
    body = {"name": "go", "type": "ssh_rsync", "compute_resources": [machine], "credentials": credentials}
    made = go.create("backup_nodes", "BackupNode", body)
    assert [one["id"] for one in made["compute_resources"]] == [machine]
    assert made["credentials"] == {name: value for name, value in credentials.items() if name != "key"}
    path = f"backup_nodes/{made['id']}"
    box = {"name": "box", "type": "hetzner_storage_box", "compute_resources": []}
    changed = go.update(path, "BackupNode", box)
    assert (changed["name"], changed["type"], changed["compute_resources_count"]) == (
        *list(box.values())[:2],
        0,
    )
    go.sync_delete(path)
    with pytest.raises(refused, match="404"):
        go.update(path, "BackupNode", box)


def test_a_backup_is_on_the_node_of_its_machine(go, wait, server, refused):
    before = go.get("backup_nodes/1", "BackupNode")
    backup = go.create(f"servers/{server}/backups", "Backup", None)
    wait(60)
    after = go.get("backup_nodes/1", "BackupNode")
    assert backup["backup_node"]["id"] == 1
    assert after["backups_count"] == before["backups_count"] + 1
    assert after["total_backups_size"] > before["total_backups_size"]
    with pytest.raises(refused, match="409"):
        go.sync_delete("backup_nodes/1")
    go.sync_delete(f"backups/{backup['id']}")
    wait(60)


@pytest.mark.parametrize("preserve", [True, False])
def test_servers_migrations(go, wait, order, preserve):
    made = go.create(
        "servers", "VirtualServer", {**order, "name": "moves.example.com", "additional_ip_count": 1}
    )
    wait(60)
    path = f"servers/{made['id']}"
    addresses = {ip["ip"] for ip in made["ips"]}
    here = go.request("GET", path, status=200)["data"]["compute_resource"]["id"]
    machines = go.list("compute_resources", "ComputeResource")
    there = next(one["id"] for one in machines if one["id"] != here and one["ip_blocks"])
    body = {"is_live": True, "preserve_ips": preserve, "destination_compute_resource_id": there}
    got = go.create("servers_migrations", "ServersMigration", {**body, "servers": [made["id"]]})
    assert got["destination_compute_resource"]["id"] == there
    assert [task["action"] for task in (got["task"], *got["children"])] == ["vms-migrate", "vm-migrate"]
    assert go.get(path, "VirtualServer")["is_processing"] is True
    wait(60)
    for task in (got["task"], *got["children"]):
        assert go.get(f"tasks/{task['id']}", "Task")["status"] == "done"
    moved = go.request("GET", path, status=200)["data"]
    assert (moved["compute_resource"]["id"], moved["status"]) == (there, "started")
    kept = {ip["ip"] for ip in moved["ips"]} & addresses
    assert kept == (addresses if preserve else set())
    assert len(moved["ips"]) == len(addresses)
    # Which address it is costs nothing: there is one line for the additional one, before and after.
    lines = go.request("GET", "usage?per_page=100", status=200)["data"]
    mine = [line["resource"] for line in lines if line["server_id"] == made["id"]]
    assert sorted(mine) == ["additional_ip", "server"]
    go.async_delete(path)
    wait(60)


def test_a_migration_that_cannot_be(go, server, refused):
    here = go.request("GET", f"servers/{server}", status=200)["data"]["compute_resource"]["id"]
    body = {"is_live": False, "preserve_ips": True, "destination_compute_resource_id": here}
    for wrong, field in (
        ({"servers": [server]}, "servers.0"),
        ({"servers": [2147483647]}, "servers.0"),
        ({"servers": [server], "destination_compute_resource_id": 99}, "destination_compute_resource_id"),
    ):
        with pytest.raises(refused, match="422") as caught:
            go.create("servers_migrations", "ServersMigration", {**body, **wrong})
        assert list(caught.value.answer.json["errors"]) == [field]  # type: ignore[attr-defined]


def test_servers(go, plan_body, wait, server):
    path = f"servers/{server}"
    changed = go.patch(
        path,
        "VirtualServer",
        {"name": "renamed", "description": "d", "fqdns": ["a.example.com"], "boot_mode": "rescue"},
    )
    assert (changed["name"], changed["fqdns"], changed["boot_mode"]) == (
        "renamed",
        ["a.example.com"],
        "rescue",
    )
    weekly = {
        "enabled": True,
        "schedule": {"type": "weekly", "time": {"hour": 3, "minutes": 30}, "days": [1]},
    }
    settings = {"backup_settings": {**weekly, "limit": {"is_enabled": False, "limit": 0, "unit": ""}}}
    assert go.patch(path, "VirtualServer", settings)["next_scheduled_backup_at"]
    go.patch(f"{path}/settings", "VirtualServer", {"disk_cache_mode": "writeback", "disk_driver": "scsi"})
    for action, status in (("stop", "stopped"), ("start", "started"), ("restart", "started")):
        task = go.async_post(f"{path}/{action}")
        assert task["action"] == f"vm-{action}"
        wait(60)
        assert go.get(f"tasks/{task['id']}", "Task")["status"] == "done"
        assert go.get(path, "VirtualServer")["status"] == status
    bigger = go.create(
        "plans",
        "Plan",
        {**plan_body, "name": "bigger", "params": {**plan_body["params"], "disk": 40}},  # type: ignore[dict-item]
    )
    go.async_post(f"{path}/resize", {"preserve_disk": False, "plan_id": bigger["id"]})
    wait(60)
    resized = go.get(path, "VirtualServer")
    assert (resized["plan"]["id"], resized["specifications"]["disk"]) == (bigger["id"], 40)
    disks = go.get(f"{path}/disks", "[Disk]")
    assert [disk["is_primary"] for disk in disks] == [True]


def test_backups_and_snapshots(go, wait, server):
    backup = go.create(f"servers/{server}/backups", "Backup", None)
    wait(60)
    assert go.get(f"backups/{backup['id']}", "Backup")["status"] == "created"
    go.async_post(f"backups/{backup['id']}/restore")
    wait(60)
    go.sync_delete(f"backups/{backup['id']}")
    snapshot = go.create(f"servers/{server}/snapshots", "Snapshot", {"name": "before"})
    wait(60)
    assert go.get(f"snapshots/{snapshot['id']}", "Snapshot")["status"] == "available"
    go.async_post(f"snapshots/{snapshot['id']}/revert")
    wait(60)
    go.async_delete(f"snapshots/{snapshot['id']}")
    wait(60)


@pytest.mark.parametrize(
    ("name", "good", "bad"),
    [
        ("filter[user_id]", "1", "2147483647"),
        ("filter[compute_resource_id]", None, "2147483647"),
        ("filter[status]", "started", "paused"),
        ("filter[virtualization_type]", "kvm", "vz"),
    ],
)
def test_server_filters(go, server, name, good, bad):
    if good is None:
        found = go.list("tasks", "Task", {"filter[compute_resource_vm_id]": str(server)})
        good = str(found[0]["compute_resource_id"])
    assert server in [row["id"] for row in go.list("servers", "VirtualServer", {name: good})]
    assert go.list("servers", "VirtualServer", {name: bad}) == []


def test_task_filters(go, server):
    mine = {"filter[compute_resource_vm_id]": str(server)}
    tasks = go.list("tasks", "Task", {**mine, "filter[action]": "vm-create", "filter[status]": "done"})
    assert len(tasks) == 1
    place = {"filter[compute_resource_id]": str(tasks[0]["compute_resource_id"])}
    assert tasks[0] in go.list("tasks", "Task", place)
    assert go.list("tasks", "Task", {**mine, "filter[status]": "failed"}) == []


def test_servers_of_projects_and_compute_resources(go, wait, order, project, server):
    body = {"name": "in-project", "plan_id": order["plan"], "location_id": order["location"]}
    made = go.create(
        f"projects/{project}/servers", "VirtualServer", {**body, "os_image_version_id": order["os"]}
    )
    listed = go.list(f"projects/{project}/servers", "VirtualServer")
    assert {made["id"], server} <= {row["id"] for row in listed}
    task = go.list("tasks", "Task", {"filter[compute_resource_vm_id]": str(made["id"])})[0]
    direct = {
        "name": "on-machine",
        "description": "",
        "password": "secret-password-1",
        "plan_id": order["plan"],
        "os_image_version_id": order["os"],
        "user_id": made["user"]["id"],
        "project_id": project,
    }
    on_machine = go.create(
        f"compute_resources/{task['compute_resource_id']}/servers", "VirtualServer", direct
    )
    wait(60)
    go.async_delete(f"servers/{on_machine['id']}")
    go.async_delete(f"servers/{made['id']}")
    wait(60)


@pytest.mark.usefixtures("plan")
def test_a_whole_plan_instead_of_one_by_id(go, plan_body, wait, order):
    """The official importer from VMware orders so: no `plan`, a `custom_plan` with every member there is."""
    body = {name: value for name, value in order.items() if name != "plan"}
    short = {"available_locations": None, "available_os_image_versions": None, "available_applications": None}
    custom = {**plan_body, **short, "id": 0, "name": "", "virtualization_type": "", "price": {"taxes": None}}
    body |= {
        "name": "imported.example.com",
        "custom_plan": {**custom, "is_snapshot_available": False, "is_custom": False},
        "additional_disks": [{"name": "data", "size": 5, "offer_id": 1}],
        "mac_address": "52:54:00:00:00:01",
        "firmware": "efi",
        "applicationData": {},
        "ip_types": ["IPv4"],
        "additional_ip_count": 1,
        "additional_ipv6_count": 0,
    }
    made = go.create("servers", "VirtualServer", body)
    assert made["specifications"] == {"disk": 20, "ram": GIB, "vcpu": 2}
    assert len(made["ips"]) == 2
    disks = go.get(f"servers/{made['id']}/disks", "[Disk]")
    assert [(disk["name"], disk["size"]) for disk in disks if not disk["is_primary"]] == [("data", 5)]
    assert all(disk["full_path"] for disk in disks)
    wait(60)
    go.async_delete(f"servers/{made['id']}")
    wait(60)


@pytest.mark.parametrize("days", [0, 1, 30, 300])
def test_what_a_disk_holds_is_an_integer(go, wait, order, days):
    extra = [{"name": f"{size}", "size": size, "offer_id": 0} for size in (1, 7, 1000)]
    made = go.create("servers", "VirtualServer", {**order, "additional_disks": extra})
    wait(60 + days * 86400)
    disks = go.get(f"servers/{made['id']}/disks", "[Disk]")
    assert [disk["size"] for disk in disks] == [20, 1, 7, 1000]
    assert all(0 < disk["actual_size"] <= disk["size"] for disk in disks)
    go.async_delete(f"servers/{made['id']}")
    wait(60)
