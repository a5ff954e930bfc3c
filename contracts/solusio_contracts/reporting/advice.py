"""What a report for people says about findings: what was sent, expected and answered, and how to fix it."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from solusio_contracts.reporting.report import ClauseText, Finding, Report


@dataclass(frozen=True, slots=True)
class Observation:
    """What came instead, and for which subjects."""

    actual: str
    subjects: tuple[str, ...]

    @property
    def about(self) -> str:
        """The subjects as one text."""
        return ", ".join(filter(None, self.subjects))

    def __str__(self) -> str:
        return f"{self.about}: {self.actual}" if self.about else self.actual


@dataclass(frozen=True, slots=True)
class Expectation:
    """What was expected, and everything that does not meet it."""

    expected: str
    observations: tuple[Observation, ...]


@dataclass(frozen=True, slots=True)
class Reproduction:
    """A curl line, and the subjects of the findings that it shows."""

    subjects: tuple[str, ...]
    curl: str


@dataclass(frozen=True, slots=True)
class Advice:
    """All findings of a rule that belong to one clause, without repetition."""

    clause: str
    level: str
    origin: str
    expectations: tuple[Expectation, ...]
    sent: tuple[str, ...]
    """Descriptions of the requests."""
    first_lines: tuple[str, ...]
    """The first lines of the responses."""
    why: str
    fixes: tuple[str, ...]
    reproductions: tuple[Reproduction, ...]
    """One curl line for each distinct observation."""
    more: tuple[Reproduction, ...]
    """All other curl lines."""
    findings: tuple[Finding, ...]


def clause_texts(report: Report) -> dict[str, ClauseText]:
    """Return the clauses of the report by id."""
    return {clause.id: clause for clause in report.clauses}


def origin(clause: ClauseText) -> str:
    """Return who states a clause; --explain shows the reason for an assumed one."""
    if clause.provenance == "assumed" or not clause.source:
        return clause.provenance
    return f"{clause.provenance}: {clause.source}"


def advise(findings: Sequence[Finding], texts: dict[str, ClauseText], fix: str = "") -> list[Advice]:
    """Return advice for the findings of one rule, grouped by clause and level.

    Several clauses often share a fix; no text appears twice. A `fix` replaces those of the clauses.
    """
    groups: dict[tuple[str, str], list[Finding]] = {}
    for finding in findings:
        groups.setdefault((finding.clause, finding.level), []).append(finding)
    said: set[str] = {""}
    return [_advice(group, texts.get(clause), said, fix) for (clause, _), group in groups.items()]


def _advice(group: list[Finding], clause: ClauseText | None, said: set[str], fix: str) -> Advice:
    expectations: dict[str, dict[str, list[str]]] = {}
    subjects_by_curl: dict[str, list[str]] = {}
    for finding in group:
        observations = expectations.setdefault(finding.expected, {})
        observations.setdefault(finding.actual, []).append(finding.subject)
        if finding.curl:
            subjects_by_curl.setdefault(finding.curl, []).append(finding.subject)
    seen = [Reproduction(_unique(subjects), curl) for curl, subjects in subjects_by_curl.items()]
    examples = set({(one.expected, one.actual): one.curl for one in reversed(group)}.values())
    why = _new([clause.why if clause else ""], said)
    return Advice(
        clause=group[0].clause,
        level=group[0].level,
        origin=origin(clause) if clause else "",
        expectations=tuple(
            Expectation(
                expected,
                tuple(Observation(actual, _unique(subjects)) for actual, subjects in observations.items()),
            )
            for expected, observations in expectations.items()
        ),
        sent=_unique(one.question for one in group if one.question not in ("", one.subject)),
        why=why[0] if why else "",
        first_lines=_unique(one.first_line for one in group if one.first_line not in one.actual),
        fixes=_new(_fixes(group, clause, fix), said),
        reproductions=tuple(one for one in seen if one.curl in examples),
        more=tuple(one for one in seen if one.curl not in examples),
        findings=tuple(group),
    )


def _fixes(group: Sequence[Finding], clause: ClauseText | None, fix: str) -> list[str]:
    """Return how to fix the findings; a fix that a hint already contains is not repeated."""
    hints = [one.hint for one in group]
    if not fix:
        return [*hints, clause.fix if clause else ""]
    return hints if any(fix in hint for hint in hints) else [*hints, fix]


def _new(texts: Iterable[str], said: set[str]) -> tuple[str, ...]:
    new: list[str] = []
    for text in texts:
        if text not in said:
            said.add(text)
            new.append(text)
    return tuple(new)


def _unique(texts: Iterable[str]) -> tuple[str, ...]:
    return tuple(dict.fromkeys(texts))
