"""The control API, operation by operation. The fixture `control` holds every answer to the document."""

import asyncio
import json

import pytest

from mock_solusio.app import Mock
from mock_solusio.control.snapshots import MOST
from mock_solusio.domain.records.user import USERS
from mock_solusio.options import Options
from support.control import Controller

# Health and clock


def test_health(control):
    control("POST", "/_mock/faults", {"kind": "cut"})
    answer = control("GET", "/_mock/health")
    assert answer.status == 200
    assert answer.json["status"] == "ok"
    assert answer.json["clock"] == {"moment": "2026-03-01T00:00:00.000000Z", "mode": "frozen", "speed": 0}
    assert (answer.json["faults"], answer.json["snapshots"]) == (1, 0)
    assert answer.headers["cache-control"] == "no-store"


def test_head_is_get_without_a_body(control):
    whole = control("GET", "/_mock/health")
    answer = control.ask("HEAD", "/_mock/health")
    assert (answer.status, answer.body) == (200, b"")
    assert answer.headers == whole.headers


@pytest.mark.parametrize(
    ("change", "moment", "mode"),
    [
        ({"set": "2026-05-05T05:05:05Z"}, "2026-05-05T05:05:05.000000Z", "frozen"),
        ({"set": "2020-01-01"}, "2020-01-01T00:00:00.000000Z", "frozen"),
        ({"advance": 90}, "2026-03-01T00:01:30.000000Z", "frozen"),
        ({"advance": 0.5}, "2026-03-01T00:00:00.500000Z", "frozen"),
        ({"advance": "P1M"}, "2026-04-01T00:00:00.000000Z", "frozen"),
        ({"set": "2024-01-31", "advance": "P1M", "freeze": True}, "2024-02-29T00:00:00.000000Z", "frozen"),
    ],
)
def test_the_clock_goes_where_it_shall(control, change, moment, mode):
    answer = control("POST", "/_mock/clock", change)
    assert (answer.status, answer.data["moment"], answer.data["mode"]) == (200, moment, mode)
    assert control("GET", "/_mock/clock").data == answer.data


def test_the_clock_runs_follows_and_stands(control):
    assert control("POST", "/_mock/clock", {"run": 60}).data["mode"] == "speed"
    assert control.mock.clock.speed == 60
    followed = control("POST", "/_mock/clock", {"follow": True}).data
    assert (followed["mode"], followed["moment"] > "2026-03-02") == ("real", True)
    assert control("POST", "/_mock/clock", {"freeze": True}).data["mode"] == "frozen"


@pytest.mark.parametrize(
    ("change", "place"),
    [
        ({}, "body"),
        ({"set": "yesterday"}, "set"),
        ({"set": "1969-12-31"}, "set"),
        ({"advance": -1}, "advance"),
        ({"advance": "1 month"}, "advance"),
        ({"advance": "P9000Y"}, "advance"),
        ({"advance": 315_569_520_000}, "advance"),
        ({"run": 0}, "run"),
        ({"run": -5}, "run"),
        ({"run": 1e9}, "run"),
        ({"run": "fast"}, "run"),
        ({"run": 2, "freeze": True}, "run"),
        ({"follow": True, "set": "2026-01-01"}, "follow"),
        ({"advance": "P1D", "speed": 2}, "speed"),
        ({"set": "2026-05-05", "run": -1}, "run"),
    ],
)
def test_changes_that_make_no_sense_change_nothing(control, change, place):
    before = control("GET", "/_mock/clock").data
    answer = control("POST", "/_mock/clock", change)
    assert (answer.status, list(answer.errors)) == (422, [place])
    assert control("GET", "/_mock/clock").data == before


def test_what_falls_due_has_happened_when_the_clock_answers(control, api, order):
    server = order()["id"]
    assert api.get(f"servers/{server}").data["status"] == "processing"
    control("POST", "/_mock/clock", {"advance": "PT1M"})
    assert api.get(f"servers/{server}").data["status"] == "started"


def test_the_time_is_kept_with_the_state(control):
    control("POST", "/_mock/clock", {"set": "2027-01-01", "run": 5})
    assert json.loads(control.mock.store.remembered("clock"))["speed"] == 5


# Reset


def test_reset_begins_anew(control, api):
    fresh = api.get("users").json
    assert api.post("users", {"email": "ann@example.com"}).status == 201
    control("POST", "/_mock/clock", {"advance": "P1M", "run": 5})
    control("POST", "/_mock/faults", {"kind": "cut"})
    answer = control("POST", "/_mock/reset")
    assert (answer.status, answer.body) == (204, b"")
    assert api.get("users").json == fresh
    assert control("GET", "/_mock/clock").data["moment"] == "2026-03-01T00:00:00.000000Z"
    assert control("GET", "/_mock/faults").data == []
    assert api.post("users", {"email": "ann@example.com"}).data["id"] == 2


