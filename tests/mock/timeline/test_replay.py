"""Replays: events happen at their moments, whoever looks and when; a billing system may get in the way."""

import os
import re
import signal
import subprocess
import sys
import threading
from pathlib import Path

import httpx
import pytest

from mock_solusio.app import Mock
from mock_solusio.clock import Clock
from mock_solusio.domain.records.servers import SERVERS
from mock_solusio.domain.records.user import USERS
from mock_solusio.moment import DAY, HOUR, MINUTE, parse_moment, rfc3339
from mock_solusio.options import Options
from mock_solusio.testing import started
from mock_solusio.timeline.player import play
from solusio_contracts.timeline import TimelineError, read
from support.commands import invoke

EXAMPLE = Path(__file__).parents[3] / "docs/examples/timeline.ndjson"
BEGIN = parse_moment("2026-03-01T00:00:00Z")


def at(moment, file=EXAMPLE, **options):
    """Return a mock that replays a timeline, its clock standing still at a moment."""
    return Mock(Options(clock=Clock(parse_moment(moment), speed=0), seed="test", replay=file, **options))


@pytest.fixture
def mocks():
    made = []

    def make(*arguments, **options):
        made.append(at(*arguments, **options))
        return made[-1]

    yield make
    for one in made:
        one.close()


def names(mock):
    mock.settle()
    return {one.name: one for one in mock.store[SERVERS].find()}


def everything(mock):
    """Return all that a mock holds, as text; except when it was started."""
    mock.settle()
    return [line for line in mock.store._connection.iterdump() if "\"meta\" VALUES('clock'" not in line]


def test_events_fall_due_with_the_clock(mocks):
    mock = mocks("2026-03-01T00:00:00Z")
    assert set(names(mock)) == {"web"}
    assert rfc3339(names(mock)["web"].created_at) == "2026-02-12T08:00:00.000000Z"
    mock.clock.set(parse_moment("2026-03-01T00:05:00Z"))
    assert set(names(mock)) == {"web", "shop"}
    assert names(mock)["shop"].status == "processing"
    mock.clock.set(parse_moment("2026-03-09T18:00:02Z"))
    assert names(mock)["shop"].status == "stopped"
    mock.clock.set(parse_moment("2026-03-12T00:00:01Z"))
    assert names(mock)["shop"].is_suspended
    mock.clock.set(parse_moment("2026-03-17T00:00:00Z"))
    assert not names(mock)["shop"].is_suspended
    mock.clock.set(parse_moment("2026-04-01T00:00:00Z"))
    assert set(names(mock)) == {"web"}
    assert {one.email for one in mock.store[USERS].find()} == {"admin@example.com", "ann@example.com"}
    shown = mock.replay.shown()
    assert (shown["events"], shown["refused"], shown["error"], shown["is_over"]) == (26, 0, None, True)


def test_nothing_depends_on_when_somebody_looks(mocks):
    one, other = mocks("2026-03-01T00:00:00Z"), mocks("2026-03-01T00:00:00Z")
    one.clock.set(parse_moment("2026-04-01T00:00:00Z"))
    moment = BEGIN
    while moment < parse_moment("2026-04-01T00:00:00Z"):
        moment += 7 * HOUR + 13 * MINUTE
        other.clock.set(min(moment, parse_moment("2026-04-01T00:00:00Z")))
        other.settle()
    assert everything(one) == everything(other)


def test_a_billing_system_may_get_in_the_way():
    """What it deleted cannot be resized any more: that is noted, and the rest goes on."""
    options = Options(clock=Clock(parse_moment("2026-03-15T00:00:00Z"), speed=0), replay=EXAMPLE)
    with started(options) as solusio:
        (web,) = [one for one in solusio.call("GET", "servers") if one["name"] == "web"]
        solusio.call("DELETE", f"servers/{web['id']}")
        solusio.clock.set(parse_moment("2026-04-01T00:00:00Z"))
        assert solusio.call("GET", "servers") == []
        control = httpx.get(f"{solusio.url}/_mock/health").raise_for_status().json()["replay"]
    # Resize, address and backup of a server that is gone.
    assert (control["refused"], control["events"]) == (3, 26)
    assert (control["is_over"], control["error"]) == (True, None)
    assert control["last_refusal"].startswith("Line 23: backup.delete: ")


def test_a_server_is_renamed_and_boots_from_an_iso_image_of_the_installation(mocks, tmp_path):
    file = tmp_path / "t.ndjson"
    lines = (
        '"do": "server.create", "as": "web", "user": "admin@example.com", "plan": "1 Core, 1 GB RAM"',
        '"do": "server.boot", "on": "web", "mode": "iso", "iso_image": "Debian 13 netinst"',
        '"do": "server.boot", "on": "web", "mode": "iso"',
        '"do": "server.update", "on": "web", "name": "www"',
    )
    file.write_text(
        "".join(f'{{"at": "2026-03-01T0{hour}:00:00Z", {line}}}\n' for hour, line in enumerate(lines)),
        encoding="utf-8",
    )
    mock = mocks("2026-03-02T00:00:00Z", file)
    assert {name: one.boot_mode for name, one in names(mock).items()} == {"www": "iso"}
    shown = mock.replay.shown()
    assert (shown["events"], shown["refused"], shown["error"]) == (4, 1, None)
    assert shown["last_refusal"].startswith("Line 3: server.boot: ")


