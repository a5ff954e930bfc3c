"""`preflight --evidence`: what the file says of the contract, and that it says nothing of anybody."""

from __future__ import annotations

import json
from datetime import UTC, datetime
from importlib import resources

import jsonschema_rs
import msgspec
import pytest

from mock_solusio.preflight.client import Access, Answer, Reader
from mock_solusio.preflight.evidence import NotAnonymousError, audit, make_evidence
from mock_solusio.preflight.installation import Installation, Questions
from mock_solusio.preflight.judgement import all_judgements
from mock_solusio.preflight.run import run
from mock_solusio.preflight.survey import survey
from solusio_contracts.contract.evidence import (
    Evidence,
    StatusEvidence,
    Verdict,
    evidence_schema,
    read_evidence,
)
from support.bent_solusio import BentSolusio, bent_solusio
from support.commands import invoke


@pytest.fixture(scope="module")
def front():
    with bent_solusio() as made:
        yield made


@pytest.fixture(autouse=True)
def straight(front):
    front.straighten()


def seen(front: BentSolusio) -> tuple[Evidence, Reader]:
    site = Installation(Reader(Access.of(front.url, front.solusio.admin_token)), Questions())
    run(site, all_judgements())
    return make_evidence(survey(site), site.reader), site.reader


def by_member(found: Evidence, operation: str = "listUsage") -> dict[str, Verdict]:
    return {one.member: one.verdict for one in found.elements if one.operation == operation}


def test_the_committed_schema_is_that_of_the_models():
    file = resources.files("solusio_contracts").joinpath("contract", "evidence.schema.json")
    assert json.loads(file.read_text("utf-8")) == evidence_schema()


def test_the_same_installation_gives_the_same_file_with_nothing_of_anybody(front, tmp_path):
    texts = []
    for name in ("one", "two"):
        file = tmp_path / "new" / f"{name}.json"
        env = {"SOLUSIO_ACCESS_TOKEN": front.solusio.admin_token}
        assert invoke("preflight", front.url, "--evidence", file, env=env).exit_code == 0
        texts.append(file.read_text("utf-8"))
    assert texts[0] == texts[1]
    jsonschema_rs.validate(evidence_schema(), json.loads(texts[0]))
    found = read_evidence(texts[0])
    assert {one.operation: one.statuses for one in found.operations}["listUsage"] == {"200": 1}
    assert {one.clause for one in found.clauses} >= {"US-006", "US-010", "US-011"}
    for name in ("customer1", "example.com", "operator", "Core", "127.0.0.1", front.solusio.admin_token):
        assert name not in texts[0]


def test_parameters_statuses_and_members_have_their_elements(front):
    found, _ = seen(front)
    usage = by_member(found)
    confirmed = {"status 200", "parameter per_page", "parameter from", "parameter to", "data[].hours"}
    assert {usage[name] for name in confirmed} == {Verdict.CONFIRMED}
    pointers = {one.member: one.element for one in found.elements if one.operation == "listUsage"}
    assert pointers["parameter from"] == "/paths/~1usage/get/parameters/2"
    assert pointers["status 200"] == "/paths/~1usage/get/responses/200"


def test_a_period_is_confirmed_only_by_servers_that_accrued_outside_it(front):
    def bend(value):
        for server in value["data"]:
            server["created_at"] = f"{datetime.now(UTC):%Y-%m-%dT%H:%M:%S.000000Z}"

    front.bends["servers"] = bend
    usage = by_member(seen(front)[0])
    assert "parameter from" not in usage
    assert usage["parameter to"] is Verdict.CONFIRMED


def test_what_differs_is_told_by_type_and_by_name(front):
    def bend(value):
        for line in value["data"]:
            line["hours"] = str(line["hours"])
            line["billing_month"] = "2026-10"
            line["resource"] = "server" if line["resource"] == "server" else "Ann's own"
            del line["charge"]
        value["meta"]["per_page"] = 7

    front.bends["usage"] = bend
    found, _ = seen(front)
    usage = {one.member: one for one in found.elements if one.operation == "listUsage"}
    assert (usage["data[].hours"].verdict, usage["data[].hours"].types) == (
        Verdict.CONTRADICTED,
        {"string": 13},
    )
    assert usage["data[].charge"].verdict is Verdict.MISSING
    assert usage["parameter per_page"].verdict is Verdict.CONTRADICTED
    new = usage["data[].billing_month"]
    assert (new.verdict, new.element) == (
        Verdict.UNKNOWN,
        "/components/schemas/UsageLine/properties/billing_month",
    )
    assert "Ann" not in msgspec.json.encode(found).decode()


def test_a_refused_parameter_is_contradicted(front):
    def refuse(asked):
        query = "per_page=" in asked.target
        return (422, {"Content-Type": "application/json"}, b'{"message":"no"}') if query else None

    plain = front._right

    def answer(asked):
        return refuse(asked) or plain(asked)

    front.answers["usage"] = answer
    found, _ = seen(front)
    assert by_member(found)["parameter per_page"] is Verdict.CONTRADICTED
    assert {one.operation: one.statuses for one in found.operations}["listUsage"] == {"200": 1, "422": 1}


def test_a_member_that_is_named_like_a_value_is_hidden(front):
    def bend(value):
        value["data"][0]["annexample"] = 1
        value["data"][0]["name"] = "annexample"

    front.bends["plans"] = bend
    found, _ = seen(front)
    assert "annexample" not in msgspec.json.encode(found).decode()
    (unknown,) = [one for one in found.elements if one.verdict is Verdict.UNKNOWN]
    assert unknown.operation == "listPlans"


def test_the_audit_refuses_what_could_be_somebodys(front):
    found, reader = seen(front)
    answers = [
        *reader.answers,
        Answer(operation="listServers", exchange=reader.exchanges[0], value=["vps-of-ann"]),
    ]
    other = Reader(Access.of("https://solus.provider.test", "secret-access-token"))
    audit(found, answers, other)
    for planted, named in (
        ("ann@provider.org", "email address"),
        ("a8Kd72hfKq91LmZ03xYw", "access token"),
        ("vps-of-ann", "a value of a response"),
        ("secret-access-token", "a secret"),
        ("see solus.provider.test", "name of the host"),
    ):
        spoilt = msgspec.structs.replace(
            found, operations=(StatusEvidence(operation="listPlans", statuses={planted: 1}),)
        )
        with pytest.raises(NotAnonymousError, match=named) as caught:
            audit(spoilt, answers, other)
        assert planted not in str(caught.value)


def test_nothing_is_written_when_nothing_could_be_read(front, tmp_path):
    done = invoke(
        "preflight", front.url, "--evidence", tmp_path / "e.json", env={"SOLUSIO_ACCESS_TOKEN": "wrong"}
    )
    assert done.exit_code == 3
    assert "was not written: nothing could be read" in done.output
    assert not (tmp_path / "e.json").exists()
