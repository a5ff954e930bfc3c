"""Plans: facts, section 5; steps 2 and 3 of the vendor's page."""

import pytest

TOKENS = (
    "tokens_per_hour",
    "tokens_per_month",
    "ip_tokens_per_hour",
    "ip_tokens_per_month",
    "iso_image_tokens_per_hour",
    "iso_image_tokens_per_month",
)
LIMITS = {
    "disk_bandwidth": "Bps",
    "disk_iops": "iops",
    "network_incoming_bandwidth": "Mbps",
    "network_outgoing_bandwidth": "Mbps",
    "network_incoming_traffic": "GiB",
    "network_outgoing_traffic": "GiB",
    "network_total_traffic": "GiB",
    "network_reduce_bandwidth": "Mbps",
    "backups_number": "units",
}


def names(answer):
    assert answer.status == 200, answer
    return [row["name"] for row in answer.data]


def test_a_fresh_install_has_the_plans_of_the_vendors_page(api):
    assert [(one["tokens_per_hour"], one["tokens_per_month"]) for one in api.get("plans").data] == [
        (7, 5000),
        (14, 10000),
        (21, 15000),
        (28, 20000),
    ]


def test_a_plan_of_bare_necessities(api, plan):
    made = api.post("plans", plan)
    assert made.status == 201
    shown = made.data
    assert shown["virtualization_type"] == "kvm"
    assert {name: shown[name] for name in TOKENS} == dict.fromkeys(TOKENS, 0)
    assert shown["backup_price"] == 0
    assert shown["params"] == {
        "disk": 10,
        "ram": 536870912,
        "vcpu": 1,
        "swap": 0,
        "vcpu_units": 0,
        "vcpu_limit": 0,
        "io_priority": 0,
    }
    # Every limit is present, even if disabled (otherwise runetech0/solusvm-api-async breaks).
    assert shown["limits"] == {
        name: {"is_enabled": False, "limit": 0, "unit": unit} for name, unit in LIMITS.items()
    }
    assert shown["reset_limit_policy"] == "never"
    assert shown["network_traffic_limit_type"] == "separate"
    assert shown["is_visible"] is True
    assert shown["is_default"] is False
    assert shown["available_locations"] == []
    assert "price" not in shown
    assert api.get(f"plans/{shown['id']}").data == shown


@pytest.mark.parametrize("name", TOKENS)
@pytest.mark.parametrize("value", [0.5, "7", -1, True, None, [7], 2**31])
def test_tokens_are_integers_and_nothing_else(api, plan, name, value):
    created = api.post("plans", {**plan, name: value})
    assert created.status == 422
    assert list(created.errors) == [name]
    for change in (api.put, api.patch):
        assert list(change("plans/1", {name: value}).errors) == [name]
    assert api.get("plans/1").data["tokens_per_hour"] == 7


def test_a_whole_number_may_be_written_with_a_point(api):
    # The Go SDK of 2020 had floats there, and JSON has one kind of number.
    raw = b"""{"name": "x", "params": {"disk": 1, "ram": 1, "vcpu": 1.0}, "tokens_per_hour": 7.0,
        "storage_type": "fb", "image_format": "raw"}"""
    made = api.post("plans", raw=raw)
    assert made.status == 201
    assert type(made.data["tokens_per_hour"]) is int
    assert made.data["tokens_per_hour"] == 7
    assert type(made.data["params"]["vcpu"]) is int


def test_backup_price_may_be_fractional_and_is_a_number(api, plan):
    assert api.post("plans", {**plan, "backup_price": 3.14}).data["backup_price"] == 3.14
    whole = api.post("plans", {**plan, "backup_price": 30}).data["backup_price"]
    assert type(whole) is int
    assert whole == 30
    assert list(api.post("plans", {**plan, "backup_price": "3.14"}).errors) == ["backup_price"]


@pytest.mark.parametrize("missing", ["disk", "ram", "vcpu"])
def test_params_that_a_plan_cannot_do_without(api, plan, missing):
    del plan["params"][missing]
    assert list(api.post("plans", plan).errors) == [f"params.{missing}"]


