"""Runs rules against a target, and returns a report. Never prints, never exits."""

import datetime
import time
from collections.abc import Callable, Collection, Sequence
from importlib import metadata

import msgspec

from solusio_contracts.checking.grouping import cause_of, explained
from solusio_contracts.checking.rule import Expect, Rule, SkipRule
from solusio_contracts.checking.target import Target, UndecidedError
from solusio_contracts.contract.clauses import Clause, Level, clauses
from solusio_contracts.http.curl import reproduction
from solusio_contracts.http.exchange import Exchange
from solusio_contracts.http.first_line import first_line
from solusio_contracts.http.masking import CUT, Mask, shortened
from solusio_contracts.reporting.report import (
    MAX_FINDINGS,
    CauseText,
    ClauseText,
    Fact,
    Finding,
    Item,
    Outcome,
    Report,
    Result,
)

BODY_SHOWN = 1200
"""Characters of a body that a finding shows."""

NO_PRICE = "no valid request returned a price"

Progress = Callable[[Rule, int, int], None]
"""Called before each rule with its position (from 0) and the number of rules."""


def run(target: Target, rules: Sequence[Rule], *, progress: Progress | None = None) -> Report:
    """Run the rules in order, and report.

    If the endpoint cannot be reached, or stops accepting connections during the run, the remaining rules
    are reported as undecided. Without a single price, nothing passes.
    """
    began = time.monotonic()
    started = datetime.datetime.now(datetime.UTC)
    results: list[Result] = []
    gone = unreachable = _unreachable(target)
    priced = set() if unreachable else set(target.priced_users())
    for position, rule in enumerate(rules):
        # Rules that look back need no endpoint, and one of them reports that it is down.
        if gone and (unreachable or not rule.looks_back):
            results.append(item_of(rule).undecided(Outcome.ERROR, gone))
            continue
        if progress is not None:
            progress(rule, position, len(rules))
        result = run_rule(rule, target)
        if not priced and result.outcome is Outcome.PASS:
            # Whatever refused the valid request may have refused these requests, too.
            result = item_of(rule).undecided(Outcome.ERROR, NO_PRICE)
        results.append(result)
        if not gone and target.last_request_failed() and not target.is_up():
            gone = f"the endpoint stopped accepting connections during the rule {rule.name}"
    judged, causes = explained(results, target.causes, list(target.exchanges))
    return Report(
        tool_version=metadata.version("mock-solusio"),
        target=target.mask(target.settings.url),
        started=started.isoformat(timespec="seconds").replace("+00:00", "Z"),
        seconds=round(time.monotonic() - began, 3),
        seed=target.settings.seed,
        requests=target.requests_sent,
        users=target.users,
        unpriced=tuple(user for user in target.users if user not in priced),
        statuses=target.statuses,
        facts=_facts(target),
        results=judged,
        causes=tuple(
            CauseText(id=one.id, title=target.mask(one.title), fix=target.mask(one.fix)) for one in causes
        ),
        clauses=clause_texts({clause.id for rule in rules for clause in rule.clauses}),
    )


def run_rule(rule: Rule, target: Target) -> Result:
    """Run one rule; an exception in it gives the outcome `error`, not a crash."""
    item = item_of(rule)
    if rule.needs_token and target.token is None:
        return item.undecided(Outcome.SKIP, "no authorization token is configured (--token)")
    began = time.monotonic()
    checks = 0
    unmet: list[Expect] = []
    broke = ""
    try:
        if rule.needs_price and not target.priced_users():
            return item.undecided(Outcome.ERROR, NO_PRICE)
        for expect in rule.check(target):
            checks += 1
            clause_of(rule, expect)
            if not expect.ok:
                unmet.append(expect)
    except SkipRule as reason:
        # What was checked before still counts.
        if not checks:
            return item.undecided(Outcome.SKIP, str(reason))
    except UndecidedError as reason:
        broke = target.mask(str(reason))
    except Exception as error:
        broke = target.mask(f"the rule itself failed: {type(error).__name__}: {error}")
    if not checks and not broke:
        return item.undecided(Outcome.SKIP, "no response contains what this rule checks")
    result = _judged(rule, target, checks, unmet, time.monotonic() - began)
    if not broke:
        return result
    # A failure that was seen stays one; any other outcome needs the rule to finish.
    if result.outcome is Outcome.FAIL:
        return msgspec.structs.replace(result, notes=(*result.notes, broke))
    return item.undecided(Outcome.ERROR, broke)


