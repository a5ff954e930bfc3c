"""One attempt at a rule: what it expected, what was not met, and whether anything stood in the way."""

import time
from dataclasses import dataclass, field

from solusio_contracts.checking.interference import RepeatError
from solusio_contracts.checking.pace import UndecidedError
from solusio_contracts.checking.rule import Expect, Rule, SkipRule, clause_of
from solusio_contracts.checking.target import INTERRUPTED, Target
from solusio_contracts.http.exchange import Exchange

NO_PRICE = "no valid request returned a price"
ATTEMPTS = 2
"""How often a rule is tried whose requests met an interference."""


@dataclass(slots=True)
class Trial:
    """What a rule did to its target."""

    target: Target
    """The part of the target that logged the exchanges of this rule."""
    checks: int = 0
    unmet: list[Expect] = field(default_factory=list)
    skipped: str = ""
    """Why it does not apply to the target."""
    undecided: str = ""
    """Why it could not be tested to the end."""
    seconds: float = 0.0


def try_rule(rule: Rule, target: Target, *, confirm: bool = True) -> Trial:
    """Try a rule; an exception in it leaves it undecided. Only Ctrl-C goes further, as an end of the run.

    `confirm`: after a refusal, make sure that valid requests still get prices. Otherwise the caller does.
    """
    began = time.monotonic()
    for attempt in range(ATTEMPTS):
        trial = Trial(target if rule.looks_back else target.part())
        try:
            _check(rule, trial, confirm=confirm)
        except SkipRule as reason:
            trial.skipped = str(reason)
        except RepeatError as reason:
            trial.undecided = str(reason)
            if attempt + 1 < ATTEMPTS:
                continue
        except UndecidedError as reason:
            trial.undecided = str(reason)
        except KeyboardInterrupt:
            target.stop(INTERRUPTED)
            trial.undecided = INTERRUPTED
        except Exception as error:
            trial.undecided = f"the rule itself failed: {type(error).__name__}: {error}"
        break
    if trial.undecided:
        undecide(trial, trial.undecided)
    trial.seconds = time.monotonic() - began
    return trial


def undecide(trial: Trial, reason: str) -> None:
    """Leave a rule undecided; what it found in answers of the endpoint itself still counts."""
    trial.undecided = reason
    trial.unmet = [one for one in trial.unmet if not _stood_in(one.exchange, trial.target)]


def _check(rule: Rule, trial: Trial, *, confirm: bool) -> None:
    target = trial.target
    if rule.needs_token and target.token is None:
        raise SkipRule("no authorization token is configured (--token)")
    if rule.needs_price and not target.priced_users():
        raise UndecidedError(NO_PRICE)
    for expect in rule.check(target):
        trial.checks += 1
        clause_of(rule, expect)
        if not expect.ok:
            trial.unmet.append(expect)
    if confirm and not rule.looks_back:
        target.confirm()


def _stood_in(exchange: Exchange | None, target: Target) -> bool:
    """Whether a response may come from what kept the rule from being tested."""
    interference = target.interference
    return (
        exchange is not None and interference is not None and exchange.status == interference.exchange.status
    )
