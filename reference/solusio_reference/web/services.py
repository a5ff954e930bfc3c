"""What the pages and the adapter share: the stores, SolusIO, and billing runs in threads."""

import threading
from collections.abc import Collection
from concurrent.futures import Future
from contextlib import suppress
from datetime import UTC, datetime

from solusio_reference.accounts.accounts import Accounts
from solusio_reference.accounts.wanted import Account, Profile, WantedAccounts
from solusio_reference.billing_run import BillingRunError, RunResult, bill
from solusio_reference.errors import StoreError
from solusio_reference.period import Period
from solusio_reference.solusio.client import SolusioClient, SolusioError
from solusio_reference.storage.customers import CustomerStore
from solusio_reference.storage.ledger import Ledger
from solusio_reference.web.billing_month import BillingMonth

BillingRun = Future[RunResult]
"""A billing run in a thread: its result, once it is done."""

EXPECTED_ERRORS = (BillingRunError, SolusioError, StoreError)
"""Errors of a billing run that are not bugs of ours; their messages are for people."""


USERS_READ = 1000
"""The most SolusIO users that are read for a list of customers: ten requests."""


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

    @property
    def is_billing(self) -> bool:
        """Whether a billing run is in progress."""
        return any(not run.done() for run in self._runs.copy().values())

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

    def statuses(self, customer_ids: Collection[int]) -> tuple[dict[int, str], bool]:
        """Return the SolusIO status of these customers' users, and whether it is the present one.

        Customers without a user are missing. If SolusIO does not answer or has very many users, the statuses
        are those that it showed last.
        """
        found: dict[int, str] = {}
        if self.solusio is not None:
            with suppress(SolusioError):
                for count, user in enumerate(self.solusio.impatient().users(), 1):
                    customer_id = user.billing_user_id
                    if customer_id is not None and customer_id in customer_ids:
                        found[customer_id] = user.status
                    if len(found) == len(customer_ids):
                        return found, True
                    if count == USERS_READ:
                        break
                else:
                    return found, True
        stored = {one: self.account(one) for one in customer_ids}
        shown = {one: account.solusio_status for one, account in stored.items() if account is not None}
        return {one: status for one, status in shown.items() if status is not None}, False

    def billed_periods(self) -> list[Period]:
        """Return the months whose usage is collected, latest first."""
        return self.ledger.usage.periods(complete=True)

    def month_to_bill(self, period: Period | None = None) -> BillingMonth | None:
        """Return a month with SolusIO's time; by default the one after the last that was billed.

        None if no SolusIO is configured.
        """
        if self.solusio is None:
            return None
        now, problem = None, ""
        try:
            now = self.solusio.impatient().metered_until()
        except SolusioError as error:
            problem = f"{error}."
        billed = self.billed_periods()
        if period is None:
            period = billed[0].following if billed else Period.before(now or datetime.now(UTC))
        return BillingMonth(period, now, problem, billed=period in billed)

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
