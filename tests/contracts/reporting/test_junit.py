"""JUnit XML, as CI servers read it."""

from collections.abc import Callable
from typing import Any
from xml.etree import ElementTree as ET

import pytest

from solusio_contracts.reporting.junit import render
from solusio_contracts.reporting.report import CauseText, Outcome, Report

Make = Callable[..., Any]


def parsed(report: Report) -> ET.Element:
    """Return the report as expat reads its bytes."""
    return ET.fromstring(render(report).encode())  # noqa: S314 - our own text


def case(root: ET.Element, name: str) -> ET.Element:
    """Return a test case by name."""
    (found,) = (one for one in root.iter("testcase") if one.get("name") == name)
    return found


def test_a_suite_per_area_with_its_counts(mixed_report):
    root = parsed(mixed_report)
    keys = ("name", "tests", "failures", "errors", "skipped", "time")
    assert [tuple(suite.get(key) for key in keys) for suite in root] == [
        ("http", "2", "0", "0", "0", "0.000"),
        ("body", "1", "0", "0", "0", "0.000"),
        ("fields", "1", "1", "0", "0", "0.000"),
        ("values", "1", "0", "0", "0", "0.000"),
        ("authorization", "3", "1", "0", "2", "0.250"),
        ("robustness", "1", "0", "1", "0", "0.000"),
    ]
    assert tuple(root.get(key) for key in keys) == ("mock-solusio", "9", "2", "1", "2", "1.400")


def test_a_suite_says_what_was_checked(mixed_report):
    suite = parsed(mixed_report)[0]
    assert suite.get("timestamp") == "2026-03-01T12:00:00"
    assert {one.get("name"): one.get("value") for one in suite.iter("property")} == {
        "target": "http://127.0.0.1:8000/solusio/api/",
        "tool_version": "0.1.0",
        "users": "1, 2",
        "seed": "7",
    }


def test_a_case_per_rule(mixed_report):
    root = parsed(mixed_report)
    names = [(one.get("classname"), one.get("name")) for one in root.iter("testcase")]
    assert names == [(f"mock-solusio.{result.area}", result.rule) for result in mixed_report.results]
    assert case(root, "token-prefix").get("time") == "0.250"


def test_a_failure_says_everything(mixed_report):
    failure = case(parsed(mixed_report), "discount-key").find("failure")
    assert failure is not None
    assert failure.get("type") == "TP-041"
    assert failure.get("message") == (
        "discounts use the key SolusIO reads: TP-041, discounts[0]: expected the key `multipler`, "
        "got `multiplier` instead (and 1 more)"
    )
    assert failure.text is not None
    lines = failure.text.splitlines()
    assert lines[2:6] == [
        "TP-041, must, documented: step 6",
        "We sent: a valid request for user 1",
        "SolusIO needs: the key `multipler`",
        "You answered: discounts[0], discounts[1]: `multiplier` instead",
    ]
    assert lines[6].startswith("Why: SolusIO reads `multipler` (sic).")
    assert lines[7] == "Fix: rename `multiplier` to `multipler`"
    assert lines[-1] == mixed_report.results[3].findings[0].curl


def test_rules_with_one_cause_refer_to_the_one_that_explains_it(make_report, make_result, make_finding):
    shared = make_finding(cause="typo", hint="", first_line="<!doctype html>")
    own = make_finding(subject="own", actual="nothing")
    report = make_report(
        results=(
            make_result(rule="one", title="one title", outcome=Outcome.FAIL, findings=(shared,)),
            make_result(rule="two", title="two title", outcome=Outcome.FAIL, findings=(shared, own)),
        ),
        causes=(CauseText(id="typo", title="a misspelt key", fix="Spell it right."),),
    )
    root = parsed(report)
    first, second = (case(root, name).find("failure") for name in ("one", "two"))
    assert first is not None
    assert second is not None
    assert (first.get("message") or "").startswith(
        "a misspelt key: one title: TP-041, discounts[0]: expected"
    )
    lines = (first.text or "").splitlines()
    assert lines[:3] == ["one title", "", "Cause: a misspelt key"]
    assert "It begins: <!doctype html>" in lines
    assert "Fix: Spell it right." in lines
    assert lines[-1] == "Also explains: two title (two)"
    assert (second.get("message") or "").startswith("a misspelt key (explained at one): two title: TP-041")
    lines = (second.text or "").splitlines()
    assert "Explained at: one title (one)" in lines
    assert "Fix: Spell it right." not in lines
    assert "You answered: own: nothing" in lines, "its own finding is explained in full"


