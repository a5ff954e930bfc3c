"""Steps 2 and 3: the prices of plans in tokens."""

from collections.abc import Iterator
from decimal import Decimal
from typing import Final

from mock_solusio.preflight.installation import Installation
from mock_solusio.preflight.judgement import Note, NotJudged, Undecided, judgement
from mock_solusio.preflight.listing import Row
from mock_solusio.preflight.metered import integer_of
from mock_solusio.preflight.words import listed
from mock_solusio.price_list.model import PlanPrice
from solusio_contracts.checking.rule import INTEGER, Expect, shown
from solusio_contracts.contract.clauses import Level
from solusio_contracts.suggestions import closest

DAYS: Final = (28, 31)
PRICES: Final = ("tokens_per_hour", "tokens_per_month")
TOKENS: Final = (*PRICES, *(f"{thing}_{name}" for thing in ("ip", "iso_image") for name in PRICES))
"""The members of a plan that are amounts of tokens."""
_IP: Final = ": additional IP"
"""How a price list names the addresses of a plan."""


@judgement("US-024", title="prices of plans are integers")
def plan_prices_are_integers(site: Installation) -> Iterator[Expect | Note]:
    """A price that is not an integer cannot be charged, and public clients stop at it."""
    for plan in _plans(site):
        for name in TOKENS:
            if name in PRICES or name in plan:
                value = plan.get(name)
                good = INTEGER.admits(value) and value >= 0  # type: ignore[operator]  # an integer
                actual = "missing" if name not in plan else shown(value)
                yield Expect.that(
                    good, f"{_title(plan)}: {name}", "an integer from 0", actual, site.answer("listPlans")
                )
    yield from _extent(site)


@judgement("PF-020", title="plans have a price")
def plans_have_a_price(site: Installation) -> Iterator[Expect | Note]:
    """A plan without prices is free, and nobody notices before the first invoice."""
    for plan, per_hour, per_month in _priced(site):
        hidden = plan.get("is_visible") is False
        yield Expect.that(
            bool(per_hour or per_month),
            _title(plan),
            "tokens per hour, tokens per month, or both",
            "both are 0: the plan is free" + (" (customers do not see it)" if hidden else ""),
            site.answer("listPlans"),
            level=Level.MAY if hidden else None,
        )
    yield from _extent(site)


@judgement("PF-021", title="the monthly price is a cap that a month can reach")
def monthly_cap(site: Installation) -> Iterator[Expect | Note]:
    """The page makes the cap from the hours of a month: one outside 28 to 31 days is probably a mistake."""
    seen = False
    for plan, per_hour, per_month in _priced(site):
        if not per_hour or not per_month:
            continue
        seen = True
        low, high = (per_hour * 24 * days for days in DAYS)
        yield Expect.that(
            low <= per_month <= high,
            _title(plan),
            f"tokens per month between {low:,} (28 days at {per_hour:,} an hour) and {high:,} (31 days)",
            f"{per_month:,}" + _reached(per_hour, per_month, high),
            site.answer("listPlans"),
        )
    if not seen:
        raise NotJudged("no plan has both prices")
    yield from _extent(site)


@judgement("PF-022", title="plans have both prices, by the hour and by the month")
def single_price(site: Installation) -> Iterator[Expect | Note]:
    """SolusIO cannot tell a price that was forgotten from one that was left out."""
    for plan, per_hour, per_month in _priced(site):
        if bool(per_hour) != bool(per_month):
            what = (
                f"{per_hour:,} tokens per hour and no cap"
                if per_hour
                else f"{per_month:,} tokens per month, fixed"
            )
            yield Expect.that(False, _title(plan), "meant so", what, site.answer("listPlans"))
        else:
            yield Expect.that(True, _title(plan), "meant so", "both prices")
    yield from _extent(site)


