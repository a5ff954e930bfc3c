"""Ways in which the lines of an invoice come out wrong; each yields the wrong lines."""

import math
from collections import defaultdict
from collections.abc import Callable, Iterator, Sequence
from dataclasses import replace
from datetime import timedelta
from decimal import ROUND_CEILING, ROUND_FLOOR, ROUND_HALF_UP, Decimal
from typing import Final

from solusio_contracts.adapter.amounts import rounded
from solusio_contracts.invoices.case import Case
from solusio_contracts.invoices.period_mistakes import windows
from solusio_contracts.invoices.usage import UsageLine, cost, month_bounds

HOUR: Final = timedelta(hours=1)
MANY: Final = 3000
"""With more lines, no other periods are tried: each costs as much as reading all pages."""
PAGES: Final = (10, 15, 20, 25, 50, 100, 200, 250, 500, 1000)
"""Usual page sizes."""

Lines = Sequence[UsageLine]
Variants = Callable[[Case], Iterator[Lines]]
"""Yields the lines of an invoice with a mistake, for each way to make it."""


def with_hours(line: UsageLine, hours: int) -> UsageLine:
    """Return a line with other hours, and their tokens."""
    return replace(line, hours=hours, tokens=cost(hours, line.tokens_per_hour, line.tokens_per_month))


def each_line(change: Callable[[UsageLine], UsageLine | None]) -> Variants:
    """Make a variant in which each line is changed; None drops it."""

    def variants(case: Case) -> Iterator[Lines]:
        changed = [change(line) for line in case.usage]
        kept = [line for line in changed if line is not None]
        if kept != list(case.usage):
            yield kept

    return variants


def other_hours(count: Callable[[UsageLine], int]) -> Variants:
    """Make a variant that counts hours in another way."""
    return each_line(lambda line: with_hours(line, count(line)))


def length(line: UsageLine) -> float:
    """Return the length of a line in hours."""
    return (line.until - line.since) / HOUR


def clock_hours(line: UsageLine) -> int:
    """Count the clock hours that a line touches: from 10:50 to 11:10 there are two."""
    first = line.since.replace(minute=0, second=0, microsecond=0)
    return max(1, math.ceil((line.until - first) / HOUR))


def either(*ways: Variants) -> Variants:
    """Combine the variants of several ways."""

    def variants(case: Case) -> Iterator[Lines]:
        for one in ways:
            yield from one(case)

    return variants


def capped_hours(most: int) -> Variants:
    """Make a variant in which a line has at most `most` hours."""
    return other_hours(lambda line: min(line.hours, most))


def prorated(case: Case) -> Iterator[Lines]:
    """Yield lines with a prorated monthly price."""
    start, end = month_bounds(case.expected.period)
    for length in dict.fromkeys(((end - start).days * 24, 720, 730, 744)):
        for rounding in (ROUND_HALF_UP, ROUND_FLOOR, ROUND_CEILING):
            changed = [
                replace(
                    line,
                    tokens=int(rounded(Decimal(line.tokens_per_month) * line.hours / length, 0, rounding)),
                )
                if line.tokens_per_month
                else line
                for line in case.usage
            ]
            if changed != list(case.usage):
                yield changed


def first_page(case: Case) -> Iterator[Lines]:
    """Yield the lines on a first page of usual size."""
    own = list(case.usage)
    mine = {id(line) for line in own}
    places = [place for place, line in enumerate(case.everybody) if id(line) in mine]
    for size in PAGES:
        kept = sum(place < size for place in places)
        if 0 < kept < len(own):
            yield own[:kept]


def any_page(case: Case) -> Iterator[Lines]:
    """Yield as many of the first lines as were billed."""
    kept = len(case.billed.lines)
    if 0 < kept < len(case.usage):
        yield list(case.usage)[:kept]


