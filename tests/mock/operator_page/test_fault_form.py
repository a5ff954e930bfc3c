"""The form that injects faults: every kind, with every field of the document, and what was wrong."""

import json
import re

import msgspec
import pytest

from mock_solusio.operator_page.fault_form import fault_kind, fault_kinds
from mock_solusio.traffic import faults
from mock_solusio.traffic.faults import Faults

PATH = "/_mock/operator/faults"

STRUCTS = {
    "status": faults.StatusFault,
    "timeout": faults.TimeoutFault,
    "cut": faults.CutFault,
    "slow": faults.SlowFault,
    "gzip": faults.GzipFault,
    "duplicate-page": faults.DuplicatePageFault,
    "random": faults.RandomFault,
    "webhook": faults.WebhookFault,
}


def test_form_has_all_kinds_with_all_their_fields():
    shown = {kind.name: {field.name for field in kind.fields} for kind in fault_kinds()}
    assert shown == {
        name: {field.encode_name for field in msgspec.structs.fields(struct)}
        for name, struct in STRUCTS.items()
    }


def test_every_kind_as_the_form_shows_it_first_is_accepted_and_has_the_defaults_of_the_api():
    for kind in fault_kinds():
        entered = kind.defaults() | ({"delivery": ["lost"]} if kind.name == "webhook" else {})
        made = Faults().add_json(json.dumps(kind.body(entered)).encode())
        assert made["kind"] == kind.name
        assert made["times"] == (None if kind.name == "random" else 1)
        assert made["skip"] == 0
    assert (
        Faults().add_json(json.dumps(fault_kind("timeout").body({"times": ["1"]})).encode())["seconds"] == 60
    )


@pytest.mark.parametrize(
    ("kind", "entered", "members"),
    [
        ("status", {"status": ["503"], "body": ['{"a": [1]}'], "effect": ["yes"]}, {"body": {"a": [1]}}),
        ("status", {"status": ["503"], "body": ["out of order"]}, {"body": "out of order", "effect": False}),
        ("status", {"status": ["503"], "times": [""]}, {"times": None}),
        ("slow", {"delay": ["0.25"], "chunk": ["10"]}, {"delay": 0.25, "chunk": 10}),
        ("cut", {"at": ["body"], "path": [" /api/* "], "method": [""]}, {"at": "body", "path": "/api/*"}),
        ("random", {"mishaps": ["cut", "slow"], "probability": ["1"]}, {"mishaps": ["cut", "slow"]}),
        ("random", {"probability": ["often"]}, {"mishaps": [], "probability": "often"}),
    ],
)
def test_fields_become_members(kind, entered, members):
    body = fault_kind(kind).body(entered)
    assert {name: body[name] for name in members} == members
    assert "method" not in body
    assert body["kind"] == kind


def test_fault_is_injected_takes_effect_is_listed_and_removed(operator, solusio):
    fields = {"status": "503", "retry_after": "7", "operation": "listUsers", "times": "2"}
    page = operator.send(f"{PATH}?kind=status", PATH, fields)
    assert "Fault 1 is active." in page.text
    answer = solusio.client.get("users")
    assert (answer.status_code, answer.headers["retry-after"]) == (503, "7")
    text = operator.text(PATH)
    assert "Affected 1 of 1 matching requests" in text
    assert "1 left" in text
    assert "operation listUsers status 503 retry_after 7" in text
    assert "Fault 1 is removed." in operator.send(PATH, f"{PATH}/1/remove").text
    assert solusio.client.get("users").status_code == 200
    assert "There are no faults." in operator.text(PATH)


def test_all_faults_are_removed_at_once(operator, solusio):
    for _ in range(2):
        operator.send(PATH, PATH, {"status": "500"})
    assert len(solusio.mock.faults) == 2
    assert "All faults are removed." in operator.send(PATH, f"{PATH}/remove").text
    assert len(solusio.mock.faults) == 0


def test_a_fault_that_is_gone_cannot_be_removed(operator):
    own = {"origin": str(operator.client.base_url).rstrip("/")}
    answer = operator.client.post(f"{PATH}/9/remove", data={"back": PATH}, headers=own)
    assert "There is no fault 9." in operator.text(answer.headers["location"])


@pytest.mark.parametrize(
    ("kind", "fields", "field"),
    [
        ("status", {"status": "99"}, "status"),
        ("status", {"status": "", "operation": "x"}, None),
        ("slow", {"delay": "soon"}, "delay"),
        ("cut", {"operation": "createUsr"}, "operation"),
        ("random", {"probability": "2"}, "probability"),
        ("status", {"status": "204", "body": "x"}, "body"),
    ],
)
def test_errors_stand_at_their_fields_and_what_was_entered_stays(operator, solusio, kind, fields, field):
    page = operator.send(f"{PATH}?kind={kind}", PATH, fields)
    assert page.status_code == 422
    assert 'role="alert"' in page.text
    for name, value in fields.items():
        shown = re.search(rf'id="{name}" name="{name}"(?: value="([^"]*)")?[^>]*>([^<]*)', page.text)
        assert shown
        assert value in (shown[1], shown[2])
    if field:
        assert f'id="{field}-wrong"' in page.text
        assert re.search(rf'id="{field}"[^>]* aria-describedby="[^"]*{field}-wrong"', page.text)
        assert page.text.count('class="wrong"') == 1
    assert len(solusio.mock.faults) == 0


def test_no_mishap_is_an_error_at_the_choices(operator):
    page = operator.send(f"{PATH}?kind=random", PATH, {"probability": "1"})
    assert page.status_code == 422
    assert 'id="mishaps-wrong"' in page.text
