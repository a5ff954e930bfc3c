"""Weighs probable causes against everything that was billed in a run. Pure.

A hypothesis is a mistake, and what each customer would have been billed with it. It may have several
variants, such as page sizes: a billing system has one, so each is weighed separately.
"""

from collections import defaultdict
from collections.abc import Callable, Hashable, Iterable, Sequence
from dataclasses import dataclass
from typing import Final, Generic, TypeVar

from solusio_contracts.adapter.verdict import Mistake
from solusio_contracts.invoices.case import Case

P = TypeVar("P")
"""What a hypothesis predicts: lines, or amounts."""

MANY: Final = 3000
"""Cases with more lines are weighed only if there are no smaller ones of their kind: they say no more."""
MOST: Final = 0.5
"""A cause must explain more than this share of the scenarios in which something is wrong."""
ALMOST_ALL: Final = 0.8
"""The same, for a mistake that is seldom made."""
FEW: Final = 2
"""Up to this many scenarios are little evidence: small differences of amounts then have many explanations."""
TIED: Final = 2
"""The most causes that are named as alternatives. If more explain as much, none of them is probable."""


@dataclass(frozen=True, slots=True)
class Hypothesis(Generic[P]):
    """A mistake, and what a customer is billed with it.

    A variant is left out of a case in which it changes nothing.
    """

    mistake: Mistake
    variants: Callable[[Case], Iterable[tuple[Hashable, P]]]
    rare: bool = False
    """Named only if it explains almost all, and no mistake that is made more often explains as much."""


@dataclass(frozen=True, slots=True)
class Cause:
    """A mistake, and the scenarios that it explains."""

    mistake: Mistake
    scenarios: frozenset[str]
    of: int
    """In how many scenarios something is wrong."""
    rare: bool = False


def named(causes: Sequence[Cause]) -> list[Cause]:
    """Return the causes to name, of those that explain as much: the frequent ones, or none of too many."""
    likely = [one for one in causes if not one.rare] or list(causes)
    return likely if len({one.mistake.name for one in likely}) <= TIED else []


def only_one(causes: Sequence[Cause]) -> list[Cause]:
    """Return the causes to name where few scenarios prove little: the only one, if it explains them all."""
    if not causes or causes[0].of > FEW:
        return named(causes)
    alone = len({one.mistake.name for one in causes}) == 1
    return list(causes) if alone and len(causes[0].scenarios) == causes[0].of else []


def probable(
    hypotheses: Sequence[Hypothesis[P]],
    cases: Iterable[Case],
    wrong: Callable[[Case], bool],
    agrees: Callable[[Case, P], bool],
) -> list[Cause]:
    """Return the causes that explain most of what is wrong, and that nothing refutes.

    A cause explains a scenario if all its wrong cases agree with one variant; it is refuted by a case that is
    right and would not be. Of several causes, those that explain most scenarios remain, in their order.
    """
    failing: dict[str, list[Case]] = defaultdict(list)
    passing: list[Case] = []
    for case in sorted(cases, key=lambda one: len(one.usage)):
        if wrong(case):
            failing[case.scenario].append(case)
        else:
            passing.append(case)
    failing = _small(failing)
    if not failing:
        return []
    passing = [case for case in passing if len(case.everybody) <= MANY]
    found = [cause for one in hypotheses if (cause := _weigh(one, failing, passing, agrees)) is not None]
    most = max((len(one.scenarios) for one in found), default=0)
    return [one for one in found if len(one.scenarios) == most]


def _small(failing: dict[str, list[Case]]) -> dict[str, list[Case]]:
    """Leave out scenarios with very many lines, unless there are no others."""
    small = {
        name: group for name, group in failing.items() if all(len(one.everybody) <= MANY for one in group)
    }
    return small or failing


def _weigh(
    hypothesis: Hypothesis[P],
    failing: dict[str, list[Case]],
    passing: Iterable[Case],
    agrees: Callable[[Case, P], bool],
) -> Cause | None:
    explained: dict[Hashable, set[str]] = defaultdict(set)
    least = (ALMOST_ALL if hypothesis.rare else MOST) * len(failing)
    best_so_far = 0
    for place, (scenario, group) in enumerate(failing.items()):
        if best_so_far + len(failing) - place <= least:
            return None
        for key in _explaining(hypothesis, group, agrees):
            explained[key].add(scenario)
            best_so_far = max(best_so_far, len(explained[key]))
    live = {key for key, names in explained.items() if len(names) > least}
    for case in passing:
        if not live:
            return None
        live -= {
            key
            for key, prediction in hypothesis.variants(case)
            if key in live and not agrees(case, prediction)
        }
    best = max(live, key=lambda key: len(explained[key]), default=None)
    return (
        None
        if best is None
        else Cause(hypothesis.mistake, frozenset(explained[best]), len(failing), hypothesis.rare)
    )


def _explaining(
    hypothesis: Hypothesis[P], group: Iterable[Case], agrees: Callable[[Case, P], bool]
) -> set[Hashable]:
    """Return the variants with which all cases agree."""
    common: set[Hashable] | None = None
    for case in group:
        keys = {key for key, prediction in hypothesis.variants(case) if agrees(case, prediction)}
        common = keys if common is None else common & keys
        if not common:
            return set()
    return common or set()
