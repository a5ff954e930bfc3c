"""The document of the control API describes what is served, no more and no less."""

import json

import jsonschema_rs
import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from mock_solusio.control.api import ROUTES
from mock_solusio.control.clock import ClockChange
from mock_solusio.control.operations import document
from mock_solusio.domain.errors import DomainError
from mock_solusio.traffic.faults import Faults
from mock_solusio.traffic.journal import JournalFilter


def schema(name: str) -> jsonschema_rs.Draft202012Validator:
    whole = {"$ref": f"#/components/schemas/{name}", "components": document()["components"]}
    return jsonschema_rs.Draft202012Validator(whole)


def test_every_route_is_described_and_every_description_is_served():
    described = {
        (method.upper(), path, node["operationId"])
        for path, item in document()["paths"].items()
        for method, node in item.items()
        if method != "parameters"
    }
    assert described == {(route.method, route.path, route.operation) for route in ROUTES}
    assert len(described) == len(ROUTES)


def test_it_is_served_itself(control):
    answer = control("GET", "/_mock/openapi.json")
    assert answer.json == json.loads(json.dumps(document()))
    assert answer.json["openapi"].startswith("3.1.")


def test_every_reference_leads_somewhere():
    whole = document()

    def walk(node):
        if isinstance(node, dict):
            if isinstance(node.get("$ref"), str):
                target = whole
                for part in node["$ref"].removeprefix("#/").split("/"):
                    target = target[part]
            for value in node.values():
                walk(value)
        elif isinstance(node, list):
            for value in node:
                walk(value)

    walk(whole)


FAULTS = [
    {},
    {"kind": "status"},
    {"kind": "status", "status": 500},
    {"kind": "status", "status": 600},
    {"kind": "status", "status": 429, "retry_after": 3, "body": {"a": 1}, "times": None},
    {"kind": "status", "status": 500, "tiems": 1},
    {"kind": "status", "status": 500, "seconds": 1},
    {"kind": "timeout", "seconds": 3.5, "effect": True},
    {"kind": "timeout", "seconds": 3601},
    {"kind": "cut", "at": "body", "reset": True, "method": "POST", "path": "/a*", "operation": "login"},
    {"kind": "cut", "at": "tail"},
    {"kind": "cut", "path": ""},
    {"kind": "cut", "method": "P0ST"},
    {"kind": "slow", "delay": 1, "chunk": 10, "pause": 0.5, "skip": 3},
    {"kind": "slow", "delay": 1, "chunk": 0},
    {"kind": "random", "probability": 0.1, "seed": -7, "mishaps": ["cut-body"]},
    {"kind": "random", "probability": 0},
    {"kind": "random", "probability": 0.1, "mishaps": ["flood"]},
    {"kind": "flood"},
]


@pytest.mark.parametrize("fault", FAULTS, ids=json.dumps)
def test_the_document_permits_the_faults_that_are_accepted(fault):
    assert schema("Fault").is_valid(fault) == accepted(fault)


def accepted(fault: object) -> bool:
    try:
        Faults().add_json(json.dumps(fault).encode())
    except DomainError:
        return False
    return True


ANYTHING = (
    st.none() | st.booleans() | st.integers(-5, 5000) | st.floats(0, 5000) | st.sampled_from(["cut", "x", ""])
)


@given(
    st.dictionaries(
        st.sampled_from(["skip", "times", "effect", "method", "path", "at", "reset", "seconds", "extra"]),
        ANYTHING,
        max_size=3,
    ),
    st.sampled_from(["cut", "timeout"]),
)
def test_the_document_permits_exactly_the_faults_that_are_accepted(members, kind):
    fault = {**members, "kind": kind}
    # JSON Schema takes 3.0 for an integer, and so do we.
    assert schema("Fault").is_valid(fault) == accepted(fault)


@pytest.mark.parametrize("struct", [ClockChange, JournalFilter])
def test_the_document_names_all_members(struct):
    names = {field.encode_name for field in msgspec.structs.fields(struct)}
    if struct is ClockChange:
        described = set(document()["components"]["schemas"]["ClockChange"]["properties"])
    else:
        described = {one["name"] for one in document()["paths"]["/_mock/journal"]["get"]["parameters"]}
    assert described == names


def test_the_examples_of_the_document_are_accepted(control):
    for path in ("/_mock/faults", "/_mock/clock"):
        content = document()["paths"][path]["post"]["requestBody"]["content"]["application/json"]
        for example in content["examples"].values():
            assert control("POST", path, example["value"]).status < 300
    fixtures = document()["paths"]["/_mock/fixtures"]["post"]["requestBody"]["content"]
    assert (
        control("POST", "/_mock/fixtures", raw=fixtures["application/toml"]["example"].encode()).status == 201
    )
    control("POST", "/_mock/reset")
    assert control("POST", "/_mock/fixtures", fixtures["application/json"]["example"]).status == 201
