"""Allowed IPs: where users may log in and call the API from."""

import pytest

from mock_solusio.domain import allowed_ips
from mock_solusio.domain.allowed_ips import AddressNotAllowed
from mock_solusio.domain.errors import Invalid
from mock_solusio.domain.records.user import User

EVERYTHING = ["10.0.0.0/8", "203.0.113.5", "2001:db8::/32", "2001:db9::7"]


LOCAL = {"host": "localhost"}
"""What the control API insists on."""


def allows(entries: list[str], address: str) -> bool:
    try:
        allowed_ips.check(User(email="a@b.c", email_key="a@b.c", allowed_ips=entries), address)
    except AddressNotAllowed:
        return False
    return True


@pytest.mark.parametrize(
    "address",
    ["10.0.0.0", "10.255.255.255", "203.0.113.5", "2001:db8:ffff::1", "2001:db9::7", "::ffff:10.1.2.3"],
)
def test_an_address_in_the_list_is_allowed(address):
    assert allows(EVERYTHING, address)


@pytest.mark.parametrize(
    "address", ["11.0.0.0", "203.0.113.6", "2001:db9::8", "::10.1.2.3", "::ffff:11.1.2.3", "", "localhost"]
)
def test_any_other_address_is_refused(address):
    assert not allows(EVERYTHING, address)


def test_without_a_list_every_address_is_allowed():
    assert allows([], "192.0.2.1")
    assert allows([], "")


def test_mapped_entries_mean_the_ipv4_addresses():
    assert allows(["::ffff:192.0.2.0/120"], "192.0.2.77")
    assert allows(["::ffff:192.0.2.1"], "::ffff:192.0.2.1")
    assert not allows(["::ffff:192.0.2.0/120"], "192.0.3.1")
    assert not allows(["0.0.0.0/0"], "::1")


def test_a_link_local_address_has_a_zone():
    assert allows(["fe80::/10"], "fe80::1%eth0")


def test_entries_take_their_usual_notation():
    given = [" 10.0.0.0/8", "2001:DB8:0::/32", "2001:DB8::1", "10.0.0.0/8", "192.0.2.1/32"]
    assert allowed_ips.parse(given) == ["10.0.0.0/8", "2001:db8::/32", "2001:db8::1", "192.0.2.1/32"]


@pytest.mark.parametrize(
    "wrong",
    [
        "",
        "ten",
        "10.0.0",
        "10.0.0.0/33",
        "10.0.0.0/",
        "10.0.0.0/255.0.0.0",
        "010.0.0.1",
        "fe80::1%eth0",
        "::1/129",
    ],
)
def test_anything_else_is_refused_by_name(wrong):
    with pytest.raises(Invalid) as refused:
        allowed_ips.parse(["10.0.0.1", wrong])
    assert refused.value.errors == {
        "allowed_ips.1": [
            f"Expected an IP address or a network such as 10.0.0.0/8 or 2001:db8::/32, got {wrong!r}."
        ]
    }


def test_an_address_with_a_length_is_not_a_network():
    with pytest.raises(Invalid) as refused:
        allowed_ips.parse(["10.1.2.3/8"])
    assert refused.value.errors == {
        "allowed_ips.0": ["'10.1.2.3/8' is not a network; did you mean 10.0.0.0/8?"]
    }


def test_a_user_is_created_and_changed_with_a_list(api):
    made = api.post("users", {"email": "ada@example.com", "allowed_ips": EVERYTHING})
    assert (made.status, made.data["allowed_ips"]) == (201, EVERYTHING)
    path = f"users/{made.data['id']}"
    assert api.put(path, {"status": "active", "allowed_ips": None}).data["allowed_ips"] == EVERYTHING
    assert api.patch(path, {"allowed_ips": ["192.0.2.1"]}).data["allowed_ips"] == ["192.0.2.1"]
    assert api.put(path, {"allowed_ips": []}).data["allowed_ips"] == []


