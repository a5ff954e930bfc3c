"""Explains what a billing system probably did, from what it billed. Pure.

A hypothesis is a mistake, and a function that returns the invoice with it. It counts only if it explains the
whole difference: every line, or the whole total. To add one, write it into `line_mistakes` or
`money_mistakes`; the first ones are reported first.
"""

from collections.abc import Iterable, Iterator, Sequence
from decimal import Decimal

from solusio_contracts.adapter.verdict import Mistake
from solusio_contracts.invoices import line_mistakes, line_variants, money_mistakes, period_mistakes
from solusio_contracts.invoices.case import Case
from solusio_contracts.invoices.compare_amounts import is_slight
from solusio_contracts.invoices.usage import UsageLine, month_bounds


def explain_lines(case: Case) -> dict[str, tuple[Mistake, ...]]:
    """Return the mistakes that explain wrong lines, by what a difference is about."""
    if case.billed_lines == case.right_lines:
        return {}
    found = tuple(_of_period(case)) or tuple(dict.fromkeys(line_mistakes.found_in(case)))
    return {"lines": found, "foreign": found} if found else {}


def explain_amounts(case: Case, right: Decimal) -> tuple[dict[str, tuple[Mistake, ...]], bool]:
    """Return the mistakes that explain wrong amounts; `right` is the total that should be there.

    The second value says whether a difference of the total, however small, has another cause than rounding.
    """
    found: dict[str, Iterable[Mistake]] = {}
    gross = False
    if case.billed.total != right:
        rounding = list(money_mistakes.rounding_of(case))
        others = list(money_mistakes.prices_of(case))
        if case.billed_lines == case.right_lines:
            others += line_mistakes.behind_total(case)
        if not is_slight(case.billed, right, case.pricing):
            # Rounding a price to whole dollars, say, is possible, but another cause is more likely.
            others, rounding = others or rounding, []
        gross = bool(others) and not rounding
        found["total"] = [*others, *rounding] if gross else [*rounding, *others]
    found["amounts"] = money_mistakes.amounts_of(case)
    found["parts"] = money_mistakes.parts_of(case)
    unique = {about: tuple(dict.fromkeys(mistakes)) for about, mistakes in found.items()}
    return {about: mistakes for about, mistakes in unique.items() if mistakes}, gross


def _of_period(case: Case) -> Iterator[Mistake]:
    """Yield the mistakes in the requested period, if the lines are those of that period."""
    mistakes = list(period_mistakes.found_in(case.requested, *month_bounds(case.expected.period)))
    if mistakes and any(
        line_mistakes.rows(lines) == case.billed_lines for lines in line_variants.requested_periods(case)
    ):
        yield from mistakes


def explain_missing(usage: Sequence[UsageLine], everybody: Sequence[UsageLine]) -> tuple[Mistake, ...]:
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
    return tuple(mistake for true, mistake in reasons if true and usage)