@pytest.mark.parametrize(
    ("storage", "image", "fits"),
    [
        ("fb", "raw", True),
        ("nfs", "qcow2", True),
        ("lvm", "qcow2", False),
        ("vz", "ploop", True),
        ("fb", "ploop", False),
    ],
)
def test_a_storage_type_holds_certain_formats(api, plan, storage, image, fits):
    answer = api.post("plans", {**plan, "storage_type": storage, "image_format": image})
    if fits:
        assert answer.status == 201
        assert (answer.data["storage_type"], answer.data["image_format"]) == (storage, image)
    else:
        assert list(answer.errors) == ["image_format"]


def test_old_traffic_units_are_understood_and_new_ones_answered(api, plan):
    old, new = ["KB", "MB", "GB", "TB", "PB"], ["KiB", "MiB", "GiB", "TiB", "PiB"]
    for given, answered in zip([*old, *new], [*new, *new], strict=True):
        limit = {"is_enabled": True, "limit": 80, "unit": given}
        made = api.post("plans", {**plan, "limits": {"network_total_traffic": limit}})
        assert made.data["limits"]["network_total_traffic"] == {**limit, "unit": answered}
    limit["unit"] = "YB"
    refused = api.post("plans", {**plan, "limits": {"network_total_traffic": limit}})
    assert list(refused.errors) == ["limits.network_total_traffic.unit"]


@pytest.mark.parametrize("empty", [[], {}, None])
def test_no_limits_in_any_way_of_writing_it(api, plan, empty):
    # PHP writes an empty map as an empty array.
    made = api.post("plans", {**plan, "limits": empty})
    assert made.status == 201
    assert set(made.data["limits"]) == set(LIMITS)


def test_put_without_disk_limits_leaves_them_alone(api, plan):
    disk = {"is_enabled": True, "limit": 20, "unit": "iops"}
    made = api.post("plans", {**plan, "limits": {"disk_iops": disk}}).data
    network = {"is_enabled": True, "limit": 4, "unit": "Gbps"}
    changed = api.put(
        f"plans/{made['id']}", {"name": "new", "limits": {"network_incoming_bandwidth": network}}
    )
    assert changed.status == 200
    assert changed.data["limits"]["disk_iops"] == disk
    assert changed.data["limits"]["network_incoming_bandwidth"] == network
    assert changed.data["params"] == made["params"]


def test_an_empty_unit_means_the_present_one(api):
    limit = {"is_enabled": True, "limit": 5, "unit": ""}
    changed = api.put("plans/1", {"limits": {"network_total_traffic": limit}})
    assert changed.data["limits"]["network_total_traffic"] == {**limit, "unit": "GiB"}


def test_what_terraform_and_the_go_sdk_send(api):
    limit = {"is_enabled": False, "limit": 0}
    limits = {
        "disk_bandwidth": {**limit, "unit": "Bps"},
        "disk_iops": {**limit, "unit": "iops"},
        "network_incoming_bandwidth": {**limit, "unit": "Kbps"},
        "network_outgoing_bandwidth": {"is_enabled": True, "limit": 50, "unit": "Mbps"},
        "network_incoming_traffic": {**limit, "unit": "KB"},
        "network_outgoing_traffic": {**limit, "unit": "KB"},
        "network_total_traffic": {**limit, "unit": "KB"},
        "network_reduce_bandwidth": {**limit, "unit": "Kbps"},
        "backups_number": {"is_enabled": True, "limit": 100, "unit": "units"},
    }
    whole = {
        "name": "terraform",
        "limits": limits,
        "tokens_per_hour": 4,
        "tokens_per_month": 5,
        "ip_tokens_per_hour": 6,
        "ip_tokens_per_month": 7,
        "is_visible": True,
        "is_default": False,
        "is_snapshots_enabled": False,
        "is_backup_available": False,
        "is_additional_ips_available": False,
        "backup_settings": {"is_incremental_backup_enabled": False, "incremental_backups_limit": 1},
        "backup_price": 3.14,
        "reset_limit_policy": "vm_created_day",
        "network_traffic_limit_type": "",
    }
    fixed = {
        "virtualization_type": "kvm",
        "params": {
            "disk": 1,
            "ram": 134217728,
            "vcpu": 3,
            "vcpu_units": 0,
            "vcpu_limit": 0,
            "io_priority": 0,
        },
        "storage_type": "fb",
        "image_format": "raw",
    }
    made = api.post("plans", {**whole, **fixed})
    assert made.status == 201
    read_back = ("name", *TOKENS[:4], "is_visible", "backup_price", "reset_limit_policy", "backup_settings")
    for name in read_back:
        assert made.data[name] == whole[name]
    assert made.data["network_traffic_limit_type"] == "separate"
    del limits["disk_bandwidth"], limits["disk_iops"]
    changed = api.put(f"plans/{made.data['id']}", {**whole, "tokens_per_hour": 40, "limits": limits})
    assert changed.status == 200
    assert changed.data["tokens_per_hour"] == 40
    assert changed.data["storage_type"] == "fb"


