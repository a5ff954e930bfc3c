"""The report as SARIF 2.1.0, for code scanning: a rule per clause, and one result for each that is violated.

Paragraph numbers are those of the OASIS standard.
"""

import hashlib
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from typing import Any

import msgspec

from solusio_contracts.escaping import encodable
from solusio_contracts.reporting.advice import advise, origin
from solusio_contracts.reporting.report import CauseText, ClauseText, Exit, Finding, Outcome, Report, Result
from solusio_contracts.reporting.sections import groups
from solusio_contracts.reporting.sentences import verdict, verdict_line
from solusio_contracts.reporting.text import mapped
from solusio_contracts.reporting.words import Words, words_of

SCHEMA = "https://docs.oasis-open.org/sarif/sarif/v2.1.0/errata01/os/schemas/sarif-schema-2.1.0.json"
INFORMATION = "https://docs.solusvm.com/en/solusvm2/billing-integration-guide/postpaid-billing/custom-billing-integration"
"""The vendor's page, whose steps the clauses cite; this project has no page of its own."""
FINGERPRINT = "mockSolusioClause/v2"
"""Name and version of the fingerprint; a new way to compute it needs a new version (3.27.17)."""

OBSERVED = 5
"""Different observations that a message lists."""

LEVELS = {"must": "error", "should": "warning"}

# GitHub rejects a whole file for one URI that is not relative to the checkout, and shows each result on a
# line. The target is not a file, so its name (`Words.target`) stands for one; its URL is in the properties.

Json = dict[str, Any]


def render(report: Report) -> str:
    """Return the report as indented SARIF; the same report gives the same bytes."""
    return log([run(report)])


def log(runs: Sequence[Json]) -> str:
    """Return runs as an indented log."""
    document = {"$schema": SCHEMA, "version": "2.1.0", "runs": runs}
    return msgspec.json.format(msgspec.json.encode(document), indent=2).decode() + "\n"


def run(report: Report) -> Json:
    """Return the report as a run of a log."""
    report = mapped(report, encodable)
    rules = _rules(report)
    index = {rule["id"]: position for position, rule in enumerate(rules)}
    return {
        "tool": {
            "driver": {
                "name": report.tool,
                "version": report.tool_version,
                "informationUri": INFORMATION,
                "rules": rules,
            },
        },
        "invocations": [_invocation(report, index)],
        "columnKind": "unicodeCodePoints",
        "results": [_result(one, index, words_of(report)) for one in _violations(report)],
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
            "message": {"text": _undecided_message(result)},
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


def _undecided_message(result: Result) -> str:
    fixes = dict.fromkeys(finding.hint for finding in result.findings if finding.hint)
    return " ".join([f"undecided: {result.title}: {result.reason}", *(f"Fix: {fix}" for fix in fixes)])


def _associated(result: Result, index: dict[str, int]) -> Json:
    for clause in result.clauses:
        if clause in index:
            return {"associatedRule": {"id": clause, "index": index[clause]}}
    return {}


@dataclass(slots=True)
class _Violation:
    """The findings of all rules about one clause, which all stand at the same place."""

    clause: str
    findings: dict[str, list[Finding]] = field(default_factory=dict)
    """By the title of their rule."""
    rules: dict[str, None] = field(default_factory=dict)
    causes: dict[str, CauseText] = field(default_factory=dict)

    def add(self, result: Result, findings: Sequence[Finding], cause: CauseText | None) -> None:
        self.findings.setdefault(result.title, []).extend(findings)
        self.rules[result.rule] = None
        if cause is not None:
            self.causes[cause.id] = cause

    @property
    def every(self) -> list[Finding]:
        return [finding for findings in self.findings.values() for finding in findings]


def _violations(report: Report) -> list[_Violation]:
    """Return what is violated in the order in which to fix it; then what the baseline accepts.

    Accepted findings of a clause that is also violated otherwise are left out.
    """
    found: dict[str, _Violation] = {}
    for group in groups(report):
        for result in group.results:
            for clause, findings in _by_clause(result.findings):
                found.setdefault(clause, _Violation(clause)).add(result, findings, group.cause)
    accepted: dict[str, _Violation] = {}
    for result in report.with_outcome(Outcome.FAIL, Outcome.WARN):
        for clause, findings in _by_clause(one for one in result.findings if one.accepted):
            if clause not in found:
                accepted.setdefault(clause, _Violation(clause)).add(result, findings, None)
    return [*found.values(), *accepted.values()]


def _by_clause(findings: Iterable[Finding]) -> Iterator[tuple[str, list[Finding]]]:
    clauses: dict[str, list[Finding]] = {}
    for finding in findings:
        clauses.setdefault(finding.clause, []).append(finding)
    yield from clauses.items()


def _result(violation: _Violation, index: dict[str, int], terms: Words) -> Json:
    every = violation.every
    example = every[0]
    levels = {LEVELS.get(finding.level, "note") for finding in every}
    subjects = dict.fromkeys(finding.subject for finding in every)
    accepted = {"kind": "external", "status": "accepted", "justification": "in the baseline file"}
    return {
        "ruleId": violation.clause,
        "ruleIndex": index[violation.clause],
        "level": next(level for level in (*LEVELS.values(), "note") if level in levels),
        "message": {"text": _message(violation, terms)},
        "locations": [
            {
                "physicalLocation": {"artifactLocation": {"uri": terms.target}, "region": {"startLine": 1}},
                "logicalLocations": [{"fullyQualifiedName": subject} for subject in subjects],
            }
        ],
        "partialFingerprints": {FINGERPRINT: fingerprint(violation.clause)},
        # Present on all results or none (3.27.23); an empty list means not suppressed.
        "suppressions": [accepted] if example.accepted else [],
        "properties": {
            "rules": list(violation.rules),
            "causes": list(violation.causes),
            "findings": len(every),
            "expected": example.expected,
            "actual": example.actual,
            "curl": example.curl,
            "request": example.request,
            "response": example.response,
        },
    }


def _message(violation: _Violation, terms: Words) -> str:
    """Return the causes, then what each rule found, then what fixes it."""
    said = [f"Cause: {cause.title}." for cause in violation.causes.values()]
    fixes = dict.fromkeys(cause.fix for cause in violation.causes.values())
    for title, findings in violation.findings.items():
        said.append(f"{title}.")
        for one in advise(findings, {}):
            for expectation in one.expectations:
                observed = "; ".join(map(str, expectation.observations[:OBSERVED]))
                more = len(expectation.observations) - OBSERVED
                observed += f"; and {more} more" if more > 0 else ""
                said.append(
                    f"{terms.expected_inline} {expectation.expected}; {terms.actual_inline} {observed}."
                )
        fixes |= dict.fromkeys(finding.hint for finding in findings if finding.hint)
    return " ".join([*said, *(f"Fix: {fix}" for fix in fixes)])


def fingerprint(clause: str) -> str:
    """Return what identifies a result across runs: a hash of its clause.

    It does not include the target, whose port often changes, nor what was found.
    """
    return hashlib.sha256(clause.encode()).hexdigest()
