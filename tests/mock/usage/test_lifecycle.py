"""What happens to servers, and what it means for usage (clauses US-010 to US-015, US-030 to US-032)."""

import pytest

from mock_solusio.worlds import fixtures


def brief(found):
    return [
        (line["resource"], line["plan"]["id"], line["hours"], line["charge"], line["tokens"])
        for line in found
    ]


def of(found, resource):
    return [line for line in found if line["resource"] == resource]


def additional(api, key):
    return [ip["id"] for ip in api.get(f"servers/{key}").data["ips"] if not ip["is_primary"]]


def test_a_resize_in_mid_month(api, server, wait, lines, march):
    key = server()
    wait(hours=372)
    assert api.post(f"servers/{key}/resize", {"plan_id": 4}).status == 200
    wait(hours=372)
    assert brief(lines(march)) == [
        ("server", 1, 372, "hourly", 2604),
        ("server", 4, 372, "hourly", 10_416),
    ]


def test_a_resize_counts_from_the_next_hour(api, server, wait, lines, march):
    key = server()
    wait(minutes=90)
    api.post(f"servers/{key}/resize", {"plan_id": 2})
    assert brief(lines(march)) == [("server", 1, 2, "hourly", 14)], "the second hour has started already"
    wait(minutes=30)
    assert brief(lines(march)) == [("server", 1, 2, "hourly", 14)]
    wait(minutes=1)
    assert brief(lines(march)) == [("server", 1, 2, "hourly", 14), ("server", 2, 1, "hourly", 14)]


def test_resized_twice_in_one_hour(api, server, wait, lines, march):
    key = server()
    for plan in (2, 3):
        wait(minutes=10)
        assert api.post(f"servers/{key}/resize", {"plan_id": plan}).status == 200
    wait(hours=2)
    assert brief(lines(march)) == [("server", 1, 1, "hourly", 7), ("server", 3, 2, "hourly", 42)]


def test_back_to_the_first_plan_is_the_same_line(api, server, wait, lines, march):
    """So its monthly price is the cap of both times together."""
    key = server()
    wait(hours=400)
    api.post(f"servers/{key}/resize", {"plan_id": 2})
    wait(hours=10)
    api.post(f"servers/{key}/resize", {"plan_id": 1, "preserve_disk": True})
    wait(hours=334)
    found = lines(march)
    assert brief(found) == [("server", 1, 734, "monthly", 5000), ("server", 2, 10, "hourly", 140)]
    assert (found[0]["from"], found[0]["to"]) == (
        "2026-03-01T00:00:00.000000Z",
        "2026-04-01T00:00:00.000000Z",
    )


def test_deleted_before_the_resize_counts(api, server, wait, lines, march):
    key = server()
    wait(minutes=10)
    api.post(f"servers/{key}/resize", {"plan_id": 2})
    wait(minutes=10)
    api.delete(f"servers/{key}")
    wait(days=1)
    assert brief(lines(march)) == [("server", 1, 1, "hourly", 7)]


def test_created_in_the_last_second_of_a_month(api, server, wait, lines, march):
    wait(days=30, hours=23, minutes=59, seconds=59)
    key = server()
    wait(seconds=1)
    assert brief(lines(march)) == [("server", 1, 1, "hourly", 7)]
    wait(minutes=30)
    assert lines() == [], "the hour that runs started in March"
    api.delete(f"servers/{key}")
    wait(days=1)
    assert lines() == []
    assert brief(lines(march)) == [("server", 1, 1, "hourly", 7)]


def test_the_month_begins_with_the_first_hour_in_it(server, wait, lines):
    wait(minutes=20)
    server()
    wait(days=30, hours=23, minutes=40)
    assert lines() == [], "at midnight no hour of it has started in April"
    wait(minutes=20)
    assert lines() == []
    wait(minutes=1)
    assert brief(lines()) == [("server", 1, 1, "hourly", 7)]


def test_a_price_list_that_changes_leaves_orders_alone(api, server, wait, lines, march):
    old = server()
    wait(hours=10)
    changed = {"tokens_per_hour": 100, "tokens_per_month": 70_000, "name": "Renamed"}
    assert api.patch("plans/1", changed).status == 200
    new = server()
    wait(hours=10)
    assert api.post(f"servers/{old}/resize", {"plan_id": 1}).status == 200
    wait(hours=10)
    found = lines(march)
    assert [
        (line["server_id"], line["plan"]["name"], line["tokens_per_hour"], line["hours"], line["tokens"])
        for line in found
    ] == [
        (old, "1 Core, 1 GB RAM", 7, 20, 140),
        (new, "Renamed", 100, 20, 2000),
        (old, "Renamed", 100, 10, 1000),
    ]


