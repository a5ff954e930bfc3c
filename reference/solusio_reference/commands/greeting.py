"""What `reference serve` prints once it answers: where it is, for whom, and what to try."""

from dataclasses import dataclass

import click

from solusio_reference.display import printable
from solusio_reference.money import json_number
from solusio_reference.pricing import Customer, price

UNKNOWN_USER_ID = 999_999
CUSTOMERS_SHOWN = 20


@dataclass(frozen=True, slots=True)
class ServerInfo:
    """What is served, and where. ``token`` is the authorization token as a shell takes it."""

    url: str
    token: str | None
    pages: str | None
    allow_remote: bool
    """Other machines reach it."""
    solusio: str | None


def greet(served: ServerInfo, customers: list[Customer]) -> None:
    """Print it."""
    click.echo(f"The reference billing endpoint answers GetTokenPricing at {served.url}\n")
    for line in _table(customers):
        click.echo(f"  {line}")
    if served.pages is not None:
        whose = f", with SolusIO at {served.solusio}" if served.solusio is not None else ", without a SolusIO"
        click.echo(f'\nCustomers, invoices, "run billing now"{whose}:\n  {served.pages}')
        if served.allow_remote:
            click.echo("They ask for no password: whoever reaches them can log in as any customer.")
    elif served.solusio is not None and served.allow_remote:
        click.echo(
            "\nThe billing pages are for this machine alone; --pages serves them to whoever reaches them."
        )
    user_ids = [customer.id for customer in customers]
    ask = ["curl", "-X", "POST", served.url, "-H", "'Accept: application/json'"]
    judge = ["mock-solusio", "check", served.url]
    if served.token is not None:
        ask += ["--data-urlencode", f"token={served.token}"]
        judge = [f"MOCK_SOLUSIO_TOKEN={served.token}", *judge]
    ask += ["-d", "action=GetTokenPricing", "-d", f"userid={user_ids[0] if user_ids else 1}"]
    click.echo(f"\nAsk it as SolusIO does:\n  {' '.join(ask)}")
    if user_ids:
        for user_id in user_ids[:2]:
            judge += ["--user-id", str(user_id)]
        unknown = UNKNOWN_USER_ID if UNKNOWN_USER_ID not in user_ids else max(user_ids) + 1
        judge += ["--unknown-user-id", str(unknown)]
        click.echo(f"\nHold it to the contract:\n  {' '.join(judge)}")
    click.echo("\nPress Ctrl-C to stop.")


def _table(customers: list[Customer]) -> list[str]:
    if not customers:
        return ["There are no customers: every userid is answered 404."]
    rows = [("userid", "customer", "currency", "base cost", "user cost")]
    for customer in customers[:CUSTOMERS_SHOWN]:
        pricing = price(customer)
        rows.append(
            (
                str(customer.id),
                printable(customer.name),
                customer.currency.code,
                json_number(pricing.base_token_unit_cost),
                json_number(pricing.user_token_unit_cost),
            )
        )
    widths = [max(map(len, column)) for column in zip(*rows, strict=True)]
    lines = [
        "  ".join(cell.ljust(width) for cell, width in zip(row, widths, strict=True)).rstrip() for row in rows
    ]
    if len(customers) > CUSTOMERS_SHOWN:
        lines.append(f"... and {len(customers) - CUSTOMERS_SHOWN} more")
    return lines
