"""What a run found, as plain data: the runner makes it, writers turn it into text. Pure."""

import enum
from collections import Counter
from collections.abc import Iterable, Sequence

import msgspec

SCHEMA_VERSION = "1.2"
"""Version of the JSON report: a new minor version adds members, a new major one changes or removes some."""

MAX_FINDINGS = 100
"""Findings kept per rule; the others are only counted, and no baseline can accept them."""


class Outcome(enum.StrEnum):
    """The outcome of one rule."""

    PASS = "pass"  # noqa: S105 - an outcome
    WARN = "warn"
    FAIL = "fail"
    SKIP = "skip"
    """The rule does not apply to this target."""
    ERROR = "error"
    """Undecided: the rule applies, but something stood in the way of testing it."""


class Exit(enum.IntEnum):
    """The exit code of a run."""

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
    first_line: str = ""
    """The first line of the response's body, without tags."""
    cause: str = ""
    """The id of the cause that it shares with findings of other rules, if there is one."""
    accepted: bool = False
    """Whether the baseline accepts it."""


_OUTCOMES = {"must": Outcome.FAIL, "should": Outcome.WARN}


class ClauseText(msgspec.Struct, frozen=True, kw_only=True):
    """A clause as reports show it."""

    id: str
    level: str
    provenance: str
    source: str
    text: str
    why: str
    fix: str


class CauseText(msgspec.Struct, frozen=True, kw_only=True):
    """A cause as reports show it: one change fixes the findings of all rules that name it."""

    id: str
    title: str
    fix: str


class Item(msgspec.Struct, frozen=True):
    """A rule, or a scenario in its place: what gets an outcome."""

    rule: str
    area: str
    title: str
    clauses: tuple[str, ...]
    """Ids of the clauses it checks."""

    def judged(
        self,
        findings: Sequence[Finding],
        *,
        checks: int,
        unlisted: int = 0,
        notes: Iterable[str] = (),
        seconds: float = 0.0,
    ) -> "Result":
        """Return the result of an item with these findings, strictest first, and `unlisted` others."""
        more = (f"{unlisted} more of the same kind",) if unlisted else ()
        return Result(
            **msgspec.structs.asdict(self),
            outcome=_OUTCOMES.get(findings[0].level, Outcome.PASS) if findings else Outcome.PASS,
            checks=checks,
            findings=tuple(findings),
            notes=(*notes, *more),
            seconds=seconds,
        )

    def undecided(
        self, outcome: Outcome, reason: str, *, findings: Sequence[Finding] = (), seconds: float = 0.0
    ) -> "Result":
        """Return the result of an item that was skipped, or could not be decided.

        `findings` show what stood in the way; they neither fail nor pass the target.
        """
        return Result(
            **msgspec.structs.asdict(self),
            outcome=outcome,
            checks=0,
            findings=tuple(findings),
            reason=reason,
            seconds=seconds,
        )


class Result(msgspec.Struct, frozen=True, kw_only=True):
    """The outcome of one item; `reason` says why it was skipped or could not be decided."""

    rule: str
    area: str
    title: str
    outcome: Outcome
    clauses: tuple[str, ...]
    checks: int
    """How many expectations were checked."""
    findings: tuple[Finding, ...] = ()
    notes: tuple[str, ...] = ()
    reason: str = ""
    seconds: float = 0.0


class Fact(msgspec.Struct, frozen=True, kw_only=True):
    """Something found out about the target that is neither good nor bad."""

    name: str
    text: str


class Report(msgspec.Struct, frozen=True, kw_only=True):
    """One run against one target."""

    schema_version: str = SCHEMA_VERSION
    tool: str = "mock-solusio"
    command: str = "check"
    """The command without the program's name; it decides the words of the report."""
    tool_version: str
    target: str
    started: str
    """RFC 3339, UTC."""
    seconds: float
    seed: int
    requests: int
    users: tuple[int, ...]
    """The users whose prices were requested; empty when invoices were checked."""
    unpriced: tuple[int, ...] = ()
    """Those of them whose valid request got no price."""
    statuses: dict[str, int] = {}
    """How many requests got each status, in ascending order; `no response` counts those without one."""
    fail_on: str = "must"
    """The weakest level that fails the run: `must` or `should`."""
    facts: tuple[Fact, ...] = ()
    results: tuple[Result, ...] = ()
    clauses: tuple[ClauseText, ...] = ()
    """The clauses that the items of this run cite."""
    causes: tuple[CauseText, ...] = ()
    """The causes that its findings name."""
    stale: tuple[str, ...] = ()
    """Baseline entries that no longer occur."""

    def count(self, outcome: Outcome) -> int:
        """Return how many items had this outcome."""
        return Counter(result.outcome for result in self.results)[outcome]

    def with_outcome(self, *outcomes: Outcome) -> tuple[Result, ...]:
        """Return the results that had one of these outcomes."""
        return tuple(result for result in self.results if result.outcome in outcomes)

    @property
    def failed(self) -> tuple[Result, ...]:
        """The failed results with a failure that the baseline does not accept."""
        return tuple(
            result
            for result in self.with_outcome(Outcome.FAIL)
            if any(finding.level == "must" and not finding.accepted for finding in result.findings)
        )

    @property
    def exit(self) -> Exit:
        """The exit code: a run that left anything untested never passes."""
        if self.failed or self.stale or (self.fail_on == "should" and self._has_warnings()):
            return Exit.NOT_CONFORMANT
        passed = self.count(Outcome.PASS) + self.count(Outcome.WARN) + self.count(Outcome.FAIL)
        if self.count(Outcome.ERROR) or self.unpriced or not passed:
            return Exit.INCONCLUSIVE
        return Exit.CONFORMANT

    def _has_warnings(self) -> bool:
        """Tell whether there is a warning that the baseline does not accept."""
        return any(
            not finding.accepted
            for result in self.with_outcome(Outcome.WARN, Outcome.FAIL)
            for finding in result.findings
        )
