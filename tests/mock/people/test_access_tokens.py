"""Access tokens: one-time and lasting, of users and as newer versions of the Go SDK have them (step 9)."""

import asyncio
import hashlib

from mock_solusio.domain import access_tokens
from mock_solusio.domain.records.credentials import ACCESS_TOKENS
from mock_solusio.domain.records.user import USERS
from mock_solusio.moment import DAY, MINUTE


def test_a_one_time_access_token_works_once(api, person):
    ada = person("ada")
    made = api.post(f"users/{ada.id}/tokens", {"is_one_time": True})
    assert made.status == 201
    once = api.acting_as(made.data["access_token"])
    assert once.get("account").data["email"] == ada.email
    for _ in range(3):
        assert once.get("account").status == 401


def test_a_thousand_at_once_use_it_once(api, person):
    ada = person("ada")
    secret = api.post(f"users/{ada.id}/tokens", {"is_one_time": True}).data["access_token"]
    once = api.acting_as(secret)

    async def race():
        return await asyncio.gather(*(once.ask("GET", "account") for _ in range(1000)))

    statuses = sorted(answer.status for answer in api.runner.run(race()))
    assert statuses == [200] + [401] * 999


def test_it_is_used_up_even_if_what_is_asked_for_fails(api, person):
    ada = person("ada")
    once = api.acting_as(api.post(f"users/{ada.id}/tokens", {"is_one_time": True}).data["access_token"])
    assert once.get("users").status == 403
    assert once.get("account").status == 401


def test_it_waits_ten_minutes(api, person, mock):
    ada = person("ada")
    made = api.post(f"users/{ada.id}/tokens", {"is_one_time": True}).data
    assert made["expires_at"] == "2026-03-01T00:10:00.000000Z"
    mock.clock.advance(10 * MINUTE)
    assert api.acting_as(made["access_token"]).get("account").status == 401


def test_a_lasting_one_lasts(api, person, mock):
    ada = person("ada")
    made = api.post(f"users/{ada.id}/tokens").data
    assert (made["is_one_time"], made["expires_at"]) == (False, None)
    mock.clock.advance(4000 * DAY)
    for _ in range(3):
        assert api.acting_as(made["access_token"]).get("account").status == 200


def test_only_the_hash_of_a_secret_is_stored(api, person, mock):
    ada = person("ada")
    secret = api.post(f"users/{ada.id}/tokens", {"name": "n"}).data["access_token"]
    assert secret.encode() not in mock.store.snapshot()
    with mock.transaction() as world:
        digest = hashlib.sha256(secret.encode()).hexdigest()
        assert world[ACCESS_TOKENS].first(digest=digest).user_id == ada.id


def test_secrets_differ_and_follow_from_the_seed(api):
    secrets = [api.post("users/1/tokens").data["access_token"] for _ in range(20)]
    assert len(set(secrets)) == 20
    assert all(secret.isalnum() and len(secret) == 64 for secret in secrets)


def test_they_are_listed_and_withdrawn(api, person, mock):
    ada = person("ada")
    kept = ada.post(f"users/{ada.id}/tokens", {"name": "kept"}).data
    gone = ada.post(f"users/{ada.id}/tokens", {"name": "gone", "is_one_time": True}).data
    rows = ada.get(f"users/{ada.id}/tokens").data
    assert [row["name"] for row in rows][-2:] == ["kept", "gone"]
    assert all("access_token" not in row for row in rows)
    assert ada.delete(f"users/{ada.id}/tokens/{kept['id']}").status == 204
    assert ada.delete(f"users/{ada.id}/tokens/{kept['id']}").status == 404
    assert api.acting_as(kept["access_token"]).get("account").status == 401
    assert gone["id"] in [row["id"] for row in ada.get(f"users/{ada.id}/tokens").data]
    mock.clock.advance(10 * MINUTE)
    assert gone["id"] not in [row["id"] for row in ada.get(f"users/{ada.id}/tokens").data]


def test_another_users_token_cannot_be_revoked_by_its_id(person):
    ada, bob = person("ada"), person("bob")
    token = bob.post(f"users/{bob.id}/tokens").data
    assert ada.delete(f"users/{ada.id}/tokens/{token['id']}").status == 404
    assert ada.delete(f"users/{bob.id}/tokens/{token['id']}").status == 403
    assert ada.post(f"users/{bob.id}/tokens").status == 403
    assert ada.get(f"users/{bob.id}/tokens").status == 403


def test_expired_ones_do_not_pile_up(person, mock):
    ada, bob = person("ada"), person("bob")
    with mock.transaction() as world:
        users = [world[USERS].get_or_404(one.id) for one in (ada, bob)]
        lasting, _ = access_tokens.issue(world, users[0], one_time=False)
        for user in users * access_tokens.SWEEP:
            access_tokens.issue(world, user, one_time=True)
    mock.clock.advance(DAY)
    with mock.transaction() as world:
        for _ in range(access_tokens.SWEEP):
            access_tokens.issue(world, users[0], one_time=True)
        assert world[ACCESS_TOKENS].count(one_time=True) <= access_tokens.SWEEP
        assert world[ACCESS_TOKENS].count(user_id=bob.id, one_time=True) == 0
        assert world[ACCESS_TOKENS].get(lasting.id) == lasting


def test_the_go_sdk_manages_lasting_ones(api, person):
    ada = person("ada")
    made = api.post("api_tokens", {"name": "billing", "user_id": ada.id})
    assert made.status == 201
    token = made.data["token"]
    assert isinstance(token["id"], str)
    assert token["user"]["email"] == ada.email
    assert made.data["token_type"] == "Bearer"
    acting = api.acting_as(made.data["access_token"])
    assert acting.get("account").data["id"] == ada.id
    assert api.get(f"api_tokens/{token['id']}").data == token
    assert api.patch(f"api_tokens/{token['id']}", {"name": "other"}).data == {**token, "name": "other"}
    found = api.get(f"api_tokens?filter[search]=oth&filter[user_id]={ada.id}").data
    assert [row["id"] for row in found] == [token["id"]]
    assert api.delete(f"api_tokens/{token['id']}").status == 204
    assert acting.get("account").status == 401
    assert api.get(f"api_tokens/{token['id']}").status == 404


def test_a_customer_sees_only_their_own(api, person):
    ada, bob = person("ada"), person("bob")
    bobs = bob.post("api_tokens", {"name": "bob's"}).data["token"]
    assert ada.get(f"api_tokens/{bobs['id']}").status == 403
    assert ada.patch(f"api_tokens/{bobs['id']}", {"name": "mine"}).status == 403
    assert ada.delete(f"api_tokens/{bobs['id']}").status == 403
    assert ada.post("api_tokens", {"name": "x", "user_id": bob.id}).status == 403
    assert ada.get(f"api_tokens?filter[user_id]={bob.id}").status == 403
    assert {row["user"]["id"] for row in ada.get("api_tokens").data} == {ada.id}
    assert {row["user"]["id"] for row in api.get("api_tokens").data} == {1, ada.id, bob.id}
    assert api.post("api_tokens", {"name": "x", "user_id": 999}).status == 422
