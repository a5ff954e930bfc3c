"""The pages under /billing: customers, their invoices, "Run billing now", "Log in to SolusIO".

They work without JavaScript and without a password: see ``guard`` for who may use them. ``views`` prepares
what they show.
"""

from collections.abc import Iterable
from contextlib import suppress
from datetime import UTC, datetime
from itertools import islice
from typing import Any
from urllib.parse import urlsplit

from starlette.applications import Starlette
from starlette.concurrency import run_in_threadpool
from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import HTMLResponse, RedirectResponse, Response, StreamingResponse
from starlette.routing import Route
from starlette.types import ASGIApp

from solusio_reference.errors import Refusal, StoreError
from solusio_reference.form import parse_period, read_form, required
from solusio_reference.invoicing import Invoice
from solusio_reference.period import Period
from solusio_reference.pricing import Customer
from solusio_reference.solusio.client import SolusioError
from solusio_reference.web import render, views
from solusio_reference.web.error_pages import handle_failure, handle_refusal, handle_routing_error
from solusio_reference.web.guard import GuardMiddleware
from solusio_reference.web.paging import requested_page, requested_search
from solusio_reference.web.services import EXPECTED_ERRORS, BillingRun, BillingService, RunInProgress

ENTRIES = 100
"""Customers or invoices per page."""

LINES = 200
"""Lines of an invoice per page; the print view has all of them."""


def create_pages(service: BillingService, *, allow_remote: bool, tour_url: str | None = None) -> ASGIApp:
    """Build the application under ``/billing``. ``allow_remote``: other machines may use it, too.

    ``tour_url``: a page that explains the demo to which this billing system belongs.
    """
    pages = BillingPages(service, tour_url)
    app = Starlette(
        routes=[
            Route("/billing", pages.customers),
            Route("/billing/customers/{customer:int}", pages.customer),
            Route("/billing/customers/{customer:int}/login", pages.log_in, methods=["POST"]),
            Route("/billing/customers/{customer:int}/status", pages.change_status, methods=["POST"]),
            Route("/billing/invoices", pages.invoices),
            Route("/billing/invoices/{number:int}", pages.invoice),
            Route("/billing/invoices/{number:int}/print", pages.print_view),
            Route("/billing/runs", pages.start_run, methods=["POST"]),
            Route("/billing/runs/{period}", pages.run),
            Route("/billing/static/{name}", static),
        ],
        exception_handlers={
            Refusal: handle_refusal,
            StoreError: handle_failure,
            HTTPException: handle_routing_error,
            Exception: handle_failure,
        },
    )
    app.state.sites = pages.sites
    headers = security_headers(service)
    return GuardMiddleware(app, allow_remote=allow_remote, headers=headers, on_refusal=handle_refusal)


def security_headers(service: BillingService) -> dict[str, str]:
    """Return the headers of every page: it may load our own styles and images, and nothing else.

    The login button leads to a redirect to SolusIO, which browsers count as a target of the form. Other
    sites get no ``Referer``. We get it ourselves: without it, browsers send ``Origin: null`` from our forms.
    """
    form_targets = "'self'"
    if service.solusio is not None:
        parts = urlsplit(service.solusio.url)
        form_targets += f" {parts.scheme}://{parts.netloc}"
    policy = f"default-src 'none'; style-src 'self'; img-src 'self'; form-action {form_targets}"
    return {
        "Content-Security-Policy": f"{policy}; base-uri 'none'; frame-ancestors 'none'",
        "Referrer-Policy": "same-origin",
        "X-Content-Type-Options": "nosniff",
        "Cache-Control": "no-store",
    }


