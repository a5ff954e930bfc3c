"""Ways in which hours, tokens and kinds of lines come out wrong; each yields the wrong lines.

A variant has a key, such as a number of hours: a billing system has the same one everywhere.
"""

import math
from collections import defaultdict
from collections.abc import Callable, Hashable, Iterable, Iterator, Sequence
from dataclasses import replace
from datetime import timedelta
from decimal import ROUND_CEILING, ROUND_FLOOR, ROUND_HALF_UP, Decimal
from typing import Final

from solusio_contracts.adapter.amounts import rounded
from solusio_contracts.invoices.case import Case
from solusio_contracts.invoices.usage import UsageLine, cost, month_bounds

HOUR: Final = timedelta(hours=1)
DAY_HOURS: Final = 24

Lines = Sequence[UsageLine]
Variants = Callable[[Case], Iterator[tuple[Hashable, Lines]]]
"""Yields the lines of an invoice with a mistake, for each way to make it."""


def with_hours(line: UsageLine, hours: int) -> UsageLine:
    """Return a line with other hours, and their tokens."""
    return replace(line, hours=hours, tokens=cost(hours, line.tokens_per_hour, line.tokens_per_month))


def each_line(change: Callable[[UsageLine], UsageLine | None]) -> Variants:
    """Make a variant in which each line is changed; None drops it."""

    def variants(case: Case) -> Iterator[tuple[Hashable, Lines]]:
        changed = [change(line) for line in case.usage]
        kept = [line for line in changed if line is not None]
        if kept != list(case.usage):
            yield 0, kept

    return variants


def each_of(values: Iterable[Hashable], make: Callable[[object], Variants]) -> Variants:
    """Make variants with one value each."""
    made = [(value, make(value)) for value in values]

    def variants(case: Case) -> Iterator[tuple[Hashable, Lines]]:
        for value, one in made:
            for key, lines in one(case):
                yield (value, key), lines

    return variants


def either(*ways: Variants) -> Variants:
    """Combine the variants of several ways."""
    return each_of(range(len(ways)), lambda place: ways[place])  # type: ignore[call-overload]


def other_hours(count: Callable[[UsageLine], int]) -> Variants:
    """Make a variant that counts hours in another way."""
    return each_line(lambda line: with_hours(line, count(line)))


def only(keep: Callable[[UsageLine], bool]) -> Variants:
    """Make a variant without some lines."""
    return each_line(lambda line: line if keep(line) else None)


def length(line: UsageLine) -> float:
    """Return the length of a line in hours."""
    return (line.until - line.since) / HOUR


def clock_hours(line: UsageLine) -> int:
    """Count the clock hours that a line touches: from 10:50 to 11:10 there are two."""
    first = line.since.replace(minute=0, second=0, microsecond=0)
    return max(1, math.ceil((line.until - first) / HOUR))


def capped_hours(most: int) -> Variants:
    """Make a variant in which a line has at most `most` hours."""
    return other_hours(lambda line: min(line.hours, most))


def short_february(case: Case) -> Iterator[tuple[Hashable, Lines]]:
    """Yield lines of at most 28 days in a leap February."""
    start, end = month_bounds(case.period)
    if (end - start).days == 29:
        yield from capped_hours(28 * DAY_HOURS)(case)


def whole_month_hours(hours: int) -> Variants:
    """Make a variant in which a server that ran all month has these hours, be they more or less."""

    def variants(case: Case) -> Iterator[tuple[Hashable, Lines]]:
        start, end = month_bounds(case.period)
        all_month = int((end - start) / HOUR)
        yield from other_hours(lambda line: hours if line.hours == all_month else line.hours)(case)

    return variants


