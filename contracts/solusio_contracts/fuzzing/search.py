"""Looks for failures among the answers to generated questions, and shrinks what it finds.

Each distinct failure is kept once, with the shortest request that showed it. hypothesis does the shrinking:
a run raises at the first failure of a kind not met before, hypothesis shrinks that, and the next run looks
for further kinds with what is left of the examples. (Its own way to report several failures stops looking
soon after the first.)
"""

from __future__ import annotations

import contextlib
import time
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from solusio_contracts.fuzzing.generator import Question
from solusio_contracts.fuzzing.oracle import Judge, Violation
from solusio_contracts.http.exchange import Exchange, FailureKind, Request

if TYPE_CHECKING:
    from hypothesis.strategies import SearchStrategy

    from solusio_contracts.checking.target import Target

SHRINKS = 120
"""Further requests that a failure may cost on its way to a short example."""
SHRINK_SECONDS = 2.0
HANGS = 3
"""Answers that do not come, after which the run ends: each costs the whole time-out."""
SWEEP = 4
"""Cases generated for each plan, if there are so many, before all plans are mixed: none is left to chance."""
KINDS = 12
"""Distinct failures of a family, found by mixing all plans, after which it stops looking for more."""

TIME_UP = "the time is up"

Key = tuple[str, str]


class _Stop(BaseException):
    """Ends a run from within; no Exception, or hypothesis would take it for a failing test."""


class _Alarm(AssertionError):  # noqa: N818 - a signal to hypothesis
    """The failure that is being shrunk showed again."""


@dataclass(slots=True)
class Limits:
    """What bounds the families together."""

    deadline: float
    hangs: int = 0
    over: str = ""
    """Why no family may send anything more."""


@dataclass(slots=True)
class Catch:
    """The shortest exchange that showed a failure."""

    violation: Violation
    exchange: Exchange


@dataclass(slots=True)
class Hunt:
    """Sends generated questions, each once, and keeps what they show."""

    target: Target
    judge: Judge
    examples: int
    deadline: float
    limits: Limits
    answers: dict[bytes, tuple[Violation, ...]] = field(default_factory=dict)
    caught: dict[Key, Catch] = field(default_factory=dict)
    looked: int = 0
    """Requests sent to find failures, against `examples`."""
    checks: int = 0
    """All requests that were judged."""
    shrinks_left: int | None = None
    """Requests left to shrink with; None while looking for failures."""
    shrink_deadline: float = 0.0
    last: Exchange | None = None
    stopped: str = ""
    """Why fewer than all examples were sent."""
    broke: str = ""
    """Why there is no verdict."""

    def ask(self, question: Question) -> tuple[Violation, ...]:
        """Return what the answer to a question violates; a question asked before is not asked again.

        Raises:
            _Stop: a limit is reached.
        """
        known = self.answers.get(question.body)
        if known is not None:
            return known
        self._stop_at_limits()
        patience = self.target.settings.timeout
        left = self.limits.deadline - time.monotonic()
        request = Request(question.body)
        exchange = self.target.send(request, question.asked, timeout=min(patience, left), keep=False)
        if exchange.failure is FailureKind.TIMEOUT and left < patience:
            # It had less time than it may take: that shows nothing.
            self.stopped = TIME_UP
            raise _Stop
        if exchange.failure is not None:
            exchange = self._after_failure(exchange)
        self.last = exchange
        violations = tuple(self.judge(exchange))
        self.checks += 1
        self.answers[question.body] = violations
        for violation in violations:
            self._keep(violation, exchange)
        return violations

    def _stop_at_limits(self) -> None:
        if self.limits.over:
            raise _Stop
        now = time.monotonic()
        if now >= self.deadline:
            self.stopped = TIME_UP
            raise _Stop
        if self.shrinks_left is None:
            if self.looked >= self.examples:
                raise _Stop
            self.looked += 1
        else:
            if self.shrinks_left <= 0 or now >= self.shrink_deadline:
                raise _Stop
            self.shrinks_left -= 1

    def _after_failure(self, exchange: Exchange) -> Exchange:
        """See whether the endpoint survived; a refused connection gets a second chance."""
        if exchange.failure is FailureKind.TIMEOUT:
            self.limits.hangs += 1
            if self.limits.hangs >= HANGS:
                self.limits.over = f"{HANGS} requests got no answer in time"
            return exchange
        if self.target.is_up():
            if not exchange.sent:
                exchange = self.target.send(exchange.request, exchange.description, keep=False)
            return exchange
        violation = Violation(
            "TP-403", "down", "the endpoint after this request", "still there", "no connection any more"
        )
        # A refused request cannot have done it: that was the one before.
        self._keep(violation, exchange if exchange.sent or self.last is None else self.last)
        self.limits.over = self.stopped = "the endpoint accepts no connections any more"
        raise _Stop

    def _keep(self, violation: Violation, exchange: Exchange) -> None:
        best = self.caught.get(violation.key)
        if best is None or _size(exchange) < _size(best.exchange):
            self.caught[violation.key] = Catch(violation, exchange)

    def start_shrinking(self) -> None:
        """From now on requests count as shrinking."""
        self.shrinks_left = SHRINKS
        self.shrink_deadline = min(self.deadline, time.monotonic() + SHRINK_SECONDS)

    def start_looking(self) -> None:
        """From now on requests count as examples."""
        self.shrinks_left = None


