"""What a comparison of two documents finds, as data."""

from collections.abc import Iterable
from dataclasses import dataclass, field
from enum import StrEnum

from solusio_contracts.contract.clauses import Provenance
from solusio_contracts.contract.elements import Statement


class Verdict(StrEnum):
    """What the vendor's document makes of an element."""

    CONTRADICTED = "contradicted"
    """Both have it and differ."""
    MISSING = "missing"
    """One of the documents has it, the other has not."""
    CONFIRMED = "confirmed"
    """Both have it and do not differ."""


OURS, THEIRS = "ours", "vendor"
"""The two documents, as the one in which something is missing."""


@dataclass(frozen=True, slots=True)
class Aspect:
    """One respect in which the documents differ, such as `type`."""

    name: str
    ours: str
    theirs: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Judged:
    """What is found of one element, wherever it occurs."""

    element: str
    """`operation`, `parameter`, `request body`, `response` or `field`."""
    verdict: Verdict
    missing_in: str = ""
    name: str = ""
    """Below the place to which it belongs: `[].email`."""
    aspects: tuple[Aspect, ...] = ()
    notes: tuple[str, ...] = ()
    """What else is worth knowing and contradicts nothing."""
    ours: str = ""
    """What ours says, in a few words; likewise `theirs`."""
    theirs: str = ""
    statement: Statement | None = None
    """Who states it in ours."""
    pointer: str = ""
    """Where it stands in ours: a JSON pointer."""
    identity: tuple[object, ...] = field(default=(), repr=False)
    """Equal for one and the same element of ours, however often it is met."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Finding:
    """What is found of one element of our document or, when ours lacks it, of the vendor's."""

    judged: Judged
    operation: str
    """Where it was met first: `GET /users/{user_id}`."""
    where: str
    """`path`, `query`, `header`, `cookie`, `request`, `response 200`; empty for an operation."""
    name: str
    """Such as `data[].email`, empty for an operation, body or response."""
    also_in: tuple[str, ...] = ()
    """The other operations that have the same element of ours, with the same result."""

    @property
    def verdict(self) -> Verdict:
        """What the vendor's document makes of it."""
        return self.judged.verdict

    @property
    def assumed(self) -> bool:
        """Whether nobody had stated it: then the vendor's document decides it."""
        stated = self.judged.statement
        return stated is not None and stated.kind is Provenance.ASSUMED


@dataclass(frozen=True, slots=True)
class Part:
    """A parameter or member of an operation that ours lacks."""

    where: str
    name: str
    type: str
    required: bool
    description: str


@dataclass(frozen=True, slots=True)
class Wanted:
    """An operation of the vendor's that ours lacks and that nobody knows: all that is said of it."""

    operation: str
    summary: str
    parts: tuple[Part, ...]


@dataclass(frozen=True, slots=True)
class Comparison:
    """The result of comparing two documents."""

    theirs_title: str
    theirs_version: str
    """Of OpenAPI, such as 3.0.3."""
    matched: int
    """How many operations are in both."""
    findings: tuple[Finding, ...]
    wanted: tuple[Wanted, ...]
    remarks: tuple[str, ...]
    """What limits the comparison as a whole."""

    def having(self, verdict: Verdict, *, missing_in: str = "", assumed: bool | None = None) -> list[Finding]:
        """Return the findings with a verdict."""
        return [
            found
            for found in self.findings
            if found.verdict is verdict
            and (not missing_in or found.judged.missing_in == missing_in)
            and (assumed is None or found.assumed == assumed)
        ]

    def by_operation(self, findings: Iterable[Finding]) -> dict[str, list[Finding]]:
        """Return findings by operation, those with the most contradictions first, and in each these."""
        grouped: dict[str, list[Finding]] = {}
        for found in findings:
            grouped.setdefault(found.operation, []).append(found)
        order = list(Verdict)
        for group in grouped.values():
            group.sort(key=lambda found: order.index(found.verdict))
        return dict(
            sorted(
                grouped.items(),
                key=lambda entry: -sum(found.verdict is Verdict.CONTRADICTED for found in entry[1]),
            )
        )