@judgement("PF-023", title="the prices of plans are those of the price list")
def plans_as_priced(site: Installation) -> Iterator[Expect | Note]:
    """SolusIO charges what was entered there by hand."""
    prices = site.questions.prices
    if prices is None:
        raise NotJudged("no price list was given; --prices FILE compares plan by plan")
    plans = _plans(site)
    exchange = site.answer("listPlans")
    wanted = {one.name: one for one in prices if not one.place.endswith(".ip")}
    addresses = {one.name.removesuffix(_IP): one for one in prices if one.place.endswith(".ip")}
    names = [str(plan.get("name")) for plan in plans]
    for name, price in wanted.items():
        same = [plan for plan in plans if plan.get("name") == name]
        if not same and not site.plans.whole:
            continue
        near = closest(name, names)
        also = f"; did you mean the plan ‘{near[0]}’?" if near and not same else ""
        yield Expect.that(
            bool(same),
            f"plan ‘{name}’ of the price list",
            f"a plan with {_words(price)}",
            f"no plan has this name{also}",
            exchange,
        )
        for plan in same:
            yield from _compared(plan, price, "", site)
            if name in addresses:
                yield from _compared(plan, addresses[name], "ip_", site)
    others = [_title(plan) for plan in plans if plan.get("name") not in wanted]
    yield Expect.that(
        not others,
        "plans in SolusIO",
        "each is in the price list",
        f"not in it: {listed(others)}",
        exchange,
        level=Level.SHOULD,
    )
    yield from _extent(site)


@judgement("PF-024", title="plans that offer backups have a price for them")
def backups_have_a_price(site: Installation) -> Iterator[Expect | Note]:
    """Backups cost storage for as long as they are kept."""
    offering = [plan for plan in _plans(site) if plan.get("is_backup_available") is True]
    if not offering:
        raise NotJudged("no plan offers backups")
    for plan in offering:
        price = plan.get("backup_price")
        yield Expect.that(
            isinstance(price, int | Decimal) and price > 0,
            _title(plan),
            "a price of backups above 0 percent",
            "missing" if price is None else f"{price} percent",
            site.answer("listPlans"),
        )
    yield from _extent(site)


@judgement("PF-025", title="plans that offer additional addresses have a price for them")
def addresses_have_a_price(site: Installation) -> Iterator[Expect | Note]:
    """Addresses are scarce, and a customer takes as many as are free."""
    offering = [plan for plan in _plans(site) if plan.get("is_additional_ips_available") is True]
    if not offering:
        raise NotJudged("no plan offers additional addresses")
    for plan in offering:
        yield Expect.that(
            any(plan.get(name) for name in ("ip_tokens_per_hour", "ip_tokens_per_month")),
            _title(plan),
            "tokens per hour or per month for an additional address",
            "both are 0",
            site.answer("listPlans"),
        )
    yield from _extent(site)


def _plans(site: Installation) -> tuple[Row, ...]:
    rows = site.plans.rows
    if not rows:
        raise Undecided("SolusIO has no plans (Compute Resources > Plans > Add Plan)")
    return rows


def _priced(site: Installation) -> list[tuple[Row, int, int]]:
    """Return the plans whose two prices are integers, with these."""
    found = []
    for plan in _plans(site):
        per_hour, per_month = (integer_of(plan, name) for name in PRICES)
        if per_hour is not None and per_month is not None:
            found.append((plan, per_hour, per_month))
    return found


def _extent(site: Installation) -> Iterator[Note]:
    if not site.plans.whole:
        yield Note(site.plans.sampled("plans"))


def _title(plan: Row) -> str:
    return f"plan {plan.get('id')} ({plan.get('name')})"


def _reached(per_hour: int, per_month: int, high: int) -> str:
    if per_month > high:
        return ", which is never reached"
    hours = -(-per_month // per_hour)
    return f", reached after {hours:,} hours ({hours / 24:.1f} days)"


def _words(price: PlanPrice) -> str:
    return f"{price.tokens_per_hour:,} tokens per hour and {price.tokens_per_month:,} per month"


def _compared(plan: Row, price: PlanPrice, prefix: str, site: Installation) -> Iterator[Expect]:
    for name, wanted in (
        ("tokens_per_hour", price.tokens_per_hour),
        ("tokens_per_month", price.tokens_per_month),
    ):
        value = plan.get(prefix + name)
        yield Expect.that(
            value == wanted and not isinstance(value, bool),
            f"{_title(plan)}: {prefix}{name}",
            f"{wanted:,}",
            f"{value:,}" if isinstance(value, int) else shown(value),
            site.answer("listPlans"),
            hint=f"change {prefix}{name} from {value} to {wanted}",
        )
