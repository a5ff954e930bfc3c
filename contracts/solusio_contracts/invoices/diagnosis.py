"""Explains what a billing system probably did, from what it billed. Pure.

A hypothesis is a mistake, and a function that returns the invoice with it. It counts only if it explains the
whole difference: every line, or the whole total. To add one, write it into `line_mistakes` or
`money_mistakes`; the first ones are reported first.
"""

from collections.abc import Iterable, Sequence
from typing import Final

from solusio_contracts.adapter.verdict import PROBABLY
from solusio_contracts.invoices import line_mistakes, line_variants, money_mistakes
from solusio_contracts.invoices.case import Case, Mistake
from solusio_contracts.invoices.compare_amounts import is_slight, own_total
from solusio_contracts.invoices.usage import UsageLine

MOST: Final = 2
"""The most explanations of one difference: more would say little."""
__all__ = ("Case", "explain", "explain_missing")


def explain(case: Case) -> tuple[dict[str, str], bool]:
    """Return hints about lines, total, amounts and parts of a wrong invoice.

    The second value says whether a difference of the total, however small, has another cause than rounding.
    """
    hints: dict[str, str] = {}
    wrong_lines = case.billed_lines != case.right_lines
    if wrong_lines:
        found = _first(line_mistakes.found_in(case))
        hints["lines"] = hints["foreign"] = sentence(found)
    gross = False
    if case.billed.total not in (own_total(case.billed.tokens, case.pricing), case.expected.total):
        rounding = list(money_mistakes.rounding_of(case))
        others = list(money_mistakes.prices_of(case))
        if not wrong_lines:
            others += line_mistakes.behind_total(case)
        if not is_slight(case.billed, own_total(case.billed.tokens, case.pricing), case.pricing):
            # Rounding a price to whole dollars, say, is possible, but another cause is more likely.
            others, rounding = others or rounding, []
        gross = bool(others) and not rounding
        hints["total"] = sentence(_first([*others, *rounding] if gross else [*rounding, *others]))
    hints["amounts"] = sentence(_first(money_mistakes.amounts_of(case)))
    hints["parts"] = sentence(_first(money_mistakes.parts_of(case)))
    return {about: hint for about, hint in hints.items() if hint}, gross


def explain_missing(usage: Sequence[UsageLine], everybody: Sequence[UsageLine]) -> str:
    """Return why there is probably no invoice for some lines of /usage."""
    first = next((place for place, line in enumerate(everybody) if line in usage), 0)
    reasons: list[tuple[bool, Mistake]] = [
        (all(line.user_gone for line in usage), line_mistakes.USERS),
        (all(line.server_gone for line in usage), line_mistakes.DELETED),
        (all(line.status != "running" for line in usage), line_mistakes.STOPPED),
        (any(first >= size for size in line_variants.PAGES), line_mistakes.FIRST_PAGE),
        (all(line.resource != "server" for line in usage), line_mistakes.SERVERS_ONLY),
        (not any(line.tokens_per_hour for line in usage), line_mistakes.NO_HOURLY),
    ]
    return sentence([mistake for true, mistake in reasons if true and usage][:MOST])


def sentence(mistakes: Sequence[Mistake]) -> str:
    """Return explanations as one text."""
    if not mistakes:
        return ""
    probable = ", or ".join(one.says for one in mistakes)
    return f"{PROBABLY} {probable}. {mistakes[0].fix}"


def _first(mistakes: Iterable[Mistake]) -> list[Mistake]:
    return list({one.name: one for one in mistakes}.values())[:MOST]
