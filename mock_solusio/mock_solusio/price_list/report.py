"""All that is printed of a price list, and how amounts are written in it. Pure."""

from dataclasses import dataclass
from decimal import Decimal

import msgspec

from mock_solusio.domain.prices import Pricing, format_amount
from mock_solusio.price_list.model import Finding, PriceList
from mock_solusio.price_list.tables import (
    ConversionRow,
    HoursRow,
    PlanRow,
    conversion_table,
    hours_table,
    plan_table,
)

TABLES = ("conversion", "plans", "hours")


@dataclass(frozen=True, slots=True)
class Report:
    """The chosen tables; one that was not chosen is empty."""

    currencies: tuple[Pricing, ...]
    month: str | None
    """Such as `2026-02`; None is any month of 31 days."""
    days: int
    conversion: list[ConversionRow]
    plans: list[PlanRow]
    hours: list[list[HoursRow]]
    """A table for each number of hours that was asked for."""
    findings: list[Finding]

    @property
    def month_words(self) -> str:
        """Say which month."""
        return f"{self.month} with {self.days} days" if self.month else f"month of {self.days} days"


def make_report(
    prices: PriceList | None,
    findings: list[Finding],
    *,
    month: str | None,
    days: int,
    hours: tuple[int, ...],
    tables: tuple[str, ...],
) -> Report:
    """Compute the chosen tables; without a list that can be read there are none."""
    if prices is None:
        return Report((), month, days, [], [], [], findings)
    return Report(
        prices.currencies,
        month,
        days,
        conversion_table(prices) if "conversion" in tables else [],
        plan_table(prices, days * 24) if "plans" in tables else [],
        [hours_table(prices, each) for each in hours] if "hours" in tables and prices.plans else [],
        findings,
    )


def written(amount: Decimal, currency: Pricing, decimals: int | None = None) -> str:
    """Write an amount as customers see it, such as `$1,234.50`, with more decimals if they are given."""
    if decimals is not None:
        wider = msgspec.structs.replace(currency.currency, decimals=decimals)
        currency = msgspec.structs.replace(currency, currency=wider)
    # `exact`: the amount is rounded already, and some currencies have no separator for decimals.
    return format_amount(amount, currency, exact=True)
