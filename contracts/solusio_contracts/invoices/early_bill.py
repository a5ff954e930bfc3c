"""Invoices of a month that was billed while it was still open, and never again. Pure."""

from collections.abc import Mapping, Sequence
from typing import Final

from solusio_contracts.adapter.verdict import Difference, Mistake
from solusio_contracts.invoices.case import Case, rows
from solusio_contracts.invoices.documents import BilledInvoice
from solusio_contracts.invoices.usage import UsageLine
from solusio_contracts.reporting.words import plural

EarlyUsage = Mapping[str, Sequence[UsageLine]]
"""The lines of /usage, of one customer or all, each time that a month was billed while it was open."""

OPEN_MONTH: Final = Mistake(
    "open-month",
    "bill a month that is still open, and never again",
    "Refuse a month until `meta.closed` of /usage is true, or make its invoices again once it is.",
)


def open_month(case: Case, invoice: BilledInvoice, early: EarlyUsage, where: str) -> list[Difference]:
    """Return what is wrong with an invoice that has the lines of an early billing run; else nothing."""
    for moment, lines in early.items():
        if case.expected is not None and rows(lines) == case.billed_lines:
            return [_frozen(plural(invoice.tokens, "token"), case.expected.tokens, moment, where)]
    return []


def not_yet_there(early: EarlyUsage, expected: int, where: str) -> list[Difference]:
    """Return what is wrong if a customer without usage in an early billing run has no invoice."""
    without = [moment for moment, lines in early.items() if not lines]
    return [_frozen("no invoice", expected, moment, where) for moment in without[:1]]


def _frozen(billed: str, expected: int, moment: str, where: str) -> Difference:
    return Difference(
        "INV-018",
        f"{where}invoice",
        f"all of the month: {plural(expected, 'token')}",
        f"{billed}, as when the month was billed early, at {moment}",
        "lines",
        mistakes=(OPEN_MONTH,),
    )
