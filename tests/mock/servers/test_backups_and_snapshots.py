"""Backups and snapshots: made, restored, deleted (facts, section 7; Go SDK)."""


def test_a_backup_is_made(api, server, wait):
    key = server()
    made = api.post(f"servers/{key}/backups")
    assert made.status == 201
    assert (made.data["status"], made.data["disk"], made.data["size"]) == ("in_progress", 20, 0)
    assert made.data["compute_resource_vm"]["id"] == key
    assert made.data["creator"]["email"] == "admin@example.com"
    second = api.post(f"servers/{key}/backups", {"id": 7})
    assert second.data["status"] == "pending"
    wait(1)
    assert api.get("backups/1").data["backup_progress"] == 50
    assert api.delete("backups/1").status == 409, "it is being made"
    assert api.post("backups/1/restore").status == 409
    wait(9)
    rows = api.get(f"servers/{key}/backups").data
    assert [(row["id"], row["status"], row["backup_progress"]) for row in rows] == [
        (1, "created", 100),
        (2, "created", 100),
    ]
    assert 0 < rows[0]["size"] < 20


def test_a_backup_is_restored_and_deleted(api, server, wait):
    key = server()
    api.post(f"servers/{key}/backups")
    wait(10)
    task = api.post("backups/1/restore")
    assert (task.status, task.data["action"]) == (200, "backup-restore")
    assert api.delete("backups/1").status == 409
    wait(10)
    gone = api.delete("backups/1")
    assert (gone.status, gone.body) == (204, b"")
    assert api.get("backups/1").status == 404
    assert api.get(f"servers/{key}/backups").data == []


def test_the_plan_says_whether_and_how_many(api, server):
    key = server(custom_plan={"limits": {"backups_number": {"is_enabled": True, "limit": 1}}})
    assert api.get(f"servers/{key}").data["backup_settings"]["limit"] == {
        "is_enabled": True,
        "limit": 1,
        "unit": "units",
    }
    assert api.post(f"servers/{key}/backups").status == 201
    assert api.post(f"servers/{key}/backups").errors.keys() == {"backup"}
    key = server(custom_plan={"is_backup_available": False, "is_snapshots_enabled": False})
    assert api.post(f"servers/{key}/backups").errors.keys() == {"backup"}
    assert api.post(f"servers/{key}/snapshots", {"name": "x"}).errors.keys() == {"snapshot"}


def test_a_snapshot(api, server, wait):
    key = server()
    made = api.post(f"servers/{key}/snapshots", {"name": "before"})
    assert (made.status, made.data["status"], made.data["name"]) == (201, "processing", "before")
    assert api.post("snapshots/1/revert").status == 409
    assert api.delete("snapshots/1").status == 409
    wait(5)
    shown = api.get("snapshots/1").data
    assert shown["status"] == "available"
    assert shown["size"] > 0
    assert api.get(f"servers/{key}/snapshots").data == [shown]
    task = api.post("snapshots/1/revert")
    assert (task.status, task.data["action"]) == (200, "snapshot-revert")
    assert api.delete("snapshots/1").status == 409, "it is in use"
    wait(5)
    task = api.delete("snapshots/1")
    assert (task.status, task.data["action"]) == (200, "snapshot-delete")
    assert api.delete("snapshots/1").status == 409
    wait(5)
    assert api.get("snapshots/1").status == 404
    unnamed = api.post(f"servers/{key}/snapshots", {}).data
    assert unnamed["name"] == unnamed["created_at"]


def test_they_go_with_their_server(api, server, wait):
    key = server()
    api.post(f"servers/{key}/backups")
    api.post(f"servers/{key}/snapshots", {"name": "x"})
    wait(10)
    api.delete(f"servers/{key}")
    assert api.post("backups/1/restore").status == 409
    wait(10)
    for path in ("backups/1", "snapshots/1", f"servers/{key}/backups", f"servers/{key}/snapshots"):
        assert api.get(path).status == 404
