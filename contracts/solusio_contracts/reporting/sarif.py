"""The report as SARIF 2.1.0, for code scanning: a rule per clause, a result per finding.

Paragraph numbers are those of the OASIS standard.
"""

import hashlib
from collections import Counter
from collections.abc import Iterator
from typing import Any

import msgspec

from solusio_contracts.escaping import encodable
from solusio_contracts.reporting.report import ClauseText, Exit, Finding, Outcome, Report, Result
from solusio_contracts.reporting.text import mapped
from solusio_contracts.reporting.view import Words, origin, verdict, verdict_line, words

SCHEMA = "https://docs.oasis-open.org/sarif/sarif/v2.1.0/errata01/os/schemas/sarif-schema-2.1.0.json"
FINGERPRINT = "mockSolusioFinding/v1"
"""Name and version of the fingerprint; a new way to compute it needs a new version (3.27.17)."""

LEVELS = {"must": "error", "should": "warning"}

# GitHub rejects a whole file for one URI that is not relative to the checkout, and shows each result on a
# line. The target is not a file, so its name (`Words.target`) stands for one; its URL is in the properties.

Json = dict[str, Any]


def render(report: Report) -> str:
    """Return the report as indented SARIF; the same report gives the same bytes."""
    log = {"$schema": SCHEMA, "version": "2.1.0", "runs": [_run(mapped(report, encodable))]}
    return msgspec.json.format(msgspec.json.encode(log), indent=2).decode() + "\n"


def _run(report: Report) -> Json:
    rules = _rules(report)
    index = {rule["id"]: position for position, rule in enumerate(rules)}
    return {
        "tool": {
            "driver": {"name": report.tool, "version": report.tool_version, "rules": rules},
        },
        "invocations": [_invocation(report, index)],
        "columnKind": "unicodeCodePoints",
        "results": list(_results(report, index)),
        "properties": {
            "target": report.target,
            "users": list(report.users),
            "seed": report.seed,
            "requests": report.requests,
            "verdict": verdict(report),
            "facts": {fact.name: fact.text for fact in report.facts},
        },
    }


def _rules(report: Report) -> list[Json]:
    names: dict[str, str] = {}
    cited: dict[str, str] = {}
    for result in report.results:
        for clause in result.clauses:
            names.setdefault(clause, result.rule)
        for finding in result.findings:
            cited.setdefault(finding.clause, finding.level)
    known = {clause.id: _rule(clause, names.get(clause.id, "")) for clause in report.clauses}
    for clause_id, level in cited.items():
        known.setdefault(clause_id, _named(clause_id, level, names.get(clause_id, "")))
    return list(known.values())


def _named(clause_id: str, level: str, name: str) -> Json:
    rule: Json = {"id": clause_id}
    if name:
        rule["name"] = "".join(word.capitalize() for word in name.split("-"))
    rule["defaultConfiguration"] = {"level": LEVELS.get(level, "note")}
    return rule


def _rule(clause: ClauseText, name: str) -> Json:
    return {
        **_named(clause.id, clause.level, name),
        "shortDescription": {"text": clause.text},
        "fullDescription": {"text": clause.text},
        "help": {"text": f"{clause.why}\n\nFix: {clause.fix}"},
        "properties": {"provenance": origin(clause), "tags": [clause.level, clause.provenance]},
    }


def _invocation(report: Report, index: dict[str, int]) -> Json:
    undecided = [
        {
            "level": "error",
            "message": {"text": f"undecided: {result.title}: {result.reason}"},
            "descriptor": {"id": result.rule},
            **_associated(result, index),
        }
        for result in report.with_outcome(Outcome.ERROR)
    ]
    stale = [
        {
            "level": "error",
            "message": {"text": f"remove this entry from the baseline, it no longer occurs: {entry}"},
            "descriptor": {"id": "stale-baseline-entry"},
        }
        for entry in report.stale
    ]
    return {
        # The tool succeeds even if the target does not conform (3.20.14).
        "executionSuccessful": report.exit is not Exit.INCONCLUSIVE,
        "exitCode": int(report.exit),
        "exitCodeDescription": verdict_line(report),
        "startTimeUtc": report.started,
        "toolExecutionNotifications": undecided,
        "toolConfigurationNotifications": stale,
    }


def _associated(result: Result, index: dict[str, int]) -> Json:
    for clause in result.clauses:
        if clause in index:
            return {"associatedRule": {"id": clause, "index": index[clause]}}
    return {}


def _results(report: Report, index: dict[str, int]) -> Iterator[Json]:
    seen: Counter[tuple[str, str, str]] = Counter()
    for result in report.results:
        for finding in result.findings:
            key = (result.rule, finding.clause, finding.subject)
            yield _result(result, finding, index[finding.clause], seen[key], words(report))
            seen[key] += 1


def _result(result: Result, finding: Finding, position: int, nth: int, terms: Words) -> Json:
    accepted = {"kind": "external", "status": "accepted", "justification": "in the baseline file"}
    return {
        "ruleId": finding.clause,
        "ruleIndex": position,
        "level": LEVELS.get(finding.level, "note"),
        "message": {"text": _message(result, finding, terms)},
        "locations": [
            {
                "physicalLocation": {"artifactLocation": {"uri": terms.target}, "region": {"startLine": 1}},
                "logicalLocations": [{"fullyQualifiedName": finding.subject}],
            }
        ],
        "partialFingerprints": {FINGERPRINT: fingerprint(result.rule, finding, nth)},
        # Present on all results or none (3.27.23); an empty list means not suppressed.
        "suppressions": [accepted] if finding.accepted else [],
        "properties": {
            "rule": result.rule,
            "expected": finding.expected,
            "actual": finding.actual,
            "curl": finding.curl,
            "request": finding.request,
            "response": finding.response,
        },
    }


def _message(result: Result, finding: Finding, terms: Words) -> str:
    expected, actual = (
        f"{terms.expected_inline} {finding.expected}",
        f"{terms.actual_inline} {finding.actual}",
    )
    text = f"{result.title}. {finding.subject}: {expected}; {actual}."
    return f"{text} Fix: {finding.hint}" if finding.hint else text


def fingerprint(rule: str, finding: Finding, nth: int = 0) -> str:
    """Return what identifies a finding across runs: a hash of rule, clause and subject.

    It does not include the target, whose port often changes; `nth` distinguishes several findings of one rule
    about the same subject.
    """
    key = "\0".join((rule, finding.clause, finding.subject, str(nth)))
    return hashlib.sha256(key.encode()).hexdigest()