# Snapshots


def test_a_snapshot_brings_back_state_and_time(control, api):
    api.post("users", {"email": "ann@example.com"})
    before = api.get("users").json
    taken = control("POST", "/_mock/snapshots", {"name": "with-ann"})
    assert (taken.status, taken.data["name"], taken.data["mode"]) == (201, "with-ann", "frozen")
    assert api.delete("users/2").status == 204
    control("POST", "/_mock/clock", {"advance": "P1M"})
    back = control("POST", "/_mock/snapshots/with-ann/restore")
    assert (back.status, back.data["snapshot"]) == (200, taken.data)
    assert back.data["clock"]["moment"] == "2026-03-01T00:00:00.000000Z"
    assert api.get("users").json == before


def test_a_snapshot_may_leave_the_time(control, api):
    control("POST", "/_mock/snapshots", {"name": "a"})
    api.post("users", {"email": "ann@example.com"})
    control("POST", "/_mock/clock", {"advance": "P1D"})
    back = control("POST", "/_mock/snapshots/a/restore", {"clock": False})
    assert back.data["clock"]["moment"] == "2026-03-02T00:00:00.000000Z"
    assert api.get("users").json["meta"]["total"] == 1
    assert json.loads(control.mock.store.remembered("clock"))["moment"] == control.mock.clock.now()


def test_a_snapshot_can_be_restored_again_and_again(control, api):
    control("POST", "/_mock/snapshots", {"name": "a"})
    for _ in range(3):
        assert api.post("users", {"email": "ann@example.com"}).data["id"] == 2
        assert control("POST", "/_mock/snapshots/a/restore").status == 200


def test_what_a_snapshot_holds_falls_due_after_it(control, api, order):
    server = order()["id"]
    control("POST", "/_mock/snapshots", {"name": "a"})
    control("POST", "/_mock/clock", {"advance": "PT1M"})
    control("POST", "/_mock/snapshots/a/restore")
    assert api.get(f"servers/{server}").data["status"] == "processing"
    control("POST", "/_mock/clock", {"advance": "PT1M"})
    assert api.get(f"servers/{server}").data["status"] == "started"


def test_what_was_restored_survives_a_restart(tmp_path):
    options = Options(file=tmp_path / "state", seed="s", admin_token="administrators-token")
    for step in ("make", "restart"):
        mock = Mock(options)
        try:
            with asyncio.Runner() as runner:
                control = Controller(mock, runner)
                if step == "make":
                    control("POST", "/_mock/clock", {"set": "2026-03-01T00:00:00Z", "freeze": True})
                    control("POST", "/_mock/snapshots", {"name": "a"})
                    control("POST", "/_mock/clock", {"advance": "P1M"})
                    control("POST", "/_mock/fixtures", {"users": [{"email": "ann@example.com"}]})
                    assert mock.store[USERS].count() == 2
                    assert control("POST", "/_mock/snapshots/a/restore").status == 200
                assert mock.store[USERS].count() == 1
                clock = control("GET", "/_mock/clock").data
                assert clock == {"moment": "2026-03-01T00:00:00.000000Z", "mode": "frozen", "speed": 0}
        finally:
            mock.close()


def test_snapshots_are_named_listed_replaced_and_deleted(control):
    assert control("POST", "/_mock/snapshots").data["name"] == "snapshot-1"
    assert control("POST", "/_mock/snapshots").data["name"] == "snapshot-2"
    control("POST", "/_mock/clock", {"advance": 1})
    again = control("POST", "/_mock/snapshots", {"name": "snapshot-1"}).data
    listed = control("GET", "/_mock/snapshots").data
    assert [one["name"] for one in listed] == ["snapshot-2", "snapshot-1"]
    assert listed[1] == again
    assert control("DELETE", "/_mock/snapshots/snapshot-2").status == 204
    assert [one["name"] for one in control("GET", "/_mock/snapshots").data] == ["snapshot-1"]
    assert control("DELETE", "/_mock/snapshots").status == 204
    assert control("GET", "/_mock/snapshots").data == []


def test_the_number_of_snapshots_is_bounded(control):
    for _ in range(MOST):
        assert control("POST", "/_mock/snapshots").status == 201
    assert control("POST", "/_mock/snapshots").status == 409
    assert control("POST", "/_mock/snapshots", {"name": "snapshot-3"}).status == 201


def test_snapshots_that_are_not_there(control):
    assert control("POST", "/_mock/snapshots/none/restore").status == 404
    assert control("DELETE", "/_mock/snapshots/none").status == 404


@pytest.mark.parametrize("name", ["", "a/b", "..", "ä", "x" * 65, 7])
def test_names_that_are_none(control, name):
    assert list(control("POST", "/_mock/snapshots", {"name": name}).errors) == ["name"]


