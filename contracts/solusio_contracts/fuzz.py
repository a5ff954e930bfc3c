"""Fuzzing: schemathesis makes up questions from the OpenAPI document, the target answers, we judge.

`fuzz_data` makes the questions, `fuzz_judge` judges the answers, `fuzz_hunt` looks and shrinks; here their
work becomes results. The same seed and the same answers give the same requests in the same order, unless the
time runs out. (In a checkout of this repository hypothesis takes words from our own modules, so there it also
counts which of them are loaded.)
"""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from functools import partial

from solusio_contracts.clauses import Clause, Level, clause
from solusio_contracts.evidence import finding
from solusio_contracts.fuzz_data import Generator, quiet_hypothesis
from solusio_contracts.fuzz_hunt import Catch, Hunt, Limits, hunt_all
from solusio_contracts.fuzz_judge import CLAUSES, Judge
from solusio_contracts.report import Outcome, Result
from solusio_contracts.rule import Expect, SkipRule
from solusio_contracts.target import Target

AREA = "fuzz"
EXAMPLES = 150
"""Different requests of a run, unless told otherwise; those that shrink a failure come on top."""
SECONDS = 10.0
"""Wall time of a run, unless told otherwise; loading schemathesis, a second or two, comes on top."""
Progress = Callable[["Family", int, int], None]
"""Called before each request with its family, the number of examples with this one, and of all."""


@dataclass(frozen=True, slots=True)
class Family:
    """A kind of generated data; it has the attributes by which rules are listed and selected."""

    name: str
    area: str
    title: str
    reason: str
    clauses: tuple[Clause, ...]
    share: float
    """Of examples and time."""


_CLAUSES = tuple(clause(clause_id) for clause_id in CLAUSES)

VALID = Family(
    name="fuzz-valid-data",
    area=AREA,
    title="generated questions that fit the contract are answered properly",
    reason="Any user id, any additional parameter: nothing that fits the contract may break the endpoint.",
    clauses=_CLAUSES,
    share=0.4,
)
INVALID = Family(
    name="fuzz-invalid-data",
    area=AREA,
    title="generated questions that break the contract get no price and break nothing",
    reason="What nobody thought of when he wrote the checks: odd texts, numbers, lists in each parameter.",
    clauses=_CLAUSES,
    share=0.6,
)
FAMILIES = (VALID, INVALID)


class FuzzError(Exception):
    """A family ended without a verdict; the text says why."""


def fuzz(
    target: Target,
    *,
    examples: int = EXAMPLES,
    seconds: float = SECONDS,
    seed: int | None = None,
    families: Sequence[Family] = FAMILIES,
    progress: Progress | None = None,
) -> tuple[Result, ...]:
    """Fuzz a target and return one result for each family.

    `examples` are different requests of all families together, `seconds` is wall time from the first of
    them; `seed` is the target's unless given. Shrinking a failure costs further requests, within the time.
    """
    seed = target.settings.seed if seed is None else seed
    hunts = _hunts(target, families, examples, seconds, seed, progress)
    return tuple(_result(family, hunt, spent) for family, hunt, spent in hunts)


def expectations(target: Target, family: Family) -> Iterator[Expect]:
    """Fuzz a target with one family, for a rule; examples, seconds and seed come from its settings.

    Each request is one expectation, unmet ones carry their clause. Raises:
        SkipRule: nothing was sent.
        FuzzError: there is no verdict.
    """
    settings = target.settings
    share = family.share / sum(one.share for one in FAMILIES)
    examples, seconds = round(settings.fuzz_examples * share), settings.fuzz_seconds * share
    ((_, hunt, _),) = tuple(_hunts(target, (family,), examples, seconds, settings.seed, None))
    unmet = [_expect(catch) for catch in _caught(hunt)]
    if not unmet and _undecided(hunt):
        raise FuzzError(_undecided(hunt))
    if not unmet and not hunt.checks:
        raise SkipRule(hunt.stopped or "no examples were asked for")
    met = Expect(True, family.title, "", "")
    yield from (met for _ in range(max(hunt.checks - len(unmet), 0)))
    yield from unmet
    if hunt.stopped:
        yield Expect.that(False, family.name, "", _sent(hunt), clause="TP-401", level=Level.MAY)


def _hunts(
    target: Target,
    families: Sequence[Family],
    examples: int,
    seconds: float,
    seed: int,
    progress: Progress | None,
) -> Iterator[tuple[Family, Hunt, float]]:
    whole = sum(family.share for family in families)
    with quiet_hypothesis():
        judge = Judge(target, token_required=_token_required(target))
        generator = Generator(target.settings)
        until = time.monotonic()
        limits = Limits(deadline=until + seconds)
        for family in families:
            started = time.monotonic()
            until += seconds * family.share / whole
            hunt = Hunt(
                target=target,
                judge=judge,
                examples=round(examples * family.share / whole),
                deadline=until,
                limits=limits,
                progress=partial(progress, family) if progress is not None else None,
            )
            plans = generator.valid() if family is VALID else generator.invalid()
            try:
                hunt_all(hunt, plans, f"{seed} {family.name}")
            except Exception as error:
                # What was found so far still counts.
                hunt.broke = target.mask(f"the fuzzer itself broke: {type(error).__name__}: {error}")
            yield family, hunt, time.monotonic() - started


def _token_required(target: Target) -> bool:
    """Ask once with a wrong authorization token whether one is required."""
    if target.token is None:
        return False
    wrong = target.question(token="wrong-" + "x" * len(target.token))
    return not target.ask(wrong, "a valid question with a wrong authorization token").priced


def _undecided(hunt: Hunt) -> str:
    return hunt.broke or hunt.limits.over


def _sent(hunt: Hunt) -> str:
    return f"{hunt.looked} of {hunt.examples} examples were sent: {hunt.stopped}"


def _result(family: Family, hunt: Hunt, seconds: float) -> Result:
    by_id = {one.id: one for one in family.clauses}
    cited = [(catch, by_id[catch.violation.clause]) for catch in _caught(hunt)]
    cited.sort(key=lambda pair: (-pair[1].level.weight, pair[1].id))
    findings = tuple(finding(_expect(catch), one, one.level, hunt.target) for catch, one in cited)
    reason = ""
    if findings:
        outcome = Outcome.FAIL if cited[0][1].level is Level.MUST else Outcome.WARN
    elif _undecided(hunt):
        outcome, reason = Outcome.ERROR, _undecided(hunt)
    elif not hunt.checks:
        outcome, reason = Outcome.SKIP, hunt.stopped or "no examples were asked for"
    else:
        outcome = Outcome.PASS
    notes = [_sent(hunt)] if hunt.stopped else []
    if hunt.broke and not reason:
        notes.append(hunt.broke)
    return Result(
        rule=family.name,
        area=family.area,
        title=family.title,
        outcome=outcome,
        clauses=tuple(by_id),
        checks=hunt.checks,
        findings=findings,
        notes=tuple(notes),
        reason=reason,
        seconds=round(seconds, 3),
    )


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
