"""The billing run of a period: first collect the usage, then make an invoice for each customer.

It may be stopped or crash at any point, be repeated, and run twice at the same time: what is done is in
the database, in the same transaction as the note that it is done. So each invoice is made exactly once.
"""

import threading
from concurrent.futures import FIRST_EXCEPTION, ThreadPoolExecutor, wait
from dataclasses import dataclass
from datetime import UTC, datetime

from solusio_reference.invoicing import make_invoice, sum_lines
from solusio_reference.period import Period
from solusio_reference.solusio.client import SolusioClient, SolusioError
from solusio_reference.storage import queue
from solusio_reference.storage.customers import CustomerStore
from solusio_reference.storage.ledger import Ledger
from solusio_reference.storage.usage import CollectionState, UsageChanged, UsageStore

REFUSED = frozenset({400, 404, 410, 422})
"""Answers to the address of a page that was good when the run was interrupted, and is no more."""


class BillingRunError(Exception):
    """A period cannot be billed now; the text says why. Another run goes on from what was done so far."""


@dataclass(frozen=True, slots=True)
class RunResult:
    """What a billing run found and did."""

    period: Period
    lines: int
    """Usage lines of the period, billed or not."""
    tokens: int
    invoices_before: int
    """Invoices of the period that were there already."""
    invoices_made: int
    unbilled: tuple[queue.UnbilledUsage, ...]
    """Usage that is on nobody's invoice. It is kept: bill again once its customer is known.

    Usage that SolusIO gives no ``billing_user_id`` stays with nobody, since what was collected never changes.
    """


def bill(
    period: Period, solusio: SolusioClient, store: CustomerStore, ledger: Ledger, *, workers: int = 1
) -> RunResult:
    """Bill a period: do what is still to be done, and nothing twice.

    Prices are those that the customers have now. Raises BillingError, and StoreError on trouble with
    the database, which ``store`` and ``ledger`` share.
    """
    if workers > 1 and ledger.database.engine.dialect.name == "sqlite":
        raise BillingRunError("several workers need PostgreSQL: SQLite lets one write at a time")
    before = ledger.count(period)
    run = collect(period, solusio, ledger.collected)
    made = invoice(period, store, ledger, workers=workers)
    return RunResult(period, run.lines, run.tokens, before, made, ledger.unbilled(period))


def collect(period: Period, solusio: SolusioClient, collected: UsageStore) -> CollectionState:
    """Read the usage of a period, from where an earlier run stopped; what is complete is not read again.

    Raises BillingError for a period that is still running, for trouble with SolusIO, and if the lines do not
    add up to the totals that SolusIO gives: not even when all of them were read a second time.
    """
    begun_again = False
    while not (run := collected.run(period)).collected:
        try:
            _read_on(run, solusio, collected)
        except UsageChanged as changed:
            collected.begin_again(changed.run)
            if begun_again:
                raise BillingRunError(
                    f"the usage of {period} was read twice and does not fit: {changed}"
                ) from None
            begun_again = True
    return run


def _read_on(run: CollectionState, solusio: SolusioClient, collected: UsageStore) -> None:
    """Read and store pages to the last one, or until somebody else has stored the one that was read."""
    try:
        for page in solusio.usage_pages(run.period, run.next_page):
            if not page.closed:
                until = f"{page.metered_until.astimezone(UTC):%Y-%m-%d %H:%M}"
                raise BillingRunError(f"{run.period} is not closed: SolusIO has metered it until {until} UTC")
            after = collected.add(run, page)
            if after is None:
                return
            run = after
    except SolusioError as error:
        if run.next_page is not None and error.status in REFUSED:
            raise UsageChanged(run, f"the next page is refused: {error}") from None
        raise BillingRunError(str(error)) from error


def invoice(period: Period, store: CustomerStore, ledger: Ledger, *, workers: int = 1) -> int:
    """Make the invoices that are still to be made of a period that was collected; return how many.

    Each is a transaction of its own. Raises StoreError.
    """
    stopping = threading.Event()

    def work() -> int:
        made = 0
        while not stopping.is_set() and _invoice_next(period, store, ledger, patient=False):
            made += 1
        return made

    with ThreadPoolExecutor(workers) as pool:
        shares = [pool.submit(work) for _ in range(workers)]
        try:
            wait(shares, return_when=FIRST_EXCEPTION)
        finally:
            stopping.set()  # one has failed, or Ctrl-C: the others finish the invoice at hand
    made = sum(share.result() for share in shares)
    # Another process may still be at work. If it fails, its last customer is ours.
    while _invoice_next(period, store, ledger, patient=True):
        made += 1
    return made


def _invoice_next(period: Period, store: CustomerStore, ledger: Ledger, *, patient: bool) -> bool:
    """Make one invoice; False if nobody waits for one."""
    with ledger.database.writing() as connection:
        customer_id = queue.claim(connection, period, patient=patient)
        customer = None if customer_id is None else store.find(connection, customer_id)
        if customer is None:
            return False
        counted = ledger.collected.counted(connection, period, customer.id)
        made = make_invoice(
            customer=customer,
            period=period,
            usage=sum_lines(counted, customer.base_token_unit_cost, customer.currency.code),
            number=ledger.next_number(connection),
            issued_at=datetime.now(UTC),
        )
        ledger.add(connection, made)
    return True
