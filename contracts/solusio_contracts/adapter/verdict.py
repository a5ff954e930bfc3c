"""What a check of a billing system found in one scenario, and its result. Pure."""

from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass, field
from typing import Final

import msgspec

from solusio_contracts.contract.clauses import Level, clause
from solusio_contracts.reporting.report import MAX_FINDINGS, Fact, Finding, Item, Result
from solusio_contracts.reporting.view import plural

PROBABLY: Final = "You probably"
"""How the explanation of a probable mistake begins."""


@dataclass(frozen=True, slots=True)
class Difference:
    """A difference. `about` groups those with one cause: lines, total, parts ..."""

    clause: str
    subject: str
    expected: str
    actual: str
    about: str
    hint: str = ""


@dataclass(slots=True)
class Verdict:
    """The checks and findings of a scenario so far."""

    checks: int = 0
    findings: list[Finding] = field(default_factory=list)
    notes: list[str] = field(default_factory=list)

    def add(
        self, differences: Iterable[Difference], *, question: str = "", request: str = "", response: str = ""
    ) -> None:
        """Add differences as findings."""
        for one in differences:
            self.findings.append(
                Finding(
                    clause=one.clause,
                    level=clause(one.clause).level,
                    subject=one.subject,
                    expected=one.expected,
                    actual=one.actual,
                    hint=one.hint,
                    question=question,
                    request=request,
                    response=response,
                )
            )

    def failed(self, clause_id: str, subject: str, expected: str, actual: str, **shown: str) -> None:
        """Add a finding with its check."""
        self.checks += 1
        hint = shown.pop("hint", "")
        self.add([Difference(clause_id, subject, expected, actual, "", hint)], **shown)


def judged(
    item: Item, verdict: Verdict, *, notes: Iterable[str] = (), seconds: float = 0.0, curl: str
) -> Result:
    """Return the result of a scenario; `curl` is the command line that runs it alone."""
    ranked = sorted(verdict.findings, key=lambda one: -Level(one.level).weight)
    return item.judged(
        [
            # One command line runs the whole scenario, so only the first finding has it.
            one if place else msgspec.structs.replace(one, curl=curl)
            for place, one in enumerate(ranked[:MAX_FINDINGS])
        ],
        checks=verdict.checks,
        unlisted=max(len(ranked) - MAX_FINDINGS, 0),
        notes=[*verdict.notes, *notes],
        seconds=seconds,
    )


def causes(results: Iterable[Result]) -> tuple[Fact, ...]:
    """Return the probable mistakes of the billing system, by the number of scenarios that show them."""
    counts: Counter[str] = Counter()
    for result in results:
        hints = {one.hint.partition(". ")[0] for one in result.findings}
        counts.update(text for text in hints if text.startswith(PROBABLY))
    return tuple(
        Fact(name=plural(count, "scenario"), text=f"you{text.removeprefix('You')}")
        for text, count in counts.most_common()
    )
