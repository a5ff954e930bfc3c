"""An invoice that is wrong, and all that is known about what it should say."""

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property

from solusio_contracts.invoices.documents import BilledInvoice, Pricing
from solusio_contracts.invoices.scenario import ExpectedInvoice
from solusio_contracts.invoices.usage import UsageLine, Window

Row = tuple[str, str, str, int, int]
"""Server, resource, plan, hours, tokens: what a line comes to."""


@dataclass(frozen=True)
class Mistake:
    """A mistake that people make. `says` completes `You probably ...`; `fix` is a sentence of its own."""

    name: str
    says: str
    fix: str


@dataclass(frozen=True, kw_only=True)
class Case:
    """An invoice as billed and as it should be, with what /usage said."""

    expected: ExpectedInvoice
    billed: BilledInvoice
    pricing: Pricing
    usage: Sequence[UsageLine]
    """The customer's lines."""
    everybody: Sequence[UsageLine]
    """All lines of the period, in the order of /usage."""
    window: Window
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
        """The lines as they should be."""
        return Counter((one.on, one.resource, one.plan, one.hours, one.tokens) for one in self.expected.lines)
