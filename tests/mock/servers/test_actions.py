"""Actions on servers, allowed and refused (facts, section 7)."""

import pytest


def status(api, key):
    return api.get(f"servers/{key}").data["status"]


@pytest.mark.parametrize(
    ("verb", "body", "action"),
    [
        ("start", None, "vm-start"),
        ("start", {"force": True}, "vm-start"),
        ("stop", {}, "vm-stop"),
        ("stop", {"force": True}, "vm-stop"),
        ("restart", {"force": False}, "vm-restart"),
        ("suspend", None, "vm-suspend"),
        ("resume", {}, "vm-resume"),
        ("reinstall", {"os": 3, "application_data": []}, "vm-reinstall"),
        ("reset_password", {"send_password_to_current_user": True}, "vm-password-change"),
        ("install_guest_tools", None, "vm-update"),
        ("resize", {"plan_id": 2, "preserve_disk": True, "delayed": True}, "vm-resize"),
        ("ips", {"count": 1}, "vm-update-network"),
        ("boot", {"mode": "rescue"}, "vm-restart"),
    ],
)
def test_the_answer_is_200_with_a_task(api, server, verb, body, action):
    answer = api.post(f"servers/{server()}/{verb}", body)
    assert answer.status == 200
    assert answer.data["id"] > 0
    assert (answer.data["action"], answer.data["status"]) == (action, "running")


def test_stop_and_start(api, server, wait):
    key = server()
    api.post(f"servers/{key}/stop")
    now = api.get(f"servers/{key}").data
    assert (now["status"], now["is_processing"]) == ("started", True), "the old state shows until it is done"
    wait(2)
    now = api.get(f"servers/{key}").data
    assert (now["status"], now["is_processing"], now["usage"]["cpu"]) == ("stopped", False, 0)
    api.post(f"servers/{key}/start")
    wait(1)
    assert status(api, key) == "started"


def test_force_is_quicker(api, server, wait):
    key = server()
    api.post(f"servers/{key}/stop", {"force": True})
    wait(1)
    assert status(api, key) == "stopped"


def test_suspend_and_resume(api, server, wait):
    key = server()
    api.post(f"servers/{key}/suspend")
    assert api.get(f"servers/{key}").data["is_suspended"] is True
    wait(5)
    assert status(api, key) == "stopped"
    refused = api.post(f"servers/{key}/start")
    assert (refused.status, refused.message) == (409, "The server is suspended.")
    assert api.post(f"servers/{key}/suspend").status == 200, "once more is the same"
    assert api.patch(f"servers/{key}", {"name": "renamed"}).data["name"] == "renamed"
    api.post(f"servers/{key}/resume")
    wait(5)
    now = api.get(f"servers/{key}").data
    assert (now["is_suspended"], now["status"]) == (False, "started"), "it ran before, so it runs again"


def test_a_stopped_server_stays_stopped_when_it_is_resumed(api, server, wait):
    key = server()
    for verb in ("stop", "suspend", "suspend", "resume"):
        assert api.post(f"servers/{key}/{verb}").status == 200
    wait(10)
    assert status(api, key) == "stopped"


def test_servers_are_suspended_with_their_owner(api, customer, server, wait):
    user = customer()
    running, stopped, barred = (server(user=user) for _ in range(3))
    api.post(f"servers/{stopped}/stop")
    api.post(f"servers/{barred}/suspend")
    api.put(f"users/{user}", {"status": "suspended"})
    wait(10)
    for key in (running, stopped, barred):
        now = api.get(f"servers/{key}").data
        assert (now["is_suspended"], now["status"]) == (True, "stopped")
    refused = api.post(f"servers/{running}/resume")
    assert refused.status == 409
    assert "owner" in refused.message
    assert api.post("servers", {"name": "web", "user": user}).errors == {"user": ["The user is suspended."]}
    api.put(f"users/{user}", {"status": "active"})
    wait(10)
    states = [api.get(f"servers/{key}").data for key in (running, stopped, barred)]
    assert [one["is_suspended"] for one in states] == [False, False, True], "an operator's own stays"
    assert [one["status"] for one in states] == ["started", "stopped", "stopped"]
    api.post(f"servers/{barred}/resume")
    wait(10)
    assert status(api, barred) == "started"


def test_a_locked_owner_still_runs_servers_but_orders_none(api, customer, server, wait):
    user = customer()
    key = server(user=user)
    api.put(f"users/{user}", {"status": "locked"})
    owner = api.as_user(user)
    wait(10)
    assert status(api, key) == "started"
    for verb in ("stop", "start"):
        assert owner.post(f"servers/{key}/{verb}").status == 200
    wait(10)
    assert status(api, key) == "started"
    refused = owner.post("servers", {"name": "web"})
    assert (refused.status, refused.message) == (403, "Your account is locked: you cannot create servers.")