def test_a_plan_that_is_deleted_stays_in_usage(api, server, wait, lines, march):
    plan = {"name": "Gone soon", "params": {"disk": 10, "ram": 1024 * 1024 * 1024, "vcpu": 1}}
    made = api.post("plans", {**plan, "storage_type": "fb", "image_format": "qcow2", "tokens_per_hour": 3})
    key = server(plan=made.data["id"])
    wait(hours=2)
    api.delete(f"servers/{key}")
    wait(minutes=1)
    assert api.delete(f"plans/{made.data['id']}").status == 204
    (line,) = lines(march)
    assert (line["plan"], line["tokens"]) == ({"id": made.data["id"], "name": "Gone soon"}, 6)


def test_a_resize_that_fails_changes_back(api, server, wait, lines, march):
    plan = {"name": "Gone soon", "params": {"disk": 80, "ram": 1024 * 1024 * 1024, "vcpu": 1}}
    made = api.post("plans", {**plan, "storage_type": "fb", "image_format": "qcow2", "tokens_per_hour": 3})
    key = server()
    wait(minutes=30)
    task = api.post(f"servers/{key}/resize", {"plan_id": made.data["id"]})
    assert api.delete(f"plans/{made.data['id']}").status == 204
    wait(hours=5, minutes=30)
    assert api.get(f"tasks/{task.data['id']}").data["status"] == "failed"
    assert brief(lines(march)) == [("server", 1, 6, "hourly", 42)]


def test_custom_prices_of_a_server(server, wait, lines, march):
    server(custom_plan={"tokens_per_hour": 1, "tokens_per_month": 100, "name": "For friends"})
    wait(hours=200)
    (line,) = lines(march)
    assert (line["plan"], line["tokens"], line["charge"]) == (
        {"id": 1, "name": "For friends"},
        100,
        "monthly",
    )


def test_a_server_that_is_renamed(api, server, wait, lines, march):
    key = server(name="old")
    wait(hours=1)
    api.patch(f"servers/{key}", {"name": "new"})
    assert [line["server_name"] for line in lines(march)] == ["new"]


# Resources beside servers


def test_additional_addresses_come_and_go(api, server, wait, lines, march):
    key = server(additional_ip_count=1)
    wait(hours=10)
    api.post(f"servers/{key}/ips", {"count": 2})
    first, *others = additional(api, key)
    wait(hours=5, minutes=1)
    api.delete(f"servers/{key}/ips", {"ids": [others[0]]})
    wait(hours=4, minutes=59)
    api.delete(f"servers/{key}")
    wait(days=1)
    found = of(lines(march), "additional_ip")
    assert [(line["resource_id"], line["server_id"], line["hours"], line["tokens"]) for line in found] == [
        (first, key, 20, 20),
        (others[0], key, 6, 6),
        (others[1], key, 10, 10),
    ]


def test_an_address_has_a_cap_of_its_own(server, wait, lines, march):
    server(additional_ip_count=2)
    wait(days=31)
    found = of(lines(march), "additional_ip")
    assert brief(found) == [("additional_ip", 1, 744, "monthly", 700)] * 2


def test_which_address_is_the_primary_one_costs_nothing(api, server, wait, lines, march):
    key = server(additional_ip_count=1)
    wait(minutes=30)
    rows = api.get(f"servers/{key}").data["ips"]
    old = next(ip for ip in rows if ip["is_primary"] and "." in ip["ip"])
    other = next(ip for ip in rows if not ip["is_primary"])
    assert api.post(f"servers/{key}/update_ip", {"ip": other["ip"]}).status == 200
    wait(hours=1)
    (line,) = of(lines(march), "additional_ip")
    assert (line["hours"], line["resource_id"]) == (2, old["id"])
    # One from outside takes the place of the primary one: still one additional address.
    assert api.post(f"servers/{key}/update_ip", {"ip": "203.0.113.200"}).status == 200
    wait(hours=1)
    (line,) = of(lines(march), "additional_ip")
    assert (line["hours"], line["resource_id"]) == (3, old["id"])
    api.delete(f"servers/{key}/ips", {"ids": [old["id"]]})
    wait(hours=5)
    (line,) = of(lines(march), "additional_ip")
    assert line["hours"] == 3