def prorated(case: Case) -> Iterator[tuple[Hashable, Lines]]:
    """Yield lines with a prorated monthly price: of all lines that have one, or if there is no other."""
    start, end = month_bounds(case.period)
    for length in (0, 720, 730, 744):
        hours = length or (end - start).days * DAY_HOURS
        for rounding in (ROUND_HALF_UP, ROUND_FLOOR, ROUND_CEILING):
            for only_monthly in (True, False):
                changed = [
                    replace(
                        line,
                        tokens=int(rounded(Decimal(line.tokens_per_month) * line.hours / hours, 0, rounding)),
                    )
                    if line.tokens_per_month and not (only_monthly and line.tokens_per_hour)
                    else line
                    for line in case.usage
                ]
                if changed != list(case.usage):
                    yield (length, rounding, only_monthly), changed


_GROUPS: Final[dict[str, Callable[[UsageLine], Hashable]]] = {
    "resource": lambda line: (line.server_id, line.resource, line.resource_id),
    "server and resource": lambda line: (line.server_id, line.resource),
    "server": lambda line: line.server_id,
    "server, resource and plan": lambda line: (line.server_id, line.resource, line.plan),
    "server and plan": lambda line: (line.server_id, line.plan),
    "name": lambda line: line.server,
    "name and resource": lambda line: (line.server, line.resource),
    "name and plan": lambda line: (line.server, line.plan),
    "name, resource and plan": lambda line: line.key,
    "plan": lambda line: line.plan,
    "plan and prices": lambda line: (line.plan, line.resource, line.tokens_per_hour, line.tokens_per_month),
    "plan and resource": lambda line: (line.plan, line.resource),
    "kind": lambda line: line.resource,
    "customer": lambda line: line.billing_user_id,
    "user": lambda line: line.user_id,
    "use": lambda line: (line.hours, line.tokens),
}
"""What a billing system may take for the identity of a line."""


def grouped(lines: Lines, name: str) -> list[list[UsageLine]]:
    """Group lines by what a billing system may take for their identity."""
    groups: dict[Hashable, list[UsageLine]] = defaultdict(list)
    for line in lines:
        groups[_GROUPS[name](line)].append(line)
    return list(groups.values())


def one_of_each(case: Case) -> Iterator[tuple[Hashable, Lines]]:
    """Yield one line of each group: the first or the last, among one's own lines or among everybody's."""
    for name in _GROUPS:
        for pick in (0, -1):
            own = [group[pick] for group in grouped(case.usage, name)]
            if len(own) < len(case.usage):
                yield (name, pick, "own"), own
            seen = [group[pick] for group in grouped(case.everybody, name)]
            mine = [line for line in seen if line.billing_user_id == case.number]
            if len(mine) < len(case.usage) and mine != own:
                yield (name, pick, "everybody"), mine


def merged(case: Case) -> Iterator[tuple[Hashable, Lines]]:
    """Yield one line for each group, with all its hours."""
    for name in _GROUPS:
        groups = grouped(case.usage, name)
        if len(groups) == len(case.usage):
            continue
        for pick in (0, -1):
            yield (
                (name, pick, "sum"),
                [
                    replace(
                        group[pick],
                        hours=sum(one.hours for one in group),
                        tokens=sum(one.tokens for one in group),
                    )
                    for group in groups
                ],
            )
            if name not in {"resource", "server and resource"}:  # that is `last_plan`
                yield (
                    (name, pick, "cost"),
                    [with_hours(group[pick], sum(one.hours for one in group)) for group in groups],
                )


def last_plan(case: Case) -> Iterator[tuple[Hashable, Lines]]:
    """Yield all hours of a resource at its last plan, or at its first."""
    for name in ("resource", "server and resource"):
        groups = grouped(case.usage, name)
        if len(groups) == len(case.usage):
            continue
        for pick in (-1, 0):
            ordered = [sorted(group, key=lambda line: line.until) for group in groups]
            yield (
                (name, pick),
                [with_hours(group[pick], sum(line.hours for line in group)) for group in ordered],
            )


def at_current_prices(line: UsageLine) -> UsageLine:
    """Return a line at its plan's current prices."""
    if line.now_per_hour is None or line.now_per_month is None:
        return line
    return replace(line, tokens=cost(line.hours, line.now_per_hour, line.now_per_month))


