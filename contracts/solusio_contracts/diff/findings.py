"""What the comparison of two documents finds, as data. Pure."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from enum import StrEnum

from solusio_contracts.contract.clauses import Provenance
from solusio_contracts.contract.elements import Statement


class DiffVerdict(StrEnum):
    """What the vendor's document means for an element."""

    CONTRADICTED = "contradicted"
    """Both have it and differ."""
    MISSING = "missing"
    """Only one of the documents has it."""
    CONFIRMED = "confirmed"
    """Both have it and agree."""


BUNDLE = "To follow them, bundle the document first: npx @redocly/cli bundle openapi.yaml -o bundled.json"
"""What to do about a document in several files."""

_LISTED = 5

OURS, THEIRS = "ours", "vendor"
"""The documents, as values of `missing_in`."""


@dataclass(frozen=True, slots=True)
class Aspect:
    """One respect in which the documents differ, such as `type`."""

    name: str
    ours: str
    theirs: str


@dataclass(frozen=True, slots=True, kw_only=True)
class ElementResult:
    """The result for one element, wherever it occurs."""

    element: str
    """`operation`, `parameter`, `request body`, `response` or `field`."""
    verdict: DiffVerdict
    missing_in: str = ""
    name: str = ""
    """Its name below the place of its schema: `[].email`."""
    aspects: tuple[Aspect, ...] = ()
    notes: tuple[str, ...] = ()
    """Further information that contradicts nothing."""
    ours: str = ""
    """Our version in a few words; likewise `theirs`."""
    theirs: str = ""
    statement: Statement | None = None
    """Who states it in ours."""
    pointer: str = ""
    """Its place in ours, as a JSON pointer."""
    identity: tuple[object, ...] = field(default=(), repr=False)
    """Equal for the same element of ours, however often it occurs."""


@dataclass(frozen=True, slots=True, kw_only=True)
class ElementFinding:
    """The result for an element of our document or, if ours lacks it, of the vendor's."""

    result: ElementResult
    operation: str
    """Where it occurs first: `GET /users/{user_id}`."""
    where: str
    """`path`, `query`, `header`, `cookie`, `request`, `response 200`; empty for an operation."""
    name: str
    """Such as `data[].email`, empty for an operation, body or response."""
    also_in: tuple[str, ...] = ()
    """The other operations that have the same element of ours, with the same result."""

    @property
    def verdict(self) -> DiffVerdict:
        """The verdict of its result."""
        return self.result.verdict

    @property
    def assumed(self) -> bool:
        """Whether ours only assumes it, so that the vendor's document settles it."""
        stated = self.result.statement
        return stated is not None and stated.kind is Provenance.ASSUMED


@dataclass(frozen=True, slots=True)
class WantedPart:
    """A parameter or member of an operation that ours lacks."""

    where: str
    name: str
    type: str
    required: bool
    description: str


@dataclass(frozen=True, slots=True)
class WantedOperation:
    """An operation about billed usage that ours lacks, with everything the vendor says about it."""

    operation: str
    summary: str
    parts: tuple[WantedPart, ...]


@dataclass(frozen=True, slots=True)
class DocumentDiff:
    """The result of comparing two documents."""

    theirs_title: str
    theirs_version: str
    """Of OpenAPI, such as 3.0.3."""
    matched: int
    """How many operations are in both."""
    findings: tuple[ElementFinding, ...]
    wanted: tuple[WantedOperation, ...]
    remarks: tuple[str, ...]
    """What limits the comparison as a whole."""
    elsewhere: tuple[str, ...] = ()
    """The vendor's references to other documents, which are not followed."""

    def having(
        self, verdict: DiffVerdict, *, missing_in: str = "", assumed: bool | None = None
    ) -> list[ElementFinding]:
        """Return the findings with a verdict."""
        return [
            found
            for found in self.findings
            if found.verdict is verdict
            and (not missing_in or found.result.missing_in == missing_in)
            and (assumed is None or found.assumed == assumed)
        ]

    def by_operation(self, findings: Iterable[ElementFinding]) -> dict[str, list[ElementFinding]]:
        """Return findings by operation, those with the most contradictions first, and in each these."""
        grouped: dict[str, list[ElementFinding]] = {}
        for found in findings:
            grouped.setdefault(found.operation, []).append(found)
        order = list(DiffVerdict)
        for group in grouped.values():
            group.sort(key=lambda found: order.index(found.verdict))
        return dict(
            sorted(
                grouped.items(),
                key=lambda entry: -sum(found.verdict is DiffVerdict.CONTRADICTED for found in entry[1]),
            )
        )


def enumerated(names: Sequence[str]) -> str:
    """Return the first of some names, and how many more there are."""
    more = f" and {len(names) - _LISTED} more" if len(names) > _LISTED else ""
    return f"{', '.join(names[:_LISTED])}{more}"
