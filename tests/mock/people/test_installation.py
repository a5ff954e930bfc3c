"""License, updates, activity log and languages (facts, section 10)."""

from mock_solusio.domain import activity
from mock_solusio.domain.records.installation import ACTIVITY_LOGS
from mock_solusio.moment import DAY


def test_the_license_ends_after_a_year_and_is_renewed_by_a_code(api, mock):
    before = api.get("license").data
    assert before["is_active"] is True
    assert before["expiration_date"] == "2027-03-01T00:00:00.000000Z"
    mock.clock.advance(365 * DAY)
    assert api.get("license").data["is_active"] is False
    renewed = api.post("license/activate", {"activation_code": "A00B00"})
    assert renewed.status == 200
    assert renewed.data["is_active"] is True
    assert renewed.data["update_date"] == "2027-03-01T00:00:00.000000Z"
    assert list(api.post("license/activate", {}).errors) == ["activation_code"]


def test_another_client_has_the_license_elsewhere(api, mock):
    before = api.get("license").data
    assert api.get("solus-license").data == before
    mock.clock.advance(365 * DAY)
    for path in ("license/refresh", "solus-license/refresh"):
        assert api.post(path).data == {**before, "is_active": False}
    assert api.post("solus-license/activate", {"license_key": "A00B00"}).data["is_active"] is True
    assert api.get("solus-license").data["is_active"] is True


def test_there_is_nothing_newer(api):
    for method in ("GET", "POST"):
        assert api.call(method, "updates").json == {"data": {"status": "up to date"}}


def test_languages(api, person):
    ada = person("ada")
    listed = ada.get("languages").data
    assert [row["locale"] for row in listed if row["is_default"]] == ["en_US"]
    assert listed[0]["users_count"] == 2
    (german,) = ada.get("languages?filter[search]=deu").data
    assert german["locale"] == "de_DE"
    ada.patch("account", {"language_id": german["id"]})
    assert api.get("languages?filter[search]=deu").data[0]["users_count"] == 1


def test_who_did_what(api, person):
    ada = person("ada", billing_user_id=42)
    api.put(f"users/{ada.id}", {"status": "locked", "password": "a secret one", "billing_token": "hush"})
    api.put(f"users/{ada.id}", {"status": "locked"})
    api.put(f"users/{ada.id}", {"status": "active"})
    login = {"email": ada.email, "password": "a secret one"}
    assert api.acting_as(None).post("auth/login", login).status == 200
    api.delete(f"users/{ada.id}")
    logged = api.get("activity_logs").data
    about = [row for row in logged if row["data"].get("user_id") == ada.id or row["user_email"] == ada.email]
    assert [(row["event"], row["user_email"]) for row in about] == [
        ("user_created", "admin@example.com"),
        ("user_changed", "admin@example.com"),
        ("user_changed", "admin@example.com"),
        ("user_login", ada.email),
        ("user_deleted", "admin@example.com"),
    ]
    assert about[1]["data"]["changed"] == ["billing_token", "password", "status"]
    assert about[0]["created_at"] == "2026-03-01T00:00:00.000000Z"
    answer = api.get("activity_logs").body
    assert b"secret" not in answer
    assert b"hush" not in answer


def test_filters_of_the_activity_log(api, person):
    ada = person("ada")
    ada.patch("account", {"language_id": 2})
    mine = api.get(f"activity_logs?filter[user_id]={ada.id}").data
    assert [row["event"] for row in mine] == ["user_changed"]
    created = api.get("activity_logs?filter[event]=user_created").data
    assert {row["event"] for row in created} == {"user_created"}
    assert api.get("activity_logs?filter[event]=nothing").json["meta"]["total"] == 0


def test_the_activity_log_is_bounded(mock, monkeypatch):
    monkeypatch.setattr(activity, "KEPT", 5)
    monkeypatch.setattr(activity, "SPARE", 4)
    for number in range(40):
        with mock.transaction() as world:
            activity.record(world, "user_login", user=None, data={"number": number})
            kept = [entry.data.get("number") for entry in world[ACTIVITY_LOGS].find()]
        if number > 10:
            assert kept == list(range(number + 1))[-len(kept) :]
            assert 5 <= len(kept) < 9
