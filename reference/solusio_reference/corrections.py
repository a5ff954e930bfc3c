"""What happens to a month after it was billed: usage finds its customer, and an invoice is corrected.

What is on an invoice never changes. Usage that was on none gets an invoice of its own; a wrong invoice is
cancelled by a credit note and replaced.
"""

from dataclasses import dataclass
from datetime import UTC, datetime

from solusio_reference.billing_run import BillingRunError
from solusio_reference.invoicing import (
    CREDIT_NOTE,
    DUE_DAYS,
    Invoice,
    credit_note,
    make_invoice,
    same_amounts,
    sum_lines,
)
from solusio_reference.period import Period
from solusio_reference.solusio.client import SolusioClient, SolusioError
from solusio_reference.storage import queue
from solusio_reference.storage.customers import CustomerStore
from solusio_reference.storage.ledger import Ledger
from solusio_reference.storage.usage import UsageDiffers


class CorrectionError(Exception):
    """An invoice cannot be corrected; the message says why."""


@dataclass(frozen=True, slots=True)
class Correction:
    """The two documents of a correction. Their amounts add up to the difference."""

    credit_note: Invoice
    invoice: Invoice


def recollect(period: Period, solusio: SolusioClient, ledger: Ledger) -> int:
    """Read the usage of a collected period again, for customers that SolusIO did not name before (US-009).

    Returns how many lines found their customer; the next billing run invoices them. All else must be as it
    was. Raises BillingRunError and StoreError.
    """
    collected = ledger.usage.state(period)
    if not collected.complete:
        raise BillingRunError(f"the usage of {period} is not collected yet: bill it first")
    lines = changed = 0
    try:
        for page in solusio.usage_pages(period):
            with ledger.database.writing() as connection:
                queue.lock(connection, period)
                moved = ledger.usage.reassign(connection, period, page.lines)
                if moved:  # to fill the queue reads the whole period
                    queue.fill(connection, period)
                changed += moved
            lines += len(page.lines)
    except UsageDiffers as error:
        raise BillingRunError(
            f"the usage of {period} is not what was collected: {error}. Compare it with SolusIO by hand"
        ) from None
    except SolusioError as error:
        raise BillingRunError(str(error)) from error
    if lines != collected.lines:
        raise BillingRunError(
            f"SolusIO now has {lines} usage lines of {period}, and {collected.lines} were collected"
        )
    return changed


def correct(number: int, store: CustomerStore, ledger: Ledger, *, due_days: int = DUE_DAYS) -> Correction:
    """Cancel an invoice with a credit note, and create a new one at the customer's current prices.

    Both are stored in one transaction. Raises CorrectionError and StoreError.
    """
    wrong = ledger.invoice(number)
    if wrong is None:
        raise CorrectionError("there is no invoice with this number")
    if wrong.kind == CREDIT_NOTE:
        raise CorrectionError("it is a credit note; correct the invoice that replaced the one it cancels")
    with ledger.database.writing() as connection:
        cancelled = ledger.correction_of(connection, number)
        if cancelled is not None:
            raise CorrectionError(f"it is cancelled by credit note {cancelled} already")
        customer = store.find(connection, wrong.customer_id)
        if customer is None:
            raise CorrectionError(f"customer {wrong.customer_id} is not known any more")
        entry = queue.Entry(wrong.customer_id, wrong.batch)
        counts = ledger.usage.count_by_tokens(connection, wrong.period, entry)
        now = datetime.now(UTC)
        credit = credit_note(wrong, number=ledger.next_number(connection), issued_at=now)
        made = make_invoice(
            number=ledger.next_number(connection),
            customer=customer,
            period=wrong.period,
            batch=wrong.batch,
            totals=sum_lines(counts, customer.base_token_unit_cost, customer.currency.decimals),
            issued_at=now,
            due_days=due_days,
            replaces=wrong,
        )
        if same_amounts(wrong, made):
            raise CorrectionError("the new invoice would be the same; change the customer's prices first")
        ledger.add(connection, credit)
        ledger.add(connection, made)
    return Correction(credit, made)
