"""What the pages show, as text: calculated and formatted here, so that templates do neither. Pure."""

import calendar
from collections.abc import Iterable, Iterator
from datetime import UTC, date, datetime
from decimal import Decimal
from itertools import groupby
from operator import attrgetter
from typing import TYPE_CHECKING, Any

from solusio_reference.display import (
    format_amount,
    format_count,
    format_factor,
    format_invoice_number,
    format_unit_cost,
)
from solusio_reference.invoicing import CREDIT_NOTE, Adjustment, Invoice, UsageLine, line_of
from solusio_reference.money import product, total
from solusio_reference.period import Period
from solusio_reference.pricing import Currency, Customer, price

if TYPE_CHECKING:
    from solusio_reference.accounts.wanted import Account
    from solusio_reference.billing_run import RunResult
    from solusio_reference.storage.queue import UnbilledUsage
    from solusio_reference.web.billing_month import BillingMonth

View = dict[str, Any]
"""The values of a template."""

RESOURCES = {
    "server": "Server",
    "additional_ip": "Additional IP",
    "backup": "Backups",
    "iso_image": "ISO image",
    "snapshot": "Snapshot",
}


def period_view(period: Period) -> View:
    """Return ``2026-03`` and ``March 2026``."""
    return {"text": str(period), "words": month(period)}


def billing_view(one: "BillingMonth") -> View:
    """Return a month to bill: whether that is possible now, and if not, why."""
    shown = {"period": period_view(one.period), "closed": one.closed, "problem": one.problem}
    shown["billed"] = one.billed
    if one.now is not None:
        shown["now"] = f"{day(one.now)}, {one.now.astimezone(UTC):%H:%M} UTC"
        shown["from"] = day(one.period.end)
    return shown


def month(period: Period) -> str:
    """Write a month: ``March 2026``."""
    return f"{calendar.month_name[period.month]} {period.year}"


def day(when: date) -> str:
    """Write a date (in UTC), with the month as a word so that nobody mistakes it for the day."""
    if isinstance(when, datetime):
        when = when.astimezone(UTC)
    return f"{when.day} {calendar.month_name[when.month]} {when.year}"


def customer_row(customer: Customer, status: str | None, *, current: bool) -> View:
    """Return one customer in a list, with the price of 1,000 tokens: one costs a fraction of a cent.

    ``status``: of their SolusIO user, None without one. ``current``: it is the present one.
    """
    pricing = price(customer)

    def thousand(cost: Decimal) -> str:
        return format_unit_cost(product([Decimal(1000), cost]), customer.currency)

    return {
        "id": customer.id,
        "name": customer.name,
        "currency": customer.currency.code,
        "base": thousand(pricing.base_token_unit_cost),
        "user": thousand(pricing.user_token_unit_cost),
        "status": status_badge(status, current=current),
    }


def status_badge(status: str | None, *, current: bool) -> View:
    """Return the status of a SolusIO user in a word; None: the customer has no user."""
    if status is None:
        return {"tone": "", "text": "No user" if current else "Unknown"}
    if not current:
        return {"tone": "", "text": f"{status.capitalize()} when last asked"}
    return {"tone": "good" if status == "active" else "bad", "text": status.capitalize()}


def prices_view(customer: Customer) -> View:
    """Return the price of one token step by step, as in the response to GetTokenPricing."""
    pricing = price(customer)
    return {
        "base": format_unit_cost(pricing.base_token_unit_cost, customer.currency),
        "discounts": [
            {
                "name": one.name,
                "description": one.description,
                "multiplier": format_factor(one.multiplier, customer.currency),
            }
            for one in pricing.discounts
        ],
        "taxes": [
            {"label": one.label, "rate": format_factor(one.rate, customer.currency)} for one in pricing.taxes
        ],
        "compound": pricing.taxes_compound,
        "user": format_unit_cost(pricing.user_token_unit_cost, customer.currency),
    }


def invoice_row(invoice: Invoice, customer_name: str | None) -> View:
    """Return one invoice in a list."""
    return {
        "id": invoice.number,
        "kind": "Credit note" if invoice.kind == CREDIT_NOTE else "Invoice",
        "number": format_invoice_number(invoice.number),
        "customer_id": invoice.customer_id,
        "customer": customer_name or f"Customer {invoice.customer_id}",
        "period": str(invoice.period),
        "lines": format_count(invoice.lines_count, invoice.currency),
        "tokens": format_count(invoice.tokens, invoice.currency),
        "total": format_amount(invoice.total, invoice.currency),
    }


def invoice_view(invoice: Invoice, customer_name: str | None) -> View:
    """Return one invoice without its lines."""
    currency = invoice.currency
    sums = [_adjustment(one, currency) for one in invoice.adjustments]
    if invoice.rounding:
        amount = format_amount(invoice.rounding, currency)
        sums.append({"label": "Rounding", "factor": "", "amount": amount})
    return {
        **invoice_row(invoice, customer_name),
        "month": month(invoice.period),
        "from": day(invoice.period.begin),
        "to": f"{calendar.monthrange(invoice.period.year, invoice.period.month)[1]} {month(invoice.period)}",
        "issued": day(invoice.issued_at),
        "due": day(invoice.due_on),
        "corrects": invoice.corrects,
        "corrected": None if invoice.corrects is None else format_invoice_number(invoice.corrects),
        "currency": currency.code,
        "base": format_unit_cost(invoice.base_token_unit_cost, currency),
        "user": format_unit_cost(invoice.user_token_unit_cost, currency),
        "subtotal": format_amount(invoice.subtotal, currency),
        "sums": sums,
        "rounded": bool(invoice.rounding),
    }


