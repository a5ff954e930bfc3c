"""POST /auth/login, its throttle, and /account (facts, section 1)."""

import hashlib

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from mock_solusio.domain.errors import TooMany
from mock_solusio.domain.login import LoginThrottle
from mock_solusio.domain.passwords import hashed, matches
from mock_solusio.moment import DAY, MINUTE, SECOND

WRONG = "These credentials do not match our records."


def test_a_login_answers_three_strings(api, person, mock):
    ada = person("ada")
    answer = api.acting_as(None).post("auth/login", {"email": "ADA@example.com", "password": ada.password})
    assert answer.status == 200
    credentials = answer.data["credentials"]
    assert set(credentials) == {"access_token", "token_type", "expires_at"}
    assert credentials["token_type"].lower() == "bearer"
    assert credentials["expires_at"] == "2027-03-01T00:00:00.000000Z"
    for scheme in (credentials["token_type"], "bearer", "BEARER"):
        header = {"authorization": f"{scheme} {credentials['access_token']}"}
        assert api.acting_as(None).get("account", headers=header).data["id"] == ada.id
    inside = api.acting_as(credentials["access_token"])
    mock.clock.advance(365 * DAY - SECOND)
    assert inside.get("auth").status == 204
    mock.clock.advance(SECOND)
    assert inside.get("auth").status == 401


def test_a_logout_withdraws_the_one_access_token(api, person):
    ada = person("ada")
    login = {"email": ada.email, "password": ada.password}
    token = api.acting_as(None).post("auth/login", login).data["credentials"]["access_token"]
    inside = api.acting_as(token)
    assert inside.get("auth").status == 204
    assert inside.post("auth/logout").status == 204
    assert inside.get("auth").status == 401
    assert ada.get("auth").status == 204


@pytest.mark.parametrize(
    ("email", "password"),
    [
        ("ada@example.com", "wrong"),
        ("ada@example.com", ""),
        ("nobody@example.com", "password of ada"),
        ("tokens-only@example.com", ""),
        ("tokens-only@example.com", "-"),
        ("", ""),
    ],
)
def test_a_wrong_login_says_nothing_of_what_was_wrong(api, person, email, password):
    person("ada")
    api.post("users", {"email": "tokens-only@example.com"})
    answer = api.acting_as(None).post("auth/login", {"email": email, "password": password})
    assert answer.status == 422
    assert answer.json == {"message": WRONG, "errors": {"email": [WRONG]}}


def test_fields_of_a_login_are_required(api):
    assert set(api.acting_as(None).post("auth/login", {}).errors) == {"email", "password"}


def test_five_wrong_logins_are_enough_for_a_minute(api, person, mock):
    ada, bob = person("ada"), person("bob")
    guest = api.acting_as(None)
    right = {"email": ada.email, "password": ada.password}
    for _ in range(5):
        assert guest.post("auth/login", {**right, "password": "guess"}).status == 422
        mock.clock.advance(SECOND)
    held = guest.post("auth/login", {**right, "email": "ADA@example.com"})
    assert held.status == 429
    assert held.headers["retry-after"] == "55"
    assert "55 seconds" in held.message
    # Others are not throttled.
    assert guest.post("auth/login", {"email": bob.email, "password": bob.password}).status == 200
    mock.clock.advance(55 * SECOND)
    assert guest.post("auth/login", right).status == 200


def test_a_right_login_forgets_the_wrong_ones(api, person):
    ada = person("ada")
    guest = api.acting_as(None)
    right = {"email": ada.email, "password": ada.password}
    for _ in range(3):
        for _ in range(4):
            assert guest.post("auth/login", {**right, "password": "guess"}).status == 422
        assert guest.post("auth/login", right).status == 200


def test_a_throttle_tells_senders_apart():
    throttle = LoginThrottle()
    for _ in range(5):
        throttle.failed(("ada", "192.0.2.1"), 0)
    with pytest.raises(TooMany) as caught:
        throttle.check(("ada", "192.0.2.1"), MINUTE - 1)
    assert caught.value.seconds == 1
    throttle.check(("ada", "192.0.2.2"), 0)
    throttle.check(("ada", "192.0.2.1"), MINUTE)


def test_a_clock_that_is_set_back_does_not_prolong_the_wait():
    throttle = LoginThrottle()
    for _ in range(5):
        throttle.failed(("ada", ""), DAY)
    throttle.check(("ada", ""), 0)


def test_a_throttle_is_bounded():
    throttle = LoginThrottle(most=100)
    for number in range(1000):
        throttle.failed((str(number), ""), number)
    assert len(throttle) == 100


@given(st.lists(st.integers(0, 20), max_size=60))
def test_never_more_than_five_tries_in_a_window(waits):
    throttle = LoginThrottle(attempts=5, window=30)
    now, tried = 0, []
    for wait in waits:
        now += wait
        try:
            throttle.check(("a", ""), now)
        except TooMany:
            continue
        throttle.failed(("a", ""), now)
        tried.append(now)
    # Windows start at a first failure and do not overlap, so ten attempts span more than one.
    assert all(
        later - early >= 30 for early, later in zip(tried, tried[5:], strict=False) if early == tried[0]
    )
    assert all(later - early >= 30 for early, later in zip(tried, tried[10:], strict=False))


@settings(max_examples=30)
@given(st.text(), st.text())
def test_a_password_matches_only_itself(password, other):
    stored = hashed(password, "salt")
    assert matches(password, stored)
    assert matches(other, stored) == (other == password)
    assert not matches(password, None)


def test_the_hash_of_an_older_state_file_still_opens():
    digest = hashlib.scrypt("sécret".encode(), salt=b"salt", n=1024, r=8, p=1).hex()
    assert matches("sécret", f"scrypt$salt${digest}")
    assert not matches("secret", f"scrypt$salt${digest}")


def test_hashes_of_the_same_password_differ(api, mock):
    for name in ("a", "b"):
        api.post("users", {"email": f"{name}@x.com", "password": "the same"})
    with mock.transaction() as world:
        from mock_solusio.domain.users import by_email

        first, second = by_email(world, "a@x.com"), by_email(world, "b@x.com")
    assert first.password_hash != second.password_hash
    assert "the same" not in first.password_hash


def test_an_account_is_whose_access_token_it_is(api, person):
    ada = person("ada", billing_user_id=42)
    assert ada.get("account").data == api.get(f"users/{ada.id}").data
    assert api.acting_as(None).get("account").status == 401


def test_a_user_changes_their_own_account(api, person):
    ada = person("ada")
    assert ada.patch("account", {"language_id": 2}).data["language"]["id"] == 2
    assert ada.patch("account", {"email": "lovelace@example.com"}).data["email"] == "lovelace@example.com"
    assert list(ada.patch("account", {"email": "admin@example.com"}).errors) == ["email"]
    wrong = ada.patch("account", {"password": "another one", "current_password": "guess"})
    assert list(wrong.errors) == ["current_password"]
    changed = ada.patch("account", {"password": "some other", "current_password": ada.password})
    assert changed.status == 200
    assert ada.patch("account", {"password": "another one", "language_id": 1}).status == 200
    login = {"email": "lovelace@example.com", "password": "another one"}
    assert api.acting_as(None).post("auth/login", login).status == 200
    # Fields that only operators may set are ignored.
    kept = ada.patch("account", {"roles": [1], "status": "locked", "billing_user_id": 9}).data
    assert [role["id"] for role in kept["roles"]] == [2]
    assert (kept["status"], kept["billing_user_id"]) == ("active", None)
