"""Resizing servers to plans of the same kind that are not smaller."""


def test_the_plan_changes_once_the_task_is_done(api, server, wait):
    key = server()
    task = api.post(f"servers/{key}/resize", {"plan_id": 3, "preserve_disk": False}).data
    assert api.get(f"servers/{key}").data["plan"]["id"] == 1
    wait(2)
    now = api.get(f"servers/{key}").data
    assert (now["plan"]["id"], now["specifications"]["disk"], now["status"]) == (3, 60, "started")
    assert api.get(f"tasks/{task['id']}").data["status"] == "done"


def test_the_disk_can_be_kept_but_not_shrink(api, server, wait):
    key = server(plan=4)
    refused = api.post(f"servers/{key}/resize", {"plan_id": 1})
    assert refused.status == 422
    assert "80 GiB to 20 GiB" in refused.errors["plan_id"][0]
    assert api.post(f"servers/{key}/resize", {"plan_id": 1, "preserve_disk": True}).status == 200
    wait(2)
    now = api.get(f"servers/{key}").data
    assert (now["plan"]["id"], now["specifications"]["disk"]) == (1, 80)
    assert api.post(f"servers/{key}/resize", {"plan_id": 3}).status == 422, "the disk still counts"


def test_a_plan_of_another_kind(api, server):
    plan = {
        "name": "Other storage",
        "params": {"disk": 100, "ram": 2**31, "vcpu": 2},
        "storage_type": "lvm",
        "image_format": "raw",
        "virtualization_type": "kvm",
    }
    other = api.post("plans", plan)
    assert other.status == 201, other
    refused = api.post(f"servers/{server()}/resize", {"plan_id": other.data["id"]})
    assert refused.status == 422
    assert "cannot change" in refused.errors["plan_id"][0]


def test_a_plan_that_does_not_exist_or_is_not_there(api, server):
    key = server()
    assert api.post(f"servers/{key}/resize", {"plan_id": 99}).errors.keys() == {"plan_id"}
    assert api.post(f"servers/{key}/resize", {}).errors.keys() == {"plan_id"}
    api.patch("plans/2", {"available_locations": [2]})
    assert api.post(f"servers/{key}/resize", {"plan_id": 2}).errors.keys() == {"location"}


def test_one_resize_at_a_time(api, server, wait):
    key = server()
    api.post(f"servers/{key}/resize", {"plan_id": 2})
    assert api.post(f"servers/{key}/resize", {"plan_id": 3}).status == 409
    wait(2)
    assert api.post(f"servers/{key}/resize", {"plan_id": 3}).status == 200


def test_a_plan_that_is_deleted_meanwhile(api, server, wait):
    key = server()
    task = api.post(f"servers/{key}/resize", {"plan_id": 4}).data["id"]
    assert api.delete("plans/4").status == 204
    wait(2)
    failed = api.get(f"tasks/{task}").data
    assert (failed["status"], failed["output"]) == ("failed", "The plan was deleted in the meantime.")
    assert api.get(f"servers/{key}").data["plan"]["id"] == 1


def test_a_custom_plan_and_backups(api, server, wait):
    key = server(custom_plan={"params": {"vcpu": 8}})
    body = {
        "plan_id": 1,
        "custom_plan": {"params": {"ram": 2**32}},
        "backup_settings": {"enabled": True, "schedule": {"type": "", "time": {}}},
    }
    assert api.post(f"servers/{key}/resize", body).status == 200
    wait(2)
    now = api.get(f"servers/{key}").data
    assert now["specifications"] == {"disk": 20, "ram": 2**32, "vcpu": 1}
    assert now["backup_settings"]["enabled"] is True


def test_a_plan_in_use_cannot_be_deleted(api, server):
    server(plan=2)
    assert api.delete("plans/2").status == 409
