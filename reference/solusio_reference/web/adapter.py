"""Four requests through which `mock-solusio invoices check` and `users check` drive this billing system.

    POST /adapter/customers?period=... import the customers document before a period is billed
    POST /adapter/bill                 bill a period; the response arrives when it is done
    GET  /adapter/invoices?period=...  return the invoices (the invoices document)
    POST /adapter/users                something happens to a customer: {"event": "suspend", ...}

Yours may look quite different: commands work as well.

A check plays each scenario on a new SolusIO, in which a month that is already billed has other usage. So
without a SolusIO of our own, each customers document starts with an empty store in memory; only the invoice
numbers continue. If it has customers of the store, which has billed nothing but earlier periods, their prices
change, and the store stays. With a SolusIO, the adapter works on the same store as the pages.
"""

import asyncio
from collections.abc import Callable, Collection, Iterator
from contextlib import contextmanager
from datetime import datetime
from itertools import chain
from typing import Annotated, Literal, TypeVar

import msgspec
from starlette.applications import Starlette
from starlette.concurrency import run_in_threadpool
from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import Response, StreamingResponse
from starlette.routing import Route
from starlette.types import ASGIApp

from solusio_reference import customers_document, invoices_document
from solusio_reference.accounts.accounts import Accounts
from solusio_reference.accounts.users import AccountError
from solusio_reference.accounts.wanted import Account, Profile, save_customers
from solusio_reference.billing_run import BillingRunError
from solusio_reference.errors import Refusal, StoreError
from solusio_reference.form import parse_period, read_body
from solusio_reference.period import Period
from solusio_reference.pricing import Customer
from solusio_reference.solusio.client import SolusioClient, SolusioError
from solusio_reference.web.guard import GuardMiddleware
from solusio_reference.web.json_responses import (
    error_response,
    handle_refusal,
    handle_unexpected_error,
    json_response,
    routing_error_handler,
)
from solusio_reference.web.services import BillingService, RunInProgress

T = TypeVar("T")

MAX_BYTES = 64 * 1024 * 1024  # 100,000 customers have about 30 MB
HEADERS = {"Cache-Control": "no-store", "X-Content-Type-Options": "nosniff"}


class BillRequest(msgspec.Struct, frozen=True):
    """The body of POST /adapter/bill. Without URL and access token, we bill the configured SolusIO."""

    period: str
    from_: Annotated[datetime, msgspec.Meta(tz=True)] | None = msgspec.field(name="from", default=None)
    to: Annotated[datetime, msgspec.Meta(tz=True)] | None = None
    solusio_url: str | None = None
    access_token: str | None = None


class EventCustomer(msgspec.Struct, frozen=True):
    """The customer of an event, as in the customers document; this needs no prices."""

    billing_user_id: Annotated[int, msgspec.Meta(ge=1, lt=10**18)]
    email: str
    language_id: int | None = None
    limit_group_id: int | None = None

    @property
    def profile(self) -> Profile:
        """What the customer's SolusIO user is made from."""
        return Profile(self.email, self.language_id, self.limit_group_id)


class UserEvent(msgspec.Struct, frozen=True):
    """The body of POST /adapter/users. Without URL and access token, it concerns the configured SolusIO."""

    event: Literal["create", "update", "suspend", "unsuspend", "lock", "unlock", "delete", "login"]
    customer: EventCustomer
    solusio_url: str | None = None
    access_token: str | None = None
    ca_file: str | None = None


CHANGES: dict[str, Callable[[Accounts, EventCustomer], Account]] = {
    "create": lambda accounts, customer: accounts.ensure(customer.billing_user_id, customer.profile),
    "update": lambda accounts, customer: accounts.edit(customer.billing_user_id, customer.profile),
    "suspend": lambda accounts, customer: accounts.suspend(customer.billing_user_id),
    "unsuspend": lambda accounts, customer: accounts.unsuspend(customer.billing_user_id),
    "lock": lambda accounts, customer: accounts.lock(customer.billing_user_id),
    "unlock": lambda accounts, customer: accounts.unlock(customer.billing_user_id),
    "delete": lambda accounts, customer: accounts.remove(customer.billing_user_id),
}
"""What each event changes; a login changes nothing."""


