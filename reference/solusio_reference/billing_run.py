"""The billing run of a period: first collect the usage, then create an invoice for each customer.

A run may be stopped, crash, be repeated, or overlap with another: each step and the note that it is done are
stored in one transaction. So each invoice is created exactly once.
"""

import threading
from collections.abc import Iterator
from concurrent.futures import FIRST_EXCEPTION, ThreadPoolExecutor, wait
from dataclasses import dataclass
from datetime import UTC, datetime

from sqlalchemy import Connection

from solusio_reference.invoicing import DUE_DAYS, Invoice, make_invoice, sum_lines
from solusio_reference.period import Period
from solusio_reference.solusio.client import SolusioClient, SolusioError
from solusio_reference.storage import queue
from solusio_reference.storage.customers import CustomerStore
from solusio_reference.storage.ledger import Ledger
from solusio_reference.storage.usage import CollectionState, UsageChanged, UsageStore

AT_ONCE = 100
"""Invoices in one transaction: a disk takes longer to store one for good than we take to create it."""

EXPIRED = frozenset({400, 404, 410, 422})
"""Statuses by which SolusIO refuses a stored page link that is no longer valid."""


class BillingRunError(Exception):
    """The period cannot be billed now; the message says why. Another run continues from here."""


@dataclass(frozen=True, slots=True)
class RunResult:
    """What a billing run found and did."""

    period: Period
    lines: int
    """Usage lines of the period, billed or not."""
    tokens: int
    invoices_before: int
    """Invoices of the period that already existed."""
    invoices_made: int
    invoices_late: int
    """Invoices made of earlier periods, for usage whose customer is known by now."""
    unbilled: tuple[queue.UnbilledUsage, ...]
    """Usage of this period and earlier ones that is on no invoice. It stays stored.

    Add the customer and bill again. If SolusIO had no ``billing_user_id``, set it there and ``recollect``.
    """


def bill(
    period: Period,
    solusio: SolusioClient,
    store: CustomerStore,
    ledger: Ledger,
    *,
    workers: int = 1,
    due_days: int = DUE_DAYS,
) -> RunResult:
    """Bill a period, and what has remained of earlier ones: only what is still to do, at current prices.

    ``store`` and ``ledger`` share one database. Raises BillingRunError and StoreError.
    """
    if workers > 1 and ledger.database.engine.dialect.name == "sqlite":
        raise BillingRunError("several workers need PostgreSQL: SQLite allows one writer at a time")
    before = ledger.count(period)
    collected = collect(period, solusio, ledger.usage)
    made, *late = [
        invoice(one, store, ledger, workers=workers, due_days=due_days) for one in _to_invoice(period, ledger)
    ]
    unbilled = ledger.unbilled(*(one for one in reversed(ledger.usage.periods()) if one <= period))
    return RunResult(period, collected.lines, collected.tokens, before, made, sum(late), unbilled)


def preview(
    period: Period,
    solusio: SolusioClient,
    store: CustomerStore,
    ledger: Ledger,
    *,
    due_days: int = DUE_DAYS,
) -> Iterator[Invoice]:
    """Yield the invoices that ``bill`` with one worker would make now, with the numbers they would get.

    Collects the usage of the period, as ``bill`` does, but makes no invoice. Raises as ``bill`` does.
    """
    collect(period, solusio, ledger.usage)
    number = ledger.last_number()
    for one in _to_invoice(period, ledger):
        with ledger.database.reading() as connection:
            entries = queue.entries(connection, one)
        for entry in entries:
            number += 1
            with ledger.database.reading() as connection:
                made = _make(connection, one, entry, store, ledger, number=number, due_days=due_days)
            if made is not None:
                yield made


def _to_invoice(period: Period, ledger: Ledger) -> list[Period]:
    """Return the period, and the earlier ones with usage of known customers that is on no invoice."""
    with ledger.database.reading() as connection:
        return [period, *(one for one in queue.periods(connection) if one < period)]


