"""A baseline accepts known failures, and fails when one of them no longer occurs.

The file is TOML, to be edited and reviewed::

    version = 1

    [[accept]]
    rule = "discount-key"
    clause = "TP-041"
    subject = "discounts[0]"     # optional: by default, every subject of the rule
    reason = "renamed in our release 4.2"     # optional

Rule, clause and subject identify a finding; its wording does not matter.
"""

import json
from pathlib import Path

import msgspec

from solusio_contracts.decoding import MisfitError, from_toml, parse_toml, read_text, shown
from solusio_contracts.escaping import encodable
from solusio_contracts.reporting.report import MAX_FINDINGS, Finding, Outcome, Report, Result

VERSION = 1
"""Version of the file format."""

_HEAD = """\
# Failures that `mock-solusio {command} --baseline FILE` accepts. It fails when one of them no longer occurs,
# so this list can only become shorter. Add a `reason` to an entry to explain it to others.
version = {version}
"""
_DECIDED = (Outcome.PASS, Outcome.WARN, Outcome.FAIL)


class AcceptedFailure(msgspec.Struct, frozen=True, forbid_unknown_fields=True, kw_only=True):
    """One entry of the file; without a subject, it accepts every subject."""

    rule: str
    clause: str
    subject: str | None = None
    reason: str = ""

    def covers(self, rule: str, finding: Finding) -> bool:
        """Whether this entry accepts a finding of a rule."""
        # A file cannot contain the invalid Unicode that a response may contain.
        subject = encodable(finding.subject)
        return self.rule == rule and self.clause == finding.clause and self.subject in (None, subject)

    def __str__(self) -> str:
        at = f" at {self.subject}" if self.subject else ""
        return f"{self.rule}: {self.clause}{at}"


class Baseline(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """The accepted failures of one file."""

    version: int
    accept: tuple[AcceptedFailure, ...] = ()


def load(path: Path | str) -> Baseline:
    """Read a baseline file.

    Raises:
        DecodingError: the file cannot be read, is not valid TOML, or has a wrong version or field.
    """
    return parse(read_text(Path(path)), str(path))


def parse(text: str, name: str = "baseline") -> Baseline:
    """Read the text of a baseline; errors name it by `name`.

    Raises:
        DecodingError: it is not valid TOML, or has a wrong version or field.
    """
    found = parse_toml(text, name)
    if found.get("version") != VERSION:
        actual = shown(found["version"]) if "version" in found else "nothing"
        raise MisfitError("version", expected=str(VERSION), actual=actual, source=name)
    return from_toml(text, Baseline, name)


def apply(report: Report, baseline: Baseline) -> Report:
    """Return the report with the accepted findings marked and the stale entries listed.

    An entry is stale when its rule was decided and found nothing that the entry accepts. A rule that was
    skipped, not selected or undecided proves nothing; nor does one with more findings than a report lists.
    """
    results = tuple(_marked(result, baseline) for result in report.results)
    judged = _judged(report)
    stale = (str(entry) for entry in baseline.accept if _is_stale(entry, judged))
    return msgspec.structs.replace(report, results=results, stale=tuple(dict.fromkeys(stale)))


def _judged(report: Report) -> dict[str, tuple[Finding, ...]]:
    """Return the rules whose findings are all known."""
    return {
        result.rule: result.findings
        for result in report.results
        if result.outcome in _DECIDED and len(result.findings) < MAX_FINDINGS
    }


def _is_stale(entry: AcceptedFailure, judged: dict[str, tuple[Finding, ...]]) -> bool:
    # Fuzzing that finds nothing this time proves nothing.
    found = None if entry.rule.startswith("fuzz-") else judged.get(entry.rule)
    return found is not None and not any(entry.covers(entry.rule, finding) for finding in found)


def _marked(result: Result, baseline: Baseline) -> Result:
    if result.outcome not in _DECIDED:
        # What was not tested cannot be accepted.
        return result
    findings = tuple(
        msgspec.structs.replace(
            finding, accepted=any(entry.covers(result.rule, finding) for entry in baseline.accept)
        )
        for finding in result.findings
    )
    return msgspec.structs.replace(result, findings=findings)


def write(report: Report, previous: Baseline | None = None) -> str:
    """Return the text of a baseline that accepts every failure in this report.

    Entries of the previous baseline are kept, with their reasons, unless they are stale.
    """
    judged = _judged(report)
    kept = previous.accept if previous else ()
    entries = [entry for entry in kept if not _is_stale(entry, judged)]
    for result in report.with_outcome(Outcome.FAIL):
        for finding in result.findings:
            known = any(entry.covers(result.rule, finding) for entry in entries)
            if finding.level == "must" and not known:
                # Fuzzing shows the same fault differently in each run.
                subject = None if result.area == "fuzz" else finding.subject
                entries.append(AcceptedFailure(rule=result.rule, clause=finding.clause, subject=subject))
    head = _HEAD.format(command=report.command, version=VERSION)
    return head + "".join(map(_text, entries))


def _text(entry: AcceptedFailure) -> str:
    members = {"rule": entry.rule, "clause": entry.clause}
    if entry.subject is not None:
        members["subject"] = entry.subject
    if entry.reason:
        members["reason"] = entry.reason
    return "\n[[accept]]\n" + "".join(f"{name} = {_quoted(value)}\n" for name, value in members.items())


def _quoted(text: str) -> str:
    r"""Return a TOML basic string. Its escapes are those of JSON, except for DEL."""
    return json.dumps(encodable(text), ensure_ascii=False).replace("\x7f", "\\u007f")
