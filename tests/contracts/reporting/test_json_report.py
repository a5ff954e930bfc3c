"""The JSON report and its published schema."""

import copy
import json
from collections.abc import Callable, Iterator
from importlib import resources
from typing import Any

import jsonschema_rs
import msgspec
import pytest

from solusio_contracts.reporting.json_report import render
from solusio_contracts.reporting.report import (
    SCHEMA_VERSION,
    ClauseText,
    Fact,
    Finding,
    Outcome,
    Report,
    Result,
)

Make = Callable[..., Any]
SCHEMA: dict[str, Any] = json.loads(
    resources.files("solusio_contracts.reporting").joinpath("report.schema.json").read_bytes()
)


def objects(schema: dict[str, Any]) -> Iterator[dict[str, Any]]:
    """Yield the object schemas: the document's and those of its definitions."""
    yield schema
    yield from (one for one in schema["$defs"].values() if one.get("type") == "object")


def closed(schema: dict[str, Any]) -> dict[str, Any]:
    """Return the schema without the permission for members of later versions."""
    schema = copy.deepcopy(schema)
    for one in objects(schema):
        one["additionalProperties"] = False
    return schema


def errors(schema: dict[str, Any], report: Any) -> list[str]:
    """Return what is wrong with a report."""
    validator = jsonschema_rs.Draft202012Validator(schema, validate_formats=True)
    return [str(error) for error in validator.iter_errors(report)]


def test_the_schema_is_one():
    jsonschema_rs.meta.validate(SCHEMA)
    assert SCHEMA["$schema"] == "https://json-schema.org/draft/2020-12/schema"
    assert SCHEMA["$id"] == f"urn:mock-solusio:report:{SCHEMA_VERSION}"


def test_a_report_validates_with_no_member_left_over(mixed_report):
    assert errors(closed(SCHEMA), json.loads(render(mixed_report))) == []


def test_an_empty_report_validates(make_report):
    assert errors(closed(SCHEMA), json.loads(render(make_report(clauses=())))) == []


def test_a_report_of_the_next_minor_version_validates(mixed_report):
    report = json.loads(render(mixed_report)) | {"schema_version": "1.10", "new": 1}
    report["results"][0]["new"] = {}
    assert errors(SCHEMA, report) == []


@pytest.mark.parametrize(
    "change",
    [
        {"schema_version": "2.0"},
        {"verdict": "fine"},
        {"exit_code": 2},
        {"started": "yesterday"},
        {"seconds": -1},
        {"users": ["1"]},
        {"stale": [1]},
        {"summary": {"pass": 1}},
        {"results": [{}]},
        {"clauses": [{"id": "TP-001"}]},
    ],
    ids=str,
)
def test_a_wrong_report_does_not_validate(change, mixed_report):
    assert errors(SCHEMA, json.loads(render(mixed_report)) | change)


def test_every_member_is_described_and_required():
    for one in objects(SCHEMA):
        assert set(one["required"]) == set(one["properties"])
        for name, member in one["properties"].items():
            assert member["description"].endswith("."), name


@pytest.mark.parametrize(
    ("schema", "struct", "derived"),
    [
        (SCHEMA, Report, {"verdict", "exit_code", "summary"}),
        (SCHEMA["$defs"]["result"], Result, set()),
        (SCHEMA["$defs"]["finding"], Finding, set()),
        (SCHEMA["$defs"]["fact"], Fact, set()),
        (SCHEMA["$defs"]["clause"], ClauseText, set()),
    ],
    ids=["report", "result", "finding", "fact", "clause"],
)
def test_schema_and_code_name_the_same_members(schema, struct, derived):
    assert set(schema["properties"]) == set(struct.__struct_fields__) | derived


def test_the_schema_knows_the_outcomes():
    assert SCHEMA["$defs"]["outcome"]["enum"] == list(Outcome)
    assert SCHEMA["$defs"]["summary"]["required"] == list(Outcome)


def test_the_report_can_be_read_back(mixed_report):
    assert msgspec.json.decode(render(mixed_report), type=Report) == mixed_report


def test_what_follows_from_the_results(mixed_report, make_report, make_result):
    report = json.loads(render(mixed_report))
    assert (report["verdict"], report["exit_code"]) == ("not-conformant", 1)
    assert report["summary"] == {"pass": 3, "warn": 1, "fail": 2, "skip": 2, "error": 1}
    good = json.loads(render(make_report(results=(make_result(),))))
    assert (good["verdict"], good["exit_code"]) == ("conformant", 0)
    nothing = json.loads(render(make_report()))
    assert (nothing["verdict"], nothing["exit_code"]) == ("inconclusive", 3)


def test_a_reader_meets_the_verdict_first_and_indented(make_report):
    lines = render(make_report()).splitlines()
    assert lines[:6] == [
        "{",
        '  "schema_version": "1.2",',
        '  "tool": "mock-solusio",',
        '  "tool_version": "0.1.0",',
        '  "verdict": "inconclusive",',
        '  "exit_code": 3,',
    ]


def test_text_stays_as_it_is_but_for_lone_surrogates(make_report):
    report = json.loads(render(make_report(target="£ \0 \x1b \ud800")))
    assert report["target"] == "£ \0 \x1b \\ud800"
