"""The clock ends with the year 9999 and begins with 1970; what lies beyond is written, not failed on."""

import pytest

from mock_solusio.app import Mock
from mock_solusio.moment import parse_moment, rfc3339, utc

LAST = "9999-12-31T23:59:59.999999Z"


@pytest.fixture(params=[LAST, "9999-12-31T23:55:00Z", "9999-06-01T00:00:00Z", "1970-01-01T00:00:00Z"])
def moment(request: pytest.FixtureRequest, mock: Mock) -> str:
    mock.clock.set(parse_moment(request.param))
    mock.clock_changed()
    return str(request.param)


@pytest.mark.usefixtures("moment")
def test_everything_that_expires_can_be_made(api):
    user = api.post("users", {"email": "ann@example.com", "password": "correct horse"}).data["id"]
    one_time = api.post(f"users/{user}/tokens", {"is_one_time": True})
    assert one_time.status == 201
    assert one_time.data["expires_at"] <= LAST
    login = api.post("auth/login", {"email": "ann@example.com", "password": "correct horse"})
    assert login.data["credentials"]["expires_at"] <= LAST
    assert api.post("license/activate", {"activation_code": "any"}).data["expiration_date"] <= LAST
    assert api.call("GET", f"/auth/by_token/{one_time.data['access_token']}").status == 303


@pytest.mark.usefixtures("moment")
def test_a_server_can_be_ordered_backed_up_and_looked_at(api):
    server = api.post("servers", {"name": "last"})
    assert server.status == 201
    path = f"servers/{server.data['id']}"
    for schedule in (
        {"type": "daily"},
        {"type": "weekly", "days": [5]},
        {"type": "monthly", "days": [1, 31]},
    ):
        changed = api.patch(path, {"backup_settings": {"enabled": True, "schedule": schedule}})
        assert changed.status == 200
        upcoming = changed.data["next_scheduled_backup_at"]
        assert upcoming is None or upcoming <= LAST
    for what in ("cpu", "network", "disks", "memory"):
        assert api.get(f"usage/{what}/{server.data['uuid']}").status == 200
    assert api.get("tasks").data[0]["action"] == "vm-create"


def test_at_the_end_nothing_falls_due_any_more(mock, api):
    mock.clock.set(parse_moment(LAST))
    mock.clock_changed()
    server = api.post("servers", {"name": "last"}).data["id"]
    assert api.get(f"servers/{server}").data["is_processing"]
    mock.clock.set(parse_moment("2026-03-01T00:00:00Z"))  # back to where time passes
    mock.clock_changed()
    assert api.get(f"servers/{server}").data["is_processing"]


def test_moments_beyond_the_end_are_written_as_the_end():
    end = parse_moment(LAST)
    assert rfc3339(end) == LAST
    assert rfc3339(end + 1) == LAST
    assert utc(end + 10**18).year == 9999
    assert rfc3339(end - 1) == "9999-12-31T23:59:59.999998Z"
