"""Mistakes in the lines of an invoice: which lines there are, their hours, their tokens.

`MISTAKES` lists them, the most specific first, with the ways to make them (`line_variants`).
"""

import math
from collections import Counter
from collections.abc import Iterable, Iterator
from dataclasses import replace
from datetime import timedelta

from solusio_contracts.adapter.verdict import Mistake
from solusio_contracts.invoices.case import Case, Row
from solusio_contracts.invoices.compare_amounts import own_total
from solusio_contracts.invoices.line_variants import (
    HOUR,
    Lines,
    Variants,
    any_page,
    at_current_prices,
    capped_hours,
    capped_together,
    clock_hours,
    each_line,
    either,
    first_page,
    last_plan,
    length,
    other_hours,
    other_windows,
    prorated,
    same_mail,
    under_other_names,
)
from solusio_contracts.invoices.period_mistakes import INCLUSIVE_END, THIRTY_DAYS, TIME_ZONE
from solusio_contracts.invoices.usage import UsageLine

_COPY = "Copy `hours` and `tokens` of each line of /usage instead."

FIRST_PAGE = Mistake(
    "first-page",
    "read only the first page of /usage",
    "Follow links.next until it is null; meta.totals says how many lines there are.",
)
DELETED = Mistake(
    "deleted-servers",
    "leave out deleted servers",
    "Do not look servers up: a line of /usage has all an invoice needs, even after its server is deleted.",
)
USERS = Mistake(
    "deleted-users",
    "leave out deleted users",
    "Use the billing_user_id of the lines, not the list of users: lines remain when a user is deleted.",
)
STOPPED = Mistake(
    "stopped",
    "do not bill stopped or suspended servers",
    "A server accrues from creation to deletion, running or not (US-010).",
)
SERVERS_ONLY = Mistake(
    "servers-only",
    "bill only lines whose resource is `server`",
    "Additional addresses, backups and ISO images have lines of their own: bill every line.",
)
NO_HOURLY = Mistake(
    "no-hourly",
    "leave out plans with only a monthly price",
    "With tokens_per_hour 0 the monthly price applies, however short the use (US-022). Copy `tokens`.",
)


def found_in(case: Case) -> Iterator[Mistake]:
    """Yield the mistakes that explain all lines of an invoice, the most specific first."""
    found = [mistake for mistake, variants in MISTAKES if _explains(variants, case)]
    if case.billed.tokens in capped_together(case):
        found.append(_TOGETHER)
    yield from found or (mistake for mistake, variants in VAGUE if _explains(variants, case))


def behind_total(case: Case) -> Iterator[Mistake]:
    """Yield the mistakes that explain the total where the lines themselves are right."""
    for mistake, variants in MISTAKES:
        if any(case.billed.total == own_total(_tokens(lines), case.pricing) for lines in variants(case)):
            yield mistake
    if case.billed.total in {own_total(tokens, case.pricing) for tokens in capped_together(case)}:
        yield _TOGETHER


_TOGETHER = Mistake(
    "cap-together",
    "apply the monthly price once to all servers together",
    "It caps each line of /usage, not their sum: add up `tokens` as they are.",
)


def rows(lines: Iterable[UsageLine]) -> Counter[Row]:
    """Return lines in the form of an invoice."""
    return Counter((one.server, one.resource, one.plan, one.hours, one.tokens) for one in lines)


def _explains(variants: Variants, case: Case) -> bool:
    return any(_same(lines, case.billed_lines) for lines in variants(case))


def _same(lines: Lines, billed: Counter[Row]) -> bool:
    # A line without hours may be left out.
    return rows(lines) == billed or rows(one for one in lines if one.hours) == billed


def _tokens(lines: Iterable[UsageLine]) -> int:
    return sum(line.tokens for line in lines)


_INSTANT = timedelta(microseconds=1)
_ZERO = timedelta()
_ZONES = tuple(
    (timedelta(hours=-hours), timedelta(hours=-hours))
    for hours in (1, 2, -5, -8, 3, -4, -6, -7, 8, 9, 10, *range(-12, 15), 5.5, 9.5)
    if hours
)

