"""A price list: what a token costs in each currency, and what plans cost in tokens. Pure.

What a provider decides in steps 1 and 2 of the vendor's page, before he enters it in SolusIO (step 3).
"""

from collections.abc import Iterable
from dataclasses import dataclass
from decimal import ROUND_HALF_UP, Context, Decimal
from enum import StrEnum

from mock_solusio.domain.prices import HOURS, Pricing, token_amount

CONVERTED = (1, 10, 100, 1_000, 10_000)
"""Amounts of tokens in the conversion table, unless the list names others: those of the vendor's page."""

LARGEST_TOKENS = 2_147_483_647
"""The most tokens that a price may have: the maximum of the API's request to make a plan (assumed)."""

_CONTEXT = Context(prec=200)


class Level(StrEnum):
    """How bad a finding is."""

    ERROR = "error"
    """The list cannot be meant so: the command exits with 1."""
    WARNING = "warning"
    """It works, and probably not as meant."""
    INFORMATION = "information"
    """It works; this is what it means."""


@dataclass(frozen=True, slots=True)
class Finding:
    """Something to know about a price list."""

    level: Level
    code: str
    """What kind of finding it is, such as `cap-never-reached`; for programs."""
    place: str
    """Where, such as `plans[0].tokens_per_hour`; counted from 0."""
    name: str
    """The name of the plan or the code of the currency there; empty when it has none."""
    message: str
    """Sentences for people, which quote the value."""

    def __str__(self) -> str:
        """Return one line for people."""
        about = f" ({self.name})" if self.name else ""
        return f"{self.level}: {self.place}{about}: {self.message}"


@dataclass(frozen=True, slots=True)
class Plan:
    """A plan, or what is priced like one, with its price in tokens."""

    name: str
    tokens_per_hour: int
    """Tokens for each started hour; 0: no hourly billing if there is a monthly price."""
    tokens_per_month: int
    """The cap: the most that a calendar month costs; 0: no cap."""
    place: str = ""
    """Where the list names it, such as `plans[0]`."""


@dataclass(frozen=True, slots=True)
class PriceList:
    """Currencies, plans, and the amounts of tokens that the conversion table shows."""

    currencies: tuple[Pricing, ...]
    plans: tuple[Plan, ...]
    converted: tuple[int, ...] = CONVERTED


def rounded(amount: Decimal, decimals: int) -> Decimal:
    """Round half up, as amounts are rounded everywhere here (DESIGN 8): 5.208 becomes 5.21."""
    return amount.quantize(Decimal(1).scaleb(-decimals), ROUND_HALF_UP, _CONTEXT)


def shown_amount(tokens: int, currency: Pricing) -> Decimal:
    """Return what tokens cost, rounded to the minor unit of the currency."""
    return rounded(token_amount(tokens, currency), currency.currency.decimals)


def check(prices: PriceList) -> list[Finding]:
    """Say what is odd about prices that can be read, in the order of the list."""
    found = [finding for plan in prices.plans for finding in _of_plan(plan)]
    names: dict[str, str] = {}
    for plan in prices.plans:
        if plan.name in names:
            found.append(
                Finding(
                    Level.WARNING,
                    "name-twice",
                    f"{plan.place}.name",
                    plan.name,
                    f"{names[plan.name]} has the same name; customers cannot tell them apart.",
                )
            )
        names.setdefault(plan.name, plan.place)
    for index, currency in enumerate(prices.currencies):
        found += _of_currency(f"currencies[{index}]", currency, prices)
    return found


def _of_plan(plan: Plan) -> Iterable[Finding]:
    per_hour, per_month = plan.tokens_per_hour, plan.tokens_per_month

    def finding(level: Level, code: str, field: str, message: str) -> Finding:
        return Finding(level, code, f"{plan.place}{field}", plan.name, message)

    if per_hour == per_month == 0:
        yield finding(Level.WARNING, "free", "", "both prices are 0, so it is free, however long it is used.")
    elif per_hour == 0:
        yield finding(
            Level.INFORMATION,
            "monthly-only",
            ".tokens_per_hour",
            f"0 switches hourly billing off: the fixed price of {per_month:,} tokens is charged for each "
            "month of use, however short (step 3).",
        )
    elif per_month == 0:
        yield finding(
            Level.INFORMATION,
            "hourly-only",
            ".tokens_per_month",
            "0 means hourly billing alone, without a cap (step 3): a 31-day month costs "
            f"{per_hour * HOURS:,} tokens.",
        )
    elif per_month < per_hour:
        yield finding(
            Level.ERROR,
            "cap-below-one-hour",
            ".tokens_per_month",
            f"{per_month:,} tokens for a month are less than {per_hour:,} for one hour, so no hour is ever "
            "charged at its price. Are the two swapped? For a fixed monthly price, set tokens_per_hour to 0.",
        )
    elif per_month >= per_hour * HOURS:
        yield finding(
            Level.WARNING,
            "cap-never-reached",
            ".tokens_per_month",
            f"{per_month:,} tokens are never charged: the hours of even a 31-day month cost "
            f"{'no more' if per_month == per_hour * HOURS else 'less'}, {per_hour:,} × {HOURS} = "
            f"{per_hour * HOURS:,}. Set less for a cap, or 0 for none.",
        )


def _of_currency(place: str, currency: Pricing, prices: PriceList) -> Iterable[Finding]:
    code = currency.currency.code

    def finding(level: Level, kind: str, message: str) -> Finding:
        return Finding(level, kind, f"{place}.token_unit_cost", code, message)

    if len(currency.user_token_unit_cost.normalize(_CONTEXT).as_tuple().digits) > 15:
        yield finding(
            Level.WARNING,
            "unit-cost-too-fine",
            f"{currency.user_token_unit_cost:f} has more digits than the 15 that a float keeps, and "
            "SolusIO reads the unit cost as a float (step 6).",
        )
    months = [(plan, tokens) for plan in prices.plans if (tokens := _most(plan))]
    vanishing = [plan for plan, tokens in months if not shown_amount(tokens, currency)]
    if vanishing or (not months and not shown_amount(max(prices.converted), currency)):
        what = f"the month of {_names(vanishing)}" if vanishing else f"{max(prices.converted):,} tokens"
        yield finding(
            Level.ERROR,
            "price-vanishes",
            f"{currency.user_token_unit_cost:f} is so little that the price of {what} is rounded to "
            f"{_nothing(currency)}.",
        )
        return
    hours = [
        plan
        for plan in prices.plans
        if plan.tokens_per_hour and not shown_amount(plan.tokens_per_hour, currency)
    ]
    if hours:
        yield finding(
            Level.WARNING,
            "hour-vanishes",
            f"on an invoice, one hour of {_names(hours)} is rounded to {_nothing(currency)}.",
        )


def _most(plan: Plan) -> int:
    """Return the most tokens that a month can cost."""
    by_hours = plan.tokens_per_hour * HOURS
    return (
        min(by_hours, plan.tokens_per_month)
        if by_hours and plan.tokens_per_month
        else max(by_hours, plan.tokens_per_month)
    )


def _names(plans: list[Plan]) -> str:
    shown = ", ".join(f"‘{plan.name}’" for plan in plans[:3])
    return f"{shown} and {len(plans) - 3} more" if len(plans) > 3 else shown


def _nothing(currency: Pricing) -> str:
    return f"{rounded(Decimal(0), currency.currency.decimals):f} {currency.currency.code}"
