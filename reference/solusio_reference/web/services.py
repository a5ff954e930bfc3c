"""What the pages and the adapter share: the books, SolusIO, and billing runs in threads of their own."""

import threading
from collections.abc import Collection
from concurrent.futures import Future
from datetime import UTC, datetime

from sqlalchemy import func, select, update

from solusio_reference.accounts.accounts import Accounts
from solusio_reference.accounts.wanted import Account, WantedAccounts
from solusio_reference.billing_run import BillingRunError, RunResult, bill
from solusio_reference.errors import StoreError
from solusio_reference.period import Period
from solusio_reference.pricing import Customer
from solusio_reference.solusio.client import SolusioClient, SolusioError
from solusio_reference.storage.customers import CustomerStore, customers
from solusio_reference.storage.ledger import Ledger
from solusio_reference.storage.tables import invoice_number

BillingRun = Future[RunResult]
"""The result of a billing run, once there is one."""


class RunInProgress(Exception):  # noqa: N818 - a state, not a failure
    """The period is being billed at this moment."""


class BillingService:
    """A billing system at work. May be used by several threads at once.

    ``solusio`` is the installation that is billed by the press of a button, and that customers are logged
    in to; None if there is none.
    """

    def __init__(self, store: CustomerStore, *, solusio: SolusioClient | None) -> None:
        self.store = store
        self.ledger = Ledger(store.database)
        self.solusio = solusio
        self.accounts = None if solusio is None else Accounts(store.database, solusio)
        self._notes = WantedAccounts(store.database)
        self._outcomes: dict[Period, BillingRun] = {}
        self._changing = threading.Lock()

    def begin_anew(self) -> "BillingService":
        """Return an office with empty books in memory, whose invoices are numbered on from ours."""
        after = BillingService(CustomerStore.in_memory(), solusio=self.solusio)
        with self.store.database.reading() as ours, after.store.database.writing() as theirs:
            last = ours.execute(select(invoice_number.c.last)).scalar_one()
            theirs.execute(update(invoice_number).values(last=last))
        return after

    def take_customers(self, found: Collection[tuple[Customer, str]]) -> None:
        """Save customers and note their addresses, which SolusIO is told when it gets to know them."""
        self.store.save(*(customer for customer, _ in found))
        self._notes.want((customer.id, email) for customer, email in found)

    def count_customers(self) -> int:
        """Return how many customers there are."""
        with self.store.database.reading() as connection:
            return connection.execute(select(func.count()).select_from(customers)).scalar_one()

    def some_customers(self, first: int, most: int) -> list[Customer]:
        """Return customers in the order of their ids: ``first`` are left out, and no more than ``most``."""
        chosen = select(customers.c.id).order_by(customers.c.id).offset(first).limit(most)
        with self.store.database.reading() as connection:
            found = (
                self.store.find(connection, number) for number in connection.execute(chosen).scalars().all()
            )
            return [one for one in found if one is not None]

    def names(self, ids: Collection[int]) -> dict[int, str]:
        """Return the names of customers by their ids; unknown ones are left out."""
        chosen = select(customers.c.id, customers.c.name).where(customers.c.id.in_(ids))
        with self.store.database.reading() as connection:
            return {row.id: row.name for row in connection.execute(chosen)}

    def account(self, customer_id: int) -> Account | None:
        """Return what is noted of a customer's SolusIO account; None if he never had one."""
        return self._notes.get(customer_id)

    def login_link(self, customer_id: int) -> str:
        """Return a link that logs a customer in to SolusIO once; make his user there first, if he has none.

        A customer without an address gets one that nobody can own. Raises SolusioError, also if there is no
        SolusIO here.
        """
        if self.accounts is None:
            raise SolusioError("no SolusIO is configured here")
        if self.account(customer_id) is None:
            self.accounts.ensure(customer_id, f"customer-{customer_id}@example.com")
        return self.accounts.login_link(customer_id)

    def latest_period(self) -> Period:
        """Return the last month that was billed, or else the last one that has ended."""
        return next((run.period for run in self.ledger.collected.runs()), Period.before(datetime.now(UTC)))

    def outcome(self, period: Period) -> BillingRun | None:
        """Return the last run of a period since we were started, be it at work or done."""
        return self._outcomes.get(period)

    def start_billing(self, period: Period, solusio: SolusioClient, *, close: bool = False) -> BillingRun:
        """Bill a period in a thread. The outcome raises BillingError, SolusioError or StoreError.

        ``close``: ``solusio`` is closed in the end. Raises RunInProgress: two runs of one period would do
        no harm, but neither would do the other any good.
        """
        with self._changing:
            running = self._outcomes.get(period)
            if running is not None and not running.done():
                raise RunInProgress(f"{period} is being billed at this moment")
            outcome = self._outcomes[period] = BillingRun()
            outcome.set_running_or_notify_cancel()

        def run() -> None:
            try:
                outcome.set_result(bill(period, solusio, self.store, self.ledger))
            except BaseException as error:  # whoever asks for the outcome gets it
                outcome.set_exception(error)
            finally:
                if close:
                    solusio.close()

        # A daemon: Ctrl-C need not wait, since a run that was cut off goes on where it stopped.
        threading.Thread(target=run, name=f"billing of {period}", daemon=True).start()
        return outcome


EXPECTED = (BillingRunError, SolusioError, StoreError)
"""What may go wrong in a billing run without a defect of ours; the texts are for people."""
