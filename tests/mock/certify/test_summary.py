"""The conformance summary and its badge."""

import json
from importlib import resources
from xml.etree import ElementTree as ET

import jsonschema_rs
import msgspec
import pytest

from mock_solusio.certify.badge import badge
from mock_solusio.certify.summary import (
    Summary,
    badge_text,
    differences,
    summarise,
    to_json,
    to_markdown,
)
from solusio_contracts.reporting.report import Outcome

from .test_steps import clause_text, report, result


def summary(reports, unrun=(), **members):
    return summarise(
        reports,
        dict(unrun),
        date="2026-03-01T00:00:00Z",
        tool_version="0.1.0",
        contract="0123456789ab",
        seconds=12.34,
        **members,
    )


def whole(*results):
    return summary({"check": report(*results)})


def test_the_first_line_says_what_was_not_judged_skipped_or_undecided():
    made = whole(result(Outcome.PASS), result(Outcome.SKIP, reason="no taxes"))
    assert made.statement == "Conformant: step 6 conformant; steps 1 to 5, 7 to 10 not judged (1 skipped)."
    assert made.exit_code == 0
    made = whole(result(Outcome.PASS), result(Outcome.ERROR, reason="a rate limit"))
    assert made.statement.startswith("Inconclusive: step 6 inconclusive; ")
    assert made.statement.endswith("(1 undecided).")
    assert made.exit_code == 3


@pytest.mark.parametrize(
    ("results", "expected"),
    [
        ([Outcome.PASS], "1 of 10 steps"),
        ([Outcome.PASS, Outcome.SKIP], "1 of 10 steps, 1 skipped"),
        ([Outcome.PASS, Outcome.ERROR], "inconclusive, 0 of 10 steps, 1 undecided"),
        ([Outcome.PASS, Outcome.FAIL], "not conformant: step 6"),
    ],
)
def test_the_badge_says_it_too(results, expected):
    made = whole(*map(result, results))
    assert badge_text(made) == expected
    picture = ET.fromstring(badge(made))  # noqa: S314 - our own
    assert expected in picture.attrib["aria-label"]
    assert any(expected == text.text for text in picture.iter("{http://www.w3.org/2000/svg}text"))


def test_only_a_whole_pass_is_green():
    green = "#11733b"
    assert green not in badge(whole(result(Outcome.PASS)))
    assert green not in badge(whole(result(Outcome.PASS), result(Outcome.SKIP)))
    made = whole(result(Outcome.PASS))
    judged = tuple(msgspec.structs.replace(step, verdict="conformant") for step in made.steps)
    assert green in badge(msgspec.structs.replace(made, steps=judged))


def test_how_much_rests_on_assumptions():
    found = report(
        result(Outcome.PASS, clauses=("TP-001",)),
        result(Outcome.PASS, clauses=("TP-001", "TP-002")),
        result(Outcome.SKIP, clauses=("TP-001",)),
        clauses=(clause_text("TP-001", "assumed"), clause_text("TP-002", "documented")),
    )
    assert summary({"check": found}).suites[0].assumed == 1


def test_the_published_schema_is_that_of_the_summary():
    text = resources.files("mock_solusio.certify").joinpath("summary.schema.json").read_text("utf-8")
    schema = json.loads(text)
    assert schema["$defs"] == json.loads(json.dumps(msgspec.json.schema(Summary)["$defs"]))
    jsonschema_rs.meta.validate(schema)
    made = summary({"check": report(result(Outcome.FAIL))}, {"users": "no create"}, required=(6, 8))
    jsonschema_rs.validator_for(schema).validate(json.loads(to_json(made)))
    assert msgspec.json.decode(to_json(made), type=Summary) == made


def test_markdown_shows_texts_as_they_are():
    made = summary({"check": report(result(Outcome.SKIP, reason="`a` | <b>"), target="http://x/*a*")})
    text = to_markdown(made)
    assert "\\`a\\` \\| \\<b\\>" in text
    assert text.count("\n| ") == 1 + len(made.steps) + 2


def test_an_equal_run_says_the_same():
    before, now = whole(result(Outcome.PASS)), whole(result(Outcome.PASS))
    assert differences(before, now) == []
    assert differences(before, msgspec.structs.replace(now, date="2027-01-01T00:00:00Z", seconds=99)) == []


def test_what_differs_is_named():
    before = summary({"check": report(result(Outcome.PASS))})
    now = summary(
        {"check": report(result(Outcome.FAIL), target="other"), "users": report(result(Outcome.PASS))}
    )
    assert differences(before, msgspec.structs.replace(now, tool_version="0.2.0")) == [
        "verdict: conformant before, not conformant now",
        "version of mock-solusio: 0.1.0 before, 0.2.0 now",
        "step 6: conformant before, not conformant now",
        "step 8: not judged before, conformant now",
        "check, target: t before, other now",
        "check, counts: 1 pass before, 1 fail now",
        "users: not run before, run now",
    ]
