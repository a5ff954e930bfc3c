"""Locked and suspended users, and the administrator who must remain."""

import pytest

from mock_solusio.domain import sessions, users


@pytest.mark.parametrize("status", ["locked", "suspended"])
def test_who_is_locked_or_suspended_can_do_nothing(api, person, mock, status):
    ada = person("ada")
    one_time = ada.post(f"users/{ada.id}/tokens", {"is_one_time": True}).data["access_token"]
    with mock.transaction() as world:
        session = sessions.open_session(world, users.by_email(world, ada.email))
    login = {"email": ada.email, "password": ada.password}
    assert api.acting_as(None).post("auth/login", login).status == 200

    assert api.put(f"users/{ada.id}", {"status": status}).data["status"] == status
    refused = ada.get("account")
    assert refused.status == 403
    assert refused.message == f"This account is {status}."
    assert api.acting_as(one_time).get("account").status == 403
    with mock.transaction() as world:
        assert sessions.user_of(world, session) is None
        assert sessions.refused_user_of(world, session).id == ada.id
    told = api.acting_as(None).post("auth/login", login)
    assert (told.status, told.message) == (403, f"This account is {status}.")
    # Who does not know the password does not learn of it.
    wrong = api.acting_as(None).post("auth/login", {**login, "password": "wrong"})
    assert wrong.status == 422
    assert [row["email"] for row in api.get(f"users?filter[status]={status}").data] == [ada.email]

    api.put(f"users/{ada.id}", {"status": "active"})
    assert ada.get("account").status == 200
    assert api.acting_as(one_time).get("account").status == 200
    with mock.transaction() as world:
        # The session ended; he logs in again.
        assert sessions.user_of(world, session) is None
        assert sessions.refused_user_of(world, session) is None


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
    # Now the second is the last.
    assert also.put(f"users/{second['id']}", body).status == 409
    assert also.delete(f"users/{second['id']}").status == 409


def test_a_locked_administrator_does_not_count(api):
    second = api.post("users", {"email": "second@example.com", "roles": [1], "status": "locked"}).data
    assert api.delete("users/1").status == 409
    assert api.put(f"users/{second['id']}", {"status": "active"}).status == 200
    assert api.delete("users/1").status == 204
    assert api.get("account").status == 401


def test_other_changes_of_the_last_administrator_are_his_to_make(api):
    assert api.put("users/1", {"email": "root@example.com"}).data["email"] == "root@example.com"
    assert api.put("users/1", {"roles": [1, 2]}).status == 200
