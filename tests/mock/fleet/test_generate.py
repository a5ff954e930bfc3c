"""`fleet generate`: the same bytes for the same seed, files the mock takes, options that cannot be."""

import csv
import io
import json
import os
import subprocess
import sys
import tomllib
from importlib import resources

import jsonschema_rs
import pytest

from mock_solusio.app import Mock
from mock_solusio.domain.records.networks import IPS
from mock_solusio.domain.records.servers import BACKUPS, SERVERS
from mock_solusio.domain.records.user import FORMER_USERS, USERS
from mock_solusio.options import Options
from mock_solusio.testing import started
from solusio_contracts import timeline
from support.commands import invoke

_SPANS = """SELECT resource, server_name, plan_name, tokens_per_hour, tokens_per_month,
    anchor, started_at, ended_at
    FROM spans ORDER BY server_name, resource, anchor, started_at"""
_FIELDS = ("name", "plan_id", "status", "is_suspended", "suspensions", "ran", "disk", "created_at")


def test_a_timeline_matches_the_published_schema(month):
    schema = resources.files("solusio_contracts").joinpath("timeline.schema.json").read_text("utf-8")
    validator = jsonschema_rs.Draft202012Validator(json.loads(schema), validate_formats=True)
    lines = (month / "month.ndjson").read_bytes().splitlines()
    for line in lines:
        validator.validate(json.loads(line))
    assert {json.loads(line)["do"] for line in lines[1:]} >= {"user.create", "server.resize", "backup.delete"}


def test_a_timeline_that_is_read_and_written_stays_the_same(month):
    lines = (month / "month.ndjson").read_bytes().splitlines()[1:]
    assert [timeline.encode(line.event) for line in timeline.read(month / "month.ndjson")] == lines


_GENERATE = """
from mock_solusio.cli import cli
for outputs in ("--out f.ndjson --state f.db --customers f.csv", "--out f.toml", "--out f.json"):
    arguments = ["fleet", "generate", "--profile", "startup", "--users", "12", "--seed", "same"]
    cli.main([*arguments, *outputs.split()], standalone_mode=False)
"""


def test_the_same_seed_gives_the_same_bytes(tmp_path):
    for hash_seed in ("1", "2"):
        folder = tmp_path / hash_seed
        folder.mkdir()
        environment = {**os.environ, "PYTHONHASHSEED": hash_seed}
        command = [sys.executable, "-c", _GENERATE]
        subprocess.run(command, cwd=folder, env=environment, check=True, capture_output=True, timeout=120)
    one, other = ({file.name: file.read_bytes() for file in (tmp_path / name).iterdir()} for name in "12")
    assert one.keys() == {"f.ndjson", "f.db", "f.db-key", "f.csv", "f.toml", "f.json"}
    assert one == other
    assert min(map(len, one.values())) > 60


def test_a_state_file_is_what_the_played_timeline_leads_to(month, tmp_path):
    state = tmp_path / "month.db"
    state.write_bytes((month / "month.db").read_bytes())
    filled, played = Mock(Options(file=state)), Mock(Options(replay=month / "month.ndjson"))
    try:
        played.clock.set(filled.clock.now())
        played.settle()
        rows = [one.store._connection.execute(_SPANS).fetchall() for one in (filled, played)]
        assert rows[0] == rows[1]
        servers, users = [], []
        for mock in (filled, played):
            found = sorted(mock.store[SERVERS].find(), key=lambda one: one.name)
            servers.append([[getattr(one, name) for name in _FIELDS] for one in found])
            users.append(
                [
                    (one.email, one.status, one.created_at)
                    for one in mock.store[USERS].find(id=list(range(2, 99)))
                ]
            )
        assert servers[0] == servers[1]
        assert sorted(users[0]) == sorted(users[1])
        for kind in (BACKUPS, IPS, FORMER_USERS):
            one, other = (len(mock.store[kind].find()) for mock in (filled, played))
            assert one == other, kind.name
            assert one
    finally:
        filled.close()
        played.close()


