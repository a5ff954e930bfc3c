"""What the pages and the adapter share: the stores, SolusIO, and billing runs in threads."""

import threading
from concurrent.futures import Future
from datetime import UTC, datetime

from solusio_reference.accounts.accounts import Accounts
from solusio_reference.accounts.wanted import Account, Profile, WantedAccounts
from solusio_reference.billing_run import BillingRunError, RunResult, bill
from solusio_reference.errors import StoreError
from solusio_reference.period import Period
from solusio_reference.solusio.client import SolusioClient, SolusioError
from solusio_reference.storage.customers import CustomerStore
from solusio_reference.storage.ledger import Ledger

BillingRun = Future[RunResult]
"""A billing run in a thread: its result, once it is done."""

EXPECTED_ERRORS = (BillingRunError, SolusioError, StoreError)
"""Errors of a billing run that are not bugs of ours; their messages are for people."""


class RunInProgress(Exception):  # noqa: N818 - a state, not a failure
    """A billing run of the period is in progress."""


class BillingService:
    """A running billing system. Thread-safe.

    ``solusio`` is the installation that the pages bill and log customers in to; None if none is configured.
    """

    def __init__(self, store: CustomerStore, *, solusio: SolusioClient | None) -> None:
        self.store = store
        self.ledger = Ledger(store.database)
        self.solusio = solusio
        self.accounts = None if solusio is None else Accounts(store.database, solusio)
        self._wanted = WantedAccounts(store.database)
        self._runs: dict[Period, BillingRun] = {}
        self._runs_lock = threading.Lock()

    def with_empty_store(self) -> "BillingService":
        """Return a service with an empty store in memory, which continues our invoice numbers."""
        fresh = BillingService(CustomerStore.in_memory(), solusio=self.solusio)
        fresh.ledger.continue_numbers_of(self.ledger)
        return fresh

    def account(self, customer_id: int) -> Account | None:
        """Return the stored SolusIO account of a customer, or None if they never had one."""
        return self._wanted.get(customer_id)

    def current_account(self, customer_id: int) -> tuple[Account | None, bool]:
        """Return the account of a customer, and whether it shows what SolusIO shows now."""
        account = self.account(customer_id)
        if account is None or self.solusio is None:
            return account, False
        try:
            return Accounts(self.store.database, self.solusio.impatient()).look(customer_id), True
        except SolusioError:
            return account, False

    def change_status(self, customer_id: int, step: str) -> Account:
        """Lock, unlock, suspend or unsuspend a customer: ``step`` is the verb. Raises SolusioError."""
        if self.accounts is None:
            raise SolusioError("no SolusIO is configured here")
        change = {
            "lock": self.accounts.lock,
            "unlock": self.accounts.unlock,
            "suspend": self.accounts.suspend,
            "unsuspend": self.accounts.unsuspend,
        }
        return change[step](customer_id)

    def login_link(self, customer_id: int) -> str:
        """Return a link that logs a customer in to SolusIO once; create their user first if necessary.

        A customer without an address gets one that nobody can own. Raises SolusioError, also if no SolusIO is
        configured.
        """
        if self.accounts is None:
            raise SolusioError("no SolusIO is configured here")
        if self.account(customer_id) is None:
            self.accounts.ensure(customer_id, Profile(f"customer-{customer_id}@example.com"))
        return self.accounts.login_link(customer_id)

    def latest_period(self) -> Period:
        """Return the last month that was billed, or else the last one that has ended."""
        return next(iter(self.ledger.usage.periods()), Period.before(datetime.now(UTC)))

    def last_run(self, period: Period) -> BillingRun | None:
        """Return the last billing run of a period since this program started, in progress or done."""
        return self._runs.get(period)

    def start_billing(self, period: Period, solusio: SolusioClient, *, close: bool = False) -> BillingRun:
        """Bill a period in a thread. The run raises the EXPECTED_ERRORS.

        ``close``: close ``solusio`` at the end. Raises RunInProgress: a second run of the same period would
        do no harm, but be of no use either.
        """
        with self._runs_lock:
            last = self._runs.get(period)
            if last is not None and not last.done():
                raise RunInProgress(f"a billing run of {period} is in progress")
            run = self._runs[period] = BillingRun()
            run.set_running_or_notify_cancel()

        def work() -> None:
            try:
                run.set_result(bill(period, solusio, self.store, self.ledger))
            except BaseException as error:  # for the caller who waits for the run
                run.set_exception(error)
            finally:
                if close:
                    solusio.close()

        # A daemon, so that Ctrl-C need not wait: the next run continues where this one stopped.
        threading.Thread(target=work, name=f"billing of {period}", daemon=True).start()
        return run
