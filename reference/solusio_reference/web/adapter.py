"""Three requests through which `mock-solusio invoices check` drives this billing system.

    POST /adapter/customers            import these customers (the customers document)
    POST /adapter/bill                 bill a period; the response arrives when it is done
    GET  /adapter/invoices?period=...  return the invoices (the invoices document)

Yours may look quite different: commands work as well.

A check plays each scenario on a new SolusIO, in which a month that is already billed has other usage. So
without a SolusIO of our own, each customers document starts with an empty store in memory; only the invoice
numbers continue. With one, the adapter works on the same store as the pages.
"""

import asyncio
from collections.abc import Collection
from datetime import datetime
from itertools import chain
from typing import Annotated

import msgspec
from starlette.applications import Starlette
from starlette.concurrency import run_in_threadpool
from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import Response, StreamingResponse
from starlette.routing import Route
from starlette.types import ASGIApp

from solusio_reference import customers_document, invoices_document
from solusio_reference.accounts.wanted import save_customers
from solusio_reference.billing_run import BillingRunError
from solusio_reference.errors import Refusal, StoreError
from solusio_reference.form import parse_period, read_body
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

MAX_BYTES = 64 * 1024 * 1024  # 100,000 customers have about 30 MB
HEADERS = {"Cache-Control": "no-store", "X-Content-Type-Options": "nosniff"}


class BillRequest(msgspec.Struct, frozen=True):
    """The body of POST /adapter/bill. Without URL and access token, we bill the configured SolusIO."""

    period: str
    from_: Annotated[datetime, msgspec.Meta(tz=True)] | None = msgspec.field(name="from", default=None)
    to: Annotated[datetime, msgspec.Meta(tz=True)] | None = None
    solusio_url: str | None = None
    access_token: str | None = None


class ActiveService:
    """The billing service in use: the configured one, or the one of the latest customers document."""

    def __init__(self, configured: BillingService) -> None:
        self.current = configured
        self._configured = configured

    def import_customers(self, customers: Collection[tuple[Customer, str]]) -> None:
        """Save customers; into an empty store unless a SolusIO is configured. Raises StoreError."""
        if self._configured.solusio is None:
            previous, self.current = self.current, self.current.with_empty_store()
            if previous is not self._configured:
                previous.store.close()
        save_customers(self.current.store.database, customers)


def create_adapter(service: BillingService, *, allow_remote: bool) -> ASGIApp:
    """Build the application under ``/adapter``; errors are JSON with a code and a message.

    ``allow_remote``: other machines may use it, too.
    """
    active = ActiveService(service)

    async def import_customers(request: Request) -> Response:
        body = await read_json(request)
        try:
            customers = await run_in_threadpool(customers_document.read, body)
        except ValueError as error:
            raise Refusal(400, "malformed_customers", f"{error}.") from None
        await run_in_threadpool(active.import_customers, customers)
        return json_response(200, msgspec.json.encode({"customers": len(customers)}))

    async def bill(request: Request) -> Response:
        bill_request = parse_bill_request(await read_json(request))
        period = parse_period(bill_request.period)
        if bill_request.from_ not in {None, period.begin} or bill_request.to not in {None, period.end}:
            raise Refusal(
                400, "malformed_period", "from and to must be the first moments of the month and of the next."
            )
        solusio, own = active.current.solusio, False
        if bill_request.solusio_url is not None:
            try:
                solusio, own = SolusioClient(bill_request.solusio_url, bill_request.access_token or ""), True
            except ValueError as error:
                raise Refusal(400, "malformed_solusio", f"solusio_url and access_token: {error}.") from None
        if solusio is None:
            raise Refusal(400, "missing_solusio", "Send solusio_url and access_token: none is configured.")
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
        periods = request.query_params.getlist("period")
        if len(periods) > 1:
            raise Refusal(400, "duplicate_parameter", "Send period only once.")
        period = parse_period(periods[0]) if periods else None
        ledger = active.current.ledger
        chunks = invoices_document.write(ledger, ledger.invoices(period))
        first = next(chunks)  # an error of the database appears here, while we can still report it
        return StreamingResponse(chain([first], chunks), media_type="application/json")

    app = Starlette(
        routes=[
            Route("/adapter/customers", import_customers, methods=["POST"]),
            Route("/adapter/bill", bill, methods=["POST"]),
            Route("/adapter/invoices", invoices),
        ],
        exception_handlers={
            Refusal: handle_refusal,
            BillingRunError: handle_failure,
            SolusioError: handle_failure,
            StoreError: handle_failure,
            HTTPException: routing_error_handler(
                "The adapter has /adapter/customers, /adapter/bill and /adapter/invoices."
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


def parse_bill_request(body: bytes) -> BillRequest:
    """Read the body of POST /adapter/bill. Raises Refusal (400), which does not repeat what was sent."""
    try:
        return msgspec.json.decode(body, type=BillRequest)
    except msgspec.ValidationError as error:
        raise Refusal(400, "malformed_request", f"{error}.") from None
    except (msgspec.DecodeError, UnicodeDecodeError):
        raise Refusal(400, "malformed_json", "The body is not valid JSON.") from None


async def handle_failure(_request: Request, error: Exception) -> Response:
    """Report a failure that is not the caller's: of SolusIO or the database, or a month that is not over."""
    if isinstance(error, BillingRunError):
        return error_response(Refusal(409, "not_billed", f"{error}."))
    if isinstance(error, SolusioError):
        return error_response(Refusal(502, "solusio_failed", f"{error}."))
    return error_response(Refusal(503, "store_failed", f"{error}."))
