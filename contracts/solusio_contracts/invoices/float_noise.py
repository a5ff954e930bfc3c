"""Amounts such as 14.839999999999999858: the digits of a binary float that a program printed. Pure."""

from decimal import Decimal
from typing import Final

import msgspec

from solusio_contracts.adapter.amounts import rounded
from solusio_contracts.adapter.verdict import Mistake
from solusio_contracts.invoices.documents import BilledInvoice

FLOAT_NOISE = Mistake(
    "float-noise",
    "print binary floats with all their digits",
    'Write amounts as strings with the decimals of the currency, such as "14.84" (PHP: number_format). PHP '
    "prints such digits with serialize_precision = 17: set it to -1.",
)

_DIGITS: Final = 15
"""Digits that a float always holds; noise begins after them."""
_NEAR: Final = Decimal("1e-9")


def without_noise(invoice: BilledInvoice, decimals: int) -> tuple[BilledInvoice, list[Decimal]]:
    """Return an invoice with the amounts that its floats stood for, and the amounts that were noisy."""
    noisy: list[Decimal] = []

    def clean(amount: Decimal | None) -> Decimal | None:
        if amount is None or not _is_noise(amount, decimals):
            return amount
        noisy.append(amount)
        return rounded(amount, decimals)

    parts = {
        name: None
        if (found := getattr(invoice, name)) is None
        # A list of parts has one kind each.
        else [msgspec.structs.replace(one, amount=clean(one.amount)) for one in found]
        for name in ("lines", "discounts", "taxes")
    }
    amounts = {name: clean(getattr(invoice, name)) for name in ("subtotal", "rounding", "total")}
    return msgspec.structs.replace(invoice, **parts, **amounts), noisy


def _is_noise(amount: Decimal, decimals: int) -> bool:
    near = rounded(amount, decimals)
    return amount != near and len(amount.as_tuple().digits) >= _DIGITS and abs(amount - near) < _NEAR
