"""VPC networks: addresses, attached servers, owners."""

import pytest

RANGE = {
    "name": "backend",
    "list_type": "range",
    "from": "192.168.7.10",
    "to": "192.168.7.12",
    "netmask": "255.255.255.0",
    "location_id": 1,
}
SET = {"name": "some", "list_type": "set", "netmask": "255.255.255.0", "location_id": 1}


@pytest.fixture
def network(api):
    """Create a VPC network; return its id."""

    def make(**fields):
        answer = api.post("vpc_networks", {**RANGE, **fields})
        assert answer.status == 201, answer
        return answer.data["id"]

    return make


def addresses(api, network_id):
    """Return the addresses of a network, each with the id of its server."""
    rows = api.get(f"vpc_networks/{network_id}/ips").data
    return {row["ip"]: row["server"] and row["server"]["id"] for row in rows}


def attached(api, network_id):
    return [server["id"] for server in api.get(f"vpc_networks/{network_id}").data["servers"]]


def test_a_network_is_what_was_asked_for(api, network):
    key = network()
    assert api.get(f"vpc_networks/{key}").data == {
        "id": key,
        "name": "backend",
        "list_type": "range",
        "from": "192.168.7.10",
        "to": "192.168.7.12",
        "netmask": "255.255.255.0",
        "location": {"id": 1, "name": "Frankfurt"},
        "user": {"id": 1, "email": "admin@example.com"},
        "servers": [],
        "reserved_ips_count": 0,
        "total_ips_count": 3,
    }
    assert api.delete(f"vpc_networks/{key}").status == 204
    assert api.get(f"vpc_networks/{key}").status == 404


def test_lists_are_searched_by_name(api, network):
    network()
    other = network(name="frontend")
    assert [row["id"] for row in api.get("vpc_networks?filter[search]=front").data] == [other]
    assert api.get("vpc_networks").json["meta"]["total"] == 2


@pytest.mark.parametrize(
    ("wrong", "field"),
    [
        ({"from": None}, "from"),
        ({"to": ""}, "to"),
        ({"from": "192.168.7"}, "from"),
        ({"from": "fe80::1"}, "from"),
        ({"from": "192.168.7.13"}, "to"),
        ({"to": "192.168.8.1"}, "to"),
        ({"netmask": "255.0.255.0"}, "netmask"),
        ({"netmask": "nonsense"}, "netmask"),
        ({"from": "10.0.0.0", "to": "10.1.0.0", "netmask": "255.0.0.0"}, "to"),
        ({"location_id": 99}, "location_id"),
        ({"user_id": 99}, "user_id"),
        ({"list_type": "heap"}, "list_type"),
    ],
)
def test_an_invalid_network_is_refused(api, wrong, field):
    refused = api.post("vpc_networks", {**RANGE, **wrong})
    assert (refused.status, list(refused.errors)) == (422, [field])
    assert api.get("vpc_networks").data == []


def test_a_network_can_be_as_big_as_65536_addresses(api, network):
    key = network(**{"from": "10.0.0.0", "to": "10.0.255.255", "netmask": "255.255.0.0"})
    assert api.get(f"vpc_networks/{key}").data["total_ips_count"] == 65536


# Servers


def test_each_server_gets_the_first_free_address(api, network, server):
    key, one, two, three = network(), server(), server(), server()
    answer = api.post(f"vpc_networks/{key}/attach", {"server_ids": [one, two, one]})
    assert [row["id"] for row in answer.data["servers"]] == [one, two]
    assert addresses(api, key) == {"192.168.7.10": one, "192.168.7.11": two}
    assert api.get(f"servers/{one}").data["is_processing"] is True
    answer = api.post(f"vpc_networks/{key}/detach", {"server_ids": [one, three]})
    assert [row["id"] for row in answer.data["servers"]] == [two]
    api.post(f"vpc_networks/{key}/attach", {"server_ids": [two, three]})
    assert addresses(api, key) == {"192.168.7.10": three, "192.168.7.11": two}


def test_all_are_attached_or_none(api, network, server):
    key, one, two = network(to="192.168.7.10"), server(), server()
    refused = api.post(f"vpc_networks/{key}/attach", {"server_ids": [one, two]})
    assert (refused.status, list(refused.errors)) == (422, ["server_ids"])
    assert attached(api, key) == []


def test_servers_of_others_and_of_other_places_are_refused(api, network, server, customer):
    key, other, far = network(), server(user=customer()), server(location=2)
    for wrong in (other, far, 99):
        for action in ("attach", "detach"):
            refused = api.post(f"vpc_networks/{key}/{action}", {"server_ids": [wrong]})
            assert (refused.status, list(refused.errors)) == (422, ["server_ids.0"])


def test_a_suspended_server_is_neither_attached_nor_detached(api, network, server, wait):
    key, one = network(), server()
    api.post(f"servers/{one}/suspend")
    wait(60)
    for action in ("attach", "detach"):
        assert api.post(f"vpc_networks/{key}/{action}", {"server_ids": [one]}).status == 409