def test_a_suspended_owner_cannot_start_servers_and_has_no_scheduled_backups(api, customer, server, wait):
    user = customer()
    schedule = {"enabled": True, "schedule": {"type": "weekly", "days": [1], "time": {"hour": 4}}}
    key = server(user=user, backup_settings=schedule)
    owner = api.as_user(user)
    due = owner.get(f"servers/{key}").data["next_scheduled_backup_at"]
    assert due is not None
    api.put(f"users/{user}", {"status": "suspended"})
    wait(10)
    for verb in ("start", "restart"):
        refused = owner.post(f"servers/{key}/{verb}")
        assert (refused.status, refused.message) == (409, "The server is suspended.")
    assert owner.get(f"servers/{key}").data["next_scheduled_backup_at"] is None
    api.put(f"users/{user}", {"status": "active"})
    wait(10)
    again = owner.get(f"servers/{key}").data
    assert (again["status"], again["next_scheduled_backup_at"]) == ("started", due)


def test_delete(api, server, wait):
    key = server()
    answer = api.delete(f"servers/{key}", {})
    assert (answer.status, answer.data["action"]) == (200, "vm-delete")
    task = answer.data["id"]
    assert api.get(f"servers/{key}").data["is_processing"] is True
    for verb in ("start", "stop", "restart", "suspend", "resume", "reset_password", "vnc_up", "backups"):
        assert api.post(f"servers/{key}/{verb}").status == 409, verb
    assert api.delete(f"servers/{key}").status == 409
    assert api.patch(f"servers/{key}", {"name": "other"}).status == 409
    wait(2)
    assert api.get(f"tasks/{task}").data["status"] == "done", "the Terraform provider waits for it"
    assert api.get(f"servers/{key}").status == 404
    assert api.post(f"servers/{key}/start").status == 404
    assert api.get("servers").json["meta"]["total"] == 0
    assert api.get("ip_blocks/1").data["reserved_ips_count"] == 0
    assert [ip["ip"] for ip in api.post("servers", {"name": "next"}).data["ip_addresses"]["ipv4"]] == [
        "203.0.113.2"
    ]


def test_delete_before_it_is_built(api, wait):
    key = api.post("servers", {"name": "web"}).data["id"]
    api.delete(f"servers/{key}")
    wait(3)
    assert api.get(f"servers/{key}").status == 200, "the deletion waits for the creation"
    wait(2)
    assert api.get(f"servers/{key}").status == 404


def test_a_suspended_server_can_be_deleted(api, server, wait):
    key = server()
    api.post(f"servers/{key}/suspend")
    assert api.delete(f"servers/{key}").status == 200
    wait(10)
    assert api.get(f"servers/{key}").status == 404


def test_reinstall(api, server, wait):
    key = server(password="first")
    api.post(f"servers/{key}/install_guest_tools")
    wait(1)
    assert api.get(f"servers/{key}").data["settings"]["guest_tools_installed"] is True
    api.post(f"servers/{key}/reinstall", {"os": 7, "password": "second"})
    now = api.get(f"servers/{key}").data
    assert (now["status"], now["is_processing"], now["os_type"]) == ("reinstalling", True, "Linux")
    wait(3)
    now = api.get(f"servers/{key}").data
    assert (now["status"], now["is_processing"], now["os_type"]) == ("started", False, "Windows")
    assert now["settings"]["os_image"]["name"] == "Windows Server 2022"
    assert now["settings"]["guest_tools_installed"] is False
    assert api.post(f"servers/{key}/reinstall", {"os": 99}).errors == {"os": ["The selected os is invalid."]}
    assert api.post(f"servers/{key}/reinstall").status == 200, "without anything it is the same again"


def test_a_stopped_server_stays_stopped_when_it_is_reinstalled(api, server, wait):
    key = server()
    api.post(f"servers/{key}/stop")
    api.post(f"servers/{key}/reinstall", {"os": 1})
    wait(10)
    assert status(api, key) == "stopped"


def test_reset_password_says_who_would_be_mailed(api, customer, server):
    key = server(user=customer())
    task = api.post(f"servers/{key}/reset_password").data
    assert task["output"] == "The new password is mailed to customer1@example.com."
    task = api.post(f"servers/{key}/reset_password", {"send_password_to_current_user": True}).data
    assert task["output"] == "The new password is mailed to admin@example.com."


