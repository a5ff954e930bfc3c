"""What a run found, as plain data; writers turn it into text, the runner makes it."""

import enum
from collections import Counter

import msgspec

SCHEMA_VERSION = "1.1"
"""Version of the JSON report: a new minor adds members, a new major changes or removes some."""

MAX_FINDINGS = 100
"""Findings kept per rule; the rest is counted. A baseline cannot tell what it accepts beyond them."""


class Outcome(enum.StrEnum):
    """The outcome of one rule."""

    PASS = "pass"  # noqa: S105 - an outcome
    WARN = "warn"
    FAIL = "fail"
    SKIP = "skip"
    ERROR = "error"


class Exit(enum.IntEnum):
    """The exit code of a run (DESIGN 5)."""

    CONFORMANT = 0
    NOT_CONFORMANT = 1
    USAGE = 2
    INCONCLUSIVE = 3


class Finding(msgspec.Struct, frozen=True, kw_only=True):
    """Expected against actual, with the exchange that shows it; all texts are masked."""

    clause: str
    level: str
    subject: str
    expected: str
    actual: str
    hint: str = ""
    question: str = ""
    curl: str = ""
    request: str = ""
    response: str = ""
    accepted: bool = False
    """Whether the baseline accepts it."""


class ClauseText(msgspec.Struct, frozen=True, kw_only=True):
    """A clause as reports show it."""

    id: str
    level: str
    provenance: str
    source: str
    text: str
    why: str
    fix: str


class Result(msgspec.Struct, frozen=True, kw_only=True):
    """The outcome of one rule, or of one scenario, which stands where a rule does.

    `reason` says why it was skipped or could not decide.
    """

    rule: str
    area: str
    title: str
    outcome: Outcome
    clauses: tuple[str, ...]
    checks: int
    """How many expectations were looked at."""
    findings: tuple[Finding, ...] = ()
    notes: tuple[str, ...] = ()
    reason: str = ""
    seconds: float = 0.0


class Fact(msgspec.Struct, frozen=True, kw_only=True):
    """Something found out about the endpoint that is neither good nor bad."""

    name: str
    text: str


class Report(msgspec.Struct, frozen=True, kw_only=True):
    """One run against one target."""

    schema_version: str = SCHEMA_VERSION
    tool: str = "mock-solusio"
    command: str = "check"
    """What was run, without the program's name; it decides the words of the report."""
    tool_version: str
    target: str
    started: str
    """RFC 3339, UTC."""
    seconds: float
    seed: int
    requests: int
    users: tuple[int, ...]
    """Whose prices were asked; nobody's where invoices were checked."""
    facts: tuple[Fact, ...] = ()
    results: tuple[Result, ...] = ()
    clauses: tuple[ClauseText, ...] = ()
    """The clauses that the rules of this run cite."""
    stale: tuple[str, ...] = ()
    """Entries of the baseline that no longer occur."""

    def count(self, outcome: Outcome) -> int:
        """Return how many rules had this outcome."""
        return Counter(result.outcome for result in self.results)[outcome]

    def with_outcome(self, *outcomes: Outcome) -> tuple[Result, ...]:
        """Return the results that had one of these outcomes."""
        return tuple(result for result in self.results if result.outcome in outcomes)

    @property
    def failed(self) -> tuple[Result, ...]:
        """The failed results which the baseline does not accept whole."""
        return tuple(
            result
            for result in self.with_outcome(Outcome.FAIL)
            if any(finding.level == "must" and not finding.accepted for finding in result.findings)
        )

    @property
    def exit(self) -> Exit:
        """The verdict: a run that checked nothing is never a pass."""
        if self.failed or self.stale:
            return Exit.NOT_CONFORMANT
        passed = self.count(Outcome.PASS) + self.count(Outcome.WARN) + self.count(Outcome.FAIL)
        if self.count(Outcome.ERROR) or not passed:
            return Exit.INCONCLUSIVE
        return Exit.CONFORMANT