def _adjustment(one: Adjustment, currency: Currency) -> View:
    rate = format_factor(one.rate, currency)
    factor = f"× {rate}" if one.kind == "discount" else f"+ {rate} %"
    return {"label": one.label, "factor": factor, "amount": format_amount(one.amount, currency)}


def _server_first(line: UsageLine) -> tuple[bool, int]:
    return line.resource != "server", line.id


def server_groups(
    lines: Iterable[UsageLine], invoice: Invoice, *, offset: int = 0, limit: int | None = None
) -> Iterator[View]:
    """Yield the lines of an invoice, sorted by server, grouped by it: all, or one page of them.

    A page may begin or end within a group. The total of a server with several lines is at its end.
    """
    position = 0
    for _, found in groupby(lines, key=attrgetter("server_id")):
        whole = sorted(found, key=_server_first)
        begin = max(0, offset - position)
        end = len(whole) if limit is None else min(len(whole), offset + limit - position)
        position += len(whole)
        if end <= 0:
            return
        if begin >= end:
            continue
        amounts = total(line_of(invoice, line) for line in whole)
        ends = end == len(whole) > 1
        yield {
            "server": whole[0].server_name,
            "continued": begin > 0,
            "lines": [line_view(line, invoice) for line in whole[begin:end]],
            "total": format_amount(amounts, invoice.currency) if ends else "",
        }


def line_view(line: UsageLine, invoice: Invoice) -> View:
    """Return one line of an invoice, at the base price."""
    return {
        "resource": RESOURCES.get(line.resource, line.resource),
        "plan": line.plan_name,
        "hours": format_count(line.hours, invoice.currency),
        "charge": line.charge,
        "tokens": format_count(line.tokens, invoice.currency),
        "amount": format_amount(line_of(invoice, line), invoice.currency),
    }


STEPS = {
    "lock": "Lock",
    "unlock": "Unlock",
    "suspend": "Suspend",
    "unsuspend": "End suspension",
}
"""What can be done about a customer who does not pay, and the label of its button."""


def account_view(account: "Account | None", *, current: bool) -> View:
    """Return the state of a customer's SolusIO account. ``current``: it shows what SolusIO shows now."""
    if account is None or account.removed:
        text, email = ("None", None) if account is None else ("Removed", account.email)
        return {"tone": "", "text": text, "user_id": None, "email": email, "steps": [], "note": ""}
    user = "not in SolusIO yet" if account.solusio_user_id is None else f"user {account.solusio_user_id}"
    shown = account.status if account.solusio_status is None else account.solusio_status
    tone = "good" if shown == account.status == "active" else "bad"
    return {
        "tone": tone if account.solusio_user_id is not None else "busy",
        "text": f"{shown.capitalize()}, {user}",
        "user_id": account.solusio_user_id,
        "email": account.email,
        "steps": [(step, STEPS[step]) for step in _steps(account)],
        "note": _note(account, shown, current=current),
    }


def _steps(account: "Account") -> list[str]:
    """Return what can be done: what is restricted in SolusIO itself can be lifted here, too."""
    found = account.solusio_status if account.restricted_by_others else None
    locked = account.locked or found == "locked"
    suspended = account.suspended or found == "suspended"
    return ["unlock" if locked else "lock", "unsuspend" if suspended else "suspend"]


def _note(account: "Account", shown: str, *, current: bool) -> str:
    """Return what the status alone does not say."""
    if account.restricted_by_others:
        return f"Here, the customer is {account.status}: somebody else did this in SolusIO itself."
    if shown != account.status:
        return f"Here, the customer is {account.status}. SolusIO does not know that yet."
    if account.suspended and account.locked:
        return "Locked as well: the customer stays locked when the suspension ends."
    return "" if current else "This is from the last time SolusIO was asked."


def unbilled_view(unbilled: "Iterable[UnbilledUsage]") -> list[View]:
    """Return usage that belongs to no known customer."""
    return [
        {
            "period": one.period,
            "billing_user_id": "none" if one.billing_user_id is None else one.billing_user_id,
            "user_id": one.user_id,
            "lines": f"{one.lines:,}",
            "tokens": f"{one.tokens:,}",
        }
        for one in unbilled
    ]


def result_view(result: "RunResult") -> View:
    """Return the result of a billing run."""
    figures = [
        ("New invoices", result.invoices_made),
        ("Earlier invoices", result.invoices_before),
        ("Invoices of earlier months", result.invoices_late),
        ("Usage lines", result.lines),
        ("Tokens", result.tokens),
    ]
    return {
        "figures": [(label, f"{number:,}") for label, number in figures],
        "unbilled": unbilled_view(result.unbilled),
    }
