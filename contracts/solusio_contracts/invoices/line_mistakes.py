"""Mistakes in the lines of an invoice: which lines there are, their hours, their tokens.

`LINES` lists them, the most specific first, with the ways to make them (`line_variants`, `reading_variants`).
"""

import math
from collections.abc import Hashable, Iterator
from dataclasses import replace
from decimal import Decimal

from solusio_contracts.adapter.verdict import Mistake
from solusio_contracts.invoices import period_mistakes
from solusio_contracts.invoices.case import Case, alike, rows
from solusio_contracts.invoices.hypothesis import Hypothesis
from solusio_contracts.invoices.line_variants import (
    DAY_HOURS,
    Lines,
    Variants,
    at_current_prices,
    capped_hours,
    clock_hours,
    each_line,
    each_of,
    either,
    last_plan,
    length,
    merged,
    narrow,
    one_of_each,
    only,
    other_hours,
    prorated,
    requested_periods,
    short_february,
    under_other_names,
    whole_month_hours,
)
from solusio_contracts.invoices.period_mistakes import FEBRUARY, PERIODS, THIRTY_DAYS, shows_in
from solusio_contracts.invoices.reading_variants import (
    after_a_fault,
    first_page,
    last_page,
    limited,
    of_others,
    page_twice,
    same_mail,
    unknown_pays,
    without_ends,
    without_first_page,
    without_last_page,
)
from solusio_contracts.invoices.usage import UsageLine, month_bounds

_COPY = "Copy `hours` and `tokens` of each line of /usage instead."
_EACH = "Each line of /usage is a line of the invoice: bill every one, and identify it by its `id`."
_READ = "Follow links.next until it is null, each link once; meta.totals says how many lines there are."

TOGETHER = Mistake(
    "cap-together",
    "apply one monthly price to several lines together",
    "It caps each line of /usage, not their sum: add up `tokens` as they are.",
)
NAMES = Mistake(
    "names",
    "use other names for the right lines",
    "Copy server from `server_name`, plan from `plan.name` and resource from `resource` of /usage.",
)


def _requested(mistake: Mistake) -> Variants:
    """Make a variant of a mistake in the requested period: it is read from the requests, not guessed."""

    def variants(case: Case) -> Iterator[tuple[Hashable, Lines]]:
        since, until = month_bounds(case.period)
        if mistake in period_mistakes.found_in(case.requested, since, until):
            yield from (
                ("", lines) for lines in requested_periods(case) if alike(rows(lines), case.billed_lines)
            )
        elif case.requested and case.usage and case.usage_is_right and shows_in(mistake, since, until):
            # The right period was requested.
            yield "", ()

    return variants


def _of_month(line: UsageLine) -> UsageLine:
    return replace(line, tokens=line.tokens_per_month or line.tokens)


def _smaller(line: UsageLine) -> UsageLine:
    return replace(line, tokens=min(line.hours * line.tokens_per_hour, line.tokens_per_month))


def _uncapped(line: UsageLine) -> UsageLine:
    return replace(line, tokens=line.hours * line.tokens_per_hour)


def _uncapped_if_hourly(line: UsageLine) -> UsageLine:
    return _uncapped(line) if line.tokens_per_hour else line


def _stray(case: Case) -> Iterator[tuple[Hashable, Lines]]:
    """Yield no lines if there is the right invoice under another period."""
    for one in case.strays:
        if alike(case.right_lines, rows(one.lines)):
            yield 0, ()


def _small(case: Case) -> Iterator[tuple[Hashable, Lines]]:
    """Yield no lines for each threshold that the total is below."""
    if case.expected is not None and case.expected.tokens:
        yield from ((limit, ()) for limit in _LIMITS if case.expected.total < limit)


def _zero(case: Case) -> Iterator[tuple[Hashable, Lines]]:
    if case.expected is not None and case.expected.total == 0:
        yield "total", ()
        if case.expected.tokens == 0:
            yield "tokens", ()


_LIMITS = tuple(map(Decimal, ("0.02", "0.05", "0.1", "0.25", "0.5", "1", "2", "3", "5", "10", "20", "50")))


def _h(name: str, says: str, fix: str, *variants: Variants) -> Hypothesis[Lines]:
    return Hypothesis(Mistake(name, says, fix), either(*variants), rare=name in _RARE)