class ActiveService:
    """The billing service in use: the configured one, or the one of the latest customers document."""

    def __init__(self, configured: BillingService) -> None:
        self.current = configured
        self._configured = configured

    def import_customers(
        self, customers: Collection[tuple[Customer, Profile]], period: Period | None
    ) -> None:
        """Save customers before a period is billed. Raises StoreError.

        Unless a SolusIO is configured, we start with an empty store, if these are not the prices of a later
        month.
        """
        if self._configured.solusio is None and not self._continues(customers, period):
            self._empty()
        save_customers(self.current.store.database, customers)

    def _empty(self) -> None:
        """Continue with an empty store, whose invoice numbers follow those of the present one."""
        previous = self.current
        if previous is self._configured or previous.is_billing:
            self.current = previous.with_empty_store()
            if previous is not self._configured:
                previous.store.close()
        else:
            # SQLAlchemy compiles all statements again for a new database: most of what a scenario takes.
            previous.store.database.empty()

    def _continues(self, customers: Collection[tuple[Customer, Profile]], period: Period | None) -> bool:
        """Return whether the store has these customers, and usage of earlier periods alone."""
        billed = self.current.ledger.usage.periods()
        if period is None or not billed or max(billed) >= period:
            return False
        return all(self.current.store.get(customer.id) is not None for customer, _ in customers)


def create_adapter(service: BillingService, *, allow_remote: bool) -> ASGIApp:
    """Build the application under ``/adapter``; errors are JSON with a code and a message.

    ``allow_remote``: other machines may use it, too.
    """
    active = ActiveService(service)

    async def import_customers(request: Request) -> Response:
        period = period_of(request)
        body = await read_json(request)
        try:
            customers = await run_in_threadpool(customers_document.read, body)
        except ValueError as error:
            raise Refusal(400, "malformed_customers", f"{error}.") from None
        await run_in_threadpool(active.import_customers, customers, period)
        return json_response(200, msgspec.json.encode({"customers": len(customers)}))

    async def bill(request: Request) -> Response:
        bill_request = parse_json(await read_json(request), BillRequest)
        period = parse_period(bill_request.period)
        if bill_request.from_ not in {None, period.begin} or bill_request.to not in {None, period.end}:
            raise Refusal(
                400, "malformed_period", "from and to must be the first moments of the month and of the next."
            )
        solusio, own = choose_solusio(active.current, bill_request)
        try:
            run = active.current.start_billing(period, solusio, close=own)
        except RunInProgress as error:
            if own:
                solusio.close()
            raise Refusal(409, "run_in_progress", f"{error}.", headers={"Retry-After": "1"}) from None
        try:
            result = await asyncio.wrap_future(run)
        except asyncio.CancelledError:  # Ctrl-C; the next run continues where this one stops
            raise Refusal(503, "stopping", "The server is stopping. Bill again when it is back.") from None
        return json_response(200, msgspec.json.encode({**msgspec.to_builtins(result), "period": str(period)}))

    # Not a coroutine, so that it runs in a thread and a slow database blocks nobody else.
    def invoices(request: Request) -> Response:
        period = period_of(request)
        ledger = active.current.ledger
        chunks = invoices_document.write(ledger, ledger.invoices(period))
        first = next(chunks)  # an error of the database appears here, while we can still report it
        return StreamingResponse(chain([first], chunks), media_type="application/json")

    async def apply_event(request: Request) -> Response:
        event = parse_json(await read_json(request), UserEvent)
        return json_response(200, await run_in_threadpool(apply, event))

    def apply(event: UserEvent) -> bytes:
        with opened_accounts(active.current, event) as accounts:
            try:
                if event.event == "login":
                    link = accounts.login_link(event.customer.billing_user_id)
                    return msgspec.json.encode({"url": link})
                account = CHANGES[event.event](accounts, event.customer)
            except ValueError as error:
                raise Refusal(400, "malformed_email", f"{error}.") from None
        return msgspec.json.encode({"status": account.status, "solusio_status": account.solusio_status})

    app = Starlette(
        routes=[
            Route("/adapter/customers", import_customers, methods=["POST"]),
            Route("/adapter/bill", bill, methods=["POST"]),
            Route("/adapter/invoices", invoices),
            Route("/adapter/users", apply_event, methods=["POST"]),
        ],
        exception_handlers={
            Refusal: handle_refusal,
            BillingRunError: handle_failure,
            SolusioError: handle_failure,
            StoreError: handle_failure,
            HTTPException: routing_error_handler(
                "The adapter has /adapter/customers, /adapter/bill, /adapter/invoices and /adapter/users."
            ),
            Exception: handle_unexpected_error,
        },
    )
    app.router.redirect_slashes = False
    return GuardMiddleware(app, allow_remote=allow_remote, headers=HEADERS, on_refusal=handle_refusal)