def test_what_follows_from_something_refused_is_refused(mocks, tmp_path):
    file = tmp_path / "t.ndjson"
    file.write_text(
        '{"at": "2026-03-01T00:00:00Z", "do": "user.create", "as": "ann", "email": "admin@example.com"}\n'
        '{"at": "2026-03-01T00:00:01Z", "do": "server.create", "as": "web", "user": "ann", '
        '"plan": "1 Core, 1 GB RAM"}\n'
        '{"at": "2026-03-01T01:00:00Z", "do": "server.delete", "on": "web"}\n'
        '{"at": "2026-03-01T02:00:00Z", "do": "server.create", "as": "web", "user": "admin@example.com", '
        '"plan": "1 Core, 1 GB RAM"}\n',
        encoding="utf-8",
    )
    mock = mocks("2026-03-02T00:00:00Z", file)
    assert set(names(mock)) == {"web"}
    shown = mock.replay.shown()
    assert (shown["refused"], shown["events"]) == (3, 4)


@pytest.mark.parametrize(
    ("line", "message"),
    [
        ('"do": "server.stop", "on": "nowhere"', "there is no server 'nowhere'"),
        ('"do": "server.create", "as": "a", "plan": "1 Core, 1 GB RAM"', "it names no user"),
        (
            '"do": "server.create", "as": "a", "user": "admin@example.com", "plan": "x"',
            "there is no plan 'x'",
        ),
        ('"do": "server.create", "as": "a", "user": "x", "plan": "x"', "there is no user 'x'"),
        ('"do": "plan.create", "as": "small"', "there is already a plan 'small'"),
        ('"do": "explode"', "do: expected one of"),
        ('"do": "server.boot", "on": "a", "mode": "iso", "iso_image": "x"', "there is no ISO image 'x'"),
    ],
)
def test_what_the_timeline_has_wrong_ends_the_replay(mocks, tmp_path, capsys, line, message):
    file = tmp_path / "t.ndjson"
    file.write_text(
        '{"at": "2026-03-01T00:00:00Z", "do": "plan.create", "as": "small"}\n'
        f'{{"at": "2026-03-01T01:00:00Z", {line}}}\n'
        '{"at": "2026-03-01T02:00:00Z", "do": "plan.create", "as": "never"}\n',
        encoding="utf-8",
    )
    mock = mocks("2026-03-02T00:00:00Z", file)
    mock.settle()
    shown = mock.replay.shown()
    assert shown["error"].startswith(f"Line 2: {message}")
    assert (shown["events"], shown["is_over"]) == (1, True)
    mock.settle()
    assert capsys.readouterr().err.count("The replay of") == 1


def test_a_replay_goes_on_after_a_new_start(mocks, tmp_path):
    straight = mocks("2026-04-01T00:00:00Z")
    state = tmp_path / "state.db"
    for day in (1, 4, 9, 13, 19, 25, 31):
        mock = Mock(
            Options(
                clock=Clock(parse_moment(f"2026-03-{day:02}T15:00:00Z"), speed=0),
                seed="test",
                file=state,
                replay=EXAMPLE,
            )
        )
        mock.settle()
        mock.close()
    mock = Mock(Options(file=state, replay=EXAMPLE))
    straight.settle()
    ours, theirs = (
        one.store._connection.execute("SELECT resource, anchor, started_at, ended_at FROM spans").fetchall()
        for one in (mock, straight)
    )
    moment = mock.clock.now()
    mock.close()
    assert ours == theirs
    # The clock goes on where the replay had stopped, not where it would be by now.
    assert 0 <= moment - parse_moment("2026-03-25T10:00:00Z") < DAY


def test_a_state_in_the_middle_of_another_timeline(tmp_path):
    state, other = tmp_path / "state.db", tmp_path / "other.ndjson"
    other.write_text('{"at": "2026-03-01T00:00:00Z", "do": "plan.create", "as": "small"}\n', encoding="utf-8")
    first = Mock(Options(file=state, replay=EXAMPLE, clock=Clock(BEGIN, speed=0)))
    first.settle()
    first.close()
    with pytest.raises(TimelineError, match="another timeline"):
        Mock(Options(file=state, replay=other))


def test_reset_and_snapshots_take_the_replay_along():
    options = Options(clock=Clock(BEGIN, speed=0), seed="test", replay=EXAMPLE)
    with started(options) as solusio:
        control = httpx.Client(base_url=f"{solusio.url}/_mock/")

        def events():
            return control.get("health").raise_for_status().json()["replay"]["events"]

        def go(span):
            control.post("clock", json={"advance": span}).raise_for_status()

        go("P10D")
        early = events()
        control.post("snapshots", json={"name": "early"}).raise_for_status()
        go("P21D")
        assert events() == 26 > early
        control.post("snapshots/early/restore").raise_for_status()
        assert events() == early
        go("P21D")
        assert events() == 26
        control.post("reset").raise_for_status()
        solusio.client.headers["Authorization"] = f"Bearer {solusio.mock.admin_token}"
        assert [one["name"] for one in solusio.call("GET", "servers")] == ["web"]
        control.close()


