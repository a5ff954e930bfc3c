"""A baseline accepts known failures, and fails when one of them has gone stale.

The file is TOML, made to be edited and reviewed::

    version = 1

    [[accept]]
    rule = "discount-key"
    clause = "TP-041"
    subject = "discounts[0]"     # optional: without it, the clause is accepted wherever the rule looks
    reason = "renamed in our release 4.2"     # optional

Rule, clause and subject identify a finding: what it is about, never how it is worded.
"""

import json
import re
import tomllib
from pathlib import Path
from typing import Any

import msgspec

from solusio_contracts.reporting.report import MAX_FINDINGS, Finding, Outcome, Report, Result
from solusio_contracts.reporting.text import encodable

VERSION = 1
"""Version of the file format."""

_HEAD = """\
# Failures that `mock-solusio {command} --baseline FILE` accepts. It fails when one of them is gone, so that
# this list can only become shorter. A `reason` in an entry helps those who come later.
version = {version}
"""
_DECIDED = (Outcome.PASS, Outcome.WARN, Outcome.FAIL)
_ENTRY_HEADER = re.compile(r"^[ \t]*\[\[[ \t]*accept[ \t]*\]\]", re.MULTILINE)


class BaselineError(ValueError):
    """The baseline file cannot be read; the text names the file and, where it can, line and field."""


class Entry(msgspec.Struct, frozen=True, forbid_unknown_fields=True, kw_only=True):
    """One accepted failure; without a subject it covers every subject."""

    rule: str
    clause: str
    subject: str | None = None
    reason: str = ""

    def covers(self, rule: str, finding: Finding) -> bool:
        """Whether a finding of a rule is the accepted one."""
        # Compared as a file can hold it: what an endpoint answers may be no Unicode.
        subject = encodable(finding.subject)
        return self.rule == rule and self.clause == finding.clause and self.subject in (None, subject)

    def __str__(self) -> str:
        at = f" at {self.subject}" if self.subject else ""
        return f"{self.rule}: {self.clause}{at}"


class Baseline(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """The accepted failures of one file."""

    version: int
    accept: tuple[Entry, ...] = ()


def load(path: Path | str) -> Baseline:
    """Read a baseline file.

    Raises:
        BaselineError: the file cannot be read, is no TOML, or has a wrong version or field.
    """
    try:
        text = Path(path).read_bytes().decode("utf-8-sig")
    except OSError as error:
        raise BaselineError(f"{path}: {error.strerror or error}") from error
    except UnicodeDecodeError as error:
        raise BaselineError(f"{path}: not UTF-8 at byte {error.start}") from error
    return parse(text, str(path))


def parse(text: str, name: str = "baseline") -> Baseline:
    """Read the text of a baseline; errors name it by `name`.

    Raises:
        BaselineError: it is no TOML, or has a wrong version or field.
    """
    try:
        raw = tomllib.loads(text)
    except tomllib.TOMLDecodeError as error:
        raise BaselineError(f"{name}: {error}") from error
    if raw.get("version") != VERSION:
        found = f"version {raw['version']!r}" if "version" in raw else "no version"
        raise BaselineError(f"{name}: {found}; this program reads version = {VERSION}")
    try:
        return msgspec.convert(raw, Baseline)
    except msgspec.ValidationError as error:
        raise BaselineError(f"{name}: {_placed(error, text, raw)}") from error


def _placed(error: msgspec.ValidationError, text: str, raw: dict[str, Any]) -> str:
    """Return what is wrong and where: TOML values know no line, but the headers of entries do."""
    what, _, where = str(error).partition(" - at ")
    match = re.match(r"`\$\.accept\[(\d+)\]\.?(.*)`", where)
    if match is None:
        return str(error)
    number, field = int(match[1]), match[2]
    headers = [found.start() for found in _ENTRY_HEADER.finditer(text)]
    place = f"entry {number + 1}"
    if len(headers) == len(raw["accept"]):
        place += f" (line {text.count(chr(10), 0, headers[number]) + 1})"
    return f"{place}: {field + ': ' if field else ''}{what}"


def apply(report: Report, baseline: Baseline) -> Report:
    """Return the report with the accepted findings marked and the stale entries named.

    An entry is stale when its rule was decided and nothing that it accepts was found. A rule that was
    skipped, not selected or undecided proves nothing, nor does one with more findings than are reported.
    """
    results = tuple(_marked(result, baseline) for result in report.results)
    judged = _judged(report)
    stale = (str(entry) for entry in baseline.accept if _is_stale(entry, judged))
    return msgspec.structs.replace(report, results=results, stale=tuple(dict.fromkeys(stale)))


def _judged(report: Report) -> dict[str, tuple[Finding, ...]]:
    """Return the rules of which this run knows every finding."""
    return {
        result.rule: result.findings
        for result in report.results
        if result.outcome in _DECIDED and len(result.findings) < MAX_FINDINGS
    }


def _is_stale(entry: Entry, judged: dict[str, tuple[Finding, ...]]) -> bool:
    # Fuzzing that finds nothing this time proves nothing.
    found = None if entry.rule.startswith("fuzz-") else judged.get(entry.rule)
    return found is not None and not any(entry.covers(entry.rule, finding) for finding in found)


def _marked(result: Result, baseline: Baseline) -> Result:
    findings = tuple(
        msgspec.structs.replace(
            finding, accepted=any(entry.covers(result.rule, finding) for entry in baseline.accept)
        )
        for finding in result.findings
    )
    return msgspec.structs.replace(result, findings=findings)


def write(report: Report, previous: Baseline | None = None) -> str:
    """Return the text of a baseline that accepts every failure of this report.

    Entries of a previous baseline stay, with their reasons, unless they have gone stale.
    """
    judged = _judged(report)
    kept = previous.accept if previous else ()
    entries = [entry for entry in kept if not _is_stale(entry, judged)]
    for result in report.with_outcome(Outcome.FAIL):
        for finding in result.findings:
            known = any(entry.covers(result.rule, finding) for entry in entries)
            if finding.level == "must" and not known:
                # What fuzzing shows of a fault differs from run to run.
                subject = None if result.area == "fuzz" else finding.subject
                entries.append(Entry(rule=result.rule, clause=finding.clause, subject=subject))
    head = _HEAD.format(command=report.command, version=VERSION)
    return head + "".join(map(_text, entries))


def _text(entry: Entry) -> str:
    members = {"rule": entry.rule, "clause": entry.clause}
    if entry.subject is not None:
        members["subject"] = entry.subject
    if entry.reason:
        members["reason"] = entry.reason
    return "\n[[accept]]\n" + "".join(f"{name} = {_quoted(value)}\n" for name, value in members.items())


def _quoted(text: str) -> str:
    r"""Return a TOML basic string: what JSON escapes, TOML reads alike; only DEL differs."""
    return json.dumps(encodable(text), ensure_ascii=False).replace("\x7f", "\\u007f")
