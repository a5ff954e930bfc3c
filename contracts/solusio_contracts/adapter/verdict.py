"""What a check of a billing system found in one scenario, and its result. Pure."""

from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from typing import Final

import msgspec

from solusio_contracts.contract.clauses import Level, clause
from solusio_contracts.reporting.report import MAX_FINDINGS, CauseText, Finding, Item, Result

PROBABLY: Final = "You probably"
"""How the explanation of a probable mistake begins."""


MOST: Final = 2
"""The most explanations of one finding: more would say little."""


@dataclass(frozen=True, slots=True)
class Mistake:
    """A mistake that billing systems make. `says` completes `You probably ...`; `fix` is a full sentence."""

    name: str
    says: str
    fix: str


@dataclass(frozen=True, slots=True)
class Difference:
    """A difference. `about` groups those with one cause: lines, total, parts ..."""

    clause: str
    subject: str
    expected: str
    actual: str
    about: str
    hint: str = ""
    mistakes: tuple[Mistake, ...] = ()
    """The mistakes that explain it, the most specific first."""


@dataclass(slots=True)
class Verdict:
    """The checks and findings of a scenario so far."""

    checks: int = 0
    findings: list[Finding] = field(default_factory=list)
    suspects: list[tuple[Mistake, ...]] = field(default_factory=list)
    """For each finding, the mistakes that explain it."""
    notes: list[str] = field(default_factory=list)

    def add(
        self, differences: Iterable[Difference], *, question: str = "", request: str = "", response: str = ""
    ) -> None:
        """Add differences as findings."""
        for one in differences:
            self.suspects.append(one.mistakes)
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

    def failed(
        self,
        clause_id: str,
        subject: str,
        expected: str,
        actual: str,
        *,
        hint: str = "",
        mistakes: tuple[Mistake, ...] = (),
        **shown: str,
    ) -> None:
        """Add a finding with its check."""
        self.checks += 1
        self.add([Difference(clause_id, subject, expected, actual, "", hint, mistakes)], **shown)


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


def sentence(mistakes: Sequence[Mistake]) -> str:
    """Return explanations of one finding as a text; of more than `MOST`, the first."""
    if not mistakes:
        return ""
    probable = ", or ".join(one.says for one in mistakes[:MOST])
    return f"{PROBABLY} {probable}. {mistakes[0].fix}"


def name_causes(verdicts: Sequence[Verdict]) -> tuple[CauseText, ...]:
    """Name for each finding the mistake that explains most scenarios; return these mistakes.

    Several mistakes often explain one finding, and another scenario distinguishes them.
    """
    counts = Counter(
        name
        for verdict in verdicts
        for name in {mistake.name for mistakes in verdict.suspects for mistake in mistakes}
    )
    named: dict[str, tuple[Mistake, ...]] = {}
    scenarios: Counter[str] = Counter()
    for verdict in verdicts:
        chosen = [_likeliest(mistakes, counts) for mistakes in verdict.suspects]
        for place, mistakes in enumerate(chosen):
            if mistakes:
                found = verdict.findings[place]
                hint = " ".join(filter(None, (sentence(mistakes), found.hint)))
                verdict.findings[place] = msgspec.structs.replace(found, hint=hint, cause=mistakes[0].name)
                named.setdefault(mistakes[0].name, mistakes)
        scenarios.update({mistakes[0].name for mistakes in chosen if mistakes})
    return tuple(
        CauseText(
            id=name,
            title=f"you probably {', or '.join(one.says for one in named[name])}"
            + (f" ({count} scenarios)" if count > 1 else ""),
            fix=named[name][0].fix,
        )
        for name, count in scenarios.most_common()
    )


def _likeliest(mistakes: Sequence[Mistake], counts: Counter[str]) -> tuple[Mistake, ...]:
    most = max((counts[one.name] for one in mistakes), default=0)
    return tuple({one.name: one for one in mistakes if counts[one.name] == most}.values())[:MOST]
