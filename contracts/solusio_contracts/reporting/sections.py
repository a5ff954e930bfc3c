"""The sections of a report for people: which results stand together, and in which order."""

from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass

import msgspec

from solusio_contracts.reporting.report import CauseText, Outcome, Report, Result

FIRST = ("answered",)
"""The rules without which nothing else can be judged."""
SECOND = ("body", "fields")
"""The areas about the response to a valid request, which every customer sees."""


def warned(report: Report) -> tuple[Result, ...]:
    """Return the warnings: results with unaccepted findings, none of which fails the target."""
    failed = report.failed
    return tuple(
        result
        for result in report.with_outcome(Outcome.WARN, Outcome.FAIL)
        if result not in failed and not _accepted_whole(result)
    )


def accepted(report: Report) -> tuple[Result, ...]:
    """Return the failures and warnings whose findings the baseline all accepts."""
    return tuple(filter(_accepted_whole, report.with_outcome(Outcome.WARN, Outcome.FAIL)))


def undecided(report: Report) -> dict[str, list[Result]]:
    """Return the other undecided results by reason."""
    return by_reason(result for result in report.with_outcome(Outcome.ERROR) if not result.findings)


def _accepted_whole(result: Result) -> bool:
    return bool(result.findings) and all(finding.accepted for finding in result.findings)


@dataclass(frozen=True, slots=True)
class Group:
    """What one change fixes: the unaccepted findings of one rule, or of several that share a cause."""

    title: str
    results: tuple[Result, ...]
    """The rules it explains, each with only these findings; the first one explains it best."""
    cause: CauseText | None = None
    accepted: int = 0
    """Findings of the first rule that the baseline accepts."""

    @property
    def rule(self) -> str:
        """The rule to read first."""
        return self.results[0].rule

    @property
    def fails(self) -> bool:
        """Whether one of its findings fails the target."""
        return any(finding.level == "must" for result in self.results for finding in result.findings)


def groups(report: Report) -> tuple[Group, ...]:
    """Return all unaccepted findings by what fixes them, in the order in which to fix them.

    First comes what keeps a valid request from its price, then what explains most rules, then the order of
    the run. Every finding is in exactly one group.
    """
    causes = {cause.id: cause for cause in report.causes}
    found: dict[str, dict[str, Result]] = {}
    for result in report.with_outcome(Outcome.FAIL, Outcome.WARN):
        for id_ in dict.fromkeys(one.cause or result.rule for one in result.findings if not one.accepted):
            part = tuple(
                one for one in result.findings if not one.accepted and (one.cause or result.rule) == id_
            )
            found.setdefault(id_, {})[result.rule] = msgspec.structs.replace(result, findings=part)
    whole = {result.rule: result for result in report.results}
    made = [
        Group(
            title=causes[id_].title if id_ in causes else whole[next(iter(parts))].title,
            results=tuple(parts.values()),
            cause=causes.get(id_),
            accepted=sum(one.accepted for one in whole[next(iter(parts))].findings),
        )
        for id_, parts in found.items()
    ]
    order = {result.rule: place for place, result in enumerate(report.results)}
    return tuple(sorted(made, key=lambda one: (_rank(one), -min(len(one.results), 2), order[one.rule])))


def _rank(group: Group) -> int:
    first = group.results[0]
    return 0 if first.rule in FIRST else 1 if first.area in SECOND else 2


def obstacles(report: Report) -> tuple[Group, ...]:
    """Return the undecided results with findings, which show what kept rules from being decided."""
    causes = {cause.id: f": {cause.title}" for cause in report.causes}
    found = (result for result in report.with_outcome(Outcome.ERROR) if result.findings)
    return tuple(
        Group(result.reason + causes.get(result.findings[0].cause, ""), (result,)) for result in found
    )


def failures(report: Report) -> tuple[Group, ...]:
    """Return the groups that fail the target."""
    return tuple(group for group in groups(report) if group.fails)


def warnings(report: Report) -> tuple[Group, ...]:
    """Return the groups of which none of the findings fails the target."""
    return tuple(group for group in groups(report) if not group.fails)


def by_area(results: Iterable[Result]) -> dict[str, list[Result]]:
    """Return the results by area, in the order of the run."""
    areas: dict[str, list[Result]] = {}
    for result in results:
        areas.setdefault(result.area, []).append(result)
    return areas


def by_reason(results: Iterable[Result]) -> dict[str, list[Result]]:
    """Return skipped or undecided results by reason; many often share one."""
    reasons: dict[str, list[Result]] = {}
    for result in results:
        reasons.setdefault(result.reason, []).append(result)
    return reasons


def worst(results: Iterable[Result]) -> Outcome:
    """Return the outcome that needs action first."""
    outcomes = {result.outcome for result in results}
    order = (Outcome.FAIL, Outcome.ERROR, Outcome.WARN, Outcome.PASS, Outcome.SKIP)
    return next(outcome for outcome in order if outcome in outcomes)


def counts(results: Iterable[Result]) -> dict[Outcome, int]:
    """Return how many results had each outcome, in the order of `Outcome`, without the zeros."""
    counted = Counter(result.outcome for result in results)
    return {outcome: counted[outcome] for outcome in Outcome if counted[outcome]}


def summary(report: Report) -> dict[str, int]:
    """Return how many items had each outcome; an accepted failure still counts as one."""
    return {str(outcome): report.count(outcome) for outcome in Outcome}
