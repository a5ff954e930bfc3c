"""Mistakes in what a billing run does: which invoices it makes, changes or makes again. Pure."""

from collections.abc import Collection, Mapping, Sequence

from solusio_contracts.adapter.verdict import Mistake
from solusio_contracts.invoices.documents import BilledInvoice

_KEEP = "An invoice never changes: before you make one, look whether that customer and month have one."

Invoices = Mapping[int, Sequence[BilledInvoice]]
"""By billing_user_id."""

BILLED_TWICE = Mistake(
    "billed-twice",
    "bill a customer and month twice",
    "Before you make an invoice, look whether that customer and month have one; a unique key over both makes "
    "sure.",
)
RENUMBERED = Mistake("renumbered", "replace invoices by new ones when a month is billed again", _KEEP)
REMOVED = Mistake("removed", "remove invoices when a month is billed again", _KEEP)
CHANGED = Mistake("changed", "change invoices when a month is billed again", _KEEP)
EARLIER = Mistake("earlier-months", "change the invoices of earlier months when a later one is billed", _KEEP)
SEVERAL = Mistake(
    "several-invoices",
    "write several invoices for one customer and month",
    "Put all lines of a customer and month on one invoice.",
)
TWO_METHODS = Mistake(
    "two-methods",
    "round some amounts in one way, and some in another",
    "Round in one place of your program, and in one way.",
)
EMPTY = Mistake(
    "without-usage", "write invoices for customers without usage", "No usage, no invoice: leave them out."
)


def of_second_run(
    first: Invoices, second: Invoices, new: Collection[str], gone: Collection[str]
) -> tuple[Mistake, ...]:
    """Return what a second run did that added or removed invoice numbers, or changed invoices.

    To bill a customer that the first run left out is not one of these mistakes.
    """
    if new and gone:
        return (RENUMBERED,)
    if gone:
        return (REMOVED,)
    if not new:
        return (CHANGED,)
    twice = any(first.get(key) and len(found) > len(first[key]) for key, found in second.items())
    return (BILLED_TWICE,) if twice else ()


def of_several(invoices: Sequence[BilledInvoice], lines: int) -> Mistake:
    """Return why a customer has several invoices for a month, of which one should have some lines."""
    same = {(one.total, tuple(sorted((line.server, line.tokens) for line in one.lines))) for one in invoices}
    whole = any(len(one.lines) >= lines for one in invoices)
    return BILLED_TWICE if len(same) < len(invoices) and whole else SEVERAL
