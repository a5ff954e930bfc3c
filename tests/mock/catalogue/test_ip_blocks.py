"""IP blocks over the API: facts, sections 7 and 9."""

from ipaddress import IPv4Address

import pytest

FOUR = {
    "name": "office",
    "type": "IPv4",
    "gateway": "192.0.2.1",
    "netmask": "255.255.255.0",
    "ns_1": "192.0.2.53",
    "ns_2": "192.0.2.54",
    "from": "192.0.2.1",
    "to": "192.0.2.4",
    "reverse_dns": {"zone": "", "enabled": False},
}
SIX = {"name": "six", "type": "IPv6", "gateway": "2001:db8::1", "range": "2001:db8::/62", "subnet": 64}


def addresses(answer):
    assert answer.status == 200, answer
    return [row["ip"] for row in answer.data]


def test_a_fresh_install_has_room_for_a_big_fleet(api):
    four = [one for one in api.get("ip_blocks").data if one["type"] == "IPv4"]
    for machine in (1, 2):
        blocks = [one for one in four if machine in [place["id"] for place in one["compute_resources"]]]
        spans = [(IPv4Address(one["from"]), IPv4Address(one["to"])) for one in blocks]
        assert [one["total_ips_count"] for one in blocks] == [f"{first} - {last}" for first, last in spans]
        assert sum(int(last) - int(first) + 1 for first, last in spans) > 60_000


def test_an_ipv6_block(api):
    shown = api.post("ip_blocks", SIX).data
    assert (shown["range"], shown["subnet"]) == ("2001:db8::/62", 64)
    assert (shown["from"], shown["to"], shown["netmask"]) == (None, None, None)
    assert shown["total_ips_count"] == "2001:db8::1 - 2001:db8:0:3::1"
    ips = f"ip_blocks/{shown['id']}/ips"
    # Four prefixes; the gateway lies in the first.
    assert [api.post(ips).data["ip"] for _ in range(3)] == [
        "2001:db8:0:1::1",
        "2001:db8:0:2::1",
        "2001:db8:0:3::1",
    ]
    assert list(api.post(ips).errors) == ["ip"]
    assert api.get(ips).data[0]["cidr"] == "2001:db8:0:1::1/64"


@pytest.mark.parametrize(
    ("wrong", "name"),
    [
        ({"gateway": "192.0.2"}, "gateway"),
        ({"gateway": "2001:db8::1"}, "gateway"),
        ({"netmask": "255.0.255.0"}, "netmask"),
        ({"netmask": None}, "netmask"),
        ({"from": "192.0.2.300"}, "from"),
        ({"from": ""}, "from"),
        ({"to": "192.0.1.255"}, "to"),
        ({"compute_resources": [99]}, "compute_resources.0"),
        ({"type": "IPv5"}, "type"),
    ],
)
def test_a_wrong_ipv4_block_is_refused(api, wrong, name):
    assert list(api.post("ip_blocks", {**FOUR, **wrong}).errors) == [name]


@pytest.mark.parametrize(
    ("wrong", "name"),
    [
        ({"gateway": "192.0.2.1"}, "gateway"),
        ({"gateway": "fe80::1%eth0"}, "gateway"),
        ({"range": "2001:db8::"}, "subnet"),
        ({"range": "2001:db8::1/62"}, "range"),
        ({"range": None}, "range"),
        ({"subnet": 61}, "subnet"),
        ({"subnet": 129}, "subnet"),
    ],
)
def test_a_wrong_ipv6_block_is_refused(api, wrong, name):
    assert list(api.post("ip_blocks", {**SIX, **wrong}).errors) == [name]


def test_addresses_are_reserved_in_order_and_by_name(api):
    ips = f"ip_blocks/{api.post('ip_blocks', FOUR).data['id']}/ips"
    named = api.post(ips, {"ip": "192.0.2.3", "comment": "printer"})
    assert (named.status, named.data["ip"], named.data["comment"]) == (201, "192.0.2.3", "printer")
    assert named.data["is_reserved"] is True
    assert (named.data["server"], named.data["user"]) == (None, None)
    assert named.data["cidr"] == "192.0.2.3/24"
    # 192.0.2.1 is the gateway.
    assert [api.post(ips).data["ip"] for _ in range(2)] == ["192.0.2.2", "192.0.2.4"]
    assert api.post(ips).errors == {"ip": ["There is no free address in the IP block office."]}
    for taken in ("192.0.2.3", "192.0.2.1", "192.0.2.5", "192.0.2.0", "2001:db8::1", "x"):
        assert list(api.post(ips, {"ip": taken}).errors) == ["ip"]
    assert addresses(api.get(ips)) == ["192.0.2.3", "192.0.2.2", "192.0.2.4"]
    assert api.delete(f"ips/{named.data['id']}", {}).status == 204
    assert api.delete(f"ips/{named.data['id']}").status == 404
    assert api.post(ips).data["ip"] == "192.0.2.3"
    assert addresses(api.get(f"{ips}?filter[search]=2.4")) == ["192.0.2.4"]
    assert api.delete(ips.removesuffix("/ips")).status == 204


def test_what_servers_use_stays(api, order):
    made = order()
    (row,) = [one for one in api.get("ip_blocks/1/ips").data if one["server"]]
    assert row["server"] == {"id": made["id"], "name": "web"}
    assert row["user"] == {"id": 1, "email": "admin@example.com"}
    assert (row["is_primary"], row["is_reserved"]) == (True, True)
    refused = api.delete(f"ips/{row['id']}")
    assert (refused.status, refused.message) == (409, f"The address {row['ip']} is in use.")
    assert api.delete("ip_blocks/1").status == 409
    assert api.put("ip_blocks/1", {"from": "203.0.113.100"}).status == 409
    six = {"type": "IPv6", "gateway": "2001:db8::1", "range": "2001:db8::/32", "subnet": 64}
    assert api.put("ip_blocks/1", six).status == 409
    assert api.put("ip_blocks/1", {"to": "203.0.113.200"}).status == 200


def test_a_server_gets_no_reserved_address_unless_it_asks(api, order):
    kept = api.post("ip_blocks/1/ips").data
    assert order()["ip_addresses"]["ipv4"][0]["ip"] != kept["ip"]
    asked = order(primary_ip=kept["ip"])
    assert asked["ip_addresses"]["ipv4"][0]["ip"] == kept["ip"]
    assert asked["ip_addresses"]["ipv4"][0]["id"] == kept["id"]