def test_events_of_a_scenario_are_played_into_any_world(mock):
    with mock.store.transaction() as world:
        mock.clock.set(parse_moment("2026-04-01T00:00:00Z"))
    with mock.store.transaction() as world:
        assert play(world, (line.event for line in read(EXAMPLE))) == 26
    assert set(names(mock)) == {"web"}


def wait_for(condition, seconds=60):
    """Ask again and again until something is so."""
    pause = threading.Event()
    for _ in range(seconds * 20):
        if condition():
            return
        pause.wait(0.05)
    raise AssertionError("it did not happen in time")


def test_serve_plays_a_day_at_high_speed_while_a_billing_system_watches(month, tmp_path):
    output = tmp_path / "out"
    command = [sys.executable, "-m", "mock_solusio", "serve", "--port", "0", "--speed", "86400"]
    command += ["--replay", str(month / "month.ndjson"), "--admin-token", "administrators-token"]
    with output.open("wb") as target:
        server = subprocess.Popen(command, stdout=target, stderr=subprocess.STDOUT, env={**os.environ})
    try:
        wait_for(lambda: b"Press Ctrl-C" in output.read_bytes())
        url = re.search(r"http://\S+:\d+", output.read_text()).group()
        with httpx.Client(base_url=url, headers={"Authorization": "Bearer administrators-token"}) as client:

            def health():
                return client.get("/_mock/health").raise_for_status().json()

            def total():
                query = {"from": "2026-03-01T00:00:00Z", "to": "2026-03-02T00:00:00Z"}
                return client.get("/api/v1/usage", params=query).raise_for_status().json()["meta"]

            first = health()["replay"]["events"]
            # Nobody asks the API anything, and still it goes on: health alone lets nothing happen.
            wait_for(lambda: health()["replay"]["events"] > first + 5)
            wait_for(lambda: health()["clock"]["moment"] >= "2026-03-02")
            day = total()
        server.send_signal(signal.SIGINT)
        assert server.wait(20) == 0
    finally:
        server.kill()
        server.wait(20)
    assert day["closed"] is True
    assert day["totals"]["lines"] > 50
    options = Options(
        replay=month / "month.ndjson",
        clock=Clock(parse_moment("2026-03-02T00:00:00Z"), speed=0),
        admin_token="administrators-token",
    )
    with started(options) as solusio:
        query = {"from": "2026-03-01T00:00:00Z", "to": "2026-03-02T00:00:00Z"}
        still = solusio.client.get("usage", params=query).raise_for_status().json()
    assert still["meta"]["totals"] == day["totals"]


def test_a_replay_goes_on_after_kill_9_with_the_next_event(month, tmp_path):
    state, output = tmp_path / "state.db", tmp_path / "out"
    command = [sys.executable, "-m", "mock_solusio", "serve", "--port", "0", "--state", str(state)]
    command += ["--replay", str(month / "month.ndjson"), "--speed", "100000", "--seed", "test"]
    with output.open("wb") as target:
        server = subprocess.Popen(command, stdout=target, stderr=subprocess.STDOUT)
    try:
        wait_for(lambda: b"Press Ctrl-C" in output.read_bytes())
        url = re.search(r"http://\S+:\d+", output.read_text()).group()

        def events():
            return httpx.get(f"{url}/_mock/health").json()["replay"]["events"]

        first = events()
        wait_for(lambda: events() > first + 20)
    finally:
        server.kill()
        server.wait(20)
    end = Clock(parse_moment("2026-04-01T00:00:00Z"), speed=0)
    found = []
    for options in (
        Options(file=state, replay=month / "month.ndjson", clock=end),
        Options(replay=month / "month.ndjson", clock=end, seed="test"),
    ):
        mock = Mock(options)
        before = mock.replay.playback.events
        mock.settle()
        rows = mock.store._connection.execute("SELECT * FROM spans ORDER BY id").fetchall()
        found.append((mock.replay.playback.events, mock.replay.playback.refused, rows))
        if options.file:
            assert first < before < mock.replay.playback.events
        mock.close()
    assert found[0] == found[1]
    assert found[0][1] == 0


def test_options_of_serve_that_contradict_each_other(tmp_path):
    refused = invoke("serve", "--speed", "60")
    assert refused.exit_code == 2
    assert "--speed needs --replay" in refused.output
    refused = invoke("serve", "--replay", EXAMPLE, "--speed", "60", "--clock", "2026-03-01T00:00:00Z")
    assert refused.exit_code == 2
    assert "contradict" in refused.output
    empty = tmp_path / "empty.ndjson"
    empty.write_text("")
    refused = invoke("serve", "--replay", empty)
    assert refused.exit_code == 2
    assert "has no events" in refused.output