def test_a_deleted_server_leaves_its_address(api, network, server, wait):
    key, one = network(), server()
    api.post(f"vpc_networks/{key}/attach", {"server_ids": [one]})
    wait(60)
    api.delete(f"servers/{one}")
    assert api.delete(f"vpc_networks/{key}").status == 409, "its deletion takes a while"
    wait(60)
    assert addresses(api, key) == {}
    assert api.delete(f"vpc_networks/{key}").status == 204


def test_a_server_that_moves_away_leaves_the_network(api, network, server, wait):
    key, one = network(), server(location=1)
    api.post(f"vpc_networks/{key}/attach", {"server_ids": [one]})
    api.post("servers_migrations", {"destination_compute_resource_id": 2, "servers": [one]})
    wait(600)
    assert api.get(f"servers/{one}").data["location"]["id"] == 2
    assert attached(api, key) == []


def test_a_server_is_ordered_with_networks(api, network, server, customer):
    owner = customer()
    first, second = network(user_id=owner), network(user_id=owner, name="other")
    one = server(user=owner, location=1, vpc_network_ids=[first, second, first])
    assert attached(api, first) == attached(api, second) == [one]
    order = {"name": "web", "plan_id": 1, "location_id": 1, "vpc_network_ids": [first]}
    project = api.get(f"users/{owner}/projects").data[0]["id"]
    two = api.post(f"projects/{project}/servers", order).data["id"]
    assert attached(api, first) == [one, two]


def test_an_order_with_a_network_that_does_not_fit_leaves_nothing(api, network, customer):
    mine, far, full = network(), network(location_id=2), network(to="192.168.7.10")
    theirs = network(user_id=customer())
    order = {"name": "web", "location": 1}
    assert api.post("servers", {**order, "vpc_network_ids": [full]}).status == 201
    wrong = ((99, "vpc_network_ids.1"), (theirs, "vpc_network_ids.1"), (far, "vpc_network_ids.1"))
    for key, field in (*wrong, (full, "vpc_network_ids")):
        refused = api.post("servers", {**order, "vpc_network_ids": [mine, key]})
        assert (refused.status, list(refused.errors)) == (422, [field])
    assert attached(api, mine) == []
    assert api.get("servers").json["meta"]["total"] == 1


# Addresses


def test_addresses_are_added_to_a_set(api, server):
    made = api.post("vpc_networks", SET).data
    assert (made["from"], made["to"], made["total_ips_count"]) == (None, None, 0)
    path = f"vpc_networks/{made['id']}"
    one = server()
    refused = api.post(f"{path}/attach", {"server_ids": [one]})
    assert (refused.status, list(refused.errors)) == (422, ["server_ids"])
    added = api.post(f"{path}/add_ip", {"ip": "10.9.8.7"})
    assert (added.status, added.data["ip"], added.data["server"]) == (201, "10.9.8.7", None)
    assert [row["ip"] for row in api.post(f"{path}/add_ips", {"ips": ["10.9.8.9", "10.9.8.8"]}).data] == [
        "10.9.8.9",
        "10.9.8.8",
    ]
    api.post(f"{path}/attach", {"server_ids": [one]})
    assert addresses(api, made["id"]) == {"10.9.8.7": one, "10.9.8.9": None, "10.9.8.8": None}
    api.post(f"{path}/detach", {"server_ids": [one]})
    assert addresses(api, made["id"]) == {"10.9.8.7": None, "10.9.8.9": None, "10.9.8.8": None}


@pytest.mark.parametrize(
    ("ips", "field"),
    [
        (["192.168.7.9", "192.168.7.9"], "ips.1"),
        (["192.168.7.9", "192.168.7.11"], "ips.1"),
        (["192.168.8.1"], "ips.0"),
        (["nonsense"], "ips.0"),
        ([], "ips"),
    ],
)
def test_addresses_that_do_not_fit_are_refused_with_all_others(api, network, ips, field):
    key = network()
    refused = api.post(f"vpc_networks/{key}/add_ips", {"ips": ips})
    assert (refused.status, list(refused.errors)) == (422, [field])
    assert addresses(api, key) == {}


def test_an_address_is_deleted_unless_it_is_in_use(api, network, server):
    key, other = network(), network(name="other")
    path = f"vpc_networks/{key}"
    ids = [row["id"] for row in api.post(f"{path}/add_ips", {"ips": ["192.168.7.1", "192.168.7.2"]}).data]
    api.post(f"{path}/attach", {"server_ids": [server()]})
    assert api.delete(f"{path}/ip/{ids[0]}").status == 409
    assert api.delete(f"{path}/ips", {"ids": ids[::-1]}).status == 409
    assert list(addresses(api, key)) == ["192.168.7.1", "192.168.7.2"], "all or none"
    assert api.delete(f"vpc_networks/{other}/ip/{ids[1]}").status == 404
    refused = api.delete(f"vpc_networks/{other}/ips", {"ids": [ids[1]]})
    assert (refused.status, list(refused.errors)) == (422, ["ids.0"])
    assert api.delete(f"{path}/ip/{ids[1]}").status == 204
    assert list(addresses(api, key)) == ["192.168.7.1"]