def in_bits(tokens: int, bits: int, *, signed: bool, wraps: bool) -> int:
    """Return what remains of tokens in an integer of some bits."""
    most: int = 2 ** (bits - 1) - 1 if signed else 2**bits - 1
    if tokens <= most or not wraps:
        return min(tokens, most)
    whole: int = 2**bits
    return tokens % whole - whole if signed and tokens % whole > most else tokens % whole


def narrow(case: Case) -> Iterator[tuple[Hashable, Lines]]:
    """Yield lines whose tokens do not fit into 32 bits."""
    for signed in (True, False):
        for wraps in (True, False):
            change = lambda line: replace(line, tokens=in_bits(line.tokens, 32, signed=signed, wraps=wraps))  # noqa: E731, B023
            for _, lines in each_line(change)(case):
                yield (signed, wraps), lines


def requested_periods(case: Case) -> Iterator[Lines]:
    """Yield the lines of the periods that the billing system requested, as they are and added up."""
    own = [line for line in case.seen if line.billing_user_id == case.number]
    yield own
    yield list(_merged(own))
    yield list(_added(own))


def _added(lines: Lines) -> Iterator[UsageLine]:
    """Add up the lines of parts of a month."""
    for group in grouped(lines, "resource"):
        for plan in {line.plan: None for line in group}:
            parts = [line for line in group if line.plan == plan]
            yield replace(
                parts[-1], hours=sum(one.hours for one in parts), tokens=sum(one.tokens for one in parts)
            )


def _merged(lines: Lines) -> Iterator[UsageLine]:
    """Merge the lines of two months, as a billing system does that recalculates them."""
    for group in grouped(lines, "resource"):
        for plan in {line.plan: None for line in group}:
            parts = [line for line in group if line.plan == plan]
            yield with_hours(parts[0], sum(line.hours for line in parts))


def under_other_names(case: Case) -> Iterator[tuple[Hashable, Lines]]:
    """Yield the right lines with other names of servers, plans or resources."""
    billed = case.billed.lines if case.billed is not None else []
    if sorted((line.hours, line.tokens) for line in billed) != sorted(
        (line.hours, line.tokens) for line in case.usage
    ):
        return
    order = sorted(billed, key=lambda line: (line.hours, line.tokens))
    own = sorted(case.usage, key=lambda line: (line.hours, line.tokens))
    yield (
        0,
        [
            replace(mine, server=one.server, resource=one.resource, plan=one.plan)
            for mine, one in zip(own, order, strict=True)
        ],
    )


def capped_together(case: Case) -> Iterator[tuple[Hashable, int]]:
    """Yield the tokens of all lines if one monthly price caps several of them together."""
    names = (
        "plan and resource",
        "plan and prices",
        "plan",
        "name",
        "server",
        "server and resource",
        "customer",
    )
    for name in names:
        groups = grouped(case.usage, name)
        if len(groups) == len(case.usage):
            continue
        for key, cost_of in _TOGETHER.items():
            tokens = sum(cost_of(group) for group in groups)
            if tokens != sum(line.tokens for line in case.usage):
                yield (name, key), tokens


def _capped_once(group: Lines, cap: int) -> int:
    if not cap or not all(line.tokens_per_hour and line.tokens_per_month for line in group):
        return sum(line.tokens for line in group)
    return min(sum(line.hours * line.tokens_per_hour for line in group), cap)


def _capped_in_turn(group: Lines) -> int:
    spent = 0
    for line in group:
        cap = line.tokens_per_month
        spent += min(line.tokens, cap - spent) if cap else line.tokens
    return spent


_CAPPED: Final = (
    "plan and resource",
    "plan and prices",
    "plan",
    "name",
    "server",
    "server and resource",
    "customer",
)
_TOGETHER: Final[dict[str, Callable[[Lines], int]]] = {
    "highest": lambda group: _capped_once(group, max(line.tokens_per_month for line in group)),
    "lowest": lambda group: _capped_once(group, min(line.tokens_per_month for line in group)),
    "last": lambda group: _capped_once(group, group[-1].tokens_per_month),
    "in turn": _capped_in_turn,
}
