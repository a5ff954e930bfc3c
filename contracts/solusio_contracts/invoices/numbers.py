"""Checks the numbers of invoices: none twice (INV-013), and no gap where none may be (INV-017). Pure."""

import re
from collections.abc import Iterable, Iterator, Sequence
from itertools import pairwise
from typing import Final

from solusio_contracts.adapter.verdict import Difference, Verdict, judged
from solusio_contracts.invoices.documents import BilledInvoice
from solusio_contracts.reporting.report import Item, Result

NUMBERS: Final = "invoice-numbers"
"""The name of the check over all invoices of a run."""


class InvoiceNumbers:
    """The numbers of all invoices of one database; `judge_numbers` judges them."""

    def __init__(self) -> None:
        self._seen: dict[str, tuple[int, str]] = {}
        self._twice: dict[str, tuple[tuple[int, str], tuple[int, str]]] = {}

    def add(self, invoices: Iterable[BilledInvoice]) -> None:
        """Add the invoices of a period, as the billing system returned them."""
        for one in invoices:
            number, owner = str(one.number), (one.billing_user_id, one.period)
            known = self._seen.setdefault(number, owner)
            # The same customer and period may be the same invoice; if not, another clause is violated.
            if known != owner and number not in self._twice:
                self._twice[number] = (known, owner)

    @property
    def count(self) -> int:
        """How many numbers there are."""
        return len(self._seen)

    def duplicates(self) -> Iterator[Difference]:
        """Yield which numbers two invoices have."""
        for number, (one, other) in self._twice.items():
            yield Difference(
                "INV-013",
                "number of an invoice",
                "one invoice of each number",
                f"{number} is the invoice of customer {one[0]} for {one[1]}"
                f" and of customer {other[0]} for {other[1]}",
                "",
                "If --prepare empties your database, keep the counter of the numbers.",
            )

    def gaps(self) -> Iterator[Difference]:
        """Yield where numbers are missing; they may have a fixed prefix, such as the year."""
        series: dict[str, list[tuple[int, str]]] = {}
        for number in self._seen:
            digits = re.search(r"[0-9]+$", number)
            if digits is None:
                yield Difference("INV-017", "number of an invoice", "digits at its end", number, "numbers")
            else:
                series.setdefault(number[: digits.start()], []).append((int(digits[0]), number))
        for found in series.values():
            for (before, name), (after, next_name) in pairwise(sorted(found)):
                if after > before + 1:
                    yield Difference(
                        "INV-017", "numbers of invoices", f"no gap after {name}", next_name, "numbers"
                    )


def judge_numbers(databases: Sequence[InvoiceNumbers], curl: str, *, gapless: bool = False) -> Result | None:
    """Check that no two invoices of a database have the same number; return the result, if there were any.

    `gapless`: gaps between numbers count, too.
    """
    if not any(one.count for one in databases):
        return None
    verdict = Verdict(checks=sum(one.count for one in databases))
    for one in databases:
        verdict.add(one.duplicates())
    for one in databases if gapless else ():
        verdict.add(one.gaps())
    title = "no two invoices in one database have the same number"
    return judged(Item(NUMBERS, "numbers", title, ("INV-013", "INV-017")), verdict, curl=curl)
