"""From tokens to an invoice: pure functions over plain values, no I/O.

Source: vendor page "custom billing integration", steps 6 and 10. Where to round is assumed: each printed
amount is rounded once, from exact figures, and never calculated from another rounded amount. So the amounts
and the total may differ by a cent; `Invoice.rounding` is the difference.
"""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass, replace
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from typing import Final, Literal, NamedTuple

from solusio_reference import money
from solusio_reference.period import Period
from solusio_reference.pricing import Currency, Customer, Pricing, price

INVOICE: Final = "invoice"
CREDIT_NOTE: Final = "credit_note"

DUE_DAYS = 14
"""How many days after its issue an invoice is due, unless configured otherwise."""


class UsageLine(NamedTuple):
    """What one resource used with one plan in a period, as SolusIO's /usage reports it.

    ``tokens`` is final: SolusIO has already capped the hourly price at the monthly one. There may be millions
    of lines, and a tuple is made several times faster than a dataclass.
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
    """An invoice, or a credit note, whose amounts are negative.

    Amounts are rounded to the currency's decimals.
    """

    number: int
    kind: Literal["invoice", "credit_note"]
    customer_id: int
    period: Period
    """The month in which the service was provided."""
    batch: int
    """Which of the customer's usage it bills: 0, or more for usage that became known after an invoice."""
    version: int
    """0; an invoice that replaces another has a version more."""
    corrects: int | None
    """The number of the invoice that a credit note cancels, or a new invoice replaces."""
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
    due_on: date

    @property
    def sign(self) -> Literal[1, -1]:
        """-1 for a credit note, which takes back what its lines say."""
        return -1 if self.kind == CREDIT_NOTE else 1

    @property
    def discounts(self) -> tuple[Adjustment, ...]:
        """Discounts in the order in which they apply."""
        return tuple(one for one in self.adjustments if one.kind == "discount")

    @property
    def taxes(self) -> tuple[Adjustment, ...]:
        """Taxes in the order in which they apply."""
        return tuple(one for one in self.adjustments if one.kind == "tax")


def line_of(invoice: Invoice, line: UsageLine) -> Decimal:
    """Return the printed amount of a line on an invoice; negative on a credit note."""
    amount = line_amount(line.tokens, invoice.base_token_unit_cost, invoice.currency.decimals)
    return amount if invoice.sign > 0 else _negative(amount)


def line_amount(tokens: int, base_token_unit_cost: Decimal, decimals: int) -> Decimal:
    """Return the printed amount of a line, before discounts and taxes."""
    return money.rounded(money.times(tokens, base_token_unit_cost), decimals)


def sum_lines(counts: Iterable[tuple[int, int]], base_token_unit_cost: Decimal, decimals: int) -> LineTotals:
    """Sum up lines, given as pairs of a number of tokens and how many lines have it.

    Lines with the same tokens cost the same, so a million lines take few steps and little memory.
    """
    lines = tokens = 0
    subtotal = Decimal(0)
    for tokens_each, count in counts:
        lines += count
        tokens += count * tokens_each
        amount = line_amount(tokens_each, base_token_unit_cost, decimals)
        subtotal = money.total([subtotal, money.times(count, amount)])
    return LineTotals(lines, tokens, money.rounded(subtotal, decimals))


def make_invoice(
    *,
    number: int,
    customer: Customer,
    period: Period,
    totals: LineTotals,
    issued_at: datetime,
    due_days: int = DUE_DAYS,
    batch: int = 0,
    replaces: Invoice | None = None,
) -> Invoice:
    """Create an invoice at the customer's current prices; with ``replaces``, in place of a cancelled one."""
    pricing = price(customer)
    decimals = pricing.currency.decimals
    adjustments = tuple(_adjustments(totals.tokens, pricing))
    total = money.rounded(money.product([Decimal(totals.tokens), pricing.user_token_unit_cost]), decimals)
    printed = money.total([totals.subtotal, *(one.amount for one in adjustments)])
    return Invoice(
        number=number,
        kind=INVOICE,
        customer_id=customer.id,
        period=period,
        batch=batch,
        version=0 if replaces is None else replaces.version + 1,
        corrects=None if replaces is None else replaces.number,
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
        due_on=_due(issued_at, due_days),
    )


def credit_note(invoice: Invoice, *, number: int, issued_at: datetime) -> Invoice:
    """Create the credit note that cancels an invoice: all its amounts, taken back. It is due at once."""
    adjustments = tuple(replace(one, amount=_negative(one.amount)) for one in invoice.adjustments)
    return replace(
        invoice,
        number=number,
        kind=CREDIT_NOTE,
        corrects=invoice.number,
        subtotal=_negative(invoice.subtotal),
        adjustments=adjustments,
        rounding=_negative(invoice.rounding),
        total=_negative(invoice.total),
        issued_at=issued_at,
        due_on=_due(issued_at, 0),
    )


def same_amounts(one: Invoice, other: Invoice) -> bool:
    """Return whether two invoices ask for the same, in the same parts."""
    return other == replace(
        one,
        number=other.number,
        version=other.version,
        corrects=other.corrects,
        issued_at=other.issued_at,
        due_on=other.due_on,
    )


def _due(issued_at: datetime, days: int) -> date:
    return issued_at.astimezone(UTC).date() + timedelta(days)


def _negative(amount: Decimal) -> Decimal:
    # Not -amount, which rounds to 28 digits, and not a negative zero.
    return amount.copy_negate() if amount else amount


def _adjustments(tokens: int, pricing: Pricing) -> Iterator[Adjustment]:
    """Go from the base price to the final price step by step: exactly, rounding only what is printed."""
    decimals = pricing.currency.decimals
    reached = money.product([Decimal(tokens), pricing.base_token_unit_cost])
    for discount in pricing.discounts:
        before, reached = reached, money.product([reached, discount.multiplier])
        amount = money.rounded(money.difference(reached, before), decimals)
        yield Adjustment("discount", discount.name, discount.multiplier, amount)
    for tax in pricing.taxes:
        due = money.product([reached, money.from_percent(tax.rate)])
        yield Adjustment("tax", tax.label, tax.rate, money.rounded(due, decimals))
        if pricing.taxes_compound:  # the next tax applies to this one, too
            reached = money.total([reached, due])