def test_other_outcomes(mixed_report):
    root = parsed(mixed_report)
    error = case(root, "fifty-at-once").find("error")
    skipped = case(root, "token-empty").find("skipped")
    warning = case(root, "arithmetic")
    assert error is not None
    assert error.get("message") == "the rule itself failed: OSError: too many open files"
    assert skipped is not None
    assert skipped.get("message") == "no authorization token is configured (--token)"
    assert [child.tag for child in warning] == ["system-out"]
    assert "warning: the user's price follows" in (warning.findtext("system-out") or "")
    assert "You answered: user_token_unit_cost: 1.0812" in (warning.findtext("system-out") or "")
    assert case(root, "in-time").findtext("system-out") == "note: the slowest answer: 0.31 s"
    assert len(case(root, "answers-200")) == 0


def test_an_undecided_case_says_what_stood_in_the_way(make_report, make_result, make_finding):
    undecided = make_result(outcome=Outcome.ERROR, reason="limited", findings=(make_finding(hint="do it"),))
    error = case(parsed(make_report(results=(undecided,))), "discount-key").find("error")
    assert error is not None
    assert (error.text or "").splitlines()[1] == "limited"
    assert "Fix: do it" in (error.text or "").splitlines()


def test_what_the_baseline_accepts_passes(make_report, make_result, make_finding):
    report = make_report(
        results=(make_result(outcome=Outcome.FAIL, findings=(make_finding(accepted=True),)),)
    )
    root = parsed(report)
    assert root.get("failures") == "0"
    assert "accepted by the baseline: TP-041, discounts[0]" in (root.findtext(".//system-out") or "")


def test_a_stale_entry_fails(make_report, make_result):
    root = parsed(make_report(results=(make_result(),), stale=("a: TP-041 at x", "b: TP-041")))
    assert [suite.get("name") for suite in root] == ["fields", "baseline"]
    assert root.get("failures") == "2"
    assert case(root, "a: TP-041 at x").find("failure") is not None


@pytest.mark.parametrize("outcome", [None, Outcome.SKIP])
def test_a_run_that_checked_nothing_is_not_a_pass(outcome, make_report, make_result):
    results = () if outcome is None else (make_result(outcome=outcome),)
    root = parsed(make_report(results=results))
    assert root.get("errors") == "1"
    error = case(root, "something-checked").find("error")
    assert error is not None
    assert (error.get("message") or "").startswith("Inconclusive: no rule could be checked")


def test_a_run_with_an_undecided_rule_has_its_error_once(mixed_report, make_report):
    root = parsed(make_report(results=(mixed_report.results[0], mixed_report.results[-1])))
    assert root.get("errors") == "1"


@pytest.mark.parametrize("letter", ["\x00", "\x1b", "\x0b", "\ufffe", "\uffff", "\ud800"])
def test_characters_that_xml_forbids_show_as_escapes(letter, make_report, make_result, make_finding):
    finding = make_finding(actual=f"<{letter}>&]]>", curl=letter)
    report = make_report(
        target=letter,
        results=(make_result(rule=letter, outcome=Outcome.FAIL, area=letter, findings=(finding,)),),
        stale=(letter,),
    )
    escaped = ascii(letter)[1:-1]
    root = parsed(report)
    assert root[0].get("name") == escaped
    assert f"You answered: discounts[0]: <{escaped}>&]]>\n" in (root.findtext(".//failure") or "")


def test_line_breaks_in_attributes_survive(make_report, make_result):
    root = parsed(make_report(results=(make_result(outcome=Outcome.SKIP, reason="one\ntwo"),)))
    skipped = root.find(".//skipped")
    assert skipped is not None
    assert skipped.get("message") == "one\ntwo"
