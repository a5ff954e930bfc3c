"""Which rules run at the same time, so that a slow endpoint does not take minutes."""

import time
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor, wait

from solusio_contracts.checking.interference import RepeatError
from solusio_contracts.checking.pace import UndecidedError
from solusio_contracts.checking.rule import Rule
from solusio_contracts.checking.target import INTERRUPTED, Target
from solusio_contracts.checking.trial import Trial, try_rule, undecide

CONCURRENCY = 4
"""Rules at the same time by default."""
QUICK = 0.05
"""Seconds within which an answer is so fast that rules run one after the other."""

TOGETHER = 4
"""Rules that one request confirms: where a price takes long, not each of them waits for one of its own."""


def lanes(target: Target) -> int:
    """Return how many rules may run at the same time: as many requests as the server answers at once."""
    wanted = target.settings.concurrency or CONCURRENCY
    fastest = _fastest(target)
    if wanted == 1 or fastest < QUICK:
        return 1
    began = time.monotonic()
    if not target.serves_at_once(wanted):
        return 1
    # A server that takes one request after the other needs so many times as long for them.
    return max(1, min(wanted, round(wanted * fastest / (time.monotonic() - began))))


def may_wait_together(target: Target) -> bool:
    """Whether rules that wait on purpose may do so at the same time, though others run one after the other.

    They ask for little, so nobody needs to measure how many requests a quick endpoint serves at once.
    """
    return (target.settings.concurrency or CONCURRENCY) >= CONCURRENCY and _fastest(target) < QUICK


def _fastest(target: Target) -> float:
    return min((one.seconds for one in target.known_prices().values()), default=0.0)


def groups(
    rules: Sequence[Rule], at_once: int, *, token: bool, wait_together: bool = False
) -> Iterator[list[Rule]]:
    """Yield the rules in groups that may run at the same time.

    With one at a time, rules keep their order; with `wait_together`, those that wait are one group, at the
    place of the first. With several, what may lock us out comes first, each rule alone; without an
    authorization token nothing can. Then come all others, the longest first, so that no lane is idle in the
    end. Crowds come last, each alone.
    """
    if at_once == 1:
        waiting = [rule for rule in rules if rule.waits and wait_together]
        for rule in rules:
            if rule not in waiting:
                yield [rule]
            elif rule is waiting[0]:
                yield waiting
        return
    others = [rule for rule in rules if not rule.looks_back and not rule.crowd]
    if token:
        yield from ([rule] for rule in others if rule.alone)
        others = [rule for rule in others if not rule.alone]
    yield sorted(others, key=lambda rule: (not rule.generated, not rule.long))
    yield from ([rule] for rule in rules if rule.crowd and not rule.looks_back)
    yield from ([rule] for rule in rules if rule.looks_back)


def try_group(
    group: Sequence[Rule],
    target: Target,
    at_once: int,
    begin: Callable[[Rule], None],
    meanwhile: Callable[[], None] | None = None,
) -> dict[Rule, Trial]:
    """Try rules, `at_once` at the same time, until nothing more can be asked; return the trials.

    If `at_once` is 1, several rules are ones that wait together. What one of them does not pass then may come
    from another, so it is tried again alone. `begin` is called before each rule, `meanwhile` while they wait.
    """

    def several(rules: Sequence[Rule]) -> dict[Rule, Trial]:
        trials = {}
        for rule in rules:
            if target.stopped and not rule.looks_back:
                break
            begin(rule)
            trials[rule] = try_rule(rule, target, confirm=len(rules) == 1)
            if not target.stopped and trials[rule].target.last_request_failed():
                _look_after(rule, target, trials[rule].target)
        if len(rules) > 1:
            _confirm(trials, target)
        return trials

    if len(group) == 1:
        return several(group)
    # Generated requests share global state of Hypothesis, so one thread sends them all.
    generated = [rule for rule in group if rule.generated]
    long = [[rule] for rule in group if rule.long or rule.waits]
    brief = [rule for rule in group if not rule.generated and not rule.long and not rule.waits]
    tasks = [generated, *long, *(brief[at : at + TOGETHER] for at in range(0, len(brief), TOGETHER))]
    with ThreadPoolExecutor(max_workers=at_once if at_once > 1 else len(group) + 1) as pool:
        futures = [pool.submit(several, task) for task in tasks]
        if at_once == 1 and meanwhile is not None:
            # If it fails, the rule that needs it fails, too, and says why.
            pool.submit(meanwhile)
        try:
            wait(futures)
        except KeyboardInterrupt:
            target.stop(INTERRUPTED)
        trials = {rule: trial for future in futures for rule, trial in future.result().items()}
    if at_once == 1 and not target.stopped:
        trials.update(
            (rule, try_rule(rule, target)) for rule, trial in trials.items() if trial.unmet or trial.undecided
        )
    return trials


def _confirm(trials: dict[Rule, Trial], target: Target) -> None:
    """Make sure that valid requests still get prices after rules that ended on a refusal.

    If they did not meanwhile, these rules are tried again, each with a confirmation of its own.
    """
    refused = [
        rule
        for rule, trial in trials.items()
        if not rule.looks_back and not trial.undecided and trial.target.ends_on_refusal()
    ]
    if not refused or target.stopped:
        return
    try:
        trials[refused[-1]].target.confirm()
    except RepeatError:
        trials.update({rule: try_rule(rule, target) for rule in refused})
    except UndecidedError as reason:
        for rule in refused:
            undecide(trials[rule], str(reason))


def _look_after(rule: Rule, target: Target, part: Target) -> None:
    """Stop the run if the endpoint is down, or hangs, since a rule whose last request got no response."""
    if not target.is_up():
        target.stop(f"the endpoint stopped accepting connections during the rule {rule.name}")
    elif part.last_request_timed_out() and not target.answers():
        target.stop(f"the endpoint stopped answering during the rule {rule.name}")
