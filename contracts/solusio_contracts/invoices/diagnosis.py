"""Explains what a billing system probably did, from all that it billed in a run. Pure.

Lines, totals, printed amounts and printed parts are explained separately: a cause must explain most
scenarios in which they are wrong. A customer whose figures are right, and would not be, refutes it.
To add a mistake, write it into `line_mistakes`, `price_mistakes` or `rounding_mistakes`.
"""

from collections.abc import Callable, Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Final

from solusio_contracts.adapter.verdict import Mistake
from solusio_contracts.invoices.case import Case, alike, rows
from solusio_contracts.invoices.hypothesis import Cause, Hypothesis, named, only_one, probable
from solusio_contracts.invoices.line_mistakes import LINES, SEEN, TOGETHER, VAGUE
from solusio_contracts.invoices.line_variants import Lines, capped_together
from solusio_contracts.invoices.predicted_amounts import Predicted, lines_agree, parts_agree, total_agrees
from solusio_contracts.invoices.price_mistakes import PRICES
from solusio_contracts.invoices.rounding_mistakes import CALCULATION, ROUNDING, of_lines, together

USAGE: Final = ("lines", "foreign", "missing", "without usage")
"""What differences are about that wrong lines explain."""

_TOKENS: Final = Hypothesis(TOGETHER, capped_together)
_TOTALS: Final[tuple[Hypothesis[Predicted], ...]] = (
    *PRICES,
    *CALCULATION,
    Hypothesis(TOGETHER, together),
    *(Hypothesis(one.mistake, of_lines(one.variants), rare=True) for one in LINES),  # type: ignore[arg-type]
)
_PRINTED: Final = tuple(
    one for one in (*PRICES, *CALCULATION, *ROUNDING) if one.mistake.name not in {"unit-rounded", "own-price"}
)
"""Small amounts fit some other price of a token too easily."""
_SMALL: Final = frozenset(one.mistake.name for one in ROUNDING)


@dataclass(frozen=True, slots=True)
class Judged:
    """A case, and what is wrong with its amounts."""

    case: Case
    wrong: frozenset[str]
    """What the differences are about: total, amounts, parts; `slight`: rounding may explain the total."""


@dataclass(frozen=True, slots=True)
class Diagnosis:
    """The probable causes of a run."""

    causes: Mapping[str, Sequence[Cause]]
    """By what differences are about."""

    def of(self, scenario: str, about: str) -> tuple[Mistake, ...]:
        """Return the mistakes that explain the differences of a scenario that are about something."""
        return tuple(one.mistake for one in self.causes.get(about, ()) if scenario in one.scenarios)

    def has_other_cause_than_rounding(self, scenario: str) -> bool:
        """Tell whether a wrong total of a scenario has a cause, and it is not how amounts are rounded."""
        found = self.of(scenario, "total")
        return bool(found) and not any(one.name in _SMALL for one in found)


def diagnose(judged: Sequence[Judged]) -> Diagnosis:
    """Return the probable causes of what is wrong in a run."""
    slight = _slight(one for one in judged if "total" in one.wrong)
    careful = {"amounts", "parts", *(("total",) if slight else ())}
    return Diagnosis(
        {
            about: (only_one if about in careful else named)(causes)
            for about, causes in explaining(judged).items()
        }
    )


def explaining(judged: Sequence[Judged]) -> dict[str, list[Cause]]:
    """Return the causes that explain most of what is wrong in a run, by what differences are about."""
    lines = _of_lines([one.case for one in judged])
    causes = dict.fromkeys(USAGE, lines)
    billed = [one for one in judged if one.case.billed is not None and one.case.pricing is not None]
    agreements: Mapping[str, Callable[[Case, Predicted], bool]] = {
        "total": total_agrees,
        "amounts": lines_agree,
        "parts": parts_agree,
    }
    for about, agrees in agreements.items():
        wrong = [one for one in billed if about in one.wrong]
        causes[about] = probable(
            # Printed parts that are right say nothing about another total, and the other way round.
            _ordered(wrong) if about == "total" else _PRINTED,
            [one.case for one in billed],
            _among({id(one.case) for one in wrong}),
            agrees,
        )
    return causes


def _among(wrong: Collection[int]) -> Callable[[Case], bool]:
    return lambda case: id(case) in wrong


def _of_lines(everybody: Sequence[Case]) -> list[Cause]:
    # An unknown customer cannot be billed: that they were not billed proves nothing.
    cases = [
        one
        for one in everybody
        if not one.usage_explained and (one.pricing is not None or one.billed is not None)
    ]

    def wrong(case: Case) -> bool:
        return not case.usage_is_right

    def agrees(case: Case, lines: Lines) -> bool:
        if case.billed is None and lines:
            return False
        return alike(rows(lines), case.billed_lines)

    def together(case: Case, tokens: int) -> bool:
        return case.billed is not None and case.billed.tokens == tokens

    if not any(one.billed is not None for one in cases):
        # Nobody is billed at all: many mistakes lead to that, so it must be seen elsewhere.
        return probable(SEEN, cases, wrong, agrees)
    return (
        probable(LINES, cases, wrong, agrees)
        or probable((_TOKENS,), cases, wrong, together)
        or probable(VAGUE, cases, wrong, agrees)
    )


def _slight(wrong: Iterable[Judged]) -> bool:
    """Tell whether rounding may explain all wrong totals."""
    return all("slight" in one.wrong for one in wrong)


def _ordered(wrong: Sequence[Judged]) -> list[Hypothesis[Predicted]]:
    """Return the hypotheses about totals; how amounts are rounded is likely if all differences are slight."""
    slight = _slight(wrong)
    return [
        *(replace(one, rare=one.rare or not slight) for one in ROUNDING),
        *(replace(one, rare=one.rare or slight) for one in _TOTALS),
    ]
