"""Selects rules, runs them against a target and returns a report. Never prints, never exits."""

import datetime
import fnmatch
import time
from collections.abc import Callable, Collection, Iterable, Sequence
from importlib import metadata

import msgspec

from solusio_contracts.checking.evidence import finding
from solusio_contracts.checking.rule import Expect, Rule, SkipRule
from solusio_contracts.checking.target import Target
from solusio_contracts.contract.clauses import Clause, Level, clauses
from solusio_contracts.reporting.report import (
    MAX_FINDINGS,
    ClauseText,
    Fact,
    Finding,
    Outcome,
    Report,
    Result,
)

Progress = Callable[[Rule, int, int], None]
"""Called before each rule with its position (from 0) and the number of rules."""


class SelectionError(ValueError):
    """A selector of --only or --skip matches no rule."""


def select(rules: Sequence[Rule], only: Iterable[str] = (), skip: Iterable[str] = ()) -> list[Rule]:
    """Return the rules named by `only` (all when empty) less those named by `skip`.

    A selector is a rule's name, an area or a clause id, with `*` and `?` as wildcards.

    Raises:
        SelectionError: a selector matches nothing, so it would silently check less than was asked.
    """
    only, skip = list(only), list(skip)
    for selector in (*only, *skip):
        if not any(_matches(rule, selector) for rule in rules):
            raise SelectionError(
                f"{selector!r} is no rule, area or clause; see --list-rules for what there is"
            )
    chosen = [rule for rule in rules if not only or any(_matches(rule, one) for one in only)]
    chosen = [rule for rule in chosen if not any(_matches(rule, one) for one in skip)]
    if not chosen:
        raise SelectionError("--only and --skip together leave no rule to check")
    return chosen


def _matches(rule: Rule, selector: str) -> bool:
    names = (rule.name, rule.area, *(clause.id for clause in rule.clauses if not rule.broad))
    return any(fnmatch.fnmatchcase(name.lower(), selector.lower()) for name in names)


def run(target: Target, rules: Sequence[Rule], *, progress: Progress | None = None) -> Report:
    """Run the rules in order and report.

    An endpoint that cannot be reached, or that stops accepting connections in mid-run, ends the run: the
    rest is reported as undecided.
    """
    began = time.monotonic()
    started = datetime.datetime.now(datetime.UTC)
    results: list[Result] = []
    gone = unreachable = _unreachable(target)
    for position, rule in enumerate(rules):
        # What looks back needs no endpoint any more, and one of them says that it is down.
        if gone and (unreachable or not rule.looks_back):
            results.append(_undecided(rule, Outcome.ERROR, gone))
            continue
        if progress is not None:
            progress(rule, position, len(rules))
        result = run_rule(rule, target)
        results.append(result)
        if not gone and target.last_request_failed() and not target.is_up():
            gone = f"the endpoint accepts no connections any more since the rule {rule.name}"
    return Report(
        tool_version=metadata.version("mock-solusio"),
        target=target.mask(target.settings.url),
        started=started.isoformat(timespec="seconds").replace("+00:00", "Z"),
        seconds=round(time.monotonic() - began, 3),
        seed=target.settings.seed,
        requests=target.requests_sent,
        users=target.users,
        facts=_facts(target),
        results=tuple(results),
        clauses=clause_texts({clause.id for rule in rules for clause in rule.clauses}),
    )


