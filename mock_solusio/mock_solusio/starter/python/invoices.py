"""A month of SolusIO's usage as invoices: the adapter for `mock-solusio invoices check`.

    python3 invoices.py customers FILE       saves the customers of a scenario and their prices
    python3 invoices.py bill 2026-03         creates the invoices of a month
    python3 invoices.py invoices 2026-03     prints them

Environment: BILLING_DATABASE (a file), SOLUSIO_URL, SOLUSIO_ACCESS_TOKEN, SOLUSIO_PERIOD (the month),
SOLUSIO_JOB (each job of --jobs has a file of its own, the second one BILLING_DATABASE-2). An invoice has one
amount here, its total. docs/invoices.md of mock-solusio shows how discounts and taxes are printed.
"""

from __future__ import annotations

import json
import os
import sqlite3
import sys
import time
from collections import defaultdict
from decimal import ROUND_HALF_UP, Decimal
from typing import Any
from urllib.error import HTTPError
from urllib.parse import urlencode
from urllib.request import Request, urlopen

ATTEMPTS = 5
TABLES = """
CREATE TABLE IF NOT EXISTS customer (id INTEGER PRIMARY KEY, pricing TEXT NOT NULL);
CREATE TABLE IF NOT EXISTS invoice (number INTEGER PRIMARY KEY, customer INTEGER NOT NULL,
    period TEXT NOT NULL, document TEXT NOT NULL, UNIQUE (customer, period));
"""


class BillingError(Exception):
    """The month cannot be billed now; the text says why."""


def get(url: str) -> Any:
    """Return a document of SolusIO. Wait and try again while it is busy or down."""
    headers = {"Authorization": f"Bearer {os.environ['SOLUSIO_ACCESS_TOKEN']}", "Accept": "application/json"}
    for attempt in range(ATTEMPTS):
        wait, problem = 2**attempt, "no answer"
        try:
            with urlopen(Request(url, headers=headers), timeout=60) as response:
                return json.load(response)
        except HTTPError as error:
            problem = f"status {error.code}"
            if error.code != 429 and error.code < 500:
                raise BillingError(f"SolusIO refused to return the usage: {problem}") from None
            seconds = error.headers.get("Retry-After", "")
            wait = int(seconds) if seconds.isdecimal() and len(seconds) < 4 else wait
        except (OSError, ValueError) as error:
            problem = str(error)
        if attempt + 1 < ATTEMPTS:
            time.sleep(wait)
    raise BillingError(f"SolusIO did not return the usage: {problem}")


def usage(period: str) -> list[dict[str, Any]]:
    """Return all usage lines of a month; refuse a month that is not over, or was read incompletely."""
    year, month = map(int, period.split("-"))
    following = f"{year + month // 12}-{month % 12 + 1:02}"
    query = {"from": f"{period}-01T00:00:00Z", "to": f"{following}-01T00:00:00Z", "per_page": 1000}
    url = f"{os.environ['SOLUSIO_URL']}/api/v1/usage?{urlencode(query)}"
    lines: dict[Any, dict[str, Any]] = {}
    while url:
        page = get(url)
        lines |= {line["id"]: line for line in page["data"]}
        url = page["links"]["next"]
    meta = page["meta"]
    if not meta["closed"]:
        raise BillingError(f"{period} is not over: metered until {meta['metered_until']}")
    if (len(lines), sum(line["tokens"] for line in lines.values())) != (
        meta["totals"]["lines"],
        meta["totals"]["tokens"],
    ):
        raise BillingError("the lines do not match the totals of SolusIO; run it again")
    return list(lines.values())


def invoice(lines: list[dict[str, Any]], pricing: dict[str, Any]) -> dict[str, Any]:
    """Return the invoice of a customer: tokens x unit cost, exact, rounded once, half up."""
    currency = pricing["currency"]
    total = sum(line["tokens"] for line in lines) * Decimal(pricing["user_token_unit_cost"])
    names = ("resource", "hours", "charge", "tokens")
    return {
        "currency": currency["code"],
        "lines": [
            {"server": line["server_name"], "plan": line["plan"]["name"]}
            | {name: line[name] for name in names}
            for line in lines
        ],
        "total": str(total.quantize(Decimal(1).scaleb(-currency["decimals"]), ROUND_HALF_UP)),
    }


def save_customers(books: sqlite3.Connection, file: str) -> None:
    """Save customers and delete their invoices of earlier checks, but not of months before SOLUSIO_PERIOD.

    This is a test database.
    """
    with open(file, encoding="utf-8") as stream:
        # Decimals stay text: as floats, they would be inexact.
        document = json.load(stream, parse_float=str)
    for customer in document["customers"]:
        stale = [customer["billing_user_id"], os.environ.get("SOLUSIO_PERIOD", "")]
        books.execute("DELETE FROM invoice WHERE customer = ? AND period >= ?", stale)
        row = [customer["billing_user_id"], json.dumps(customer["pricing"])]
        books.execute("INSERT OR REPLACE INTO customer VALUES (?, ?)", row)


def bill(books: sqlite3.Connection, period: str) -> None:
    """Create the missing invoices of a month. What belongs to no customer is said, not billed."""
    by_customer = defaultdict(list)
    for line in usage(period):
        by_customer[line["billing_user_id"]].append(line)
    prices = dict(books.execute("SELECT id, pricing FROM customer"))
    for customer, lines in by_customer.items():
        if customer not in prices:
            tokens = sum(line["tokens"] for line in lines)
            print(f"no customer for {tokens} tokens of billing_user_id {customer}", file=sys.stderr)
            continue
        document = json.dumps(invoice(lines, json.loads(prices[customer])))
        # One statement finds and takes the next number, so numbers have no gaps.
        books.execute(
            "INSERT OR IGNORE INTO invoice (number, customer, period, document)"
            " SELECT coalesce(max(number), 0) + 1, ?, ?, ? FROM invoice",
            [customer, period, document],
        )


def print_invoices(books: sqlite3.Connection, period: str) -> None:
    """Print the invoices of a month as they were stored."""
    rows = books.execute(
        "SELECT number, customer, document FROM invoice WHERE period = ? ORDER BY number", [period]
    )
    invoices = [
        {"number": number, "billing_user_id": customer, "period": period} | json.loads(document)
        for number, customer, document in rows
    ]
    print(json.dumps({"invoices": invoices}))


COMMANDS = {"customers": save_customers, "bill": bill, "invoices": print_invoices}

if __name__ == "__main__":
    try:
        _, command, argument = sys.argv
        job = os.environ.get("SOLUSIO_JOB", "1")
        with sqlite3.connect(os.environ["BILLING_DATABASE"] + ("" if job == "1" else f"-{job}")) as database:
            database.executescript(TABLES)
            COMMANDS[command](database, argument)
    except KeyError as error:
        sys.exit(f"invoices.py: {error} is missing")
    except (BillingError, OSError, ValueError, sqlite3.Error) as error:
        sys.exit(f"invoices.py: {error}")
