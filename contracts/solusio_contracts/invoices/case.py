"""A wrong invoice, with all that is known about the right one."""

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property

from solusio_contracts.adapter.customers import Pricing
from solusio_contracts.invoices.documents import BilledInvoice
from solusio_contracts.invoices.period_mistakes import Requested
from solusio_contracts.invoices.scenario import ExpectedInvoice
from solusio_contracts.invoices.usage import UsageLine, UsageWindow

Row = tuple[str, str, str, int, int]
"""Server, resource, plan, hours and tokens of a line."""


@dataclass(frozen=True, kw_only=True)
class Case:
    """An invoice as billed and as expected, with the lines of /usage."""

    expected: ExpectedInvoice
    billed: BilledInvoice
    pricing: Pricing
    usage: Sequence[UsageLine]
    """The customer's lines."""
    everybody: Sequence[UsageLine]
    """All lines of the period, in the order of /usage."""
    window: UsageWindow
    requested: Requested = ()
    """The periods for which the billing system requested usage; empty if that is not known."""
    same_mail: Sequence[UsageLine] = ()
    """The lines of other customers with the same mail address."""

    @cached_property
    def billed_lines(self) -> Counter[Row]:
        """The lines as billed."""
        return Counter(
            (one.server, one.resource, one.plan, one.hours, one.tokens) for one in self.billed.lines
        )

    @cached_property
    def right_lines(self) -> Counter[Row]:
        """The expected lines."""
        return Counter((one.on, one.resource, one.plan, one.hours, one.tokens) for one in self.expected.lines)
