"""Additional addresses, in the ways clients ask for them (facts, section 7)."""

import pytest


def addresses(api, key):
    return [ip["ip"] for ip in api.get(f"servers/{key}").data["ips"] if ip["ip_block"]["type"] == "IPv4"]


def test_by_number_and_away_again(api, server):
    key = server()
    assert api.post(f"servers/{key}/ips", {"count": 2, "delayed": True}).data["action"] == "vm-update-network"
    assert addresses(api, key) == ["203.0.113.2", "203.0.113.3", "203.0.113.4"]
    ids = {ip["ip"]: ip["id"] for ip in api.get(f"servers/{key}").data["ips"]}
    assert api.delete(f"servers/{key}/ips", {"ids": [ids["203.0.113.3"]], "delayed": True}).status == 200
    assert api.delete(f"servers/{key}/ips/{ids['203.0.113.4']}").status == 200
    assert addresses(api, key) == ["203.0.113.2"]
    assert api.get("ip_blocks/1").data["reserved_ips_count"] == 1


def test_a_certain_one(api, server):
    key = server()
    body = {"ip": "203.0.113.99", "type": "IPv4", "delayed": False}
    assert api.post(f"servers/{key}/ips", body).status == 200
    assert addresses(api, key)[-1] == "203.0.113.99"
    assert api.post(f"servers/{key}/ips", body).errors == {"ip": ["The address 203.0.113.99 is in use."]}
    assert api.post(f"servers/{key}/ips", {"ip": "192.0.2.1"}).errors.keys() == {"ip"}
    assert api.post(f"servers/{key}/ips", {"ip": "203.0.113.98", "type": "IPv6"}).errors.keys() == {"ip"}
    assert "203.0.113.98" not in addresses(api, key), "what is refused leaves nothing behind"


def test_ipv6(api, server):
    key = server()
    api.post(f"servers/{key}/ips", {"count": 1, "type": "IPv6"})
    rows = api.get(f"servers/{key}").data["ip_addresses"]["ipv6"]
    assert len({row["range"] for row in rows}) == 2
    assert all(row["ip"] == row["primary_ip"] for row in rows)


def test_paths_of_the_evotic_sdk(api, server):
    key = server()
    body = {"count": 2, "type": "IPv4", "ip": "203.0.113.50", "delayed": False}
    assert api.post(f"servers/{key}/additional_ip", body).status == 200
    assert addresses(api, key) == ["203.0.113.2", "203.0.113.50", "203.0.113.3"]
    ids = [ip["id"] for ip in api.get(f"servers/{key}").data["ips"] if not ip["is_primary"]]
    assert api.delete(f"servers/{key}/additional_ip/{ids[0]}").status == 200
    assert api.post(f"servers/{key}/delete_additional_ips", {"ids": ids[1:], "delayed": False}).status == 200
    assert addresses(api, key) == ["203.0.113.2"]


def test_only_ones_own_and_never_the_primary_one(api, server):
    mine, other = server(), server()
    primary = api.get(f"servers/{mine}").data["ips"][0]["id"]
    theirs = api.get(f"servers/{other}").data["ips"][0]["id"]
    for key in (primary, theirs, 9999):
        assert api.delete(f"servers/{mine}/ips", {"ids": [key]}).errors.keys() == {"ids.0"}
    assert len(addresses(api, mine)) == len(addresses(api, other)) == 1


@pytest.mark.parametrize("body", [{}, {"ids": []}, {"ids": "1"}, {"ids": ["x"]}])
def test_ids_are_needed(api, server, body):
    assert api.delete(f"servers/{server()}/ips", body).status == 422


def test_another_primary_address(api, server):
    key = server(additional_ip_count=1)
    assert api.post(f"servers/{key}/update_ip", {"ip": "203.0.113.60"}).status == 200
    assert addresses(api, key) == ["203.0.113.60", "203.0.113.3"]
    api.post(f"servers/{key}/update_ip", {"ip": "203.0.113.3"})
    assert addresses(api, key) == ["203.0.113.3", "203.0.113.60"], "they change places"
    assert api.post(f"servers/{key}/update_ip", {"ip": "203.0.113.3"}).status == 200, "once more is the same"
    assert api.post(f"servers/{key}/update_ip", {"ip": "8.8.8.8"}).errors.keys() == {"ip"}
    assert api.get("ip_blocks/1").data["reserved_ips_count"] == 2


def test_a_block_runs_out(api, server):
    key = server()
    api.put(
        "ip_blocks/1", {"name": "small", "gateway": "203.0.113.1", "from": "203.0.113.2", "to": "203.0.113.4"}
    )
    api.delete("ip_blocks/2")
    refused = api.post(f"servers/{key}/ips", {"count": 3})
    assert (refused.status, list(refused.errors)) == (422, ["count"])
    assert addresses(api, key) == ["203.0.113.2"], "all or none"
    assert api.post(f"servers/{key}/ips", {"count": 2}).status == 200
