"""The pages under /billing: customers, their invoices, "run billing now", "log in to SolusIO".

They need no JavaScript, and ask for no password: see ``guard`` for whom they are. What they show is worked
out in ``views``.
"""

from collections.abc import Iterable
from contextlib import suppress
from typing import Any
from urllib.parse import urlsplit

from starlette.applications import Starlette
from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import HTMLResponse, RedirectResponse, Response, StreamingResponse
from starlette.routing import Route
from starlette.types import ASGIApp

from solusio_reference.errors import Refusal, StoreError
from solusio_reference.form import read_form, required
from solusio_reference.invoicing import Invoice
from solusio_reference.period import Period
from solusio_reference.pricing import Customer
from solusio_reference.solusio.client import SolusioError
from solusio_reference.web import render, views
from solusio_reference.web.error_pages import handle_failure, handle_http_error, handle_refusal
from solusio_reference.web.guard import GuardMiddleware
from solusio_reference.web.paging import requested_page
from solusio_reference.web.services import EXPECTED, BillingRun, BillingService, RunInProgress

ENTRIES = 100
"""Customers, or invoices, on a page."""

LINES = 200
"""Lines of an invoice on a page; the print view has them all."""


def create_pages(service: BillingService, *, allow_remote: bool) -> ASGIApp:
    """Build the application under ``/billing``. ``anywhere``: other machines may use it, too."""
    pages = BillingPages(service)
    app = Starlette(
        routes=[
            Route("/billing", pages.customers),
            Route("/billing/customers/{customer:int}", pages.customer),
            Route("/billing/customers/{customer:int}/login", pages.log_in, methods=["POST"]),
            Route("/billing/invoices", pages.invoices),
            Route("/billing/invoices/{number:int}", pages.invoice),
            Route("/billing/invoices/{number:int}/print", pages.printed),
            Route("/billing/runs", pages.start_run, methods=["POST"]),
            Route("/billing/runs/{period}", pages.run),
            Route("/billing/static/{name}", static),
        ],
        exception_handlers={
            Refusal: handle_refusal,
            StoreError: handle_failure,
            HTTPException: handle_http_error,
            Exception: handle_failure,
        },
    )
    return GuardMiddleware(
        app, allow_remote=allow_remote, headers=security_headers(service), refused=handle_refusal
    )