def collect(period: Period, solusio: SolusioClient, usage: UsageStore) -> CollectionState:
    """Collect the usage of a period, from where the last run stopped; do nothing if it is complete.

    Raises BillingRunError for a period that is not closed, if SolusIO fails, and if the lines do not add up
    to SolusIO's totals even when read a second time.
    """
    restarted = False
    while not (state := usage.state(period)).complete:
        try:
            _collect_pages(state, solusio, usage)
        except UsageChanged as changed:
            usage.restart(changed.state)
            if restarted:
                raise BillingRunError(
                    f"the usage of {period} was read twice and does not add up: {changed}"
                ) from None
            restarted = True
    return state


def _collect_pages(state: CollectionState, solusio: SolusioClient, usage: UsageStore) -> None:
    """Read and store pages up to the last one, or until another run has stored the same page."""
    try:
        for page in solusio.usage_pages(state.period, state.next_page):
            if not page.closed:
                until = f"{page.metered_until.astimezone(UTC):%Y-%m-%d %H:%M}"
                raise BillingRunError(
                    f"{state.period} is not closed: SolusIO has metered it until {until} UTC"
                )
            after = usage.add_page(state, page)
            if after is None:
                return
            state = after
    except SolusioError as error:
        if state.next_page is not None and error.status in EXPIRED:
            raise UsageChanged(state, f"SolusIO refuses the next page: {error}") from None
        raise BillingRunError(str(error)) from error


def invoice(
    period: Period, store: CustomerStore, ledger: Ledger, *, workers: int = 1, due_days: int = DUE_DAYS
) -> int:
    """Create the missing invoices of a collected period; return how many.

    One worker creates up to ``AT_ONCE`` in a transaction. Several create one each: a worker that has taken a
    number holds up the others until its transaction ends. Raises StoreError.
    """
    stopping = threading.Event()
    at_most = AT_ONCE if workers == 1 else 1

    def work() -> int:
        made = 0
        while not stopping.is_set() and (new := invoice_next(wait_for_others=False)):
            made += new
        return made

    def invoice_next(*, wait_for_others: bool) -> int:
        return _invoice_next(
            period, store, ledger, at_most=at_most, due_days=due_days, wait_for_others=wait_for_others
        )

    with ThreadPoolExecutor(workers) as pool:
        results = [pool.submit(work) for _ in range(workers)]
        try:
            wait(results, return_when=FIRST_EXCEPTION)
        finally:
            stopping.set()  # after a failure or Ctrl-C, the other workers finish their current transaction
    made = sum(result.result() for result in results)
    # Another process may still be working. If it fails, we bill its last customer.
    while new := invoice_next(wait_for_others=True):
        made += new
    return made


def _invoice_next(
    period: Period,
    store: CustomerStore,
    ledger: Ledger,
    *,
    at_most: int,
    due_days: int,
    wait_for_others: bool,
) -> int:
    """Create the next invoices in one transaction; return how many, 0 if the queue is empty."""
    made = 0
    with ledger.database.writing() as connection:
        while made < at_most and (entry := queue.claim(connection, period, wait=wait_for_others)):
            new = _make(connection, period, entry, store, ledger, number=None, due_days=due_days)
            if new is None:
                break
            ledger.add(connection, new)
            made += 1
    return made


def _make(
    connection: Connection,
    period: Period,
    entry: queue.Entry,
    store: CustomerStore,
    ledger: Ledger,
    *,
    number: int | None,
    due_days: int,
) -> Invoice | None:
    """Return the invoice of an entry, not stored yet, or None if its customer has just been removed.

    ``number``: None takes the next one.
    """
    customer = store.find(connection, entry.customer_id)
    if customer is None:
        return None
    counts = ledger.usage.count_by_tokens(connection, period, entry)
    totals = sum_lines(counts, customer.base_token_unit_cost, customer.currency.decimals)
    return make_invoice(
        customer=customer,
        period=period,
        batch=entry.batch,
        totals=totals,
        number=ledger.next_number(connection) if number is None else number,
        issued_at=datetime.now(UTC),
        due_days=due_days,
    )
