"""The tables of a price list, and how amounts are written in them. Pure."""

from dataclasses import dataclass
from decimal import Decimal

import msgspec

from mock_solusio.domain.prices import Pricing, format_amount
from mock_solusio.price_list.model import Diagnostic, PriceList
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
class PriceReport:
    """The chosen tables; the others are empty."""

    currencies: tuple[Pricing, ...]
    month: str | None
    """Such as `2026-02`; None stands for any month with 31 days."""
    days: int
    conversion: list[ConversionRow]
    plans: list[PlanRow]
    hours: list[list[HoursRow]]
    """A table for each requested number of hours."""
    findings: list[Diagnostic]

    @property
    def month_words(self) -> str:
        """The month, for people."""
        return f"{self.month} with {self.days} days" if self.month else f"month of {self.days} days"


def make_report(
    prices: PriceList | None,
    findings: list[Diagnostic],
    *,
    month: str | None,
    days: int,
    hours: tuple[int, ...],
    tables: tuple[str, ...],
) -> PriceReport:
    """Compute the chosen tables; without a valid price list there are none."""
    if prices is None:
        return PriceReport((), month, days, [], [], [], findings)
    return PriceReport(
        prices.currencies,
        month,
        days,
        conversion_table(prices) if "conversion" in tables else [],
        plan_table(prices, days * 24) if "plans" in tables else [],
        [hours_table(prices, each) for each in hours] if "hours" in tables and prices.plans else [],
        findings,
    )


def written(amount: Decimal, currency: Pricing, decimals: int | None = None) -> str:
    """Format an amount as customers see it, such as `$1,234.50`; `decimals` can be more than usual."""
    if decimals is not None:
        wider = msgspec.structs.replace(currency.currency, decimals=decimals)
        currency = msgspec.structs.replace(currency, currency=wider)
    # `exact`, since the amount is rounded, and some currencies have no separator for decimals.
    return format_amount(amount, currency, exact=True)
