"""Runs rules against a target, and returns a report. Never prints, never exits."""

import datetime
import time
from collections.abc import Callable, Collection, Mapping, Sequence
from importlib import metadata
from types import MappingProxyType

import msgspec

from solusio_contracts.checking.cause import Cause
from solusio_contracts.checking.grouping import cause_of, explained
from solusio_contracts.checking.pace import UndecidedError
from solusio_contracts.checking.rule import Expect, Rule, clause_of
from solusio_contracts.checking.schedule import groups, lanes, may_wait_together, try_group
from solusio_contracts.checking.shown_price import shown_price
from solusio_contracts.checking.target import INTERRUPTED, Target
from solusio_contracts.checking.trial import NO_PRICE, Trial, try_rule
from solusio_contracts.contract.clauses import Clause, Level, clauses
from solusio_contracts.contract.overlay import NO_OVERLAY, Overlay
from solusio_contracts.http.curl import reproduction
from solusio_contracts.http.exchange import Exchange
from solusio_contracts.http.first_line import first_line
from solusio_contracts.http.masking import CUT, Mask, shortened
from solusio_contracts.http.refusal import refusal
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

BANNED = (
    "Look for what bans or limits addresses before the program or in it: fail2ban, CrowdSec, mod_evasive, "
    "nginx `limit_req`, `express-rate-limit`, a firewall. Lift the ban, and exempt SolusIO's address."
)

Progress = Callable[[Rule, int, int], None]
"""Called before each rule with its position (from 0) and the number of rules."""


def run(
    target: Target,
    rules: Sequence[Rule],
    *,
    left_out: Mapping[Rule, str] = MappingProxyType({}),
    progress: Progress | None = None,
) -> Report:
    """Run the rules and report; results are in the order of the rules, whatever ran first.

    Rules that are `left_out` come last, as skipped, each with its reason.

    What stands in the way leaves the remaining rules undecided: the endpoint cannot be reached, stops
    accepting connections or no longer answers valid requests, the time is up, or Ctrl-C. Without a single
    price, nothing passes.
    """
    began = time.monotonic()
    started = datetime.datetime.now(datetime.UTC)
    results = _Run(target, rules, progress).results()
    results += [item_of(rule).undecided(Outcome.SKIP, reason) for rule, reason in left_out.items()]
    judged, causes = explained(results, target.causes, list(target.exchanges))
    priced = target.known_prices()
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
        clauses=clause_texts({clause for result in judged for clause in result.clauses}),
    )


class _Run:
    """One run in progress."""

    def __init__(self, target: Target, rules: Sequence[Rule], progress: Progress | None) -> None:
        self._target = target
        self._rules = rules
        self._progress = progress
        self._begun = 0

    def results(self) -> list[Result]:
        """Run all rules; return their results in order, after what kept some from being decided."""
        target = self._target
        results: dict[Rule, Result] = {}
        at_once = _begin(target)
        reachable = not target.stopped
        scheduled = groups(
            self._rules,
            at_once,
            token=target.token is not None,
            wait_together=may_wait_together(target),
        )
        for group in scheduled:
            # Rules that look back need no endpoint, and one of them reports that it is down.
            left = [rule for rule in group if not self._reason(rule) or (rule.looks_back and reachable)]
            trials = try_group(left, target, at_once, self._show, self._prepare) if left else {}
            for rule, trial in trials.items():
                results[rule] = self._result(rule, trial)
        in_order = [results.get(rule) or self._untested(rule) for rule in self._rules]
        obstacle = interference_result(target)
        if obstacle is None:
            return in_order
        return [obstacle, *(result for result in in_order if result.rule != obstacle.rule)]

    def _show(self, rule: Rule) -> None:
        if self._progress is not None:
            self._progress(rule, self._begun, len(self._rules))
        self._begun += 1

    def _prepare(self) -> None:
        for rule in self._rules:
            if rule.prepare is not None:
                rule.prepare()

    def _result(self, rule: Rule, trial: Trial) -> Result:
        target = self._target
        if not rule.looks_back:
            target.absorb(trial.target)
        result = result_of(rule, trial)
        if result.outcome is Outcome.PASS:
            # Whatever refused the valid request may have refused these requests, too.
            nothing = "" if target.known_prices() else NO_PRICE
            if reason := nothing or (target.stopped if rule.looks_back else ""):
                return item_of(rule).undecided(Outcome.ERROR, target.mask(reason))
        return result

    def _reason(self, rule: Rule) -> str:
        """Return why a rule is not tried, or an empty text."""
        priced = self._target.known_prices()
        return self._target.stopped or (NO_PRICE if rule.generated and not priced else "")

    def _untested(self, rule: Rule) -> Result:
        return item_of(rule).undecided(Outcome.ERROR, self._target.mask(self._reason(rule)))


