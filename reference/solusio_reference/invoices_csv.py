"""Invoices as CSV, one row for each: what bookkeeping programs import."""

import csv
import io
from collections.abc import Iterable, Iterator

from solusio_reference.display import format_invoice_number
from solusio_reference.invoicing import Invoice

COLUMNS = (
    "number",
    "kind",
    "corrects",
    "customer",
    "service_from",
    "service_to",
    "issued_on",
    "due_on",
    "currency",
    "tokens",
    "subtotal",
    "discounts",
    "taxes",
    "rounding",
    "total",
)


def write(invoices: Iterable[Invoice]) -> Iterator[str]:
    """Write a header and a row for each invoice, as RFC 4180 says. Amounts have a point and no grouping.

    ``service_to`` is the last day of the month, not the day after it.
    """
    yield _row(COLUMNS)
    for one in invoices:
        yield _row(
            (
                format_invoice_number(one.number),
                one.kind,
                "" if one.corrects is None else format_invoice_number(one.corrects),
                one.customer_id,
                one.period.begin.date(),
                one.period.last_day,
                one.issued_at.date(),
                one.due_on,
                one.currency.code,
                one.tokens,
                one.subtotal,
                sum(each.amount for each in one.discounts),
                sum(each.amount for each in one.taxes),
                one.rounding,
                one.total,
            )
        )


def _row(values: Iterable[object]) -> str:
    line = io.StringIO()
    csv.writer(line).writerow(values)
    return line.getvalue()
