"""`contract learn`: from evidence to an overlay, and what uses it."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from mock_solusio.options import Options
from mock_solusio.testing import started
from solusio_contracts.contract.clauses import Level, Provenance, clause
from solusio_contracts.contract.documents import document, response_schema
from solusio_contracts.contract.overlay import assumed_elements, read_overlay
from support.bent_solusio import BentSolusio, bent_solusio
from support.commands import invoke

LINE = "/components/schemas/UsageLine/properties"


def bend_usage(value: Any) -> None:
    """Let usage have another type, no `charge`, and a member of its own."""
    for line in value["data"]:
        line["hours"] = str(line["hours"])
        line["billing_month"] = None
        del line["charge"]


def free_while_stopped(value: Any) -> None:
    """Let the server that is stopped have one hour."""
    for line in value["data"]:
        if line["server_name"] == "stopped":
            line["hours"] = 1


@pytest.fixture(scope="module")
def front():
    with bent_solusio() as made:
        yield made


@pytest.fixture(scope="module")
def files(front, tmp_path_factory) -> dict[str, Path]:
    """Evidence of a SolusIO that is as assumed, of one that is not, and of one that differs otherwise."""
    folder = tmp_path_factory.mktemp("evidence")

    def as_numbers(value):
        for line in value["data"]:
            line["hours"] = line["hours"] + 0.5

    made = {}
    for name, bend in (
        ("same", None),
        ("other", bend_usage),
        ("free", free_while_stopped),
        ("half", as_numbers),
    ):
        front.straighten()
        if bend is not None:
            front.bends["usage"] = bend
        made[name] = folder / f"{name}.json"
        run(front, "--evidence", made[name])
    front.straighten()
    return made


def run(front: BentSolusio, *words: object) -> Any:
    return invoke("preflight", front.url, *words, env={"SOLUSIO_ACCESS_TOKEN": front.solusio.admin_token})


def learn(tmp_path: Path, *files: Path) -> tuple[Any, Path]:
    overlay = tmp_path / "overlay.json"
    return invoke("contract", "learn", *files, "--output", overlay), overlay


def at(name: str, pointer: str, load: Any = document) -> Any:
    place = load(name)
    for part in pointer.split("/")[1:]:
        place = place[part.replace("~1", "/").replace("~0", "~")]
    return place


def test_what_is_as_assumed_becomes_observed(files, tmp_path):
    done, file = learn(tmp_path, files["same"])
    assert done.exit_code == 0
    overlay = read_overlay(file.read_text())
    settled = {(one.document, one.element) for one in overlay.elements}
    assert {one.change for one in overlay.elements} == {"confirmed"}
    assert settled <= assumed_elements()
    of = len(assumed_elements())
    assert (
        f"Settled {len(settled)} of {of} assumed elements; {of - len(settled)} remain assumed." in done.output
    )
    assert str(files["same"]) in done.output.rpartition("Please send us")[2]
    node = at("solusio-api", f"{LINE}/hours", overlay.document)
    assert node == {**at("solusio-api", f"{LINE}/hours"), "x-provenance": node["x-provenance"]}
    assert node["x-provenance"]["kind"] == "observed"
    assert at("solusio-api", f"{LINE}/hours")["x-provenance"]["kind"] == "assumed"
    known = overlay.clause(clause("US-006"))
    assert (known.provenance, known.level) == (Provenance.OBSERVED, clause("US-006").level)


def test_what_is_otherwise_becomes_what_was_seen(files, tmp_path):
    done, file = learn(tmp_path, files["other"])
    assert "listUsage data[].hours: string (13 of 13)" in done.output
    assert "listUsage data[].charge: not always there (0 of 13)" in done.output
    overlay = read_overlay(file.read_text())
    schema = response_schema("listUsage", 200, load=overlay.document)["components"]["schemas"]["UsageLine"]
    assert schema["properties"]["hours"]["type"] == ["string"]
    assert "charge" not in schema["required"]
    assert schema["properties"]["billing_month"]["type"] == ["null"]
    assert "charge" in at("solusio-api", "/components/schemas/UsageLine")["required"]


def test_preflight_finds_what_is_known_no_more(files, front, tmp_path):
    _, file = learn(tmp_path, files["other"])
    front.straighten()
    front.bends["usage"] = bend_usage
    only = ("--only", "usage-as-described", "--fail-on", "should")
    assert run(front, *only).exit_code == 1
    assert run(front, *only, "--contract-overlay", file).exit_code == 0


def test_a_rule_that_does_not_hold_is_a_note(files, front, tmp_path):
    done, file = learn(tmp_path, files["free"])
    assert "US-010: 0 of 1 cases fit" in done.output
    assert read_overlay(file.read_text()).clause(clause("US-010")).level is Level.MAY
    front.straighten()
    front.bends["usage"] = free_while_stopped
    only = ("--only", "stopped-servers-accrue", "--fail-on", "should")
    assert run(front, *only).exit_code == 1
    assert run(front, *only, "--contract-overlay", file).exit_code == 0


def test_files_that_contradict_each_other_settle_nothing_of_it(files, tmp_path):
    done, file = learn(tmp_path, files["same"], files["other"])
    assert done.exit_code == 1
    told = done.output.partition("The files disagree")[2]
    assert (
        f"data[].hours ({files['same']}: as assumed (13 of 13); {files['other']}: string (13 of 13))" in told
    )
    assert f"{LINE}/hours" not in {one.element for one in read_overlay(file.read_text()).elements}
    done, _ = learn(tmp_path, files["other"], files["half"])
    assert f"{files['other']}: string (13 of 13); {files['half']}: number (13 of 13)" in done.output


def test_what_somebody_states_stays(files, tmp_path):
    evidence = json.loads(files["same"].read_text())
    for one in evidence["clauses"]:
        one["fits"] = 0 if one["clause"] == "US-020" else one["fits"]
    for one in evidence["elements"]:
        if (one["operation"], one["member"]) == ("listUsers", "data[].id"):
            one.update(verdict="contradicted", types={"string": 1})
    changed = tmp_path / "evidence.json"
    changed.write_text(json.dumps(evidence))
    done, file = learn(tmp_path, changed)
    told = done.output.partition("the contract stays as it is:")[2]
    assert "US-020" in told
    assert "data.id: integer or string" in told.replace("data[]", "data")
    overlay = read_overlay(file.read_text())
    assert overlay.clause(clause("US-020")) == clause("US-020")
    pointer = "/components/schemas/User/properties/id"
    assert at("solusio-api", pointer, overlay.document) == at("solusio-api", pointer)


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"clauses": [{"clause": "US-020", "fits": 0, "of": 1}]}, "US-020: not an assumed clause"),
        ({"contract": "0"}, "another version of the contract"),
        (
            {"elements": [{"element": "/components/schemas/User/properties/id", "change": "contradicted"}]},
            "not an assumed element",
        ),
        ({"elements": [{"element": "/nowhere/properties/x", "change": "added"}]}, "is not in solusio-api"),
    ],
)
def test_an_overlay_cannot_change_what_somebody_states(files, tmp_path, change, message):
    _, file = learn(tmp_path, files["same"])
    rest = {"document": "solusio-api", "types": ["string"], "words": [], "seen": 1, "of": 1}
    elements = [{**rest, **one} for one in change.get("elements", ())]
    file.write_text(json.dumps({**json.loads(file.read_text()), **change, "elements": elements}))
    done = invoke("contract", "show", "US-006", "--contract-overlay", file)
    assert done.exit_code == 2
    assert message in " ".join(done.output.split())


def test_show_has_the_overlay(files, tmp_path):
    _, file = learn(tmp_path, files["other"])
    done = invoke("contract", "show", "listUsage", "US-006", "--contract-overlay", file)
    assert "your SolusIO: 13 of 13" in done.output
    assert "billing_month" in done.output
    assert "your SolusIO" not in invoke("contract", "show", "listUsage").output


def test_a_strict_mock_holds_itself_to_it(files, tmp_path):
    (tmp_path / "more").mkdir()
    _, other = learn(tmp_path, files["other"])
    _, same = learn(tmp_path / "more", files["same"])
    for file, status in ((other, 500), (same, 200)):
        options = Options(strict=True, overlay=read_overlay(file.read_text()))
        with started(options) as solusio:
            created = {"email": "ann@example.com", "password": "correct horse battery", "status": "active"}
            user = solusio.client.post("users", json=created).json()["data"]["id"]
            plan = solusio.client.get("plans").json()["data"][0]["id"]
            images = solusio.client.get("os_images").json()["data"]
            place = solusio.client.get("locations").json()["data"][0]["id"]
            body = {"name": "web", "plan": plan, "location": place, "os": images[0]["versions"][0]["id"]}
            solusio.client.post("servers", json={**body, "user": user}).raise_for_status()
            response = solusio.client.get("usage")
            assert response.status_code == status, response.text
            assert ("/data/0/hours" in response.text) is (status == 500)


def test_an_overlay_needs_strict(files, tmp_path):
    _, file = learn(tmp_path, files["same"])
    done = invoke("serve", "--contract-overlay", file)
    assert (done.exit_code, "--contract-overlay needs --strict" in done.output) == (2, True)


def test_evidence_about_another_contract_is_refused(files, tmp_path):
    stale = tmp_path / "stale.json"
    stale.write_text(json.dumps({**json.loads(files["same"].read_text()), "contract": "0"}))
    done, _ = learn(tmp_path, stale)
    assert done.exit_code == 2
    assert "another version of the contract" in " ".join(done.output.split())