@pytest.mark.parametrize("method", ["PUT", "PATCH"])
def test_a_wrong_entry_is_refused_and_changes_nothing(api, method):
    ada = api.post("users", {"email": "ada@example.com", "allowed_ips": ["192.0.2.1"]}).data
    refused = api.call(method, f"users/{ada['id']}", {"allowed_ips": ["192.0.2.2", "here"]})
    assert refused.status == 422
    assert list(refused.errors) == ["allowed_ips.1"]
    assert "'here'" in refused.errors["allowed_ips.1"][0]
    assert api.get(f"users/{ada['id']}").data["allowed_ips"] == ["192.0.2.1"]
    assert api.post("users", {"email": "bob@example.com", "allowed_ips": ["here"]}).status == 422


def test_the_api_refuses_other_addresses(api, person):
    ada = person("ada")
    assert ada.call("GET", "account", client="192.0.2.1").status == 200
    api.put(f"users/{ada.id}", {"allowed_ips": ["192.0.2.1"]})
    # In turn, since an answer may be cached, and the user of an access token remembered.
    for _ in range(3):
        assert ada.call("GET", "account", client="192.0.2.1").status == 200
        refused = ada.call("GET", "account", client="192.0.2.2")
        assert refused.status == 403
        assert refused.message == "This account cannot be used from 192.0.2.2."
    api.put(f"users/{ada.id}", {"allowed_ips": []})
    assert ada.call("GET", "account", client="192.0.2.2").status == 200


@pytest.mark.parametrize("header", ["x-forwarded-for", "forwarded", "x-real-ip"])
def test_a_header_does_not_help(api, person, header):
    ada = person("ada")
    api.put(f"users/{ada.id}", {"allowed_ips": ["192.0.2.1"]})
    value = "for=192.0.2.1" if header == "forwarded" else "192.0.2.1"
    assert ada.call("GET", "account", headers={header: value}).status == 403


def test_a_password_login_needs_an_allowed_address(api, person):
    ada = person("ada")
    api.put(f"users/{ada.id}", {"allowed_ips": ["192.0.2.1"]})
    login = {"email": ada.email, "password": ada.password}
    guest = api.acting_as(None)
    assert guest.post("auth/login", login).status == 403
    assert guest.call("POST", "auth/login", login, client="192.0.2.1").status == 200
    # Who does not know the password does not learn of the list.
    assert guest.post("auth/login", {**login, "password": "wrong"}).status == 422


def test_a_one_time_access_token_is_not_used_up_by_a_refusal(api, person):
    ada = person("ada")
    once = api.acting_as(ada.post(f"users/{ada.id}/tokens", {"is_one_time": True}).data["access_token"])
    api.put(f"users/{ada.id}", {"allowed_ips": ["192.0.2.1"]})
    assert once.get("account").status == 403
    assert once.call("GET", "account", client="192.0.2.1").status == 200


def test_nobody_shuts_themselves_out(api):
    refused = api.put("users/1", {"allowed_ips": ["192.0.2.1"]})
    assert refused.status == 422
    assert "127.0.0.1" in refused.errors["allowed_ips"][0]
    assert api.get("users/1").data["allowed_ips"] == []
    assert api.put("users/1", {"allowed_ips": ["192.0.2.1", "127.0.0.0/8"]}).status == 200


def test_the_way_back_for_an_administrator_who_is_shut_out(api):
    second = api.post("users", {"email": "second@example.com", "roles": [1]}).data
    api.as_user(second["id"]).put("users/1", {"allowed_ips": ["192.0.2.1"]})
    assert api.get("account").status == 403
    rescuer = {"email": "rescue@example.com", "roles": [1], "access_tokens": [{"secret": "a-way-back-in"}]}
    assert api.post("/_mock/fixtures", {"users": [rescuer]}, headers=LOCAL).status == 201
    assert api.acting_as("a-way-back-in").put("users/1", {"allowed_ips": []}).status == 200
    assert api.get("account").status == 200


def test_fixtures_have_lists(api):
    world = {"users": [{"email": "eve@example.com", "allowed_ips": ["192.0.2.0/24"]}]}
    assert api.post("/_mock/fixtures", world, headers=LOCAL).status == 201
    (eve,) = api.get("users?filter[search]=eve").data
    assert eve["allowed_ips"] == ["192.0.2.0/24"]
    world = {"users": [{"email": "bob@example.com", "allowed_ips": ["x"]}]}
    refused = api.post("/_mock/fixtures", world, headers=LOCAL)
    assert refused.status == 422
    assert "users[0].allowed_ips" in str(refused.json)
