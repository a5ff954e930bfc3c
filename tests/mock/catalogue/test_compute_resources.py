"""Compute resources, their settings and storages: facts, section 2; Go SDK, runetech0/solusvm-api-async."""

import pytest

PLAIN_LISTS = ("networks", "physical_volumes", "thin_pools", "install_steps", "storages")


def test_a_fresh_install_has_a_machine_at_each_location(api):
    first, second = api.get("compute_resources").data
    assert (first["name"], first["status"]) == ("fra-1", "active")
    shown = [
        [(one["id"], one["name"], one["is_visible"]) for one in machine["locations"]]
        for machine in (first, second)
    ]
    assert shown == [[(1, "Frankfurt", True)], [(2, "New York", True)]]
    assert [block["type"] for block in first["ip_blocks"]] == ["IPv4", "IPv4", "IPv6"]
    assert first["metrics"] == {"network": {"ipv6_enabled": True}}
    assert len(first["storages"]) == 1
    assert api.get("compute_resources/1").data == first


@pytest.mark.parametrize(
    ("wrong", "name"),
    [({"locations": [99]}, "locations.0"), ({"ip_blocks": [1, 99]}, "ip_blocks.1"), ({"port": 0}, "port")],
)
def test_a_wrong_machine_is_refused(api, wrong, name):
    assert list(api.post("compute_resources", {"name": "x", "host": "x", **wrong}).errors) == [name]
    assert list(api.patch("compute_resources/1", wrong).errors) == [name]
    assert api.get("compute_resources").json["meta"]["total"] == 2


@pytest.mark.parametrize("name", PLAIN_LISTS)
def test_lists_without_pages(api, name):
    answer = api.get(f"compute_resources/1/{name}")
    assert set(answer.json) == {"data"}
    assert len(answer.data) >= 1
    assert api.get(f"compute_resources/99/{name}").status == 404


def test_the_network(api):
    (network,) = api.get("compute_resources/1/networks").data
    chosen = api.post("compute_resources/1/setup_network", {"id": network["id"], "type": "bridged"})
    assert chosen.status == 200
    assert api.get("compute_resources/1/settings").data["network"]["type"] == "bridged"
    refused = api.post("compute_resources/1/setup_network", {"id": "other", "type": "routed"})
    assert list(refused.errors) == ["id"]


def test_settings_change_member_by_member(api):
    before = api.get("compute_resources/1/settings").data
    changes = {
        "cache_path": "/cache",
        "balance_strategy": "",
        "limits": {"vm": {"unlimited": False, "total": 10}},
        "network": {"type": "", "bridges": [{"type": "bridged", "name": "br0"}]},
        "concurrent_backups": {"limit": 4},
    }
    for change in (api.put, api.patch):
        answer = change("compute_resources/1/settings", changes)
        assert answer.status == 200
        after = answer.data
        assert after["cache_path"] == "/cache"
        assert after["balance_strategy"] == before["balance_strategy"]
        assert after["limits"]["vm"] == {"unlimited": False, "total": 10, "used": 0}
        assert after["limits"]["ram"] == before["limits"]["ram"]
        assert after["network"]["type"] == before["network"]["type"]
        assert after["network"]["bridges"] == [{"type": "bridged", "name": "br0"}]
        assert after["concurrent_backups"] == {"limit": 4}
        assert after["iso_path"] == before["iso_path"]
    assert api.get("compute_resources/1").data["settings"] == after
    assert api.get("compute_resources/2/settings").data == before


def test_what_servers_take(api, order):
    free = api.get("compute_resources/1/usage").data
    assert [free[name]["used"] for name in ("vcpu", "ram", "hdd")] == [0, 0, 0]
    order(plan=4)
    order(plan=1)
    used = api.get("compute_resources/1/usage").data
    # 2 cores, 4 GB RAM, 80 GiB; 1 core, 1 GB RAM, 20 GiB
    assert used["vms"] == 2
    assert [used[name]["used"] for name in ("vcpu", "ram", "hdd")] == [3, 5 * 1024**3, 100]
    shown = api.get("compute_resources/1").data
    assert shown["vms_count"] == 2
    assert shown["settings"]["limits"]["hdd"]["used"] == 100
    (storage,) = shown["storages"]
    assert (storage["servers_count"], storage["free_space"]) == (2, 3900)


def test_storages(api, order):
    made = api.post("compute_resources/1/storages", {"type": "thinlvm", "path": "/dev/vg"}).data
    assert len(api.get("compute_resources/1/storages").data) == 2
    order()
    assert api.delete(f"storages/{made['id']}").status == 204
    assert api.delete("storages/1").status == 409
    assert api.delete("compute_resources/2").status == 204
    assert api.get("storages/2").status == 404


def test_search_by_name_and_host(api):
    assert [one["id"] for one in api.get("compute_resources?filter[search]=nyc").data] == [2]
    assert [one["id"] for one in api.get("compute_resources?filter[search]=solus.example").data] == [1, 2]
