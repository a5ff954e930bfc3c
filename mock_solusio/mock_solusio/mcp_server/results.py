"""What the tools return. Their schemas are derived from these classes."""

from dataclasses import dataclass, field
from typing import Any, Literal

Verdict = Literal["conformant", "not-conformant", "inconclusive"]


@dataclass
class ClauseResult:
    """One requirement."""

    id: str
    level: str
    """must, should or may."""
    provenance: str
    """documented (by the vendor), observed (in public client software) or assumed."""
    source: str
    text: str
    why: str
    fix: str
    rules: list[str]
    """The rules of `check_endpoint` that check it."""


@dataclass
class Explanation:
    """What a rule, a clause or a scenario requires, and why."""

    kind: Literal["rule", "clause", "scenario"]
    name: str
    title: str
    reason: str
    clauses: list[ClauseResult]
    scenario: dict[str, Any] | None = None
    """For a scenario: plans, customers, events, and the invoices or users that it must lead to."""


@dataclass
class ScenarioSummary:
    """A scenario in the list."""

    id: str
    area: str
    title: str
    clauses: list[str]


@dataclass
class Problem:
    """Expected against actual; all texts are masked."""

    rule: str
    """The rule or scenario that found it."""
    clause: str
    level: str
    subject: str
    expected: str
    actual: str
    hint: str
    reproduce: str
    """A shell command that shows it."""
    cause: str
    """What probably causes it, also in other findings."""


@dataclass
class Undecided:
    """Rules or scenarios that could not be decided, and why."""

    reason: str
    names: list[str]


@dataclass
class CheckResult:
    """The verdict of a check, and what to fix first."""

    verdict: Verdict
    summary: str
    counts: dict[str, int]
    """How many rules or scenarios passed, failed, warned, were skipped or undecided."""
    target: str
    seconds: float
    problems: list[Problem] = field(default_factory=list)
    """Failures before warnings."""
    more_problems: int = 0
    """Problems that are not listed."""
    undecided: list[Undecided] = field(default_factory=list)
    facts: list[str] = field(default_factory=list)


@dataclass
class InvoiceExplanation:
    """Why the invoices of one scenario differ."""

    result: CheckResult
    probable_mistakes: list[str]
    expected: dict[str, Any]
    """The scenario: plans, customers, events and the expected invoices."""


@dataclass
class MockResult:
    """A running mock SolusIO."""

    mock: str
    """Its name for the other tools."""
    url: str
    """The API is below `{url}/api/v1`."""
    access_token: str
    """Of the administrator of this mock."""
    now: str
    """The time of its clock."""


@dataclass
class ClockResult:
    """The clock of a mock."""

    mock: str
    now: str
    mode: str
    open_tasks: int


@dataclass
class ExchangeResult:
    """A request and its response, without secrets."""

    number: int
    moment: str
    kind: str
    method: str
    path: str
    query: str
    operation: str | None
    status: int | None
    notes: list[str]
    request_body: str
    response_body: str


@dataclass
class ConductResult:
    """Something that a client of the mock did wrong."""

    clause: str
    level: str
    subject: str
    text: str
    fix: str
    count: int
    exchanges: list[int]
    """Their numbers in the journal."""