MISTAKES: tuple[tuple[Mistake, Variants], ...] = (
    (DELETED, each_line(lambda line: None if line.server_gone else line)),
    (USERS, each_line(lambda line: None if line.user_gone else line)),
    (SERVERS_ONLY, each_line(lambda line: line if line.resource == "server" else None)),
    (FIRST_PAGE, first_page),
    (
        STOPPED,
        either(
            other_hours(lambda line: max(0, line.hours - line.idle_hours)),
            each_line(lambda line: line if line.status == "running" else None),
        ),
    ),
    (
        Mistake(
            "price-of-zero",
            "take the smaller of the two prices even if one of them is 0",
            "A price of 0 is not set: without a monthly price there is no cap, without an hourly price the "
            "month is charged (US-021, US-022). Copy `tokens` of /usage.",
        ),
        each_line(
            lambda line: replace(line, tokens=min(line.hours * line.tokens_per_hour, line.tokens_per_month))
        ),
    ),
    (
        Mistake(
            "no-cap",
            "charge every hour, without the monthly price as a cap",
            "With both prices a line costs at most tokens_per_month; without an hourly price it costs that "
            "(US-020, US-022). Copy `tokens` of /usage.",
        ),
        each_line(lambda line: replace(line, tokens=line.hours * line.tokens_per_hour)),
    ),
    (
        Mistake(
            "always-monthly",
            "charge the whole monthly price, however short the use",
            "With both prices it is only a cap (US-020). Copy `tokens` of /usage.",
        ),
        each_line(lambda line: replace(line, tokens=line.tokens_per_month or line.tokens)),
    ),
    (
        Mistake(
            "prorated",
            "prorate the monthly price for a part of the month",
            "Hours count until they reach the monthly price; nothing is prorated (US-020). Copy `tokens`.",
        ),
        prorated,
    ),
    (
        THIRTY_DAYS,
        either(
            capped_hours(720),
            other_windows(
                ((_ZERO, timedelta(days=-1)), (_ZERO, timedelta(days=1)), (_ZERO, timedelta(days=2)))
            ),
        ),
    ),
    (
        Mistake("730-hours", "count every month as 730 hours", "Months have 672 to 744 hours. " + _COPY),
        capped_hours(730),
    ),
    (
        Mistake(
            "last-plan",
            "bill the whole month of a resized server at one plan",
            "Each plan has its own line in /usage, with its own hours (US-014): bill both.",
        ),
        last_plan,
    ),
    (
        Mistake(
            "prices-of-now",
            "use the plan's current prices",
            "The line has the prices at which it was used (US-015): copy `tokens`, do not look the plan up.",
        ),
        each_line(at_current_prices),
    ),
    (
        Mistake(
            "same-mail",
            "match users to customers by email address",
            "Two customers may share an address: match by the billing_user_id of the line.",
        ),
        same_mail,
    ),
    (
        INCLUSIVE_END,
        other_windows(((_ZERO, _INSTANT), (_ZERO, HOUR))),
    ),
    (
        Mistake(
            "rounded-down",
            "round hours down",
            "A started hour counts in full: five minutes are one hour (US-011). " + _COPY,
        ),
        other_hours(lambda line: math.floor(length(line))),
    ),
    (
        Mistake(
            "rounded-to-nearest",
            "round hours to the nearest",
            "A started hour counts in full: five minutes are one hour (US-011). " + _COPY,
        ),
        other_hours(lambda line: math.floor(length(line) + 0.5)),
    ),
    (
        Mistake(
            "clock-hours",
            "count clock hours",
            "Hours count from creation: from 10:50 to 11:10 is one hour (US-011). " + _COPY,
        ),
        other_hours(clock_hours),
    ),
    (
        Mistake(
            "counted-in-both-months",
            "count an hour across midnight in both months",
            "An hour belongs to the month in which it starts (US-012). " + _COPY,
        ),
        other_hours(lambda line: math.ceil(length(line))),
    ),
    (
        TIME_ZONE,
        other_windows(_ZONES),
    ),
)
"""All specific mistakes, the most specific first."""

VAGUE: tuple[tuple[Mistake, Variants], ...] = (
    (
        Mistake(
            "cut-off",
            "stop before the last line",
            "Read /usage until links.next is null, and compare with meta.totals.",
        ),
        any_page,
    ),
    (
        Mistake(
            "names",
            "use other names for the right lines",
            "Copy server from `server_name`, plan from `plan.name` and resource from `resource` of /usage.",
        ),
        under_other_names,
    ),
)
"""Mistakes that are reported only if no specific one fits."""
