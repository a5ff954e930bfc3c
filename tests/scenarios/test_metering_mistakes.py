"""Scenarios of metering are there for mistakes: each leads to other tokens in the scenarios made for it.

A mistake is a rule for the tokens of a customer in a period, out of the lives of their resources: what a
billing system does that meters for itself, or reads /usage wrongly.
"""

from collections import Counter
from collections.abc import Callable, Iterable
from dataclasses import replace
from datetime import datetime, timedelta
from itertools import pairwise
from typing import Any

import pytest

from solusio_contracts.invoices.scenario import Scenario, load_scenarios

HOUR = timedelta(hours=1)
METERING = ("metering", "cap", "months", "lifecycle", "resize", "resources")
METERED = {scenario.id: scenario for scenario in load_scenarios() if scenario.area in METERING}

Bag = dict[Any, int]
"""(resource, terms) -> hours"""


def bag(lives: Iterable[Any], since: datetime, until: datetime) -> Bag:
    found: Bag = {}
    for life in lives:
        for hour, terms in life.hours(until):
            if hour >= since:
                found[life.line, terms] = found.get((life.line, terms), 0) + 1
    return found


def total(found: Bag) -> int:
    return sum(terms.cost(hours)[1] for (_, terms), hours in found.items())


def right(lives: list[Any], since: datetime, until: datetime) -> int:
    return total(bag(lives, since, until))


def no_cap(lives: list[Any], since: datetime, until: datetime) -> int:
    return sum(n * terms.per_hour or terms.per_month for (_, terms), n in bag(lives, since, until).items())


def one_cap_for_all_servers(lives: list[Any], since: datetime, until: datetime) -> int:
    hours: Counter[Any] = Counter()
    for (_, terms), count in bag(lives, since, until).items():
        hours[terms] += count
    return sum(terms.cost(count)[1] for terms, count in hours.items())


def one_cap_for_all_of_a_name(lives: list[Any], since: datetime, until: datetime) -> int:
    names = {life.line: (life.server, life.resource) for life in lives}
    hours: Counter[Any] = Counter()
    for (key, terms), count in bag(lives, since, until).items():
        hours[names[key], terms] += count
    return sum(terms.cost(count)[1] for (_, terms), count in hours.items())


def zero_is_a_cap(lives: list[Any], since: datetime, until: datetime) -> int:
    return sum(min(n * terms.per_hour, terms.per_month) for (_, terms), n in bag(lives, since, until).items())


def monthly_price_prorated(lives: list[Any], since: datetime, until: datetime) -> int:
    return sum(
        min(hours * terms.per_hour or terms.per_month, round(terms.per_month * hours / 744))
        if terms.per_month
        else hours * terms.per_hour
        for (_, terms), hours in bag(lives, since, until).items()
    )


