"""A plain billing system that bills SolusIO correctly; mistakes.py plants mistakes in it.

Its arithmetic is its own: it uses fractions, so that only `rounded` rounds. Amounts are integers in the
currency's minor unit. It uses only the standard library, and no code of the project.
"""

from __future__ import annotations

import json
import math
import urllib.parse
import urllib.request
from collections.abc import Iterator
from datetime import datetime, timedelta
from fractions import Fraction
from typing import Any

Row = dict[str, Any]
TIMEOUT = 60
HALF = Fraction(1, 2)


class OpenMonthError(Exception):
    """The month is not over."""


class Solusio:
    """Reads lists from the API, page by page."""

    def __init__(self, url: str, access_token: str) -> None:
        self.url = url
        self.access_token = access_token
        self.open: set[tuple[str, str]] = set()
        """The periods of which usage was read although they are not over."""

    def pages(self, path: str, **query: Any) -> Iterator[list[Row]]:
        page = f"{self.url}/api/v1/{path}?{urllib.parse.urlencode(query)}"
        while page:
            request = urllib.request.Request(  # noqa: S310 - the URL of the mock
                page, headers={"Authorization": f"Bearer {self.access_token}"}
            )
            with urllib.request.urlopen(request, timeout=TIMEOUT) as response:  # noqa: S310
                answer = json.load(response)
            if not answer["meta"].get("closed", True):
                self.open.add((query.get("from", ""), query.get("to", "")))
            yield answer["data"]
            page = answer["links"]["next"]

    def all(self, path: str) -> list[Row]:
        return [row for page in self.pages(path, per_page=1000) for row in page]


