"""A fresh mock: what it lacks is found, and nothing else."""

from __future__ import annotations

import json
from importlib import resources

import jsonschema_rs
import pytest

from mock_solusio.preflight.judgement import STEPS, all_judgements
from mock_solusio.testing import started
from support.commands import invoke


@pytest.fixture(scope="module")
def solusio():
    with started() as mock:
        yield mock


def test_what_a_fresh_installation_lacks(preflight, solusio):
    run = preflight(solusio.url, solusio.admin_token)
    assert run.exit_code == 1, run.output
    assert run.found == {
        "registration-is-off": ["features.allow_registration: true"],
        "limit-groups-limit": ["limit group 1 (Default): all limits are off"],
        "billing-is-on": ["billing_integration.type: off"],
    }
    assert run.undecided == {}
    # Nothing that was not looked at passes.
    skipped = [one["rule"] for one in run.report["results"] if one["outcome"] == "skip"]
    assert {"plans-as-priced", "login-link", "billing-url-is-checked", "lines-cost-by-their-prices"} <= set(
        skipped
    )
    schema = json.loads(
        resources.files("solusio_contracts.reporting").joinpath("report.schema.json").read_text()
    )
    jsonschema_rs.validator_for(schema).validate(run.report)
    assert (run.report["command"], run.report["target"]) == ("preflight", solusio.url)


def test_it_says_what_it_will_do_and_reads_only(preflight, solusio):
    before = len(solusio.journal)
    run = preflight(solusio.url, solusio.admin_token)
    first = run.output.splitlines()[0]
    pages = "(pages: 24 of users, 12 of servers, 12 of usage)"
    assert first == f"Reads {solusio.url} with GET alone, at most 80 requests {pages}."
    sent = [solusio.journal.get(number) for number in range(before + 1, len(solusio.journal) + 1)]
    assert len(sent) == run.report["requests"] <= 80
    assert {entry.method for entry in sent} == {"GET"}
    assert solusio.admin_token not in run.output + json.dumps(run.report)


def test_every_judgement_is_listed_and_explained():
    listed = invoke("preflight", "--list-judgements").output
    for one in all_judgements():
        assert one.name in listed
        assert one.area in STEPS
        explained = invoke("preflight", "--explain", one.name).output
        assert one.title in explained
        assert all(clause.id in explained for clause in one.clauses)
    assert {one.area for one in all_judgements()} == set(STEPS)
    wrong = invoke("preflight", "--explain", "registration-is-of")
    assert wrong.exit_code == 2
    assert "registration-is-off" in wrong.output