def test_a_resize_brings_the_prices_of_all_that_a_server_has(api, server, wait, lines, march):
    api.patch("plans/4", {"ip_tokens_per_hour": 5, "ip_tokens_per_month": 0})
    key = server(additional_ip_count=1, backup_settings={"enabled": True})
    wait(hours=10)
    api.post(f"servers/{key}/resize", {"plan_id": 4})
    api.post(f"servers/{key}/ips", {"count": 1})
    wait(hours=10)
    assert sorted(brief(lines(march))) == [
        ("additional_ip", 1, 10, "hourly", 10),
        ("additional_ip", 4, 10, "hourly", 50),
        ("additional_ip", 4, 10, "hourly", 50),
        ("backup", 1, 10, "hourly", 10),
        ("backup", 4, 10, "hourly", 30),
        ("server", 1, 10, "hourly", 70),
        ("server", 4, 10, "hourly", 280),
    ]


def test_enabled_backups_cost_a_percentage(server, wait, lines, march):
    """10 % of 7 and 5000 tokens are 0.7 and 500: rounded to 1 and 500."""
    key = server(backup_settings={"enabled": True})
    wait(hours=100)
    (line,) = of(lines(march), "backup")
    assert (line["resource_id"], line["tokens_per_hour"], line["tokens_per_month"]) == (key, 1, 500)
    assert (line["hours"], line["tokens"]) == (100, 100)
    wait(days=27)
    (line,) = of(lines(march), "backup")
    assert (line["charge"], line["tokens"]) == ("monthly", 500)


@pytest.mark.parametrize(
    ("percent", "per_hour", "per_month"),
    [(10, 1, 500), (25, 2, 1250), (0.001, 1, 1), (0, 0, 0), (200, 14, 10_000)],
)
def test_shares_are_whole_tokens(api, server, wait, lines, march, percent, per_hour, per_month):
    api.patch("plans/1", {"backup_price": percent})
    server(backup_settings={"enabled": True})
    wait(hours=1)
    (line,) = of(lines(march), "backup")
    assert (line["tokens_per_hour"], line["tokens_per_month"]) == (per_hour, per_month)


def test_backups_follow_the_price_of_their_server(api, server, wait, lines, march):
    """The server costs 7 and 5000 tokens for as long as its plan costs 70 and 50,000."""
    key = server()
    api.patch("plans/1", {"tokens_per_hour": 70, "tokens_per_month": 50_000, "backup_price": 20})
    api.patch(f"servers/{key}", {"backup_settings": {"enabled": True}})
    wait(hours=10)
    assert sorted(brief(lines(march))) == [
        ("backup", 1, 10, "hourly", 10),
        ("server", 1, 10, "hourly", 70),
    ]
    (line,) = of(lines(march), "backup")
    # 20 % of 7 is 1.4, of 5000 it is 1000.
    assert (line["tokens_per_hour"], line["tokens_per_month"]) == (1, 1000)


def test_backups_cost_while_the_customer_is_suspended(api, server, customer, wait, lines, march):
    user = customer()
    server(user=user, backup_settings={"enabled": True})
    wait(hours=5)
    api.put(f"users/{user}", {"status": "suspended"})
    wait(hours=5)
    assert brief(of(lines(march), "backup")) == [("backup", 1, 10, "hourly", 10)]


def test_backups_cost_while_there_are_some(api, server, wait, lines, march):
    key = server()
    wait(hours=1)
    assert of(lines(march), "backup") == []
    for _ in range(2):
        api.post(f"servers/{key}/backups")
        wait(minutes=30)
    assert brief(of(lines(march), "backup")) == [("backup", 1, 1, "hourly", 1)]
    backups = [row["id"] for row in api.get(f"servers/{key}/backups").data]
    assert api.delete(f"backups/{backups[0]}").status == 204
    wait(hours=1)
    assert brief(of(lines(march), "backup")) == [("backup", 1, 2, "hourly", 2)]
    assert api.delete(f"backups/{backups[1]}").status == 204
    wait(hours=10)
    assert brief(of(lines(march), "backup")) == [("backup", 1, 2, "hourly", 2)], "they went on the hour"
    api.patch(f"servers/{key}", {"backup_settings": {"enabled": True}})
    wait(hours=10)
    api.patch(f"servers/{key}", {"backup_settings": {"enabled": False}})
    wait(hours=10)
    assert brief(of(lines(march), "backup")) == [("backup", 1, 12, "hourly", 12)], "one line a month"


