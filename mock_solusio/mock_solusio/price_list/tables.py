"""The tables of steps 1 and 2 of the vendor's page, as exact numbers. Pure."""

from collections.abc import Iterable
from dataclasses import dataclass
from decimal import Decimal

from mock_solusio.domain import metering
from mock_solusio.domain.metering import Charge
from mock_solusio.domain.prices import Pricing, token_amount
from mock_solusio.price_list.model import PlanPrice, PriceList, rounded, shown_amount

Amounts = dict[str, Decimal]
"""Money by the code of its currency."""


@dataclass(frozen=True, slots=True)
class ConversionRow:
    """The exact price of some tokens, with as many decimals as the whole table needs."""

    tokens: int
    amounts: Amounts
    decimals: int


@dataclass(frozen=True, slots=True)
class PlanRow:
    """The price of a plan for a month (step 2). Amounts are rounded half up to the minor unit."""

    plan: PlanPrice
    hours: int
    """Hours of the month."""
    aggregated_tokens: int | None
    """The price of its hours without a cap; None without an hourly price."""
    aggregated_amounts: Amounts
    month_amounts: Amounts
    """The fixed price; empty without one."""
    discount_tokens: int | None
    """How much less the month costs than its hours; None unless there are both prices."""
    discount_percent: Decimal | None
    """The same in percent of the price of its hours, rounded half up to two decimals."""
    cap_from_hour: int | None
    """The first started hour, from 1, with which the hours would cost more than the fixed price.

    From this hour on the month costs the fixed price: this hour costs the remainder, and later ones nothing.
    None if this month has no such hour.
    """

    @property
    def billing(self) -> str:
        """How it is billed: `capped`, `hourly` (no monthly price), `monthly` (no hourly price) or `free`."""
        if self.plan.tokens_per_hour:
            return "capped" if self.plan.tokens_per_month else "hourly"
        return "monthly" if self.plan.tokens_per_month else "free"


@dataclass(frozen=True, slots=True)
class HoursRow:
    """The price of some started hours of a month on a plan."""

    plan: PlanPrice
    hours: int
    tokens: int
    charge: Charge
    """The price that applies."""
    amounts: Amounts


def conversion_table(prices: PriceList) -> list[ConversionRow]:
    """Return the table of step 1: prices of tokens, with all digits."""
    exact = {
        tokens: {one.currency.code: token_amount(tokens, one) for one in prices.currencies}
        for tokens in prices.converted
    }
    decimals = max(
        *(one.currency.decimals for one in prices.currencies),
        *(_decimals(amount) for amounts in exact.values() for amount in amounts.values()),
    )
    return [
        ConversionRow(tokens, {code: rounded(amount, decimals) for code, amount in amounts.items()}, decimals)
        for tokens, amounts in exact.items()
    ]


def plan_table(prices: PriceList, hours: int) -> list[PlanRow]:
    """Return the table of step 2 for a month with `hours` hours: 744 on the vendor's page."""
    return [_plan_row(plan, prices.currencies, hours) for plan in prices.plans]


def hours_table(prices: PriceList, hours: int) -> list[HoursRow]:
    """Return the price of some started hours of a month on each plan."""
    rows = []
    for plan in prices.plans:
        cost = metering.cost(hours, plan.tokens_per_hour, plan.tokens_per_month)
        rows.append(HoursRow(plan, hours, cost.tokens, cost.charge, _amounts(cost.tokens, prices.currencies)))
    return rows


def _plan_row(plan: PlanPrice, currencies: Iterable[Pricing], hours: int) -> PlanRow:
    per_hour, per_month = plan.tokens_per_hour, plan.tokens_per_month
    aggregated = per_hour * hours
    both = bool(per_hour and per_month)
    discount = aggregated - metering.cost(hours, per_hour, per_month).tokens if both else None
    first = per_month // per_hour + 1 if both else None
    return PlanRow(
        plan=plan,
        hours=hours,
        aggregated_tokens=aggregated if per_hour else None,
        aggregated_amounts=_amounts(aggregated, currencies) if per_hour else {},
        month_amounts=_amounts(per_month, currencies) if per_month else {},
        discount_tokens=discount,
        discount_percent=None if discount is None else rounded(Decimal(100 * discount) / aggregated, 2),
        cap_from_hour=first if first is not None and first <= hours else None,
    )


def _amounts(tokens: int, currencies: Iterable[Pricing]) -> Amounts:
    return {one.currency.code: shown_amount(tokens, one) for one in currencies}


def _decimals(amount: Decimal) -> int:
    """Return the number of decimals that an amount needs."""
    _, _, fraction = f"{amount:f}".partition(".")
    return len(fraction.rstrip("0"))