def other_windows(shifts: Sequence[tuple[timedelta, timedelta]]) -> Variants:
    """Make variants of other periods, by how much later they begin and end, if the period is not known."""

    def variants(case: Case) -> Iterator[Lines]:
        if len(case.everybody) > MANY or not case.usage or case.requested:
            return
        number = case.usage[0].billing_user_id
        start, end = month_bounds(case.expected.period)
        for later_begin, later_end in shifts:
            seen = case.window(start + later_begin, end + later_end)
            own = [line for line in seen if line.billing_user_id == number]
            if own != list(case.usage):
                yield own
                yield list(_merged(own))

    return variants


def requested_periods(case: Case) -> Iterator[Lines]:
    """Yield the lines of the periods that the billing system requested."""
    number = case.billed.billing_user_id
    lines = [line for begin, end in windows(case.requested) for line in case.window(begin, end)]
    own = [line for line in lines if line.billing_user_id == number]
    yield own
    yield list(_merged(own))
    yield list(_added(own))


def _added(lines: Lines) -> Iterator[UsageLine]:
    """Add up the lines of parts of a month."""
    groups: dict[tuple[str, str, str, int], UsageLine] = {}
    for line in lines:
        key = (*line.key, line.resource_id)
        before = groups.get(key)
        groups[key] = (
            line
            if before is None
            else replace(line, hours=line.hours + before.hours, tokens=line.tokens + before.tokens)
        )
    yield from groups.values()


def _merged(lines: Lines) -> Iterator[UsageLine]:
    """Merge the lines of two months, as a billing system does that recalculates them."""
    groups: dict[tuple[str, str, str, int], list[UsageLine]] = defaultdict(list)
    for line in lines:
        groups[*line.key, line.resource_id].append(line)
    for group in groups.values():
        yield with_hours(group[0], sum(line.hours for line in group))


def last_plan(case: Case) -> Iterator[Lines]:
    """Yield lines only at the last plan of a server, or only at the first."""
    groups: dict[tuple[str, str, int], list[UsageLine]] = defaultdict(list)
    for line in case.usage:
        groups[line.server, line.resource, line.resource_id].append(line)
    if all(len(group) == 1 for group in groups.values()):
        return
    for pick in (-1, 0):
        merged = []
        for group in groups.values():
            last = sorted(group, key=lambda line: line.until)[pick]
            merged.append(with_hours(last, sum(line.hours for line in group)))
        yield merged


def at_current_prices(line: UsageLine) -> UsageLine:
    """Return a line at its plan's current prices."""
    if line.now_per_hour is None or line.now_per_month is None:
        return line
    return replace(line, tokens=cost(line.hours, line.now_per_hour, line.now_per_month))


def same_mail(case: Case) -> Iterator[Lines]:
    """Yield the lines of customers with the same email address."""
    if case.same_mail:
        yield [*case.usage, *case.same_mail]
        yield list(case.same_mail)


def under_other_names(case: Case) -> Iterator[Lines]:
    """Yield the right lines with other names of servers, plans or resources."""
    billed = sorted((line.hours, line.tokens) for line in case.billed.lines)
    if billed == sorted((line.hours, line.tokens) for line in case.usage):
        order = sorted(case.billed.lines, key=lambda line: (line.hours, line.tokens))
        own = sorted(case.usage, key=lambda line: (line.hours, line.tokens))
        yield [
            replace(mine, server=one.server, resource=one.resource, plan=one.plan)
            for mine, one in zip(own, order, strict=True)
        ]


def capped_together(case: Case) -> set[int]:
    """Return the tokens of all lines if a plan's monthly price caps all its servers together."""
    groups: dict[tuple[str, str], list[UsageLine]] = defaultdict(list)
    for line in case.usage:
        groups[line.resource, line.plan].append(line)
    if all(len(group) == 1 for group in groups.values()):
        return set()
    by_plan = sum(
        cost(sum(one.hours for one in group), group[0].tokens_per_hour, group[0].tokens_per_month)
        for group in groups.values()
    )
    return {by_plan} - {sum(line.tokens for line in case.usage)}