def test_several_addresses_are_deleted_at_once(api, network):
    path = f"vpc_networks/{network()}"
    ids = [row["id"] for row in api.post(f"{path}/add_ips", {"ips": ["192.168.7.1", "192.168.7.2"]}).data]
    assert api.delete(f"{path}/ips", {"ids": [ids[0], *ids]}).data == ids
    assert api.get(f"{path}/ips").data == []


# Changes


def test_what_is_absent_stays(api, network):
    path = f"vpc_networks/{network()}"
    before = api.get(path).data
    assert api.put(path, {"name": "new"}).data == {**before, "name": "new"}
    nothing = {"from": None, "to": "", "user_id": 0}
    assert api.put(path, nothing).data == {**before, "name": "new"}
    assert api.put(path, {"to": "192.168.7.20"}).data["total_ips_count"] == 11


def test_addresses_in_use_stay_in_the_network(api, network, server):
    path, one = f"vpc_networks/{network()}", server()
    api.post(f"{path}/attach", {"server_ids": [one]})
    for change in ({"from": "192.168.7.11"}, {"location_id": 2}, {"user_id": 2}):
        if "user_id" in change:
            api.post("users", {"email": "a@example.com", "password": "secret-1"})
        assert api.put(path, change).status == 409
    api.post(f"{path}/detach", {"server_ids": [one]})
    assert api.put(path, {"from": "192.168.7.11", "location_id": 2, "user_id": 2}).status == 200


def test_added_addresses_neither_leave_the_network_nor_are_in_its_range(api, network):
    path = f"vpc_networks/{network()}"
    api.post(f"{path}/add_ip", {"ip": "192.168.7.200"})
    assert api.put(path, {"to": "192.168.7.200"}).status == 409
    assert api.put(path, {"netmask": "255.255.255.128"}).status == 409
    assert api.put(path, {"netmask": "255.255.0.0"}).status == 200


# Owners


def test_a_client_has_their_own_networks(api, network, server, customer):
    me, other = customer(), customer()
    theirs, mine = network(user_id=other), server(user=me, location=1)
    client = api.as_user(me)
    made = client.post("vpc_networks", RANGE)
    assert (made.status, made.data["user"]["id"]) == (201, me)
    key = made.data["id"]
    assert [row["id"] for row in client.get("vpc_networks").data] == [key]
    assert client.post(f"vpc_networks/{key}/attach", {"server_ids": [mine]}).status == 200
    assert client.post("servers", {"name": "web", "location": 1, "vpc_network_ids": [key]}).status == 201
    assert len(attached(api, key)) == 2
    path = f"vpc_networks/{theirs}"
    for answer in (
        client.get(path),
        client.get(f"{path}/ips"),
        client.put(path, {"name": "mine"}),
        client.delete(path),
        client.post(f"{path}/add_ip", {"ip": "192.168.7.1"}),
        client.post(f"{path}/attach", {"server_ids": [mine]}),
        client.post("vpc_networks", {**RANGE, "user_id": other}),
        client.put(f"vpc_networks/{key}", {"user_id": other}),
    ):
        assert answer.status == 403


def test_a_client_does_not_see_hidden_locations(api, customer):
    api.patch("locations/2", {"is_visible": False})
    client = api.as_user(customer())
    refused = client.post("vpc_networks", {**RANGE, "location_id": 2})
    assert (refused.status, list(refused.errors)) == (422, ["location_id"])
    key = client.post("vpc_networks", RANGE).data["id"]
    assert client.put(f"vpc_networks/{key}", {"location_id": 2}).status == 422
    assert api.put(f"vpc_networks/{key}", {"location_id": 2}).status == 200


def test_a_member_of_a_project_does_not_use_its_owners_networks(api, network, customer):
    owner, member = customer(), customer(email="member@example.com")
    key = network(user_id=owner)
    project = api.get(f"users/{owner}/projects").data[0]["id"]
    api.post(f"projects/{project}/members", {"email": "member@example.com"})
    order = {"name": "web", "plan_id": 1, "location_id": 1, "os_image_version_id": 1}
    client = api.as_user(member)
    path = f"projects/{project}/servers"
    assert client.post(path, {**order, "vpc_network_ids": [key]}).status == 403
    assert client.post(path, order).status == 201


def test_networks_go_with_their_user_and_keep_their_location(api, network, customer):
    owner = customer()
    key = network(user_id=owner, location_id=2)
    api.post(f"vpc_networks/{key}/add_ip", {"ip": "192.168.7.1"})
    assert api.delete("locations/2").status == 409
    assert api.delete(f"users/{owner}").status == 204
    assert api.get("vpc_networks").data == []
    assert api.delete("locations/2").status == 204
