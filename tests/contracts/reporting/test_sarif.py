"""SARIF 2.1.0; paragraph numbers refer to the OASIS standard."""

import json
import re
import tomllib
from collections.abc import Callable
from pathlib import Path
from typing import Any

import msgspec
import pytest

from solusio_contracts.reporting.report import CauseText, Outcome, Report
from solusio_contracts.reporting.sarif import FINGERPRINT, INFORMATION, render

Make = Callable[..., Any]
URI = re.compile(r"(?:[A-Za-z0-9:/?#\[\]@!$&'()*+,;=._~-]|%[0-9A-Fa-f]{2})*")


def run_of(report: Report) -> dict[str, Any]:
    """Return the only run, after checking the structure that the standard requires."""
    log = json.loads(render(report))
    assert set(log) == {"$schema", "version", "runs"}
    assert log["version"] == "2.1.0", "3.13.2"
    assert log["$schema"].endswith("/sarif-schema-2.1.0.json")
    run: dict[str, Any]
    (run,) = log["runs"]
    check_run(run)
    return run


def check_run(run: dict[str, Any]) -> None:
    """Check a run against the parts of the standard that consumers rely on."""
    driver = run["tool"]["driver"]
    assert driver["name"], "3.19.8"
    assert re.fullmatch(r"https://[a-z.]+/\S+", driver["informationUri"]), "3.19.17: an absolute URI"
    ids = [rule["id"] for rule in driver["rules"]]
    assert len(ids) == len(set(ids)), "rules are unique"
    for rule in driver["rules"]:
        assert rule["defaultConfiguration"]["level"] in ("none", "note", "warning", "error"), "3.50.3"
        for name in {"shortDescription", "fullDescription", "help"} & set(rule):
            assert rule[name]["text"], "3.12.3: a multiformat message has a text"
    places = [(one["ruleId"], json.dumps(one["locations"][0]["physicalLocation"])) for one in run["results"]]
    assert len(places) == len(set(places)), "one result per rule and location"
    for result in run["results"]:
        assert result["message"]["text"], "3.27.11"
        assert ids[result["ruleIndex"]] == result["ruleId"], "3.27.6"
        assert result["level"] in ("note", "warning", "error"), "3.27.10"
        assert isinstance(result["suppressions"], list), "3.27.23: on all results or on none"
        for suppression in result["suppressions"]:
            assert suppression["kind"] in ("inSource", "external"), "3.35.2"
            assert suppression["status"] in ("accepted", "underReview", "rejected"), "3.35.3"
        for location in result["locations"]:
            assert URI.fullmatch(location["physicalLocation"]["artifactLocation"]["uri"]), "3.4.3"
        assert all(isinstance(value, str) for value in result["partialFingerprints"].values()), "3.27.17"
    (invocation,) = run["invocations"]
    assert isinstance(invocation["executionSuccessful"], bool), "3.20.14"
    for notification in (
        *invocation["toolExecutionNotifications"],
        *invocation["toolConfigurationNotifications"],
    ):
        assert notification["message"]["text"], "3.58.5"
        assert notification["level"] in ("none", "note", "warning", "error"), "3.58.6"
        assert notification["descriptor"]["id"], "3.52.4"
        if "associatedRule" in notification:
            rule = notification["associatedRule"]
            assert ids[rule["index"]] == rule["id"], "3.52.5"


def test_the_address_of_more_information_is_that_of_the_project():
    pyproject = Path(__file__).parents[3] / "pyproject.toml"
    assert tomllib.loads(pyproject.read_text("utf-8"))["project"]["urls"] == {"Specification": INFORMATION}