def test_every_password_is_another(api, mock, server, wait):
    from mock_solusio.domain.records.servers import SERVERS

    key = server()
    seen = set()
    for _ in range(3):
        api.post(f"servers/{key}/reset_password")
        wait(1)
        api.get("auth")
        seen.add(mock.store[SERVERS].get_or_404(key).root_password)
    assert len(seen) == 3


def test_console(api, server):
    key = server()
    answer = api.post(f"servers/{key}/vnc_up")
    assert answer.status == 200
    assert set(answer.json) == {"url", "host", "port", "vm"}, "no data around it"
    shown = api.get(f"servers/{key}").data
    assert answer.json["vm"] == {
        "id": key,
        "uuid": shown["uuid"],
        "settings": {"vnc_password": shown["settings"]["vnc_password"]},
    }
    assert answer.json["url"] == f"{answer.json['host']}:{answer.json['port']}/{shown['uuid']}"


def test_boot(api, server, wait):
    key = server()
    assert api.get(f"servers/{key}/boot").data == {"mode": "disk", "iso_image_id": None}
    assert api.post(f"servers/{key}/boot", {"mode": "iso"}).errors.keys() == {"iso_image_id"}
    assert api.post(f"servers/{key}/boot", {"mode": "iso", "iso_image_id": 99}).status == 422
    image = api.get("iso_images").data[0]["id"]
    assert api.post(f"servers/{key}/boot", {"mode": "iso", "iso_image_id": image}).status == 200
    assert api.get(f"servers/{key}/boot").data == {"mode": "iso", "iso_image_id": image}
    api.post(f"servers/{key}/boot", {"mode": "disk"})
    api.post(f"servers/{key}/stop")
    wait(10)
    assert api.post(f"servers/{key}/boot", {"mode": "rescue"}).data["action"] == "vm-update"
    wait(10)
    assert (status(api, key), api.get(f"servers/{key}").data["boot_mode"]) == ("stopped", "rescue")


def test_patch_and_put_change_what_is_given(api, server):
    key = server(fqdns=["a.example.com"])
    settings = {"enabled": True, "schedule": {"type": "weekly", "time": {"hour": 4}, "days": [3, 1]}}
    body = {"description": "mine", "fqdns": ["b.example.com"], "backup_settings": settings}
    for call in (api.patch, api.put):
        now = call(f"servers/{key}", body).data
        assert (now["name"], now["description"], now["fqdns"]) == (
            "web.example.com",
            "mine",
            ["b.example.com"],
        )
        assert now["backup_settings"]["schedule"] == {
            "type": "weekly",
            "time": {"hour": 4, "minutes": 0},
            "days": [1, 3],
        }
        # 2026-03-01 is a Sunday.
        assert now["next_scheduled_backup_at"] == "2026-03-02T04:00:00.000000Z"
    kept = {"schedule": {"type": "", "time": {"hour": 0, "minutes": 0}}, "limit": {"unit": ""}}
    now = api.patch(f"servers/{key}", {"backup_settings": kept}).data
    assert now["backup_settings"]["enabled"] is True
    assert now["backup_settings"]["schedule"]["type"] == "weekly"
    off = api.patch(f"servers/{key}", {"backup_settings": {"enabled": False}, "description": None}).data
    assert (off["next_scheduled_backup_at"], off["description"]) == (None, "")


@pytest.mark.parametrize(
    ("kind", "days", "kept"),
    [
        ("weekly", [0, 3], [3, 7]),
        ("weekly", [8], None),
        ("monthly", [31, 1, 1], [1, 31]),
        ("monthly", [0], None),
        ("daily", None, []),
    ],
)
def test_days_of_a_schedule(api, server, kind, days, kept):
    body = {"backup_settings": {"enabled": True, "schedule": {"type": kind, "days": days}}}
    answer = api.patch(f"servers/{server()}", body)
    if kept is None:
        assert answer.errors.keys() == {"backup_settings.schedule.days"}
    else:
        assert answer.data["backup_settings"]["schedule"]["days"] == kept


def test_settings(api, server):
    key = server()
    body = {"disk_driver": "scsi", "disk_cache_mode": "writeback", "firmware": "efi"}
    now = api.patch(f"servers/{key}/settings", body).data["settings"]
    assert {name: now[name] for name in body} == body
    assert api.patch(f"servers/{key}/settings", {"disk_driver": "floppy"}).status == 422


def test_evotic_takes_lists_for_nothing(api, server):
    # PHP writes an empty object as [].
    assert api.call("POST", f"servers/{server()}/start", raw=b"[]").status == 200