def run_rule(rule: Rule, target: Target) -> Result:
    """Run one rule; a rule that breaks is an `error`, never a crash of the run."""
    if rule.needs_token and target.token is None:
        return _undecided(rule, Outcome.SKIP, "no authorization token is configured (--token)")
    began = time.monotonic()
    checks = 0
    unmet: list[Expect] = []
    broke = ""
    try:
        if rule.needs_price and not target.priced_users():
            return _undecided(rule, Outcome.SKIP, "no valid request returned a price")
        for expect in rule.check(target):
            checks += 1
            clause_of(rule, expect)
            if not expect.ok:
                unmet.append(expect)
    except SkipRule as reason:
        # What was looked at before counts all the same.
        if not checks:
            return _undecided(rule, Outcome.SKIP, str(reason))
    except Exception as error:
        broke = target.mask(f"the rule itself broke: {type(error).__name__}: {error}")
    if not checks and not broke:
        return _undecided(rule, Outcome.SKIP, "no answer shows what this rule looks at")
    result = _judge(rule, target, checks, unmet, time.monotonic() - began)
    if not broke:
        return result
    # A failure that was seen stays one; for anything else the rule would have had to come to its end.
    if result.outcome is Outcome.FAIL:
        return msgspec.structs.replace(result, notes=(*result.notes, broke))
    return _undecided(rule, Outcome.ERROR, broke)


def _judge(rule: Rule, target: Target, checks: int, unmet: list[Expect], seconds: float) -> Result:
    by_weight = sorted(unmet, key=lambda expect: -level_of(rule, expect).weight)
    worst = level_of(rule, by_weight[0]) if by_weight else None
    outcome = {Level.MUST: Outcome.FAIL, Level.SHOULD: Outcome.WARN}.get(worst or Level.MAY, Outcome.PASS)
    findings: list[Finding] = []
    notes: list[str] = []
    for expect in by_weight:
        level = level_of(rule, expect)
        if level is Level.MAY:
            notes.append(target.mask(f"{expect.subject}: {expect.actual}"))
        elif len(findings) < MAX_FINDINGS:
            findings.append(finding(expect, clause_of(rule, expect), level, target))
    hidden = sum(level_of(rule, expect) is not Level.MAY for expect in by_weight) - len(findings)
    if hidden:
        notes.append(f"{hidden} more of the same kind")
    return Result(
        rule=rule.name,
        area=rule.area,
        title=rule.title,
        outcome=outcome,
        clauses=tuple(clause.id for clause in rule.clauses),
        checks=checks,
        findings=tuple(findings),
        notes=tuple(notes),
        seconds=round(seconds, 3),
    )


def clause_of(rule: Rule, expect: Expect) -> Clause:
    """Return the clause an expectation belongs to.

    Raises:
        ValueError: the rule does not declare it.
    """
    if not expect.clause:
        return rule.clauses[0]
    for clause in rule.clauses:
        if clause.id == expect.clause:
            return clause
    raise ValueError(f"{rule.name} yields an expectation of {expect.clause}, which it does not declare")


def level_of(rule: Rule, expect: Expect) -> Level:
    """Return how much an unmet expectation weighs: its clause's level, or a weaker one of its own."""
    level = clause_of(rule, expect).level
    if expect.level is not None and expect.level.weight < level.weight:
        return expect.level
    return level


def _undecided(rule: Rule, outcome: Outcome, reason: str) -> Result:
    return Result(
        rule=rule.name,
        area=rule.area,
        title=rule.title,
        outcome=outcome,
        clauses=tuple(clause.id for clause in rule.clauses),
        checks=0,
        reason=reason,
    )


def _unreachable(target: Target) -> str:
    """Return why the endpoint cannot be reached at all, or an empty text."""
    try:
        first = target.first_answer(target.users[0])
    except Exception as error:
        return target.mask(f"no request could be made: {type(error).__name__}: {error}")
    if first.failure is not None and not first.sent:
        return f"the endpoint cannot be reached: {first.failure_text}"
    return ""


def _facts(target: Target) -> tuple[Fact, ...]:
    return tuple(Fact(name=name, text=target.mask(text)) for name, text in target.facts.items())


def clause_texts(cited: Collection[str]) -> tuple[ClauseText, ...]:
    """Return these clauses as reports show them, in the order of their ids."""
    return tuple(
        ClauseText(
            id=one.id,
            level=one.level,
            provenance=one.provenance,
            source=one.source or one.reason,
            text=one.text,
            why=one.why,
            fix=one.fix,
        )
        for one in clauses().values()
        if one.id in cited
    )