def test_a_rule_per_clause(mixed_report):
    first, *others = run_of(mixed_report)["tool"]["driver"]["rules"]
    clause = mixed_report.clauses[0]
    assert first["id"] == "TP-041"
    # answers-200 is the first rule of the run that cites it (the factory's default clause).
    assert first["name"] == "Answers200"
    assert first["shortDescription"]["text"] == clause.text
    assert first["help"]["text"] == f"{clause.why}\n\nFix: {clause.fix}"
    assert first["defaultConfiguration"] == {"level": "error"}
    assert [rule["id"] for rule in others] == ["TP-060", "TP-091"]
    assert others[0]["defaultConfiguration"] == {"level": "warning"}
    assert not any("helpUri" in rule for rule in (first, *others)), "there is no page to point to"


def test_a_result_per_violated_clause(mixed_report):
    results = run_of(mixed_report)["results"]
    assert [(one["ruleId"], one["level"]) for one in results] == [
        ("TP-041", "error"),
        ("TP-060", "warning"),
        ("TP-091", "error"),
    ]
    assert results[0]["message"]["text"] == (
        "discounts use the key SolusIO reads. SolusIO needs the key `multipler`; you answered discounts[0], "
        "discounts[1]: `multiplier` instead. Fix: rename `multiplier` to `multipler`"
    )
    (location,) = results[0]["locations"]
    assert location["physicalLocation"]["artifactLocation"]["uri"] == "billing-endpoint"
    assert location["logicalLocations"] == [
        {"fullyQualifiedName": "discounts[0]"},
        {"fullyQualifiedName": "discounts[1]"},
    ]
    assert results[0]["properties"]["rules"] == ["discount-key"]
    assert results[0]["properties"]["findings"] == 2
    assert results[0]["properties"]["curl"].startswith("curl -sS -i")


def test_rules_that_violate_the_same_clause_have_one_result(make_report, make_result, make_finding):
    shared = make_finding(cause="typo", hint="")
    report = make_report(
        results=(
            make_result(outcome=Outcome.FAIL, findings=(make_finding(clause="TP-060", level="should"),)),
            make_result(rule="one", title="one title", outcome=Outcome.FAIL, findings=(shared,)),
            make_result(rule="two", title="two title", outcome=Outcome.FAIL, findings=(shared,)),
        ),
        causes=(CauseText(id="typo", title="a misspelt key", fix="Spell it right."),),
    )
    first, second = run_of(report)["results"]
    assert first["ruleId"] == "TP-041", "what explains most rules comes first"
    assert first["message"]["text"] == (
        "Cause: a misspelt key. one title. SolusIO needs the key `multipler`; you answered discounts[0]: "
        "`multiplier` instead. two title. SolusIO needs the key `multipler`; you answered discounts[0]: "
        "`multiplier` instead. Fix: Spell it right."
    )
    assert first["properties"]["rules"] == ["one", "two"]
    assert first["properties"]["causes"] == ["typo"]
    assert second["ruleId"] == "TP-060"


def test_a_long_list_of_observations_is_cut(make_report, make_result, make_finding):
    findings = tuple(make_finding(subject=f"discounts[{n}]", actual=f"actual {n}") for n in range(7))
    (result,) = run_of(make_report(results=(make_result(outcome=Outcome.FAIL, findings=findings),)))[
        "results"
    ]
    assert "discounts[4]: actual 4; and 2 more." in result["message"]["text"]
    assert "actual 5" not in result["message"]["text"]


def test_what_an_undecided_rule_shows_is_no_result(make_report, make_result, make_finding):
    undecided = make_result(outcome=Outcome.ERROR, findings=(make_finding(),), reason="status 429")
    run = run_of(make_report(results=(make_result(), undecided)))
    assert run["results"] == []
    (notification,) = run["invocations"][0]["toolExecutionNotifications"]
    assert notification["message"]["text"] == (
        "undecided: discounts use the key SolusIO reads: status 429 Fix: rename `multiplier` to `multipler`"
    )


def test_the_invocation_carries_the_exit_code(mixed_report, make_report, make_result):
    (failed,) = run_of(mixed_report)["invocations"]
    assert (failed["exitCode"], failed["executionSuccessful"]) == (1, True), "the tool did its work"
    assert failed["exitCodeDescription"].startswith("Not conformant: 2 rules failed")
    assert failed["startTimeUtc"] == "2026-03-01T12:00:00Z"
    (good,) = run_of(make_report(results=(make_result(),)))["invocations"]
    assert (good["exitCode"], good["executionSuccessful"]) == (0, True)
    (nothing,) = run_of(make_report())["invocations"]
    assert (nothing["exitCode"], nothing["executionSuccessful"]) == (3, False)


