"""From tokens to an invoice: pure functions over plain values, no I/O.

Source: vendor page "custom billing integration", steps 6 and 10. Where to round is assumed: every
amount that is printed is rounded once, from exact figures, and none is worked out from another
that has been rounded. So they may differ by a cent, and `Invoice.rounding` says by how much.
"""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal
from typing import Literal

from solusio_reference import money
from solusio_reference.period import Period
from solusio_reference.pricing import Currency, Customer, Pricing, price


@dataclass(frozen=True, slots=True)
class UsageLine:
    """What one resource used with one plan in a period, as SolusIO's /usage says it.

    ``tokens`` is final: the monthly price as the cap of the hourly one is already in it.
    """

    id: int
    user_id: int
    billing_user_id: int | None
    """The customer; None for a user whom the billing system did not make."""
    server_id: int
    server_name: str
    resource: str
    resource_id: int
    plan_id: int
    plan_name: str
    from_: datetime
    to: datetime
    hours: int
    tokens_per_hour: int
    tokens_per_month: int
    charge: str
    """``hourly`` or ``monthly``: which of the two prices applied."""
    tokens: int


@dataclass(frozen=True, slots=True)
class LineTotals:
    """The lines of an invoice, added up."""

    lines: int
    tokens: int
    subtotal: Decimal
    """The sum of the amounts as they are printed, at the base price."""


@dataclass(frozen=True, slots=True)
class Adjustment:
    """A discount or a tax on an invoice. ``rate`` is the discount's factor, or the tax in percent."""

    kind: Literal["discount", "tax"]
    label: str
    rate: Decimal
    amount: Decimal
    """What it adds to the invoice; a discount is negative."""


@dataclass(frozen=True, slots=True)
class Invoice:
    """An invoice with all its figures; amounts have the decimals of the currency."""

    number: int
    customer_id: int
    period: Period
    currency: Currency
    base_token_unit_cost: Decimal
    user_token_unit_cost: Decimal
    tokens: int
    lines_count: int
    subtotal: Decimal
    adjustments: tuple[Adjustment, ...]
    rounding: Decimal
    """What the printed amounts lack to the total, or have too much."""
    total: Decimal
    issued_at: datetime

    @property
    def discounts(self) -> tuple[Adjustment, ...]:
        """The discounts, in the order in which they apply."""
        return tuple(one for one in self.adjustments if one.kind == "discount")

    @property
    def taxes(self) -> tuple[Adjustment, ...]:
        """The taxes, in the order in which they apply."""
        return tuple(one for one in self.adjustments if one.kind == "tax")


def line_amount(tokens: int, base_token_unit_cost: Decimal, code: str) -> Decimal:
    """Return what a line costs before discounts and taxes, as it is printed."""
    return money.rounded(money.product([Decimal(tokens), base_token_unit_cost]), code)


def sum_lines(counted: Iterable[tuple[int, int]], base_token_unit_cost: Decimal, code: str) -> LineTotals:
    """Add up lines, given as (tokens of a line, how many lines have so many).

    Lines with equal tokens cost the same, so a million of them take a few steps and no memory.
    """
    lines = tokens = 0
    subtotal = Decimal(0)
    for tokens_each, count in counted:
        amount = line_amount(tokens_each, base_token_unit_cost, code)
        lines += count
        tokens += count * tokens_each
        subtotal = money.total([subtotal, money.product([Decimal(count), amount])])
    return LineTotals(lines, tokens, money.rounded(subtotal, code))


def make_invoice(
    *, number: int, customer: Customer, period: Period, usage: LineTotals, issued_at: datetime
) -> Invoice:
    """Make an invoice at the prices that the customer has now."""
    pricing = price(customer)
    code = pricing.currency.code
    adjustments = tuple(_adjustments(usage.tokens, pricing))
    total = money.rounded(money.product([Decimal(usage.tokens), pricing.user_token_unit_cost]), code)
    printed = money.total([usage.subtotal, *(one.amount for one in adjustments)])
    return Invoice(
        number=number,
        customer_id=customer.id,
        period=period,
        currency=pricing.currency,
        base_token_unit_cost=pricing.base_token_unit_cost,
        user_token_unit_cost=pricing.user_token_unit_cost,
        tokens=usage.tokens,
        lines_count=usage.lines,
        subtotal=usage.subtotal,
        adjustments=adjustments,
        rounding=money.difference(total, printed),
        total=total,
        issued_at=issued_at,
    )


def _adjustments(tokens: int, pricing: Pricing) -> Iterator[Adjustment]:
    """Go from the base price to the final one step by step, exactly; only what is printed is rounded."""
    code = pricing.currency.code
    reached = money.product([Decimal(tokens), pricing.base_token_unit_cost])
    for discount in pricing.discounts:
        before, reached = reached, money.product([reached, discount.multiplier])
        amount = money.rounded(money.difference(reached, before), code)
        yield Adjustment("discount", discount.name, discount.multiplier, amount)
    for tax in pricing.taxes:
        due = money.product([reached, money.from_percent(tax.rate)])
        yield Adjustment("tax", tax.label, tax.rate, money.rounded(due, code))
        if pricing.taxes_compound:  # the next tax is due on this one, too
            reached = money.total([reached, due])