class Billing:
    """Customers and their invoices. A variant overrides a method to plant a mistake."""

    def __init__(self) -> None:
        self.customers: dict[int, Row] = {}
        self.made: list[Row] = []
        self.numbers = 0

    # Commands of the check

    def prepare(self, document: Row, period: str) -> None:
        """Add customers, and forget their invoices since a period; decimals are fractions."""
        for customer in document["customers"]:
            self.customers[customer["billing_user_id"]] = customer
        taken = {customer["billing_user_id"] for customer in document["customers"]}
        self.made = [
            one for one in self.made if one["billing_user_id"] not in taken or one["period"] < period
        ]

    def bill(self, order: Row) -> None:
        solusio = Solusio(order["solusio_url"], order["access_token"])
        usage: dict[int | None, list[Row]] = {}
        for line in self.metered(self.usage(solusio, *self.month(order)), solusio):
            usage.setdefault(self.payer(line, solusio), []).append(line)
        self.refuse_open(order, solusio)
        for customer in self.billed(usage):
            if not self.was_billed(customer, order["period"]):
                invoice = self.invoice(self.customers[customer], order["period"], usage.get(customer, []))
                self.made.append({"number": self.next_number()} | invoice)

    def invoices(self, period: str) -> Row:
        return {"invoices": [self.printed(one) for one in self.made if one["period"] == period]}

    def refuse_open(self, order: Row, solusio: Solusio) -> None:
        """Refuse a month that is not over."""
        if (order["from"], order["to"]) in solusio.open:
            raise OpenMonthError(order["period"])

    # Usage

    def month(self, order: Row) -> tuple[str, str]:
        return order["from"], order["to"]

    def usage(self, solusio: Solusio, since: str, until: str) -> list[Row]:
        query = {"from": since, "to": until, "per_page": 1000}
        # A page may come twice.
        return list({line["id"]: line for page in solusio.pages("usage", **query) for line in page}.values())

    def metered(self, lines: list[Row], solusio: Solusio) -> list[Row]:  # noqa: ARG002 - some mistakes ask
        return lines

    def payer(self, line: Row, solusio: Solusio) -> int | None:  # noqa: ARG002
        paying: int | None = line["billing_user_id"]
        return paying

    def billed(self, usage: dict[int | None, list[Row]]) -> list[int]:
        return [customer for customer in self.customers if customer in usage]

    def was_billed(self, customer: int, period: str) -> bool:
        return any((one["billing_user_id"], one["period"]) == (customer, period) for one in self.made)

    def next_number(self) -> Any:
        self.numbers += 1
        return f"{self.numbers:06d}"

    # Money

    def invoice(self, customer: Row, period: str, usage: list[Row]) -> Row:
        pricing = customer["pricing"]
        decimals = self.decimals(pricing)
        lines = [self.line(line, pricing, decimals) for line in usage]
        subtotal = sum(line["amount"] for line in lines)
        discounts = self.discounts(usage, pricing, decimals)
        taxes = self.taxes(usage, pricing, decimals)
        total = self.total(usage, pricing, decimals)
        adjusted = subtotal + sum(one["amount"] for one in (*discounts, *taxes))
        return {
            "billing_user_id": customer["billing_user_id"],
            "period": period,
            "currency": self.currency(pricing),
            "decimals": decimals,
            "lines": lines,
            "subtotal": subtotal,
            "discounts": discounts,
            "taxes": taxes,
            "rounding": total - adjusted,
            "total": total,
            "display_total": self.shown(total, pricing["currency"]),
        }

    def line(self, line: Row, pricing: Row, decimals: int) -> Row:
        return {
            "server": line["server_name"],
            "resource": line["resource"],
            "plan": line["plan"]["name"],
            "hours": line["hours"],
            "charge": line["charge"],
            "tokens": line["tokens"],
            "amount": self.line_amount(line, pricing, decimals),
        }

    def line_amount(self, line: Row, pricing: Row, decimals: int) -> int:
        return self.rounded(self.product(line["tokens"], pricing["base_token_unit_cost"]), decimals)

    def gross(self, usage: list[Row], pricing: Row) -> Any:
        return self.product(tokens(usage), pricing["base_token_unit_cost"])

    def discounts(self, usage: list[Row], pricing: Row, decimals: int) -> list[Row]:
        left = self.gross(usage, pricing)
        rows = []
        for one in pricing["discounts"]:
            amount = self.product(left, one["multipler"] - 1)
            rows.append({"name": one["name"], "amount": self.rounded(amount, decimals)})
            left = self.product(left, one["multipler"])
        return rows

    def taxed(self, usage: list[Row], pricing: Row) -> Any:
        """Return the amount that taxes apply to."""
        return self.product(self.gross(usage, pricing), *(one["multipler"] for one in pricing["discounts"]))

    def taxes(self, usage: list[Row], pricing: Row, decimals: int) -> list[Row]:
        net = self.taxed(usage, pricing)
        rows = []
        for one in rates(pricing):
            share = Fraction(one["rate"]) / 100
            rows.append({"label": one["label"], "amount": self.rounded(self.product(net, share), decimals)})
            if pricing["taxes"]["compound"]:
                net = self.product(net, 1 + share)
        return rows

    def total(self, usage: list[Row], pricing: Row, decimals: int) -> int:
        return self.rounded(self.product(tokens(usage), pricing["user_token_unit_cost"]), decimals)

    def product(self, *factors: Any) -> Any:
        return math.prod(map(Fraction, factors))

    def rounded(self, amount: Any, decimals: int) -> int:
        coins = math.floor(abs(amount) * 10**decimals + HALF)
        return -coins if amount < 0 else coins

    def decimals(self, pricing: Row) -> int:
        return int(pricing["currency"]["decimals"])

    def currency(self, pricing: Row) -> str:
        return str(pricing["currency"]["code"])

    # Format

    def shown(self, amount: int, currency: Row) -> str:
        whole, _, rest = written(amount, currency["decimals"]).partition(".")
        grouped = f"{int(whole):,}".replace(",", currency["thousands_separator"])
        point = currency["decimals_separator"] if rest else ""
        return f"{currency['display_prefix']}{grouped}{point}{rest}{currency['display_suffix']}"

    def amount(self, coins: int, decimals: int) -> Any:
        return written(coins, decimals)

    def printed(self, invoice: Row) -> Row:
        """Return an invoice as the check reads it."""
        return {
            name: self._amounts(value, invoice["decimals"], name)
            for name, value in invoice.items()
            if name != "decimals"
        }

    def _amounts(self, value: Any, decimals: int, name: str) -> Any:
        if isinstance(value, list):
            return [{key: self._amounts(one, decimals, key) for key, one in row.items()} for row in value]
        if name in {"amount", "subtotal", "rounding", "total"}:
            return self.amount(value, decimals)
        return value


def tokens(lines: list[Row]) -> int:
    return sum(line["tokens"] for line in lines)


def rates(pricing: Row) -> list[Row]:
    found: list[Row] = pricing["taxes"].get("rates", [])
    return found


def charged(line: Row, hours: int) -> Row:
    """Return a line with other hours, and their cost."""
    by_hour, cap = hours * line["tokens_per_hour"], line["tokens_per_month"]
    monthly = bool(hours and cap and (not line["tokens_per_hour"] or by_hour > cap))
    return line | {
        "hours": hours,
        "tokens": cap if monthly else by_hour,
        "charge": "monthly" if monthly else "hourly",
    }


def written(coins: int, decimals: int) -> str:
    digits = f"{abs(coins):0{decimals + 1}d}"
    point = f"{digits[:-decimals]}.{digits[-decimals:]}" if decimals else digits
    return f"-{point}" if coins < 0 else point


def moment(text: str) -> datetime:
    return datetime.fromisoformat(text)


def later(text: str, **by: float) -> str:
    return (moment(text) + timedelta(**by)).isoformat().replace("+00:00", "Z")
