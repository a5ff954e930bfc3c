"""The digits that binary floats leave behind."""

from decimal import Decimal

import pytest

from solusio_contracts.invoices.documents import BilledDiscount, BilledInvoice, BilledLine
from solusio_contracts.invoices.float_noise import without_noise


def invoice(total, **more):
    line = BilledLine(
        server="web",
        resource="server",
        plan="small",
        hours=1,
        tokens=7,
        amount=Decimal("0.10000000000000001"),
    )
    return BilledInvoice(
        number=1,
        billing_user_id=7,
        period="2026-03",
        currency="USD",
        lines=[line],
        total=Decimal(total),
        **more,
    )


def test_all_amounts_are_read_as_they_were_meant():
    noisy = invoice(
        "14.839999999999999858",
        subtotal=Decimal("15.00"),
        discounts=[BilledDiscount(name="x", amount=Decimal("-0.16000000000000003"))],
    )
    clean, found = without_noise(noisy, 2)
    assert len(found) == 3
    assert (clean.total, clean.subtotal, clean.rounding) == (Decimal("14.84"), Decimal("15.00"), None)
    assert [one.amount for one in clean.lines] == [Decimal("0.10")]
    assert [one.amount for one in clean.discounts or ()] == [Decimal("-0.16")]


@pytest.mark.parametrize(
    "total", ["14.84", "14.845", "14.84000001", "14.8449999999999999", "14.840000000001"]
)
def test_what_was_not_rounded_is_no_noise(total):
    clean, _ = without_noise(invoice(total), 2)
    assert clean.total == Decimal(total)
