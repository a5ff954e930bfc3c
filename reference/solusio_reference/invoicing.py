"""From tokens to an invoice: pure functions over plain values, no I/O.

Source: vendor page "custom billing integration", steps 6 and 10. Where to round is assumed: each printed
amount is rounded once, from exact figures, and never calculated from another rounded amount. So the amounts
and the total may differ by a cent; `Invoice.rounding` is the difference.
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
    """What one resource used with one plan in a period, as SolusIO's /usage reports it.

    ``tokens`` is final: SolusIO has already capped the hourly price at the monthly one.
    """

    id: int
    user_id: int
    billing_user_id: int | None
    """The customer; None for a user that the billing system did not create."""
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
    """Sums over the lines of an invoice."""

    lines: int
    tokens: int
    subtotal: Decimal
    """The sum of the printed amounts, at the base price."""


@dataclass(frozen=True, slots=True)
class Adjustment:
    """A discount or a tax on an invoice. ``rate`` is a discount's factor, or a tax in percent."""

    kind: Literal["discount", "tax"]
    label: str
    rate: Decimal
    amount: Decimal
    """What it adds to the invoice: negative for a discount."""


@dataclass(frozen=True, slots=True)
class Invoice:
    """An invoice. Amounts are rounded to the currency's decimals."""

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
    """The total minus the sum of the printed amounts."""
    total: Decimal
    issued_at: datetime

    @property
    def discounts(self) -> tuple[Adjustment, ...]:
        """Discounts in the order in which they apply."""
        return tuple(one for one in self.adjustments if one.kind == "discount")

    @property
    def taxes(self) -> tuple[Adjustment, ...]:
        """Taxes in the order in which they apply."""
        return tuple(one for one in self.adjustments if one.kind == "tax")


def line_amount(tokens: int, base_token_unit_cost: Decimal, code: str) -> Decimal:
    """Return the printed amount of a line, before discounts and taxes."""
    return money.rounded(money.product([Decimal(tokens), base_token_unit_cost]), code)


def sum_lines(counts: Iterable[tuple[int, int]], base_token_unit_cost: Decimal, code: str) -> LineTotals:
    """Sum up lines, given as pairs of a number of tokens and how many lines have it.

    Lines with the same tokens cost the same, so a million lines take few steps and little memory.
    """
    lines = tokens = 0
    subtotal = Decimal(0)
    for tokens_each, count in counts:
        amount = line_amount(tokens_each, base_token_unit_cost, code)
        lines += count
        tokens += count * tokens_each
        subtotal = money.total([subtotal, money.product([Decimal(count), amount])])
    return LineTotals(lines, tokens, money.rounded(subtotal, code))


def make_invoice(
    *, number: int, customer: Customer, period: Period, totals: LineTotals, issued_at: datetime
) -> Invoice:
    """Create an invoice at the customer's current prices."""
    pricing = price(customer)
    code = pricing.currency.code
    adjustments = tuple(_adjustments(totals.tokens, pricing))
    total = money.rounded(money.product([Decimal(totals.tokens), pricing.user_token_unit_cost]), code)
    printed = money.total([totals.subtotal, *(one.amount for one in adjustments)])
    return Invoice(
        number=number,
        customer_id=customer.id,
        period=period,
        currency=pricing.currency,
        base_token_unit_cost=pricing.base_token_unit_cost,
        user_token_unit_cost=pricing.user_token_unit_cost,
        tokens=totals.tokens,
        lines_count=totals.lines,
        subtotal=totals.subtotal,
        adjustments=adjustments,
        rounding=money.difference(total, printed),
        total=total,
        issued_at=issued_at,
    )


def _adjustments(tokens: int, pricing: Pricing) -> Iterator[Adjustment]:
    """Go from the base price to the final price step by step: exactly, rounding only what is printed."""
    code = pricing.currency.code
    reached = money.product([Decimal(tokens), pricing.base_token_unit_cost])
    for discount in pricing.discounts:
        before, reached = reached, money.product([reached, discount.multiplier])
        amount = money.rounded(money.difference(reached, before), code)
        yield Adjustment("discount", discount.name, discount.multiplier, amount)
    for tax in pricing.taxes:
        due = money.product([reached, money.from_percent(tax.rate)])
        yield Adjustment("tax", tax.label, tax.rate, money.rounded(due, code))
        if pricing.taxes_compound:  # the next tax applies to this one, too
            reached = money.total([reached, due])