# Faults and journal: what they do is tested beside; here, that they are reached


def test_faults(control):
    made = control("POST", "/_mock/faults", {"kind": "status", "status": 503, "times": 2})
    assert (made.status, made.data["id"], made.data["left"]) == (201, 1, 2)
    assert control.mock.faults.next("GET", "/x", "").status == 503
    assert control("GET", "/_mock/faults/1").data["hits"] == 1
    assert control("GET", "/_mock/faults").data == [control("GET", "/_mock/faults/1").data]
    assert control("DELETE", "/_mock/faults/1").status == 204
    assert control("GET", "/_mock/faults/1").status == 404
    assert control("DELETE", "/_mock/faults/1").status == 404
    assert control("POST", "/_mock/faults", {"kind": "none"}).status == 422
    assert control("POST", "/_mock/faults", raw=b"cut").status == 400
    for kind in ("timeout", "cut"):
        assert control("POST", "/_mock/faults", {"kind": kind}).status == 201
    assert control("POST", "/_mock/faults", {"kind": "slow", "delay": 1}).status == 201
    assert control("POST", "/_mock/faults", {"kind": "random", "probability": 1}).data["left"] is None
    assert control("DELETE", "/_mock/faults").status == 204
    assert len(control.mock.faults) == 0


def test_the_journal(control):
    for status in (200, 404):
        control.mock.journal.add(
            "api",
            "POST",
            "/api/v1/auth/login",
            moment=control.mock.clock.now(),
            body=b'{"password": "geheim"}',
            status=status,
            operation="login",
        )
    answer = control("GET", "/_mock/journal?status=404&path=/api/v1/*")
    (entry,) = answer.data
    assert (entry["number"], entry["request"]["body"]) == (2, '{"password":"***"}')
    assert answer.json["meta"] == {"last": 2, "kept": 2, "dropped": 0}
    assert control("GET", "/_mock/journal/2").data == entry
    assert control("GET", "/_mock/journal?since=1&limit=5").data == [entry]
    refused = control("GET", "/_mock/journal?operation=listUser")
    assert (refused.status, refused.json["message"]) == (
        422,
        "operation: the API has no operation 'listUser'. Did you mean: listUsers?",
    )
    assert control("GET", "/_mock/journal/3").status == 404
    assert control("GET", "/_mock/journal/x").status == 404
    assert control("DELETE", "/_mock/journal").status == 204
    assert control("GET", "/_mock/journal").json == {"data": [], "meta": {"last": 2, "kept": 0, "dropped": 2}}


@pytest.mark.parametrize(
    ("query", "place"),
    [
        ("limit=0", "limit"),
        ("limit=x", "limit"),
        ("since=-1", "since"),
        ("status=", "status"),
        ("kind=apis", "kind"),
        ("colour=red", "colour"),
    ],
)
def test_questions_that_make_no_sense(control, query, place):
    answer = control("GET", f"/_mock/journal?{query}")
    assert (answer.status, list(answer.errors)) == (422, [place])


def test_changes_of_the_world_are_in_the_journal(control):
    control("POST", "/_mock/clock", {"advance": "P1M"})
    control("GET", "/_mock/clock")
    control("POST", "/_mock/faults", {"kind": "cut"})
    entries = control("GET", "/_mock/journal?kind=control").data
    assert [one["operation"] for one in entries] == ["changeClock", "addFault"]
    assert entries[0]["moment"] == "2026-04-01T00:00:00.000000Z"


# What is not there, or too much


def test_what_is_not_there_names_what_is(control):
    answer = control("GET", "/_mock/clocks")
    assert answer.status == 404
    assert "/_mock/clock" in answer.message
    assert control("GET", "/_mock").status == 404


def test_a_slash_at_the_end_is_tolerated(control):
    assert control("GET", "/_mock/health/").status == 200


def test_other_methods_name_the_right_ones(control):
    answer = control("PUT", "/_mock/clock", {})
    assert (answer.status, answer.headers["allow"]) == (405, "GET, POST")


def test_bodies_are_bounded(control):
    assert control("POST", "/_mock/clock", raw=b" " * 65_537).status == 413
    assert control("POST", "/_mock/clock", raw=b'{"advance": 1}' + b" " * 65_000).status == 200


def test_bodies_that_are_no_json(control):
    assert control("POST", "/_mock/clock", raw=b"advance=P1M").status == 400


def test_a_mistake_of_our_own_is_told_and_survived(control, monkeypatch, capfd):
    def fail():
        raise RuntimeError("out of order")

    monkeypatch.setattr(control.mock, "settle", fail)
    answer = control.ask("POST", "/_mock/clock", {"advance": 1})
    assert (answer.status, answer.message) == (500, "Internal error of the mock: RuntimeError.")
    assert "out of order" in capfd.readouterr().err