def test_undecided_rules_and_stale_entries_are_notifications(mixed_report):
    report = msgspec.structs.replace(mixed_report, stale=("a: TP-041 at x",))
    (invocation,) = run_of(report)["invocations"]
    (undecided,) = invocation["toolExecutionNotifications"]
    assert undecided["descriptor"] == {"id": "fifty-at-once"}
    assert undecided["associatedRule"] == {"id": "TP-091", "index": 2}
    assert "too many open files" in undecided["message"]["text"]
    (stale,) = invocation["toolConfigurationNotifications"]
    assert stale["message"]["text"].endswith("it no longer occurs: a: TP-041 at x")


def test_only_what_is_accepted_as_a_whole_is_suppressed(make_report, make_result, make_finding):
    open_one, accepted = make_finding(subject="discounts[1]"), make_finding(accepted=True)

    def results(*findings: Any) -> list[dict[str, Any]]:
        found = make_result(outcome=Outcome.FAIL, findings=findings)
        made: list[dict[str, Any]] = run_of(make_report(results=(found,)))["results"]
        return made

    (whole,) = results(accepted)
    assert [(one["kind"], one["status"]) for one in whole["suppressions"]] == [("external", "accepted")]
    (mixed,) = results(accepted, open_one)
    assert mixed["suppressions"] == []
    assert mixed["locations"][0]["logicalLocations"] == [{"fullyQualifiedName": "discounts[1]"}]


def fingerprints(report: Report) -> list[str]:
    """Return the fingerprints of all results."""
    return [one["partialFingerprints"][FINGERPRINT] for one in run_of(report)["results"]]


def test_a_fingerprint_is_the_clauses_own_and_stays(make_report, make_result, make_finding):
    def report(target: str, *findings: Any, rule: str = "discount-key") -> Report:
        result = make_result(rule=rule, outcome=Outcome.FAIL, findings=findings)
        made: Report = make_report(target=target, results=(result,))
        return made

    (first,) = fingerprints(report("http://127.0.0.1:1/", make_finding()))
    again = make_finding(subject="other", actual="other words", response="other bytes", accepted=True)
    assert fingerprints(report("http://127.0.0.1:2/", again, rule="other")) == [first]
    assert fingerprints(report("http://127.0.0.1:1/", make_finding(clause="TP-091"))) != [first]


def test_a_level_that_only_informs_is_a_note(make_report, make_result, make_finding):
    result = make_result(outcome=Outcome.WARN, findings=(make_finding(level="may"),))
    assert run_of(make_report(results=(result,)))["results"][0]["level"] == "note"


def test_a_clause_without_text_still_has_a_rule(make_report, make_result, make_finding):
    result = make_result(outcome=Outcome.FAIL, findings=(make_finding(),))
    (rule,) = run_of(make_report(clauses=(), results=(result,)))["tool"]["driver"]["rules"]
    assert rule == {"id": "TP-041", "name": "DiscountKey", "defaultConfiguration": {"level": "error"}}


@pytest.mark.parametrize("target", ["https://x.example/a?b=c%20d&e#f", "http://x/50%/ü <"])
def test_results_stand_at_a_relative_place(target, make_report, make_result, make_finding):
    """GitHub rejects a file whose artifacts have absolute URIs with another scheme than the checkout's."""
    result = make_result(outcome=Outcome.FAIL, findings=(make_finding(),))
    run = run_of(make_report(target=target, results=(result,)))
    location = run["results"][0]["locations"][0]["physicalLocation"]
    assert location == {"artifactLocation": {"uri": "billing-endpoint"}, "region": {"startLine": 1}}
    assert run["properties"]["target"] == target