def test_a_state_file_is_served_and_goes_on(month, tmp_path):
    """Living servers are real: they can be listed, resized and deleted, and new ones get ids of their own."""
    state = tmp_path / "month.db"
    state.write_bytes((month / "month.db").read_bytes())
    with started(Options(file=state, strict=True)) as solusio:
        highest = solusio.mock.store._connection.execute("SELECT max(server_id) FROM spans").fetchone()[0]
        total = solusio.client.get("servers").json()["meta"]["total"]
        assert total > 50
        (user,) = solusio.call("GET", "users?filter[search]=1003")
        assert user["billing_user_id"] == 1003
        new = solusio.create_server(user=user["id"], plan=1)
        assert new["id"] == highest + 1
        addresses = [one["address"] for page in range(1, total // 100 + 2) for one in _ips(solusio, page)]
        assert len(set(addresses)) == len(addresses)
        old = next(one for one in solusio.call("GET", "servers?per_page=100") if one["status"] == "started")
        solusio.call("POST", f"servers/{old['id']}/resize", {"plan_id": 4})
        solusio.settle()
        assert solusio.call("GET", f"servers/{old['id']}")["plan"]["id"] == 4
        solusio.call("DELETE", f"servers/{old['id']}")
        solusio.settle()
        assert solusio.client.get(f"servers/{old['id']}").status_code == 404
        assert solusio.client.get("servers").json()["meta"]["total"] == total


def _ips(solusio, page):
    listed = solusio.client.get("servers", params={"page": page, "per_page": 100}).json()["data"]
    return [{"address": ip["ip"]} for server in listed for ip in server["ip_addresses"]["ipv4"]]


@pytest.mark.parametrize("ending", ["toml", "json"])
def test_a_world_is_loaded_with_its_customers_and_living_servers(month, tmp_path, ending):
    file = tmp_path / f"world.{ending}"
    options = ("--users", 40, "--begin", "2026-03", "--seed", "month 16", "--out", file)
    assert invoke("fleet", "generate", *options).exit_code == 0
    state = tmp_path / "month.db"
    state.write_bytes((month / "month.db").read_bytes())
    loaded, filled = Mock(Options(fixtures=file)), Mock(Options(file=state))
    try:
        assert loaded.clock.now() == filled.clock.now()
        names = ("name", "plan_id", "status", "is_suspended", "created_at")
        ours, theirs = (
            sorted([getattr(one, name) for name in names] for one in mock.store[SERVERS].find())
            for mock in (loaded, filled)
        )
        assert ours == theirs
        ours, theirs = (
            sorted((one.email, one.billing_user_id or 0, one.status) for one in mock.store[USERS].find())
            for mock in (loaded, filled)
        )
        assert ours == theirs
    finally:
        loaded.close()
        filled.close()


def test_a_world_says_how_to_make_it_again(month):
    text = (month / "month.toml").read_text(encoding="utf-8")
    first = text.splitlines()[0]
    for part in ("profile hoster", "users 40", "months 1", "seed month 16", "faker "):
        assert part in first
    assert tomllib.loads(text)["servers"]


def test_customers_come_as_csv(tmp_path):
    file = tmp_path / "customers.csv"
    done = invoke("fleet", "generate", "--users", 60, "--out", tmp_path / "f.ndjson", "--customers", file)
    assert done.exit_code == 0
    rows = list(csv.DictReader(io.StringIO(file.read_text(encoding="utf-8"))))
    assert [int(row["billing_user_id"]) for row in rows] == list(range(1001, 1061))
    assert {"USD", "EUR", "GBP"} <= {row["currency"] for row in rows}
    assert all(row["name"] and row["company"] and row["city"] for row in rows)


def test_what_was_made_is_said(tmp_path):
    done = invoke("fleet", "generate", "--users", 20, "--months", 2, "--state", tmp_path / "f.db")
    assert done.exit_code == 0
    assert "servers of 20 customers, profile hoster, seed 1." in done.output
    assert f"mock-solusio serve --state {tmp_path / 'f.db'}" in done.output


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ([], "Give --out FILE, --state FILE, or both"),
        (["--out", "f.yaml"], "expected a name that ends in .ndjson, .toml or .json"),
        (["--out", "nowhere/f.json"], "the folder of nowhere/f.json does not exist"),
        (["--out", "f.json", "--users", "0"], "0 is not in the range"),
        (["--out", "f.json", "--users", "5", "--scale", "2"], "Give --users or --scale, not both"),
        (["--out", "f.json", "--scale", "0"], "0.0 is not in the range"),
        (["--out", "f.json", "--months", "0"], "0 is not in the range"),
        (["--out", "f.json", "--begin", "March"], "expected a month such as 2026-03"),
        (["--out", "f.json", "--begin", "1970-01"], "expected a month from 1980-01"),
        (["--out", "f.json", "--profile", "giant"], "'giant' is not one of"),
        (["--out", "f.json", "--profile", "azure2017", "--months", "2"], "covers 30 days"),
    ],
)
def test_options_that_cannot_be(tmp_path, monkeypatch, options, message):
    monkeypatch.chdir(tmp_path)
    refused = invoke("fleet", "generate", *options)
    assert refused.exit_code == 2
    assert message in refused.output
    assert list(tmp_path.iterdir()) == []


def test_a_state_file_that_exists_is_left_alone(tmp_path):
    file = tmp_path / "precious.db"
    file.write_text("precious")
    refused = invoke("fleet", "generate", "--users", 2, "--state", file)
    assert refused.exit_code == 2
    assert "exists already" in refused.output
    assert file.read_text() == "precious"


def test_scale_multiplies_the_customers_of_a_profile(tmp_path):
    done = invoke(
        "fleet", "generate", "--profile", "azure2017", "--scale", 0.001, "--out", tmp_path / "f.json"
    )
    assert done.exit_code == 0
    assert f"{round(2_013_767 * 6 / 5_958):,} servers of 6 customers" in done.output


def test_deleted_customers_keep_their_usage(month, tmp_path):
    state = tmp_path / "month.db"
    state.write_bytes((month / "month.db").read_bytes())
    mock = Mock(Options(file=state))
    try:
        former = mock.store[FORMER_USERS].find()
        assert former
        for one in former:
            assert mock.store[USERS].get(one.user_id) is None
            assert one.billing_user_id is not None
            spans = mock.store._connection.execute(
                "SELECT count(*) FROM spans WHERE user_id = ? AND ended_at IS NULL", (one.user_id,)
            )
            assert spans.fetchone() == (0,)
    finally:
        mock.close()