class BillingPages:
    """One method per page. Those that are not coroutines run in threads, since they wait for the database."""

    def __init__(self, service: BillingService, tour_url: str | None) -> None:
        self.service = service
        self.sites = {
            "solusio_url": None if service.solusio is None else f"{service.solusio.url}/",
            "tour_url": tour_url,
        }

    def customers(self, request: Request) -> Response:
        """List the customers, or those that a search finds."""
        store, search = self.service.store, requested_search(request)
        pages = requested_page(request, ENTRIES, store.count(search), **_query(search))
        shown = store.all(search=search, offset=pages.offset, limit=ENTRIES)
        statuses, current = self.service.statuses({one.id for one in shown})
        return self._page(
            "customers",
            section="customers",
            title="Customers",
            customers=[views.customer_row(one, statuses.get(one.id), current=current) for one in shown],
            pages=pages,
            search=search,
        )

    def customer(self, request: Request) -> Response:
        """Show one customer."""
        return self._customer_page(request, self._find_customer(request))

    def _customer_page(
        self,
        request: Request,
        customer: Customer,
        *,
        failed: str = "Login to SolusIO failed",
        problem: str = "",
        status: int = 200,
    ) -> Response:
        account, current = self.service.current_account(customer.id)
        invoices = list(self.service.ledger.invoices(customer_id=customer.id))
        pages = requested_page(request, ENTRIES, len(invoices))
        previous, following = self.service.store.neighbours(customer.id)
        return self._page(
            "customer",
            status,
            section="customers",
            title=customer.name,
            customer=customer,
            account=views.account_view(account, current=current),
            prices=views.prices_view(customer),
            invoices=[views.invoice_row(one, customer.name) for one in pages.slice(reversed(invoices))],
            pages=pages,
            connected=self.service.accounts is not None,
            failed=failed,
            problem=problem,
            previous=previous,
            following=following,
        )

    def log_in(self, request: Request) -> Response:
        """Send the browser to SolusIO with a link that works once; create the customer's user first."""
        customer = self._find_customer(request)
        try:
            link = self.service.login_link(customer.id)
        except SolusioError as error:
            return self._customer_page(request, customer, problem=f"{error}.", status=502)
        # SolusIO need not know which page its user came from.
        return RedirectResponse(link, 303, headers={"Referrer-Policy": "no-referrer"})

    async def change_status(self, request: Request) -> Response:
        """Lock, unlock, suspend or unsuspend a customer, and show what SolusIO shows then."""
        step = required(await read_form(request), "step")
        if step not in views.STEPS:
            raise Refusal(400, "unknown_step", "The step must be lock, unlock, suspend or unsuspend.")
        return await run_in_threadpool(self._change_status, request, step)

    def _change_status(self, request: Request, step: str) -> Response:
        customer = self._find_customer(request)
        try:
            self.service.change_status(customer.id, step)
        except SolusioError as error:
            problem = f"{error}."
            return self._customer_page(
                request, customer, failed="SolusIO was not changed", problem=problem, status=502
            )
        return RedirectResponse(f"/billing/customers/{customer.id}", 303)

    def invoices(self, request: Request) -> Response:
        """List the invoices of a month, by default the last one that was billed, or those a search finds."""
        search = requested_search(request)
        if search:
            return self._found_invoices(request, search)
        ledger, billed = self.service.ledger, self.service.billed_periods()
        parameter = request.query_params.get("period")
        chosen = None if parameter is None else parse_period(parameter)
        to_bill = self.service.month_to_bill(chosen)
        latest = next(iter(billed), Period.before(datetime.now(UTC)) if to_bill is None else to_bill.period)
        period = chosen or latest
        pages = requested_page(request, ENTRIES, ledger.count(period), period=str(period))
        shown = islice(ledger.invoices(period, offset=pages.offset), ENTRIES)
        return self._page(
            "invoices",
            section="invoices",
            title=f"Invoices of {views.month(period)}",
            period=views.period_view(period),
            previous=views.period_view(period.previous),
            following=views.period_view(period.following),
            periods=[views.period_view(other) for other in billed[:12]],
            billed=period in billed,
            invoices=self._rows(shown),
            pages=pages,
            unbilled=views.unbilled_view(ledger.unbilled(period)),
            to_bill=None if to_bill is None else views.billing_view(to_bill),
            search="",
        )

    def _found_invoices(self, request: Request, search: str) -> Response:
        ledger = self.service.ledger
        pages = requested_page(request, ENTRIES, ledger.count(search=search), **_query(search))
        return self._page(
            "found_invoices",
            section="invoices",
            title="Search for invoices",
            invoices=self._rows(islice(ledger.invoices(search=search, offset=pages.offset), ENTRIES)),
            pages=pages,
            search=search,
        )

    def invoice(self, request: Request) -> Response:
        """Show one invoice with one page of its lines."""
        invoice = self._find_invoice(request)
        pages = requested_page(request, LINES, invoice.lines_count)
        lines = self.service.ledger.lines(invoice)
        groups = views.server_groups(lines, invoice, offset=pages.offset, limit=LINES)
        return self._page("invoice", groups=groups, pages=pages, **self._invoice_values(invoice))

    def print_view(self, request: Request) -> Response:
        """Show one invoice with all its lines, sent while they are being read."""
        invoice = self._find_invoice(request)
        groups = views.server_groups(self.service.ledger.lines(invoice), invoice)
        values = {"groups": groups, "pages": None, **self._invoice_values(invoice), **self.sites}
        return StreamingResponse(render.html_chunks("invoice.html.j2", values), media_type="text/html")

    async def start_run(self, request: Request) -> Response:
        """Bill a month in a thread, and show the progress; of an open month, show why it cannot be billed."""
        period = parse_period(required(await read_form(request), "period"))
        if self.service.solusio is None:
            raise Refusal(409, "no_solusio", "No SolusIO is configured, so there is nothing to bill.")
        to_bill = await run_in_threadpool(self.service.month_to_bill, period)
        if to_bill is not None and to_bill.now is not None and not to_bill.closed:
            return RedirectResponse(f"/billing/invoices?period={period}", 303)
        with suppress(RunInProgress):  # the button was clicked twice: show the first run
            self.service.start_billing(period, self.service.solusio)
        return RedirectResponse(f"/billing/runs/{period}", 303)

    def run(self, request: Request) -> Response:
        """Show the progress of a billing run, or its result."""
        period = parse_period(request.path_params["period"])
        run = self.service.last_run(period)
        if run is None:  # there was none since the start of this program
            return RedirectResponse(f"/billing/invoices?period={period}", 303)
        return self._page(
            "run",
            section="invoices",
            title=f"Billing of {views.month(period)}",
            period=views.period_view(period),
            run=run_view(run),
            billing=self.service.solusio is not None,
        )

    def _rows(self, invoices: Iterable[Invoice]) -> list[views.View]:
        shown = list(invoices)
        names = self.service.store.names({one.customer_id for one in shown})
        return [views.invoice_row(one, names.get(one.customer_id)) for one in shown]

    def _invoice_values(self, invoice: Invoice) -> views.View:
        customer = self.service.store.get(invoice.customer_id)
        account = self.service.account(invoice.customer_id)
        view = views.invoice_view(invoice, None if customer is None else customer.name)
        previous, following = self.service.ledger.neighbours(invoice.number)
        return {
            "section": "invoices",
            "title": f"{view['kind']} {view['number']}",
            "invoice": view,
            "known": customer is not None,
            "email": account.email if account is not None else None,
            "previous": previous,
            "following": following,
        }

    def _find_customer(self, request: Request) -> Customer:
        customer_id = request.path_params["customer"]
        # The database does not accept integers with more digits.
        customer = self.service.store.get(customer_id) if customer_id < 10**18 else None
        if customer is None:
            raise Refusal(404, "unknown_customer", "There is no customer with this ID.")
        return customer

    def _find_invoice(self, request: Request) -> Invoice:
        number = request.path_params["number"]
        invoice = self.service.ledger.invoice(number) if number < 10**18 else None
        if invoice is None:
            raise Refusal(404, "unknown_invoice", "There is no invoice with this number.")
        return invoice

    def _page(self, template: str, status: int = 200, **values: Any) -> Response:
        return HTMLResponse(render.html(f"{template}.html.j2", {**values, **self.sites}), status)


def _query(search: str) -> dict[str, str]:
    """Return the query by which the pages of a search link to each other."""
    return {"q": search} if search else {}


def run_view(run: BillingRun) -> views.View:
    """Describe the progress of a billing run, or its result. Raises the exception of a bug of ours."""
    if not run.done():
        return {"done": False, "tone": "busy", "state": "Running"}
    try:
        result = run.result()
    except EXPECTED_ERRORS as error:
        return {"done": True, "tone": "bad", "state": "Not finished", "problem": f"{error}."}
    return {"done": True, "tone": "good", "state": "Finished", "problem": "", **views.result_view(result)}


async def static(request: Request) -> Response:
    """Return a static file."""
    name = render.assets().get(request.url.path)
    if name is None:
        raise HTTPException(404)
    headers = {"Cache-Control": "public, max-age=31536000, immutable"}
    media_type = render.MEDIA_TYPES[name.rpartition(".")[2]]
    return Response(render.asset_bytes(name), headers=headers, media_type=media_type)
