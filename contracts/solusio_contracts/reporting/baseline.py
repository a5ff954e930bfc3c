"""A baseline accepts known failures, and fails when one of them no longer occurs.

The file is TOML, to be edited and reviewed::

    version = 2

    [[accept]]
    rule = "discount-key"
    reason = "renamed in our release 4.2"

An entry accepts a whole rule; `clause` and `subject` narrow it, and `level = "should"` accepts warnings only.
The wording of a finding does not matter. An undecided rule has no findings to accept.
"""

import json
from collections.abc import Collection
from pathlib import Path
from typing import Annotated, Literal

import msgspec

from solusio_contracts.decoding import DecodingError, MisfitError, from_toml, parse_toml, read_text, shown
from solusio_contracts.escaping import encodable
from solusio_contracts.reporting.report import MAX_FINDINGS, Finding, Outcome, Report, Result
from solusio_contracts.suggestions import did_you_mean

VERSION = 2
"""Version of the file format."""
OLD_VERSION = 1
"""Still read: each entry names a clause, and may lack a reason."""

_HEAD = """\
# Failures and warnings that `mock-solusio {command} --baseline FILE` accepts. It fails when one of them no
# longer occurs, so this list can only become shorter. Every entry needs a `reason`, for those who review it.
version = {version}
"""
_DECIDED = (Outcome.PASS, Outcome.WARN, Outcome.FAIL)

Level = Literal["must", "should"]
Reason = Annotated[str, msgspec.Meta(pattern=r"\S", examples=["renamed in our release 4.2"])]


class AcceptedFailure(msgspec.Struct, frozen=True, forbid_unknown_fields=True, kw_only=True):
    """One entry of the file; without clause or subject, it accepts every one of the rule."""

    rule: str
    clause: str | None = None
    subject: str | None = None
    level: Level = "must"
    """The strictest finding that it accepts."""
    reason: Reason

    def covers(self, rule: str, finding: Finding) -> bool:
        """Whether this entry accepts a finding of a rule."""
        # A file cannot contain the invalid Unicode that a response may contain.
        subject = encodable(finding.subject)
        return (
            self.rule == rule
            and self.clause in (None, finding.clause)
            and self.subject in (None, subject)
            and (self.level == "must" or finding.level != "must")
        )

    def __str__(self) -> str:
        at = f" at {self.subject}" if self.subject else ""
        warnings = " (warnings)" if self.level == "should" else ""
        return (f"{self.rule}: {self.clause}" if self.clause else self.rule) + at + warnings


class Baseline(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """The accepted failures of one file."""

    version: int
    accept: tuple[AcceptedFailure, ...] = ()


class _OldEntry(msgspec.Struct, frozen=True, forbid_unknown_fields=True, kw_only=True):
    rule: str
    clause: str
    subject: str | None = None
    reason: Reason = ""  # an empty one is refused, unless it is this default


class _OldBaseline(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    version: int
    accept: tuple[_OldEntry, ...] = ()


def load(path: Path | str) -> Baseline:
    """Read a baseline file.

    Raises:
        DecodingError: the file cannot be read, is not valid TOML, has a wrong version or field, or an entry
            lacks its reason.
    """
    return parse(read_text(Path(path)), str(path))


def parse(text: str, name: str = "baseline") -> Baseline:
    """Read the text of a baseline; errors name it by `name`.

    Raises:
        DecodingError: it is not valid TOML, has a wrong version or field, or an entry lacks its reason.
    """
    version = parse_toml(text, name).get("version", msgspec.UNSET)
    if version not in (VERSION, OLD_VERSION):
        actual = "nothing" if version is msgspec.UNSET else shown(version)
        raise MisfitError("version", expected=str(VERSION), actual=actual, source=name)
    if version == VERSION:
        return from_toml(text, Baseline, name)
    old = from_toml(text, _OldBaseline, name)
    entries = (AcceptedFailure(**msgspec.structs.asdict(entry)) for entry in old.accept)
    return Baseline(old.version, tuple(entries))


def require_names(baseline: Baseline, known: Collection[str], item: str, name: str = "baseline") -> None:
    """Refuse an entry for a rule that does not exist, which would never become stale.

    `item` is the word for what is known (`rule` or `scenario`); errors name the file by `name`.

    Raises:
        DecodingError: an entry names none of the `known`.
    """
    for entry in baseline.accept:
        if entry.rule not in known:
            hint = did_you_mean(entry.rule, known)
            raise DecodingError(f"accept: {entry.rule!r} is not a {item}.{hint or ' Remove it.'}", name)


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
    """Return the text of a baseline that accepts every failure and warning in this report.

    Entries of the previous baseline are kept, with their reasons, unless they are stale. Each new one accepts
    a rule, and its reason is empty: a person fills it in.
    """
    judged = _judged(report)
    entries = [entry for entry in _previous(previous) if not _is_stale(entry, judged)]
    for result in report.with_outcome(Outcome.FAIL, Outcome.WARN):
        levels = {
            finding.level
            for finding in result.findings
            if not any(entry.covers(result.rule, finding) for entry in entries)
        }
        if levels:
            level: Level = "must" if "must" in levels else "should"
            entries.append(AcceptedFailure(rule=result.rule, level=level, reason=""))
    head = _HEAD.format(command=report.command, version=VERSION)
    return head + "".join(map(_text, entries))


def unexplained(text: str) -> int:
    """Return how many entries of a written baseline wait for their reason."""
    return sum(not entry["reason"] for entry in parse_toml(text).get("accept", ()))


def _previous(baseline: Baseline | None) -> tuple[AcceptedFailure, ...]:
    """Return the entries of a baseline; those of the old version as one for each rule."""
    if baseline is None or baseline.version == VERSION:
        return baseline.accept if baseline else ()
    reasons: dict[str, dict[str, None]] = {}
    for entry in baseline.accept:
        reasons.setdefault(entry.rule, {})[entry.reason] = None
    return tuple(
        AcceptedFailure(rule=rule, reason="; ".join(filter(None, texts))) for rule, texts in reasons.items()
    )


def _text(entry: AcceptedFailure) -> str:
    members = msgspec.to_builtins(entry)
    shown = {
        name: value
        for name, value in members.items()
        if value is not None and (name, value) != ("level", "must")
    }
    return "\n[[accept]]\n" + "".join(f"{name} = {_quoted(value)}\n" for name, value in shown.items())


def _quoted(text: str) -> str:
    r"""Return a TOML basic string. Its escapes are those of JSON, except for DEL."""
    return json.dumps(encodable(text), ensure_ascii=False).replace("\x7f", "\\u007f")