def security_headers(service: BillingService) -> dict[str, str]:
    """Return what browsers are told of every page: styles and images of ours, and nothing else.

    The button to SolusIO is answered by a redirect there, which browsers count as a target of the form.
    Other sites get no ``Referer``. We do, since without it ``Origin`` would be null in our own forms.
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
    """One method for each page. Those that are no coroutines run in threads: the database takes its time."""

    def __init__(self, service: BillingService) -> None:
        self.service = service

    def customers(self, request: Request) -> Response:
        """List the customers."""
        pages = requested_page(request, ENTRIES, self.service.count_customers())
        shown = self.service.some_customers(pages.first, ENTRIES)
        rows = [views.customer_row(one) for one in shown]
        return page("customers", section="customers", title="Customers", customers=rows, pages=pages)

    def customer(self, request: Request) -> Response:
        """Show one customer."""
        return self._customer(request, self._find_customer(request))

    def _customer(
        self, request: Request, customer: Customer, problem: str = "", status: int = 200
    ) -> Response:
        account = self.service.account(customer.id)
        found = list(self.service.ledger.invoices(customer_id=customer.id))
        pages = requested_page(request, ENTRIES, len(found))
        return page(
            "customer",
            status,
            section="customers",
            title=customer.name,
            customer=customer,
            account=views.account_view(account),
            prices=views.prices_view(customer),
            invoices=[views.invoice_row(one, customer.name) for one in pages.part(reversed(found))],
            pages=pages,
            login=self.service.accounts is not None,
            problem=problem,
        )

    def log_in(self, request: Request) -> Response:
        """Send the browser to SolusIO with a link that works once; make the customer's user first."""
        customer = self._find_customer(request)
        try:
            link = self.service.login_link(customer.id)
        except SolusioError as error:
            return self._customer(request, customer, f"{error}.", 502)
        # SolusIO need not know from which page its user came.
        return RedirectResponse(link, 303, headers={"Referrer-Policy": "no-referrer"})

    def invoices(self, request: Request) -> Response:
        """List the invoices of a month: of the one that was billed last, if none is asked for."""
        ledger = self.service.ledger
        collected = [run.period for run in ledger.collected.runs()]
        asked = request.query_params.get("period")
        period = self.service.latest_period() if asked is None else parse_period(asked)
        pages = requested_page(request, ENTRIES, ledger.count(period), period=str(period))
        shown = pages.part(ledger.invoices(period))
        return page(
            "invoices",
            section="invoices",
            title=f"Invoices of {views.month(period)}",
            period=views.period_view(period),
            periods=[str(other) for other in collected[:12]],
            invoices=self._rows(shown),
            pages=pages,
            unbilled=views.unbilled_view(ledger.unbilled(period)),
            billing=self.service.solusio is not None,
        )

    def invoice(self, request: Request) -> Response:
        """Show one invoice, a page of its lines at a time."""
        invoice = self._find_invoice(request)
        pages = requested_page(request, LINES, invoice.lines_count)
        shown = [views.line_view(line, invoice) for line in pages.part(self.service.ledger.lines(invoice))]
        return page("invoice", lines=shown, pages=pages, **self._invoice_values(invoice))

    def printed(self, request: Request) -> Response:
        """Show one invoice with all its lines, which are sent while they are still being read."""
        invoice = self._find_invoice(request)
        lines = (views.line_view(line, invoice) for line in self.service.ledger.lines(invoice))
        values = {"lines": lines, "pages": None, **self._invoice_values(invoice)}
        return StreamingResponse(render.html_in_pieces("invoice.html.j2", values), media_type="text/html")

    async def start_run(self, request: Request) -> Response:
        """Bill a month in a thread, and show how it is going."""
        period = parse_period(required(await read_form(request), "period"))
        if self.service.solusio is None:
            raise Refusal(409, "no_solusio", "SolusIO is not configured here, so that nothing can be billed.")
        with suppress(RunInProgress):  # two clicks on the button: show what the first one does
            self.service.start_billing(period, self.service.solusio)
        return RedirectResponse(f"/billing/runs/{period}", 303)

    def run(self, request: Request) -> Response:
        """Show how a billing run is going, or what came of it."""
        period = parse_period(request.path_params["period"])
        outcome = self.service.outcome(period)
        if outcome is None:
            raise Refusal(
                404, "no_run", f"{views.month(period)} was not billed since the start of this program."
            )
        return page(
            "run",
            section="invoices",
            title=f"Billing of {views.month(period)}",
            period=views.period_view(period),
            run=run_values(outcome),
            billing=self.service.solusio is not None,
        )

    def _rows(self, invoices: Iterable[Invoice]) -> list[views.View]:
        shown = list(invoices)
        names = self.service.names({one.customer_id for one in shown})
        return [views.invoice_row(one, names.get(one.customer_id)) for one in shown]

    def _invoice_values(self, invoice: Invoice) -> views.View:
        customer = self.service.store.get(invoice.customer_id)
        account = self.service.account(invoice.customer_id)
        view = views.invoice_view(invoice, None if customer is None else customer.name)
        return {
            "section": "invoices",
            "title": f"Invoice {view['number']}",
            "invoice": view,
            "known": customer is not None,
            "email": account.email if account is not None else None,
        }

    def _find_customer(self, request: Request) -> Customer:
        customer_id = request.path_params["customer"]
        # An id of more digits is not in the database, which could not even be asked for it.
        found = self.service.store.get(customer_id) if customer_id < 10**18 else None
        if found is None:
            raise Refusal(404, "unknown_customer", "There is no customer with this ID.")
        return found

    def _find_invoice(self, request: Request) -> Invoice:
        number = request.path_params["number"]
        found = self.service.ledger.invoice(number) if number < 10**18 else None
        if found is None:
            raise Refusal(404, "unknown_invoice", "There is no invoice with this number.")
        return found


def page(template: str, status: int = 200, **values: Any) -> Response:
    """Answer with a page."""
    return HTMLResponse(render.html(f"{template}.html.j2", values), status)


def run_values(outcome: BillingRun) -> views.View:
    """Tell how a billing run is going, or what came of it. A defect of ours is raised."""
    if not outcome.done():
        return {"done": False, "tone": "busy", "state": "Running"}
    try:
        result = outcome.result()
    except EXPECTED as error:
        return {"done": True, "tone": "bad", "state": "Not finished", "problem": f"{error}."}
    return {"done": True, "tone": "good", "state": "Finished", "problem": "", **views.result_view(result)}


def parse_period(text: str) -> Period:
    """Read a month. Raises Refusal (400)."""
    try:
        return Period.parse(text)
    except ValueError:
        raise Refusal(400, "malformed_period", "The month must be written as 2026-03.") from None


async def static(request: Request) -> Response:
    """Send a static file."""
    name = render.assets().get(request.url.path)
    if name is None:
        raise HTTPException(404)
    headers = {"Cache-Control": "public, max-age=31536000, immutable"}
    return Response(
        render.asset_bytes(name), headers=headers, media_type=render.MEDIA_TYPES[name.rpartition(".")[2]]
    )