def hours_rounded_down(lives: list[Any], since: datetime, until: datetime) -> int:
    tokens = 0
    for life in lives:
        seconds = min(life.gone or until, until) - max(life.created, since)
        hours = max(0, seconds // HOUR)
        tokens += life.terms[-1][1].cost(hours)[1] if hours else 0
    return tokens


def hours_of_the_clock(lives: list[Any], since: datetime, until: datetime) -> int:
    tokens = 0
    for life in lives:
        first = max(life.created, since).replace(minute=0, second=0)
        hours = -((first - min(life.gone or until, until)) // HOUR)
        tokens += life.terms[0][1].cost(hours)[1] if hours > 0 else 0
    return tokens


def hours_over_the_end_twice(lives: list[Any], since: datetime, until: datetime) -> int:
    return right(lives, since - HOUR + timedelta(seconds=1), until)


def end_included(lives: list[Any], since: datetime, until: datetime) -> int:
    return right(lives, since, until + timedelta(seconds=1))


def months_of_30_days(lives: list[Any], since: datetime, until: datetime) -> int:
    del until
    return right(lives, since, since + timedelta(days=30))


def months_of_31_days(lives: list[Any], since: datetime, until: datetime) -> int:
    del until
    return right(lives, since, since + timedelta(days=31))


def months_of_paris(lives: list[Any], since: datetime, until: datetime) -> int:
    return right(lives, since - 2 * HOUR, until - 2 * HOUR)


def months_of_new_york(lives: list[Any], since: datetime, until: datetime) -> int:
    return right(lives, since + 4 * HOUR, until + 4 * HOUR)


def four_weeks_for_themselves(lives: list[Any], since: datetime, until: datetime) -> int:
    cuts = [since, *(since + timedelta(days=days) for days in (7, 14, 21)), until]
    return sum(right(lives, one, two) for one, two in pairwise(cuts))


def all_at(lives: list[Any], since: datetime, until: datetime, place: int) -> int:
    hours: Counter[Any] = Counter()
    terms = {life.line: life.terms[place][1] for life in lives}
    for (key, _), count in bag(lives, since, until).items():
        hours[key] += count
    return sum(terms[key].cost(count)[1] for key, count in hours.items())


def last_plan_for_all(lives: list[Any], since: datetime, until: datetime) -> int:
    return all_at(lives, since, until, -1)


def first_plan_for_all(lives: list[Any], since: datetime, until: datetime) -> int:
    return all_at(lives, since, until, 0)


def each_stay_in_a_plan_for_itself(lives: list[Any], since: datetime, until: datetime) -> int:
    tokens = 0
    for life in lives:
        stays: Counter[Any] = Counter()
        for hour, terms in life.hours(until):
            if hour >= since:
                stays[max(at for at, _ in life.terms if at <= hour), terms] += 1
        tokens += sum(terms.cost(hours)[1] for (_, terms), hours in stays.items())
    return tokens


def resize_at_once(lives: list[Any], since: datetime, until: datetime) -> int:
    """Count hours from zero at each resize."""
    tokens = 0
    for life in lives:
        ends = [at for at, _ in life.terms[1:]] + [min(life.gone or until, until)]
        for (start, terms), stop in zip(life.terms, ends, strict=True):
            hours = -((max(start, since) - stop) // HOUR)
            tokens += terms.cost(hours)[1] if hours > 0 else 0
    return tokens


def deleted_dropped(lives: list[Any], since: datetime, until: datetime) -> int:
    return right([life for life in lives if life.gone is None], since, until)


def running_dropped(lives: list[Any], since: datetime, until: datetime) -> int:
    return right([life for life in lives if life.gone is not None], since, until)


def running_hours_alone(lives: list[Any], since: datetime, until: datetime) -> int:
    hours: Bag = {}
    for life in lives:
        for hour, terms in life.hours(until):
            if hour >= since and next((on for at, on in reversed(life.running) if at <= hour), True):
                hours[life.line, terms] = hours.get((life.line, terms), 0) + 1
    return total(hours)


def prices_of_today(lives: list[Any], since: datetime, until: datetime) -> int:
    """Apply the prices that came last to a plan to all that have it."""
    today = {terms.key: terms for life in lives for _, terms in life.terms if life.resource == "server"}
    hours: Bag = {}
    for life in lives:
        for (key, terms), count in bag([life], since, until).items():
            now = today[terms.key] if life.resource == "server" else terms
            hours[key, now] = hours.get((key, now), 0) + count
    return total(hours)


def servers_alone(lives: list[Any], since: datetime, until: datetime) -> int:
    return right([life for life in lives if life.resource == "server"], since, until)


def images_until_the_end(lives: list[Any], since: datetime, until: datetime) -> int:
    """Meter an ISO image until its server is gone, as if nobody took it out."""
    gone = {life.image[0]: None for life in lives if life.image}
    kept = [replace(life, gone=gone[life.image[0]]) if life.image else life for life in lives]
    return right(kept, since, until)


def each_mount_for_itself(lives: list[Any], since: datetime, until: datetime) -> int:
    return sum(right([life], since, until) for life in lives)


def each_name_for_itself(lives: list[Any], since: datetime, until: datetime) -> int:
    """Add up a server under each of its names."""
    tokens = 0
    for life in lives:
        cuts = [since, *(at for at in life.renamed if since < at < until), until]
        tokens += sum(right([life], one, two) for one, two in pairwise(cuts))
    return tokens


def last_hour_lost(lives: list[Any], since: datetime, until: datetime) -> int:
    return right(lives, since, until - HOUR)


def always_monthly(lives: list[Any], since: datetime, until: datetime) -> int:
    return sum(terms.per_month or terms.cost(n)[1] for (_, terms), n in bag(lives, since, until).items())


def nothing_is_free(lives: list[Any], since: datetime, until: datetime) -> int:
    return sum(terms.cost(hours)[1] or hours for (_, terms), hours in bag(lives, since, until).items())


def minutes_added_up(lives: list[Any], since: datetime, until: datetime) -> int:
    """Round to hours once, what servers with the same plan were there together."""
    spans: dict[Any, timedelta] = {}
    for life in lives:
        span = min(life.gone or until, until) - max(life.created, since)
        spans[life.terms[0][1]] = spans.get(life.terms[0][1], timedelta()) + span
    return sum(terms.cost(-(-span // HOUR))[1] for terms, span in spans.items())


def hours_on_the_wall(lives: list[Any], since: datetime, until: datetime) -> int:
    """Meter with the local times of Paris in 2026, as if each day had 24 hours."""

    def wall(moment: datetime) -> datetime:
        summer = datetime.fromisoformat("2026-03-29T01:00:00+00:00") <= moment
        return moment + (2 if summer else 1) * HOUR

    spans = [(life, wall(min(life.gone or until, until)) - wall(max(life.created, since))) for life in lives]
    return sum(life.terms[0][1].cost(-(-span // HOUR))[1] for life, span in spans)


def plans_without_their_name_dropped(lives: list[Any], since: datetime, until: datetime) -> int:
    names = {terms.key: terms.name for life in lives for _, terms in life.terms}
    found = bag(lives, since, until)
    return total({key: hours for key, hours in found.items() if names[key[1].key] == key[1].name})


MISTAKES: dict[Callable[..., int], str] = {
    no_cap: "vendor-730-hours vendor-month-of-31-days vendor-plans months-in-a-row same-name-twice"
    " backups-cost-at-least-a-token plan-price-raised",
    always_monthly: "vendor-700-hours hours-around-the-cap",
    one_cap_for_all_servers: "servers-capped-one-by-one additional-addresses monthly-only-for-an-hour",
    one_cap_for_all_of_a_name: "same-name-twice additional-addresses",
    zero_is_a_cap: "hourly-only",
    nothing_is_free: "free-plan",
    monthly_price_prorated: "vendor-730-hours hours-around-the-cap monthly-only monthly-only-for-an-hour",
    hours_rounded_down: "vendor-five-minutes one-second around-the-hour hours-from-creation",
    hours_of_the_clock: "hours-from-creation over-the-months-end hour-over-midnight",
    hours_on_the_wall: "clocks-go-forward",
    minutes_added_up: "short-lives-add-up",
    hours_over_the_end_twice: "hour-over-midnight over-the-months-end months-are-utc",
    end_included: "midnight-of-the-first",
    last_hour_lost: "cap-in-the-last-hour",
    months_of_30_days: "month-of-28-days month-of-29-days month-of-31-days billed-early",
    months_of_31_days: "month-of-30-days month-of-28-days months-in-a-row september-and-october"
    " billed-on-the-first-day",
    months_of_paris: "months-are-utc over-the-years-end midnight-of-the-first",
    months_of_new_york: "months-are-utc over-the-years-end midnight-of-the-first",
    four_weeks_for_themselves: "monthly-only vendor-730-hours weeks-of-a-month",
    last_plan_for_all: "resize-mid-month resize-down resize-twice resize-takes-addresses-along deleted-plan",
    first_plan_for_all: "resize-mid-month resize-down resize-twice resize-takes-addresses-along",
    each_stay_in_a_plan_for_itself: "resize-and-back",
    resize_at_once: "resize-within-the-hour resize-down resize-twice resize-twice-within-the-hour"
    " resize-on-the-last-evening resize-takes-addresses-along",
    deleted_dropped: "deleted-server deleted-user deleted-plan-and-user same-name-twice additional-addresses"
    " backups",
    running_dropped: "vendor-month-of-31-days deleted-server",
    images_until_the_end: "iso-images iso-image-and-resize",
    each_mount_for_itself: "iso-images",
    each_name_for_itself: "server-renamed",
    running_hours_alone: "stopped-server suspended-server suspended-user locked-user",
    prices_of_today: "plan-price-raised plan-price-between-months resize-to-the-same-plan",
    plans_without_their_name_dropped: "plan-renamed",
    servers_alone: "additional-addresses address-has-its-own-hours backups iso-images iso-image-and-resize",
}
"""What goes wrong, and the scenarios that are there for it."""


def tokens_of(metered: Callable[..., Any], scenario: Scenario, rule: Callable[..., int]) -> list[int]:
    """Return the tokens of each customer in each period, as some rule has them."""
    return [
        rule(walk.lives_of(customer.name), walk.since, walk.until)
        for period in scenario.periods
        for walk in [metered(scenario, period)]
        for customer in scenario.customers
    ]


def expected_tokens(scenario: Scenario) -> list[int]:
    known = {(invoice.customer, invoice.period): invoice.tokens for invoice in scenario.invoices}
    return [
        known.get((customer.name, period), 0)
        for period in scenario.periods
        for customer in scenario.customers
    ]


@pytest.mark.parametrize("name", sorted(METERED))
def test_what_the_mistakes_are_made_of_is_right(name, metered):
    assert tokens_of(metered, METERED[name], right) == expected_tokens(METERED[name])


@pytest.mark.parametrize(
    ("mistake", "name"),
    [(mistake, name) for mistake, names in MISTAKES.items() for name in names.split()],
    ids=lambda one: one if isinstance(one, str) else one.__name__,
)
def test_a_mistake_in_metering_is_told_apart(mistake, name, metered):
    assert tokens_of(metered, METERED[name], mistake) != expected_tokens(METERED[name])


def test_every_scenario_of_metering_is_there_for_a_mistake():
    assert {name for names in MISTAKES.values() for name in names.split()} == set(METERED)