_RARE = {
    "deleted-plans",
    "one-charge",
    "ends-missing",
    "first-page-missing",
    "last-page",
    "last-page-missing",
    "limited",
    "lines-of-others",
    "merged",
    "one-of-each",
    "resource-missing",
    "short-use",
    "small-skipped",
    "stops-at-failure",
    "whole-days",
    "zero-skipped",
}
"""What a few lines may look like by accident, but is seldom done."""

SEEN: tuple[Hypothesis[Lines], ...] = (
    *(Hypothesis(one, _requested(one)) for one in PERIODS),
    _h(
        "other-month",
        "write an invoice under another period than the month that it bills",
        "The period of an invoice is the month whose usage it bills, not that of the run or of the due date.",
        _stray,
    ),
)
"""Mistakes that are seen in requests and invoices, not concluded from what is missing."""

LINES: tuple[Hypothesis[Lines], ...] = (
    *SEEN,
    _h(
        "zero-skipped",
        "leave out invoices over nothing",
        "Usage is invoiced even if it costs nothing (INV-002).",
        _zero,
    ),
    _h(
        "small-skipped",
        "leave out invoices over small amounts",
        "Usage is invoiced however little it costs (INV-002).",
        _small,
    ),
    _h(
        "deleted-servers",
        "leave out deleted servers",
        "Do not look servers up: a line of /usage has all that an invoice needs, of deleted servers, too.",
        only(lambda line: not line.server_gone),
    ),
    _h(
        "deleted-users",
        "leave out deleted users",
        "Use the billing_user_id of the lines, not the list of users: lines remain when a user is deleted.",
        only(lambda line: not line.user_gone),
    ),
    _h(
        "deleted-plans",
        "leave out lines of deleted plans",
        "Do not look plans up: a line of /usage has its plan's name and prices, even after it is deleted.",
        only(lambda line: line.now_per_hour is not None),
    ),
    _h(
        "servers-only",
        "bill only lines whose resource is `server`",
        "Additional addresses, backups and ISO images have lines of their own: bill every line.",
        only(lambda line: line.resource == "server"),
    ),
    _h(
        "resource-missing",
        "leave out one kind of resource",
        "Additional addresses, backups and ISO images have lines of their own: bill every line.",
        each_of(
            ("additional_ip", "backup", "iso_image"), lambda kind: only(lambda line: line.resource != kind)
        ),
    ),
    _h(
        "no-hourly",
        "leave out plans with only a monthly price",
        "With tokens_per_hour 0 the monthly price applies, however short the use (US-022). Copy `tokens`.",
        only(lambda line: bool(line.tokens_per_hour or not line.tokens_per_month)),
    ),
    _h(
        "one-charge",
        "leave out lines of one kind of charge",
        "`charge` says which price applied: bill lines at the hourly and at the monthly price alike.",
        only(lambda line: line.charge == "hourly"),
        only(lambda line: line.charge == "monthly"),
    ),
    _h(
        "stopped",
        "do not bill stopped or suspended servers",
        "A server accrues from creation to deletion, running or not (US-010).",
        other_hours(lambda line: max(0, line.hours - line.idle_hours)),
        only(lambda line: line.status == "running"),
        only(lambda line: line.status != "suspended"),
        only(lambda line: line.status != "stopped"),
    ),
    _h("first-page", "read only the first page of /usage", _READ, first_page),
    _h("limited", "keep only a number of first lines, such as LIMIT 1000", _READ, limited),
    _h("last-page", "keep only the last page of /usage", _READ, last_page),
    _h("last-page-missing", "leave out the last page of /usage", _READ, without_last_page),
    _h("first-page-missing", "leave out the first page of /usage", _READ, without_first_page),
    _h(
        "page-twice",
        "count lines of a page twice",
        _READ + " A page may come again: keep one line per `id`.",
        page_twice,
    ),
    _h(
        "stops-at-failure",
        "take what has been read before a failed request for everything",
        "Repeat the request, or let the run fail: an invoice over half the usage is never made good.",
        after_a_fault,
    ),
    _h("ends-missing", "skip the first or the last line", _EACH, without_ends),
    _h(
        "price-of-zero",
        "take the smaller of the two prices even if one of them is 0",
        "A price of 0 is not set: without a monthly price there is no cap, without an hourly price the "
        "month is charged (US-021, US-022). Copy `tokens` of /usage.",
        each_line(_smaller),
    ),
    _h(
        "no-cap",
        "charge every hour, without the monthly price as a cap",
        "With both prices a line costs at most tokens_per_month; without an hourly price it costs that "
        "(US-020, US-022). Copy `tokens` of /usage.",
        each_line(_uncapped),
        each_line(_uncapped_if_hourly),
    ),
    _h(
        "always-monthly",
        "charge the whole monthly price, however short the use",
        "With both prices it is only a cap (US-020). Copy `tokens` of /usage.",
        each_line(_of_month),
    ),
    _h(
        "prorated",
        "prorate the monthly price for a part of the month",
        "Hours count until they reach the monthly price; nothing is prorated (US-020). Copy `tokens`.",
        prorated,
    ),
    Hypothesis(THIRTY_DAYS, either(capped_hours(720), whole_month_hours(720))),
    _h(
        "730-hours",
        "count every month as 730 hours",
        "Months have 672 to 744 hours. " + _COPY,
        capped_hours(730),
        whole_month_hours(730),
    ),
    Hypothesis(FEBRUARY, short_february),
    _h(
        "last-plan",
        "bill the whole month of a resized server at one plan",
        "Each plan has its own line in /usage, with its own hours (US-014): bill both.",
        last_plan,
    ),
    _h(
        "prices-of-now",
        "use the plan's current prices",
        "The line has the prices at which it was used (US-015): copy `tokens`, do not look the plan up.",
        each_line(at_current_prices),
        each_line(lambda line: at_current_prices(line) if line.resource == "server" else line),
    ),
    _h(
        "rounded-down",
        "round hours down",
        "A started hour counts in full: five minutes are one hour (US-011). " + _COPY,
        other_hours(lambda line: math.floor(length(line))),
    ),
    _h(
        "rounded-to-nearest",
        "round hours to the nearest",
        "A started hour counts in full: five minutes are one hour (US-011). " + _COPY,
        other_hours(lambda line: math.floor(length(line) + 0.5)),
        other_hours(lambda line: max(1, math.floor(length(line) + 0.5))),
    ),
    _h(
        "clock-hours",
        "count clock hours",
        "Hours count from creation: from 10:50 to 11:10 is one hour (US-011). " + _COPY,
        other_hours(clock_hours),
    ),
    _h(
        "counted-in-both-months",
        "count an hour across midnight in both months",
        "An hour belongs to the month in which it starts (US-012). " + _COPY,
        other_hours(lambda line: math.ceil(length(line))),
    ),
    _h(
        "hour-less",
        "count an hour less",
        "The hours of a line are those of /usage, both ends counted as it does. " + _COPY,
        other_hours(lambda line: max(0, line.hours - 1)),
        other_hours(lambda line: max(1, line.hours - 1)),
    ),
    _h(
        "hour-more",
        "count an hour more",
        "The hours of a line are those of /usage, both ends counted as it does. " + _COPY,
        other_hours(lambda line: line.hours + 1),
    ),
    _h(
        "whole-days",
        "count whole days",
        "Usage is charged by the hour (US-011). " + _COPY,
        other_hours(lambda line: -(-line.hours // DAY_HOURS) * DAY_HOURS),
        other_hours(lambda line: line.hours // DAY_HOURS * DAY_HOURS),
    ),
    _h(
        "short-use",
        "leave out short use",
        "A started hour counts in full, and a line of one hour is billed like any other (US-011).",
        each_of((2, 3, 6, 12, 24), lambda least: only(lambda line: line.hours >= least)),  # type: ignore[operator]
    ),
    _h(
        "32-bits",
        "keep tokens in 32 bits",
        "Tokens of a line can exceed 2,147,483,647: use 64 bits (SQL: BIGINT).",
        narrow,
    ),
    _h(
        "one-of-each",
        "keep only one of several lines that are alike in a part",
        _EACH,
        one_of_each,
    ),
    _h("merged", "merge several lines of /usage into one", _EACH, merged),
    _h(
        "same-mail",
        "match users to customers by email address",
        "Two customers may share an address: match by the billing_user_id of the line.",
        same_mail,
    ),
    _h(
        "unknown-pays",
        "bill somebody for usage of a user that you do not know",
        "Leave out lines whose billing_user_id is null or not a customer of yours, and say so in your log.",
        unknown_pays,
    ),
    _h(
        "lines-of-others",
        "put lines of other customers on an invoice",
        "Begin every invoice with an empty list, and take the lines with that customer's billing_user_id.",
        of_others,
    ),
)
"""All specific mistakes, the most specific first."""

VAGUE: tuple[Hypothesis[Lines], ...] = (Hypothesis(NAMES, under_other_names, rare=True),)
"""What is named only if no specific mistake fits."""
