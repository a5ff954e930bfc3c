"""What a customer was billed for a period, with all that is known about what is right."""

from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from decimal import Decimal
from fractions import Fraction
from functools import cached_property

from solusio_contracts.adapter.amounts import EXACT
from solusio_contracts.adapter.customers import Pricing
from solusio_contracts.invoices.documents import BilledInvoice, BilledLine
from solusio_contracts.invoices.period_mistakes import Requested
from solusio_contracts.invoices.scenario import ExpectedInvoice
from solusio_contracts.invoices.usage import UsageLine

Row = tuple[str, str, str, int, int]
"""Server, resource, plan, hours and tokens of a line."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Neighbour:
    """A customer of the same scenario."""

    number: int
    """The billing_user_id."""
    email: str
    pricing: Pricing | None
    """None: the billing system does not know them."""


@dataclass(frozen=True, kw_only=True)
class Case:
    """A customer and a period: the invoice as billed and as expected, and the lines of /usage.

    Cases that are right count as much as those that are wrong: they refute causes.
    """

    scenario: str = ""
    number: int
    """The customer's billing_user_id."""
    period: str
    expected: ExpectedInvoice | None
    """None: no invoice is due."""
    billed: BilledInvoice | None
    """None: there is no invoice."""
    pricing: Pricing | None
    """None: the billing system does not know the customer."""
    usage: Sequence[UsageLine]
    """The customer's lines."""
    everybody: Sequence[UsageLine]
    """All lines of the period, in the order of /usage."""
    requested: Requested = ()
    """The periods for which the billing system requested usage; empty if that is not known."""
    seen: Sequence[UsageLine] = ()
    """The lines of these periods, of all customers, if the month is not among them."""
    turned: bool | None = None
    """Whether the billing system requested a later page of usage; None: not known."""
    page_size: int | None = None
    """How many lines on a page it requested; None: not known."""
    neighbours: Sequence[Neighbour] = ()
    """All customers of the scenario, in order."""
    first: Pricing | None = None
    """The price of the first customer that the database got."""
    strays: Sequence[BilledInvoice] = field(default=())
    """The customer's invoices under other periods that a missing one was looked for in."""
    old_prices: Sequence[Pricing] = ()
    """What a token costs the customer in other months of the scenario."""
    usage_explained: bool = False
    """Whether the cause of wrong lines is known from elsewhere."""
    faulty: bool = False
    """Whether SolusIO had faults while the period was billed."""

    def coins(self, amount: Decimal) -> Fraction:
        """Return an amount in the minor unit of the customer's currency."""
        decimals = 0 if self.pricing is None else self.pricing.currency.decimals
        return Fraction(amount.scaleb(decimals, EXACT))

    @cached_property
    def billed_coins(self) -> Fraction | None:
        """The billed total in the minor unit; None without an invoice."""
        return None if self.billed is None else self.coins(self.billed.total)

    @cached_property
    def billed_lines(self) -> Counter[Row]:
        """The lines as billed."""
        lines = self.billed.lines if self.billed is not None else ()
        return rows(lines)

    @cached_property
    def right_lines(self) -> Counter[Row]:
        """The expected lines."""
        lines = self.expected.lines if self.expected is not None else ()
        return Counter((one.on, one.resource, one.plan, one.hours, one.tokens) for one in lines)

    @cached_property
    def usage_is_right(self) -> bool:
        """Whether there is an invoice exactly if there must be one, with the expected lines."""
        present = (self.expected is None) == (self.billed is None)
        return present and alike(self.right_lines, self.billed_lines)


def rows(lines: Iterable[UsageLine | BilledLine]) -> Counter[Row]:
    """Return lines in the form of an invoice."""
    return Counter((one.server, one.resource, one.plan, one.hours, one.tokens) for one in lines)


def alike(wanted: Counter[Row], found: Counter[Row]) -> bool:
    """Tell whether lines agree; one that costs nothing may be left out."""
    return wanted == found or (not found - wanted and not any(row[4] for row in wanted - found))
