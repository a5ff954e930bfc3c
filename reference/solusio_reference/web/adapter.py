"""Three requests by which `mock-solusio invoices check` tells this billing system what to do.

    POST /adapter/customers            these are your customers (the customers document)
    POST /adapter/bill                 bill a period; the answer comes when it is done
    GET  /adapter/invoices?period=...  what did you bill? (the invoices document)

Yours may look quite different: a command will do as well.

A check plays each scenario on a SolusIO made anew, where a month that was billed has another usage. So
without a SolusIO of our own, each customers document begins new books, in memory; only the numbering of
invoices goes on. With one, the books are those of the pages.
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
from starlette.requests import ClientDisconnect, Request
from starlette.responses import Response, StreamingResponse
from starlette.routing import Route
from starlette.types import ASGIApp

from solusio_reference import customers_document, invoices_document
from solusio_reference.billing_run import BillingRunError
from solusio_reference.errors import Refusal, StoreError
from solusio_reference.period import Period
from solusio_reference.pricing import Customer
from solusio_reference.solusio.client import SolusioClient, SolusioError
from solusio_reference.web.guard import GuardMiddleware
from solusio_reference.web.json_responses import (
    error_response,
    handle_refusal,
    handle_unexpected_error,
    json_response,
    routing_refusal,
)
from solusio_reference.web.services import BillingService, RunInProgress

MAX_BYTES = 64 * 1024 * 1024  # 100,000 customers have about 30 MB
HEADERS = {"Cache-Control": "no-store", "X-Content-Type-Options": "nosniff"}


class BillRequest(msgspec.Struct, frozen=True):
    """The body of POST /adapter/bill. Without URL and access token, the SolusIO that we are told to bill."""

    period: str
    from_: Annotated[datetime, msgspec.Meta(tz=True)] | None = msgspec.field(name="from", default=None)
    to: Annotated[datetime, msgspec.Meta(tz=True)] | None = None
    solusio_url: str | None = None
    access_token: str | None = None


class ActiveService:
    """The books that are worked with."""

    def __init__(self, service: BillingService) -> None:
        self.service = service
        self._kept = service

    def take_customers(self, found: Collection[tuple[Customer, str]]) -> None:
        """Save customers; in new books, unless there is a SolusIO whose books are kept. Raises StoreError."""
        if self._kept.solusio is None:
            before, self.service = self.service, self.service.begin_anew()
            if before is not self._kept:
                before.store.close()
        self.service.take_customers(found)


def create_adapter(service: BillingService, *, allow_remote: bool) -> ASGIApp:
    """Build the application under ``/adapter``; errors are JSON with a code and a text.

    ``anywhere``: other machines may use it, too.
    """
    books = ActiveService(service)

    async def take_customers(request: Request) -> Response:
        body = await read_json(request)
        try:
            found = await run_in_threadpool(customers_document.read, body)
        except ValueError as error:
            raise Refusal(400, "malformed_customers", f"{error}.") from None
        await run_in_threadpool(books.take_customers, found)
        return json_response(200, msgspec.json.encode({"customers": len(found)}))

    async def bill(request: Request) -> Response:
        asked = parse_bill_request(await read_json(request))
        period = parse_period(asked.period)
        if asked.from_ not in {None, period.begin} or asked.to not in {None, period.end}:
            raise Refusal(
                400, "malformed_period", "from and to must be the first moments of the month and the next."
            )
        solusio, own = books.service.solusio, False
        if asked.solusio_url is not None:
            try:
                solusio, own = SolusioClient(asked.solusio_url, asked.access_token or ""), True
            except ValueError as error:
                raise Refusal(400, "malformed_solusio", f"solusio_url and access_token: {error}.") from None
        if solusio is None:
            raise Refusal(400, "missing_solusio", "Send solusio_url and access_token: none is configured.")
        try:
            outcome = books.service.start_billing(period, solusio, close=own)
        except RunInProgress as error:
            if own:
                solusio.close()
            raise Refusal(409, "run_in_progress", f"{error}.", headers={"Retry-After": "1"}) from None
        try:
            result = await asyncio.wrap_future(outcome)
        except asyncio.CancelledError:  # Ctrl-C; the next run goes on where this one stops
            raise Refusal(503, "stopping", "The server stops. Bill again when it is back.") from None
        return json_response(200, msgspec.json.encode({**msgspec.to_builtins(result), "period": str(period)}))

    # Not a coroutine, so that it runs in a thread: the database may take its time.
    def invoices(request: Request) -> Response:
        asked = request.query_params.getlist("period")
        if len(asked) > 1:
            raise Refusal(400, "duplicate_parameter", "Send period only once.")
        period = parse_period(asked[0]) if asked else None
        ledger = books.service.ledger
        pieces = invoices_document.write(ledger, ledger.invoices(period))
        first = next(pieces)  # trouble with the database shows here, while an error can be answered
        return StreamingResponse(chain([first], pieces), media_type="application/json")

    app = Starlette(
        routes=[
            Route("/adapter/customers", take_customers, methods=["POST"]),
            Route("/adapter/bill", bill, methods=["POST"]),
            Route("/adapter/invoices", invoices),
        ],
        exception_handlers={
            Refusal: handle_refusal,
            BillingRunError: handle_failure,
            SolusioError: handle_failure,
            StoreError: handle_failure,
            HTTPException: handle_http_error,
            Exception: handle_unexpected_error,
        },
    )
    app.router.redirect_slashes = False
    return GuardMiddleware(app, allow_remote=allow_remote, headers=HEADERS, refused=handle_refusal)


async def read_json(request: Request) -> bytes:
    """Return the body of a request. Raises Refusal: 415 for another media type, 413 if it is too large.

    A page of another site cannot send this media type without being asked for its name first.
    """
    media_type = request.headers.get("content-type", "").partition(";")[0].strip().lower()
    if media_type != "application/json":
        raise Refusal(415, "unsupported_media_type", "Send JSON, as application/json.")
    body = bytearray()
    try:
        async for chunk in request.stream():
            body += chunk
            if len(body) > MAX_BYTES:
                raise Refusal(413, "body_too_large", "The body is larger than 64 MiB.")
    except ClientDisconnect:
        raise Refusal(400, "incomplete_body", "The body stopped half way.") from None
    return bytes(body)


def parse_bill_request(body: bytes) -> BillRequest:
    """Read the body of POST /adapter/bill. Raises Refusal (400); what was sent is not repeated."""
    try:
        return msgspec.json.decode(body, type=BillRequest)
    except msgspec.ValidationError as error:
        raise Refusal(400, "malformed_request", f"{error}.") from None
    except (msgspec.DecodeError, UnicodeDecodeError):
        raise Refusal(400, "malformed_json", "The body is not valid JSON.") from None


def parse_period(text: str) -> Period:
    """Read a period. Raises Refusal (400)."""
    try:
        return Period.parse(text)
    except ValueError:
        raise Refusal(400, "malformed_period", "The period must be a month such as 2026-03.") from None


async def handle_failure(_request: Request, error: Exception) -> Response:
    """Answer what is no mistake in the request: SolusIO or the database fails, the month is not over."""
    if isinstance(error, BillingRunError):
        return error_response(Refusal(409, "not_billed", f"{error}."))
    if isinstance(error, SolusioError):
        return error_response(Refusal(502, "solusio_failed", f"{error}."))
    return error_response(Refusal(503, "store_failed", f"{error}."))


async def handle_http_error(_request: Request, error: Exception) -> Response:
    """Answer another path or method."""
    known = "The adapter has /adapter/customers, /adapter/bill and /adapter/invoices."
    return error_response(routing_refusal(error, known))