def test_members_of_backup_settings_may_be_given_alone(api):
    changed = api.patch("plans/1", {"is_incremental_backup_enabled": True, "incremental_backups_limit": 3})
    assert changed.data["backup_settings"] == {
        "is_incremental_backup_enabled": True,
        "incremental_backups_limit": 3,
    }
    changed = api.patch("plans/1", {"incremental_backups_limit": 4, "position": 2, "is_visible": False})
    assert changed.data["backup_settings"]["is_incremental_backup_enabled"] is True
    assert changed.data["backup_settings"]["incremental_backups_limit"] == 4
    assert changed.data["position"] == 2
    assert changed.data["is_visible"] is False


def test_there_is_one_default(api, plan):
    assert [one["is_default"] for one in api.get("plans").data] == [True, False, False, False]
    made = api.post("plans", {**plan, "is_default": True}).data
    assert [one["id"] for one in api.get("plans").data if one["is_default"]] == [made["id"]]
    api.patch("plans/2", {"is_default": True})
    assert [one["id"] for one in api.get("plans").data if one["is_default"]] == [2]
    api.patch("plans/2", {"is_default": False})
    assert [one["id"] for one in api.get("plans").data if one["is_default"]] == []


def test_availability_goes_in_as_ids_and_comes_out_with_names(api):
    lists = {
        "available_locations": [2],
        "available_os_image_versions": [1, 3, 1],
        "available_applications": [1],
    }
    changed = api.put("plans/1", lists).data
    assert changed["available_locations"] == [{"id": 2, "name": "New York"}]
    assert changed["available_os_image_versions"] == [
        {"id": 1, "name": "Debian 12"},
        {"id": 3, "name": "Ubuntu 22.04"},
    ]
    assert changed["available_applications"] == [{"id": 1, "name": "WordPress"}]
    # Left out: unchanged. Null or empty: none.
    assert api.put("plans/1", {"name": "n"}).data["available_locations"] == changed["available_locations"]
    assert api.put("plans/1", {"available_locations": None}).data["available_locations"] == []
    refused = api.put("plans/1", {"available_applications": [1, 99]})
    assert list(refused.errors) == ["available_applications.1"]


def test_filters(api, plan):
    api.post("plans", {**plan, "name": "tiny lvm", "storage_type": "lvm", "image_format": "raw"})
    assert names(api.get("plans?filter[storage_type]=lvm")) == ["tiny lvm"]
    assert names(api.get("plans?filter%5Bimage_format%5D=raw")) == ["tiny lvm"]
    assert names(api.get("plans?filter[disk]=80")) == ["2 Cores, 4 GB RAM"]
    assert names(api.get("plans?filter[search]=2%20cores&filter[disk]=60")) == ["2 Cores, 2 GB RAM"]
    assert list(api.get("plans?filter[disk]=much").errors) == ["filter[disk]"]
    page = api.get("plans?filter[search]=cores&per_page=1").json
    assert page["meta"]["total"] == 2
    assert "filter%5Bsearch%5D=cores" in page["links"]["next"]


def test_an_exact_hit_of_a_search_comes_first(api, plan):
    api.post("plans", {**plan, "name": "2 Cores"})
    assert names(api.get("plans?filter[search]=2 cores"))[0] == "2 Cores"


def test_several_plans_go_together_or_not_at_all(api, order):
    order(plan=2)
    refused = api.delete("plans", {"ids": [1, 2]})
    assert refused.status == 409
    assert "1 Core, 2 GB RAM" in refused.message
    assert list(api.delete("plans", {"ids": [1, 99]}).errors) == ["ids.1"]
    assert api.get("plans").json["meta"]["total"] == 4
    done = api.delete("plans", {"ids": [3, 1, 3]})
    assert (done.status, done.data) == (200, [3, 1])
    assert [one["id"] for one in api.get("plans").data] == [2, 4]
