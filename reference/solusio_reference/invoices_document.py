"""The invoices document: invoices as JSON, as `mock-solusio invoices check` reads them.

It is written in chunks, since one invoice may have a hundred thousand lines.
"""

from collections.abc import Iterable, Iterator
from decimal import Decimal

import msgspec

from solusio_reference.display import format_amount, format_invoice_number
from solusio_reference.invoicing import CREDIT_NOTE, Invoice, UsageLine, line_of
from solusio_reference.storage.ledger import Ledger

CHUNK_BYTES = 64 * 1024


def write(ledger: Ledger, invoices: Iterable[Invoice]) -> Iterator[bytes]:
    """Write invoices with all their lines, in chunks of about 64 KiB. Raises StoreError.

    A credit note has negative amounts, ``kind``, and the number that it ``corrects``.

    Amounts are strings with all the currency's decimals; those of lines are at the base price.
    """
    chunk = bytearray(b'{"invoices": [')
    for index, invoice in enumerate(invoices):
        chunk += b",\n" if index else b"\n"
        for part in _invoice(ledger, invoice):
            chunk += part
            if len(chunk) >= CHUNK_BYTES:
                yield bytes(chunk)
                chunk.clear()
    chunk += b"\n]}\n"
    yield bytes(chunk)


def _invoice(ledger: Ledger, invoice: Invoice) -> Iterator[bytes]:
    head: dict[str, str | int] = {
        "number": format_invoice_number(invoice.number),
        "billing_user_id": invoice.customer_id,
        "period": str(invoice.period),
        "issued_on": str(invoice.issued_at.date()),
        "due_on": str(invoice.due_on),
        "currency": invoice.currency.code,
    }
    if invoice.kind == CREDIT_NOTE:
        head["kind"] = invoice.kind
    if invoice.corrects is not None:
        head["corrects"] = format_invoice_number(invoice.corrects)
    tail = {
        "subtotal": _amount(invoice.subtotal),
        "discounts": [{"name": one.label, "amount": _amount(one.amount)} for one in invoice.discounts],
        "taxes": [{"label": one.label, "amount": _amount(one.amount)} for one in invoice.taxes],
        "rounding": _amount(invoice.rounding),
        "total": _amount(invoice.total),
        "display_total": format_amount(invoice.total, invoice.currency),
    }
    yield msgspec.json.encode(head)[:-1] + b', "lines": ['
    for index, line in enumerate(ledger.lines(invoice)):
        yield (b",\n " if index else b"\n ") + msgspec.json.encode(_line(line, invoice))
    yield b"], " + msgspec.json.encode(tail)[1:]


def _line(line: UsageLine, invoice: Invoice) -> dict[str, str | int]:
    return {
        "server": line.server_name,
        "resource": line.resource,
        "plan": line.plan_name,
        "hours": line.hours,
        "charge": line.charge,
        "tokens": line.tokens,
        "amount": _amount(line_of(invoice, line)),
    }


def _amount(amount: Decimal) -> str:
    return format(amount, "f")