def item_of(rule: Rule) -> Item:
    """Return a rule as reports show it."""
    return Item(rule.name, rule.area, rule.title, tuple(clause.id for clause in rule.clauses))


def _judged(rule: Rule, target: Target, checks: int, unmet: list[Expect], seconds: float) -> Result:
    strictest_first = sorted(unmet, key=lambda expect: -level_of(rule, expect).weight)
    failing = [expect for expect in strictest_first if level_of(rule, expect) is not Level.MAY]
    return item_of(rule).judged(
        [
            finding(expect, clause_of(rule, expect), level_of(rule, expect), target)
            for expect in failing[:MAX_FINDINGS]
        ],
        checks=checks,
        unlisted=max(len(failing) - MAX_FINDINGS, 0),
        notes=[
            target.mask(f"{expect.subject}: {expect.actual}") for expect in strictest_first[len(failing) :]
        ],
        seconds=round(seconds, 3),
    )


def clause_of(rule: Rule, expect: Expect) -> Clause:
    """Return the clause of an expectation.

    Raises:
        ValueError: the rule does not declare the clause.
    """
    if not expect.clause:
        return rule.clauses[0]
    for clause in rule.clauses:
        if clause.id == expect.clause:
            return clause
    raise ValueError(f"{rule.name} yields an expectation of {expect.clause}, which it does not declare")


def level_of(rule: Rule, expect: Expect) -> Level:
    """Return the level of an expectation: that of its clause, or a weaker one of its own."""
    level = clause_of(rule, expect).level
    if expect.level is not None and expect.level.weight < level.weight:
        return expect.level
    return level


def finding(expect: Expect, clause: Clause, level: Level, target: Target) -> Finding:
    """Return the finding for an unmet expectation, with its exchange and a curl line, all masked."""
    exchange = expect.exchange
    mask = target.mask
    cause = cause_of(expect, clause.id, target.known_prices())
    if cause is not None:
        target.causes.setdefault(cause.id, cause)
    return Finding(
        clause=clause.id,
        level=level,
        subject=mask(expect.subject),
        expected=mask(expect.expected),
        actual=mask(expect.actual),
        hint=mask(expect.hint),
        question=mask(exchange.description) if exchange else "",
        curl=reproduction(exchange, target.settings.url, mask, repeat=expect.repeat, only=expect.only)
        if exchange
        else "",
        request=_shown(exchange.sent, mask, 2 * BODY_SHOWN) if exchange else "",
        response=response_text(exchange, mask) if exchange else "",
        first_line=first_line(exchange.content, mask) if exchange else "",
        cause=cause.id if cause else "",
    )


def response_text(exchange: Exchange, mask: Mask) -> str:
    """Return the response as masked text: its head, and the beginning of the decoded body."""
    if exchange.status is None:
        received = _shown(exchange.received, mask, BODY_SHOWN)
        return mask(exchange.failure_text) + (f"\n{received}" if received else "")
    head = [f"HTTP {exchange.status} {exchange.reason}".rstrip()]
    head += [f"{name}: {value}" for name, value in exchange.headers]
    text = mask("\n".join(head)) + "\n\n" + _shown(exchange.content, mask, BODY_SHOWN)
    if exchange.leftover:
        text += f"\n… then {mask(repr(exchange.leftover))[:80]} after the end of the response"
    if exchange.failure is not None:
        text += f"\n… then: {mask(exchange.failure_text)}"
    return text


def _shown(data: bytes, mask: Mask, limit: int) -> str:
    text, cut = shortened(data, mask, limit)
    return f"{text}{CUT}\n{CUT} {len(data)} bytes in total" if cut else text


def _unreachable(target: Target) -> str:
    """Return why the endpoint cannot be reached at all, or an empty text."""
    try:
        first = target.first_response(target.users[0])
    except Exception as error:
        return target.mask(f"no request could be sent: {type(error).__name__}: {error}")
    if first.failure is not None and not first.sent:
        return f"the endpoint cannot be reached: {first.failure_text}"
    return ""


def _facts(target: Target) -> tuple[Fact, ...]:
    return tuple(Fact(name=name, text=target.mask(text)) for name, text in target.facts.items())


def clause_texts(cited: Collection[str]) -> tuple[ClauseText, ...]:
    """Return these clauses as reports show them, sorted by id."""
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
