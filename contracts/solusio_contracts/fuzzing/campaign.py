"""Fuzzing a target: what a search finds becomes expectations of the two rules in `rules/fuzz.py`.

The same seed and the same responses give the same requests in the same order, unless the time runs out. (In a
checkout of this repository, Hypothesis takes words from our own modules, so there it also matters which of
them are loaded.)
"""

import time
from collections.abc import Iterator
from dataclasses import dataclass

from solusio_contracts.checking.pace import UndecidedError
from solusio_contracts.checking.rule import Expect, SkipRule
from solusio_contracts.checking.target import Target
from solusio_contracts.contract.clauses import Level
from solusio_contracts.fuzzing.generator import Generator, quiet_hypothesis
from solusio_contracts.fuzzing.oracle import Oracle
from solusio_contracts.fuzzing.search import FoundFailure, Search, search_all


@dataclass(frozen=True, slots=True)
class Family:
    """A kind of generated data, with its share of the examples and the time."""

    name: str
    share: float


VALID = Family("fuzz-valid-data", 0.4)
INVALID = Family("fuzz-invalid-data", 0.6)


def expectations(target: Target, family: Family) -> Iterator[Expect]:
    """Fuzz a target with one family; the settings give the seed and the total of examples and seconds.

    Each request is one expectation; an unmet one names its clause. Shrinking a failure takes further
    requests within the same time.

    Raises:
        SkipRule: nothing was sent.
        UndecidedError: there is no verdict.
    """
    search = _searched(target, family)
    unmet = [_expect(failure) for failure in _failures(search)]
    if not unmet and search.undecided:
        raise UndecidedError(search.undecided)
    if not unmet and not search.checks:
        raise SkipRule(search.stopped or "the number of examples is 0")
    met = Expect(True, family.name, "", "")
    yield from (met for _ in range(max(search.checks - len(unmet), 0)))
    yield from unmet
    sent = f"sent {search.sent} of {search.examples} examples: {search.stopped}" if search.stopped else ""
    notes = (search.undecided if search.undecided != search.stopped else "", sent)
    for note in filter(None, notes):
        yield Expect.that(False, family.name, "", note, clause="TP-401", level=Level.MAY)


def _searched(target: Target, family: Family) -> Search:
    settings = target.settings
    with quiet_hypothesis():
        oracle = Oracle(target, token_required=_token_required(target))
        generator = Generator(settings)
        deadline = time.monotonic() + settings.fuzz_seconds * family.share
        search = Search(
            target=target,
            oracle=oracle,
            examples=round(settings.fuzz_examples * family.share),
            deadline=deadline,
        )
        strategies = generator.valid() if family is VALID else generator.invalid()
        boundaries = generator.boundaries(valid=family is VALID)
        try:
            search_all(search, boundaries, strategies, f"{settings.seed} {family.name}")
        except Exception as error:
            # What was found so far still counts.
            search.undecided = target.mask(f"the fuzzer itself failed: {type(error).__name__}: {error}")
    return search


def _token_required(target: Target) -> bool:
    """Send one wrong authorization token to see whether one is required."""
    if target.token is None:
        return False
    wrong = target.parameters(token="wrong-" + "x" * len(target.token))
    return not target.ask(wrong, "a valid request with a wrong authorization token").priced


def _failures(search: Search) -> list[FoundFailure]:
    """Return the failures, except those of several parameters that one parameter alone shows."""
    return [
        failure
        for (clause_id, kind), failure in search.failures.items()
        if not kind.endswith(" several")
        or not any(
            other_id == clause_id and other != kind and other.startswith(kind.removesuffix("several"))
            for other_id, other in search.failures
        )
    ]


def _expect(failure: FoundFailure) -> Expect:
    violation = failure.violation
    return Expect(
        False,
        violation.subject,
        violation.expected,
        violation.actual,
        failure.exchange,
        violation.hint,
        violation.clause,
    )
