"""Fuzzing: schemathesis makes up questions from the OpenAPI document, the target answers, we judge.

`fuzz_data` makes the questions, `fuzz_judge` judges the answers, `fuzz_hunt` looks and shrinks; here their
work becomes expectations of the two rules in `rules/fuzz.py`. The same seed and the same answers give the
same requests in the same order, unless the time runs out. (In a checkout of this repository hypothesis takes
words from our own modules, so there it also counts which of them are loaded.)
"""

import time
from collections.abc import Iterator
from dataclasses import dataclass

from solusio_contracts.checking.rule import Expect, SkipRule
from solusio_contracts.checking.target import Target
from solusio_contracts.contract.clauses import Level
from solusio_contracts.fuzzing.generator import Generator, quiet_hypothesis
from solusio_contracts.fuzzing.oracle import Judge
from solusio_contracts.fuzzing.search import Catch, Hunt, Limits, hunt_all


@dataclass(frozen=True, slots=True)
class Family:
    """A kind of generated data, with its share of examples and time."""

    name: str
    share: float


VALID = Family("fuzz-valid-data", 0.4)
INVALID = Family("fuzz-invalid-data", 0.6)


class FuzzError(Exception):
    """A family ended without a verdict; the text says why."""


def expectations(target: Target, family: Family) -> Iterator[Expect]:
    """Fuzz a target with one family; its share of examples and seconds, and the seed, are in the settings.

    Each request is one expectation, unmet ones carry their clause. Shrinking a failure costs further
    requests, within the time.

    Raises:
        SkipRule: nothing was sent.
        FuzzError: there is no verdict.
    """
    hunt = _hunt(target, family)
    unmet = [_expect(catch) for catch in _caught(hunt)]
    undecided = hunt.broke or hunt.limits.over
    if not unmet and undecided:
        raise FuzzError(undecided)
    if not unmet and not hunt.checks:
        raise SkipRule(hunt.stopped or "no examples were asked for")
    met = Expect(True, family.name, "", "")
    yield from (met for _ in range(max(hunt.checks - len(unmet), 0)))
    yield from unmet
    sent = f"{hunt.looked} of {hunt.examples} examples were sent: {hunt.stopped}" if hunt.stopped else ""
    for note in filter(None, (hunt.broke, sent)):
        yield Expect.that(False, family.name, "", note, clause="TP-401", level=Level.MAY)


def _hunt(target: Target, family: Family) -> Hunt:
    settings = target.settings
    with quiet_hypothesis():
        judge = Judge(target, token_required=_token_required(target))
        generator = Generator(settings)
        deadline = time.monotonic() + settings.fuzz_seconds * family.share
        hunt = Hunt(
            target=target,
            judge=judge,
            examples=round(settings.fuzz_examples * family.share),
            deadline=deadline,
            limits=Limits(deadline=deadline),
        )
        plans = generator.valid() if family is VALID else generator.invalid()
        try:
            hunt_all(hunt, plans, f"{settings.seed} {family.name}")
        except Exception as error:
            # What was found so far still counts.
            hunt.broke = target.mask(f"the fuzzer itself broke: {type(error).__name__}: {error}")
    return hunt


def _token_required(target: Target) -> bool:
    """Ask once with a wrong authorization token whether one is required."""
    if target.token is None:
        return False
    wrong = target.parameters(token="wrong-" + "x" * len(target.token))
    return not target.ask(wrong, "a valid request with a wrong authorization token").priced


def _caught(hunt: Hunt) -> list[Catch]:
    """Return the failures, without those of several odd parameters that one of them shows alone."""
    return [
        catch
        for (clause_id, kind), catch in hunt.caught.items()
        if not kind.endswith(" several")
        or not any(
            other_id == clause_id and other != kind and other.startswith(kind.removesuffix("several"))
            for other_id, other in hunt.caught
        )
    ]


def _expect(catch: Catch) -> Expect:
    violation = catch.violation
    return Expect(
        False,
        violation.subject,
        violation.expected,
        violation.actual,
        catch.exchange,
        violation.hint,
        violation.clause,
    )
