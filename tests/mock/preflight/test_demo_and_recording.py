"""The demo's provider, and a recording of an installation, looked at."""

from __future__ import annotations

import json
import xml.etree.ElementTree as ET
from contextlib import closing

import pytest

from mock_solusio.clock import Clock
from mock_solusio.demo.hosting_provider import HostingProvider
from mock_solusio.moment import parse_moment
from mock_solusio.options import Options
from mock_solusio.record.anonymising import Anonymiser
from mock_solusio.record.archive import RecordingWriter
from mock_solusio.record.proxy import Recorder, Upstream
from mock_solusio.record.pseudonyms import Pseudonyms
from mock_solusio.server.uvicorn_server import running
from mock_solusio.testing import started
from solusio_contracts.http.client import client
from support.bent_solusio import bent_solusio

MONTH = "2026-03"


@pytest.fixture(scope="module")
def provider():
    """Customers of some years, who come, pause, resize, delete and leave; as `demo` has them."""
    options = Options(clock=Clock(parse_moment("2026-04-20T12:00:00Z"), speed=0), seed="1")
    mock = HostingProvider(options, users=60, seed="1")
    with closing(mock), running(mock, rejecting=mock.reject) as url:
        custom = {"url": f"{url}/login", "token": "an authorization token"}
        body = {
            "features": {"allow_registration": False},
            "billing_integration": {"type": "custom", "drivers": {"custom": custom}},
        }
        bearer = {"Authorization": f"Bearer {mock.admin_token}"}
        with client(timeout=30) as http:
            http.patch(f"{url}/api/v1/settings", json=body, headers=bearer).raise_for_status()
        yield url, mock


def test_the_demo_lacks_one_thing(preflight, provider):
    url, mock = provider
    run = preflight(url, mock.admin_token, "--month", MONTH)
    assert run.found == {"limit-groups-limit": ["limit group 1 (Default): all limits are off"]}, run.output
    assert run.undecided == {}
    assert run.exit_code == 0


def test_its_irregular_life_does_not_look_like_other_rules(preflight, provider):
    url, mock = provider
    run = preflight(url, mock.admin_token, "--month", MONTH, "--only", "usage")
    bearer = {"Authorization": f"Bearer {mock.admin_token}"}
    period = {"from": f"{MONTH}-01T00:00:00Z", "to": "2026-04-01T00:00:00Z", "per_page": 1000}
    with client(timeout=30) as http:
        usage = http.get(f"{url}/api/v1/usage", params=period, headers=bearer).json()
    lines, there = usage["meta"]["totals"]["lines"], {one["user_id"] for one in usage["data"]}
    assert len(there) > 40
    assert run.facts[f"Usage of {MONTH}"].startswith(f"all {lines:,} lines: ")
    assert f"fits all {lines:,} lines" in run.facts["Tokens of a line"]
    assert "fits all " in run.facts["Hours of a new server"]


def test_a_price_list_and_reports_of_every_kind(preflight, provider, tmp_path):
    url, mock = provider
    (tmp_path / "prices.toml").write_text(
        '[[currencies]]\ncode = "EUR"\ntoken_unit_cost = 0.001\n'
        '[[plans]]\nname = "1 Core, 1 GB RAM"\ntokens_per_hour = 8\ntokens_per_month = 5000\n'
    )
    words = [word for kind in ("junit", "html", "sarif") for word in ("--report", f"{kind}=r.{kind}")]
    only = ("--only", "plans-as-priced")
    run = preflight(url, mock.admin_token, "--prices", "prices.toml", *only, *words)
    assert run.exit_code == 1
    (failure,) = ET.fromstring((tmp_path / "r.junit").read_text()).iter("failure")  # noqa: S314 - our own
    assert "change tokens_per_hour from 7 to 8" in (failure.text or "")
    page = (tmp_path / "r.html").read_text()
    assert "change tokens_per_hour from 7 to 8" in page
    assert "SolusIO needs" not in page
    sarif = json.loads((tmp_path / "r.sarif").read_text())
    assert {one["ruleId"] for one in sarif["runs"][0]["results"]} == {"PF-023"}


def test_a_baseline_and_a_configuration_file(preflight, provider, tmp_path):
    url, mock = provider
    only = ("--only", "limit-groups")
    assert preflight(url, mock.admin_token, *only, "--fail-on", "should").exit_code == 1
    (tmp_path / "mock-solusio.toml").write_text('[preflight]\nfail-on = "should"\nonly = ["limit-groups"]\n')
    assert preflight(url, mock.admin_token, "--write-baseline", "known.toml").exit_code == 1
    known = (tmp_path / "known.toml").read_text()
    (tmp_path / "known.toml").write_text(known.replace('reason = ""', 'reason = "we have no limits"'))
    assert preflight(url, mock.admin_token, "--baseline", "known.toml").exit_code == 0


def test_a_recording_is_judged_as_what_was_recorded(preflight, tmp_path):
    with bent_solusio() as front:
        front.bends["usage"] = lambda value: [line.update(traffic=5) for line in value["data"]] and value
        front.bends["settings"] = lambda value: value["data"]["features"].update(allow_registration=True)
        pseudonyms = Pseudonyms("a long secret of the tests")
        writer = RecordingWriter(tmp_path / "recorded", pseudonyms.fingerprint)
        recorder = Recorder(Upstream(front.url), writer, Anonymiser(pseudonyms), report=lambda _: None)
        with running(recorder, date=False) as url:
            real = preflight(url, front.solusio.admin_token)
    assert {"registration-is-off", "usage-as-described"} <= set(real.found)
    options = Options(recorded=tmp_path / "recorded", recorded_only=True)
    with started(options) as replayed:
        run = preflight(replayed.url, "another-access-token")
    assert set(run.found) == set(real.found)
    assert run.facts["Tokens of a line"] == real.facts["Tokens of a line"]
    assert run.found["usage-as-described"] == real.found["usage-as-described"]