def _size(exchange: Exchange) -> tuple[int, bytes]:
    return len(exchange.request.body), exchange.request.body


def hunt_all(hunt: Hunt, plans: list[SearchStrategy[Question]], seed: str) -> None:
    """Try each plan a few times, then all at random, until the examples or the time are used up."""
    from hypothesis import strategies as st

    hunted: set[Key] = set()
    each = max(1, min(SWEEP, hunt.examples // len(plans)))
    for number, plan in enumerate(plans):
        _hunt_one(hunt, plan, hunted, f"{seed} plan {number}", each)
    anything = st.one_of(plans)
    for number in range(KINDS):
        # Half of what is generated has been generated before and is not sent again.
        most = 4 * (hunt.examples - hunt.looked)
        if most <= 0 or not _hunt_one(hunt, anything, hunted, f"{seed} {number}", most):
            break
    if hunt.looked < hunt.examples:
        hunt.stopped = (
            hunt.stopped or hunt.limits.over or "enough was found, or nothing new could be generated"
        )


def _hunt_one(hunt: Hunt, strategy: SearchStrategy[Question], hunted: set[Key], seed: str, most: int) -> bool:
    """Look for a failure that was not hunted before, and shrink it; return whether there was one.

    `most` bounds what is generated before there is one.
    """
    import hypothesis
    from hypothesis import HealthCheck, Phase, Verbosity

    hunt.start_looking()
    prey: list[Key] = []

    def look(question: Question) -> None:
        keys = [violation.key for violation in hunt.ask(question)]
        if not prey:
            fresh = [key for key in keys if key not in hunted]
            if not fresh:
                return
            prey.append(fresh[0])
            hunt.start_shrinking()
        if prey[0] in keys:
            raise _Alarm

    settings = hypothesis.settings(
        max_examples=most,
        phases=(Phase.generate, Phase.shrink),
        database=None,
        deadline=None,
        derandomize=False,
        print_blob=False,
        # Its own way to go on after a failure ends too soon; see _hunt_all.
        report_multiple_bugs=False,
        suppress_health_check=list(HealthCheck),
        verbosity=Verbosity.quiet,
    )
    with contextlib.suppress(_Stop, _Alarm):
        hypothesis.seed(seed)(settings(hypothesis.given(strategy)(look)))()
    if not prey:
        return False
    hunted.add(prey[0])
    # What the shortest example shows besides has been shrunk with it.
    shown = hunt.caught[prey[0]].exchange
    hunted |= {key for key, catch in hunt.caught.items() if catch.exchange is shown}
    return True