async def read_json(request: Request) -> bytes:
    """Return a JSON body. Raises Refusal, as `read_body` does.

    The media type also keeps other sites out: their pages may send it only if we allow it (CORS).
    """
    return await read_body(request, "application/json", MAX_BYTES)


def parse_json(body: bytes, kind: type[T]) -> T:
    """Read the body of a request. Raises Refusal (400), which does not repeat what was sent."""
    try:
        return msgspec.json.decode(body, type=kind)
    except msgspec.ValidationError as error:
        raise Refusal(400, "malformed_request", f"{error}.") from None
    except (msgspec.DecodeError, UnicodeDecodeError):
        raise Refusal(400, "malformed_json", "The body is not valid JSON.") from None


def choose_solusio(service: BillingService, request: BillRequest | UserEvent) -> tuple[SolusioClient, bool]:
    """Return a client of the SolusIO that a request names, or else of the configured one.

    Also returns whether it is new: the caller closes it. Raises Refusal (400).
    """
    if request.solusio_url is None:
        if service.solusio is None:
            raise Refusal(400, "missing_solusio", "Send solusio_url and access_token: none is configured.")
        return service.solusio, False
    ca_file = request.ca_file if isinstance(request, UserEvent) else None
    try:
        return SolusioClient(request.solusio_url, request.access_token or "", ca_file=ca_file), True
    except ValueError as error:
        raise Refusal(400, "malformed_solusio", f"solusio_url and access_token: {error}.") from None


def period_of(request: Request) -> Period | None:
    """Return the period in a query, if there is one. Raises Refusal (400)."""
    periods = request.query_params.getlist("period")
    if len(periods) > 1:
        raise Refusal(400, "duplicate_parameter", "Send period only once.")
    return parse_period(periods[0]) if periods else None


@contextmanager
def opened_accounts(service: BillingService, event: UserEvent) -> Iterator[Accounts]:
    """Open the accounts of customers in the SolusIO that an event names. Raises Refusal (400)."""
    solusio, own = choose_solusio(service, event)
    try:
        yield Accounts(service.store.database, solusio)
    finally:
        if own:
            solusio.close()


async def handle_failure(_request: Request, error: Exception) -> Response:
    """Report a failure that is not the caller's: of SolusIO or the database, or a month that is not over."""
    if isinstance(error, BillingRunError):
        return error_response(Refusal(409, "not_billed", f"{error}."))
    if isinstance(error, AccountError):
        return error_response(Refusal(409, "conflict", f"{error}."))
    if isinstance(error, SolusioError):
        return error_response(Refusal(502, "solusio_failed", f"{error}."))
    return error_response(Refusal(503, "store_failed", f"{error}."))