def run_rule(rule: Rule, target: Target) -> Result:
    """Run one rule; an exception in it gives the outcome `error`, not a crash."""
    trial = try_rule(rule, target)
    if not rule.looks_back:
        target.absorb(trial.target)
    return result_of(rule, trial)


def result_of(rule: Rule, trial: Trial) -> Result:
    """Return the result of a rule after a trial."""
    item, target = item_of(rule), trial.target
    # What was checked before still counts.
    if not trial.checks and not trial.undecided:
        reason = trial.skipped or "no response contains what this rule checks"
        return item.undecided(Outcome.SKIP, reason)
    result = _judged(rule, target, trial)
    if not trial.undecided:
        return result
    # A failure that was seen stays one; any other outcome needs the rule to finish.
    undecided = target.mask(trial.undecided)
    if result.outcome is Outcome.FAIL:
        return msgspec.structs.replace(result, notes=(*result.notes, undecided))
    return item.undecided(Outcome.ERROR, undecided)


def interference_result(target: Target) -> Result | None:
    """Return the result that says what answered valid requests in the endpoint's place, if anything did."""
    interference = target.interference
    if interference is None:
        return None
    clause, found = clauses()["TP-407"], refusal(interference.exchange)
    expect = Expect.that(
        False,
        "valid requests",
        "a price for each valid request, however many there are",
        f"status {interference.exchange.status}" + (f": {found.text}" if found else ""),
        interference.exchange,
        hint=BANNED if found is None or found.name == "server-page-403" else found.fix,
        cause=Cause(id=found.name, title=found.text, fix=found.fix) if found else None,
    )
    item = Item("valid-requests", "http", "valid requests get a price, however many there are", (clause.id,))
    return item.undecided(
        Outcome.ERROR,
        target.mask(str(interference)),
        findings=[finding(expect, clause, clause.level, target)],
    )


def item_of(rule: Rule) -> Item:
    """Return a rule as reports show it."""
    return Item(rule.name, rule.area, rule.title, tuple(clause.id for clause in rule.clauses))


def _judged(rule: Rule, target: Target, trial: Trial) -> Result:
    strictest_first = sorted(trial.unmet, key=lambda expect: -level_of(rule, expect).weight)
    failing = [expect for expect in strictest_first if level_of(rule, expect) is not Level.MAY]
    return item_of(rule).judged(
        [
            finding(expect, clause_of(rule, expect), level_of(rule, expect), target)
            for expect in failing[:MAX_FINDINGS]
        ],
        checks=trial.checks,
        unlisted=max(len(failing) - MAX_FINDINGS, 0),
        notes=[
            target.mask(f"{expect.subject}: {expect.actual}") for expect in strictest_first[len(failing) :]
        ],
        seconds=round(trial.seconds, 3),
    )


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


def _begin(target: Target) -> int:
    """Ask for each user once, and return how many rules may run at the same time.

    The target is stopped if it cannot be asked.
    """
    try:
        first = target.first_response(target.users[0])
        if first.failure is not None and not first.sent:
            target.stop(f"the endpoint cannot be reached: {first.failure_text}")
            return 1
        target.first_responses()
        if target.interference and not target.known_prices():
            target.stop(str(target.interference))
            return 1
        return lanes(target)
    except UndecidedError as reason:
        target.stop(str(reason))
    except KeyboardInterrupt:
        target.stop(INTERRUPTED)
    except Exception as error:
        target.stop(f"no request could be sent: {type(error).__name__}: {error}")
    return 1


def _facts(target: Target) -> tuple[Fact, ...]:
    found = [Fact(name=name, text=target.mask(text)) for name, text in target.facts.items()]
    for user, exchange in target.known_prices().items():
        value = exchange.reading.value
        text = shown_price(value) if isinstance(value, dict) else ""
        if text:
            found.append(Fact(name=f"user {user}", text=target.mask(text)))
    return tuple(found)


def clause_texts(cited: Collection[str], overlay: Overlay = NO_OVERLAY) -> tuple[ClauseText, ...]:
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
        for one in map(overlay.clause, clauses().values())
        if one.id in cited
    )