@pytest.mark.parametrize("mode", ["disk", "rescue"])
def test_an_iso_image_costs_until_the_boot_mode_takes_it_out(api, server, wait, lines, march, mode):
    api.patch("plans/1", {"iso_image_tokens_per_hour": 2})
    key = server()
    api.post(f"servers/{key}/boot", {"mode": "iso", "iso_image_id": 1})
    wait(hours=3)
    assert api.patch(f"servers/{key}", {"name": "still-mounted"}).status == 200
    wait(hours=1)
    assert api.patch(f"servers/{key}", {"boot_mode": mode}).status == 200
    assert api.get(f"servers/{key}/boot").data["iso_image_id"] is None
    wait(hours=10)
    assert brief(of(lines(march), "iso_image")) == [("iso_image", 1, 4, "hourly", 8)]


def test_an_iso_image_costs_while_it_is_in_a_server(api, server, wait, lines, march):
    api.patch("plans/1", {"iso_image_tokens_per_hour": 2, "iso_image_tokens_per_month": 9})
    key = server()
    wait(hours=3)
    boot = f"servers/{key}/boot"
    assert api.post(boot, {"mode": "iso", "iso_image_id": 1}).status == 200
    wait(hours=3)
    api.post(boot, {"mode": "iso", "iso_image_id": 1})
    wait(minutes=1)
    api.post(boot, {"mode": "disk"})
    wait(hours=5)
    found = of(lines(march), "iso_image")
    assert [(line["resource_id"], line["server_id"], line["hours"], line["tokens"]) for line in found] == [
        (1, key, 4, 8)
    ]
    api.post(boot, {"mode": "iso", "iso_image_id": 1})
    wait(minutes=1)
    api.delete(f"servers/{key}")
    wait(hours=5)
    assert brief(of(lines(march), "iso_image")) == [("iso_image", 1, 5, "monthly", 9)]


def test_nothing_of_a_deleted_server_goes_on(api, server, wait, lines, march):
    key = server(additional_ip_count=2, backup_settings={"enabled": True})
    wait(minutes=10)
    api.post(f"servers/{key}/backups")
    api.post(f"servers/{key}/boot", {"mode": "iso", "iso_image_id": 1})
    wait(minutes=10)
    api.delete(f"servers/{key}")
    wait(days=3)
    assert {line["hours"] for line in lines(march)} == {1}
    assert len(lines(march)) == 5


def test_a_refused_order_leaves_no_trace(api, server, wait, lines):
    assert api.post("servers", {"name": "x", "plan": 1, "additional_ip_count": 100_000}).status == 422
    wait(hours=1)
    assert lines() == []
    server()
    wait(hours=1)
    assert [line["id"] for line in lines()] == [1]


def test_servers_of_a_fixture_are_as_old_as_it_says(api, mock, wait, lines):
    wait(days=10)
    world = b"""{
        "users": [{"email": "old@example.com", "billing_user_id": 3}],
        "servers": [
            {"name": "old", "user": "old@example.com", "created_at": "2026-02-20T00:30:00Z", "plan": 2},
            {"name": "new", "user": "old@example.com", "additional_ips": 1}
        ]
    }"""
    with mock.transaction() as store:
        fixtures.build(store, fixtures.parse_world(world))
    assert [(line["server_name"], line["hours"]) for line in lines()] == [("old", 240)]
    wait(hours=1)
    february = lines("to=2026-03-01T00:00:00Z")
    assert [(line["server_name"], line["hours"]) for line in february] == [("old", 9 * 24)]
    assert [(line["server_name"], line["resource"], line["hours"]) for line in lines()] == [
        ("old", "server", 241),
        ("new", "server", 1),
        ("new", "additional_ip", 1),
    ]
    key = lines()[0]["server_id"]
    assert api.delete(f"servers/{key}").status == 200


def test_a_migration_to_another_machine_goes_on_with_the_same_lines(api, server, wait, lines, march):
    key = server(additional_ip_count=1)
    machines = {one["id"] for one in api.get("compute_resources").data}
    machines.remove(api.get(f"servers/{key}").data["compute_resource"]["id"])
    wait(minutes=30)
    before = additional(api, key)
    wanted = {"servers": [key], "destination_compute_resource_id": min(machines)}
    assert api.post("servers_migrations", wanted).status == 201
    wait(hours=1)
    found = lines(march)
    assert [line["hours"] for line in found] == [2, 2]
    assert [line["resource_id"] for line in of(found, "additional_ip")] == additional(api, key) != before
