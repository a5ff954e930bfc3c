"""Locked and suspended users, and the administrator who must remain."""

import pytest

from mock_solusio.domain import sessions, users


@pytest.mark.parametrize("status", ["locked", "suspended"])
def test_locked_and_suspended_users_only_lose_the_right_to_create(api, person, mock, status):
    ada, bob = person("ada"), person("bob")
    one_time = ada.post(f"users/{ada.id}/tokens", {"is_one_time": True}).data["access_token"]
    shared = ada.post("projects", {"name": "shared"}).data["id"]
    with mock.transaction() as world:
        session = sessions.open_session(world, users.by_email(world, ada.email))

    assert api.put(f"users/{ada.id}", {"status": status}).data["status"] == status
    login = {"email": ada.email, "password": ada.password}
    assert api.acting_as(None).post("auth/login", login).status == 200
    assert api.acting_as(one_time).get("account").data["status"] == status
    with mock.transaction() as world:
        assert sessions.user_of(world, session).id == ada.id
    creating = {
        "servers": ("servers", {"name": "web"}),
        "projects": ("projects", {"name": "another"}),
        "project member invitations": (f"projects/{shared}/members", {"email": bob.email}),
    }
    for things, (path, body) in creating.items():
        refused = ada.post(path, body)
        assert refused.status == 403, things
        assert refused.message == f"Your account is {status}: you cannot create {things}."
    assert ada.put(f"projects/{shared}", {"name": "renamed"}).data["name"] == "renamed"
    assert ada.patch("account", {"password": "another one"}).status == 200
    assert ada.delete(f"projects/{shared}").status == 204

    api.put(f"users/{ada.id}", {"status": "active"})
    project = ada.post("projects", {"name": "another"}).data["id"]
    assert ada.post(f"projects/{project}/members", {"email": bob.email}).status == 201


@pytest.mark.parametrize(
    "body", [{"status": "locked"}, {"status": "suspended"}, {"roles": [2]}, {"roles": []}]
)
def test_the_last_administrator_remains(api, body):
    refused = api.put("users/1", body)
    assert refused.status == 409
    assert "last active administrator" in refused.message
    assert api.delete("users/1").status == 409
    assert api.get("account").data["status"] == "active"

    second = api.post("users", {"email": "second@example.com", "roles": [1]}).data
    also = api.as_user(second["id"])
    assert api.put("users/1", body).status == 200
    # Now the second administrator is the last.
    assert also.put(f"users/{second['id']}", body).status == 409
    assert also.delete(f"users/{second['id']}").status == 409


def test_a_locked_administrator_does_not_count(api):
    second = api.post("users", {"email": "second@example.com", "roles": [1], "status": "locked"}).data
    assert api.delete("users/1").status == 409
    assert api.put(f"users/{second['id']}", {"status": "active"}).status == 200
    assert api.delete("users/1").status == 204
    assert api.get("account").status == 401


def test_the_last_administrator_can_be_changed_otherwise(api):
    assert api.put("users/1", {"email": "root@example.com"}).data["email"] == "root@example.com"
    assert api.put("users/1", {"roles": [1, 2]}).status == 200
