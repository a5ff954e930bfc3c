"""A price list: what a token costs in each currency, and what plans cost in tokens. Pure.

A provider decides this in steps 1 and 2 of the vendor's page, before entering it in SolusIO (step 3).
"""

from collections.abc import Iterable
from dataclasses import dataclass
from decimal import ROUND_HALF_UP, Context, Decimal
from enum import StrEnum

from mock_solusio.domain.prices import HOURS, Pricing, token_amount

CONVERTED = (1, 10, 100, 1_000, 10_000)
"""Default amounts of tokens in the conversion table: those of the vendor's page."""

LARGEST_TOKENS = 2_147_483_647
"""The largest price in tokens: the maximum of the API's request to create a plan (assumed)."""

_CONTEXT = Context(prec=200)


class Severity(StrEnum):
    """How serious a diagnostic is."""

    ERROR = "error"
    """The list is wrong: the command exits with 1."""
    WARNING = "warning"
    """It works, but probably not as intended."""
    INFORMATION = "information"
    """It works; the message explains how."""


@dataclass(frozen=True, slots=True)
class Diagnostic:
    """An error, a warning or an explanation for a price list."""

    level: Severity
    code: str
    """The kind of diagnostic, such as `cap-never-reached`; for programs."""
    place: str
    """The place, such as `plans[0].tokens_per_hour`; counted from 0."""
    name: str
    """The name of the plan or the code of the currency there, if it has one."""
    message: str
    """Sentences for people, with the value."""

    def __str__(self) -> str:
        """Return one line for people."""
        about = f" ({self.name})" if self.name else ""
        return f"{self.level}: {self.place}{about}: {self.message}"


@dataclass(frozen=True, slots=True)
class PlanPrice:
    """The price in tokens of a plan, or of something priced like one."""

    name: str
    tokens_per_hour: int
    """Tokens for each started hour; with 0 and a monthly price, there is no hourly billing."""
    tokens_per_month: int
    """The cap: the most that a calendar month costs; with 0 there is no cap."""
    place: str = ""
    """Its place in the list, such as `plans[0]`."""


@dataclass(frozen=True, slots=True)
class PriceList:
    """Currencies, plans, and the amounts of tokens in the conversion table."""

    currencies: tuple[Pricing, ...]
    plans: tuple[PlanPrice, ...]
    converted: tuple[int, ...] = CONVERTED


def rounded(amount: Decimal, decimals: int) -> Decimal:
    """Round half up: 5.208 becomes 5.21."""
    return amount.quantize(Decimal(1).scaleb(-decimals), ROUND_HALF_UP, _CONTEXT)


def shown_amount(tokens: int, currency: Pricing) -> Decimal:
    """Return the price of tokens, rounded to the minor unit of the currency."""
    return rounded(token_amount(tokens, currency), currency.currency.decimals)


def check(prices: PriceList) -> list[Diagnostic]:
    """Return what is odd about valid prices, in the order of the list."""
    found = [finding for plan in prices.plans for finding in _of_plan(plan)]
    names: dict[str, str] = {}
    for plan in prices.plans:
        if plan.name in names:
            found.append(
                Diagnostic(
                    Severity.WARNING,
                    "name-twice",
                    f"{plan.place}.name",
                    plan.name,
                    f"{names[plan.name]} has the same name, so customers cannot distinguish them.",
                )
            )
        names.setdefault(plan.name, plan.place)
    for index, currency in enumerate(prices.currencies):
        found += _of_currency(f"currencies[{index}]", currency, prices)
    return found


def _of_plan(plan: PlanPrice) -> Iterable[Diagnostic]:
    per_hour, per_month = plan.tokens_per_hour, plan.tokens_per_month

    def diagnostic(level: Severity, code: str, field: str, message: str) -> Diagnostic:
        return Diagnostic(level, code, f"{plan.place}{field}", plan.name, message)

    if per_hour == per_month == 0:
        yield diagnostic(Severity.WARNING, "free", "", "both prices are 0, so it is free.")
    elif per_hour == 0:
        yield diagnostic(
            Severity.INFORMATION,
            "monthly-only",
            ".tokens_per_hour",
            f"0 disables hourly billing: the fixed price of {per_month:,} tokens is charged for each month "
            "of use, however short (step 3).",
        )
    elif per_month == 0:
        yield diagnostic(
            Severity.INFORMATION,
            "hourly-only",
            ".tokens_per_month",
            "0 means only hourly billing, without a cap (step 3): a 31-day month costs "
            f"{per_hour * HOURS:,} tokens.",
        )
    elif per_month < per_hour:
        yield diagnostic(
            Severity.ERROR,
            "cap-below-one-hour",
            ".tokens_per_month",
            f"{per_month:,} tokens for a month are less than {per_hour:,} for one hour, so the hourly price "
            "never applies. Are the two swapped? For a fixed monthly price, set tokens_per_hour to 0.",
        )
    elif per_month >= per_hour * HOURS:
        yield diagnostic(
            Severity.WARNING,
            "cap-never-reached",
            ".tokens_per_month",
            f"{per_month:,} tokens are never charged: even the hours of a 31-day month cost "
            f"{'no more' if per_month == per_hour * HOURS else 'less'}, {per_hour:,} × {HOURS} = "
            f"{per_hour * HOURS:,}. Set a lower cap, or 0 for no cap.",
        )


def _of_currency(place: str, currency: Pricing, prices: PriceList) -> Iterable[Diagnostic]:
    code = currency.currency.code

    def diagnostic(level: Severity, kind: str, message: str) -> Diagnostic:
        return Diagnostic(level, kind, f"{place}.token_unit_cost", code, message)

    if len(currency.user_token_unit_cost.normalize(_CONTEXT).as_tuple().digits) > 15:
        yield diagnostic(
            Severity.WARNING,
            "unit-cost-too-fine",
            f"{currency.user_token_unit_cost:f} has more digits than the 15 of a float, and SolusIO reads "
            "the unit cost as a float (step 6).",
        )
    months = [(plan, tokens) for plan in prices.plans if (tokens := _most(plan))]
    vanishing = [plan for plan, tokens in months if not shown_amount(tokens, currency)]
    if vanishing or (not months and not shown_amount(max(prices.converted), currency)):
        what = f"the month of {_names(vanishing)}" if vanishing else f"{max(prices.converted):,} tokens"
        yield diagnostic(
            Severity.ERROR,
            "price-vanishes",
            f"{currency.user_token_unit_cost:f} is so low that the price of {what} is rounded to "
            f"{_nothing(currency)}.",
        )
        return
    hours = [
        plan
        for plan in prices.plans
        if plan.tokens_per_hour and not shown_amount(plan.tokens_per_hour, currency)
    ]
    if hours:
        yield diagnostic(
            Severity.WARNING,
            "hour-vanishes",
            f"on an invoice, one hour of {_names(hours)} is rounded to {_nothing(currency)}.",
        )


def _most(plan: PlanPrice) -> int:
    """Return the most tokens that a month can cost."""
    by_hours = plan.tokens_per_hour * HOURS
    return (
        min(by_hours, plan.tokens_per_month)
        if by_hours and plan.tokens_per_month
        else max(by_hours, plan.tokens_per_month)
    )


def _names(plans: list[PlanPrice]) -> str:
    shown = ", ".join(f"‘{plan.name}’" for plan in plans[:3])
    return f"{shown} and {len(plans) - 3} more" if len(plans) > 3 else shown


def _nothing(currency: Pricing) -> str:
    return f"{rounded(Decimal(0), currency.currency.decimals):f} {currency.currency.code}"
