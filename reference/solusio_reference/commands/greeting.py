"""What `reference serve` prints once it runs: its URLs, its customers, and commands to try."""

from dataclasses import dataclass

import click

from solusio_reference.commands.table import print_table
from solusio_reference.display import printable
from solusio_reference.money import json_number
from solusio_reference.pricing import Customer, price

UNKNOWN_USER_ID = 999_999
CUSTOMERS_SHOWN = 20


@dataclass(frozen=True, slots=True)
class ServerInfo:
    """What `serve` serves, and where."""

    url: str
    token: str | None
    """The authorization token, quoted for a shell."""
    pages: str | None
    """URL of the billing pages; None if they are off."""
    remote: bool
    """Other machines can reach the server."""
    solusio: str | None


def greet(server: ServerInfo, customers: list[Customer]) -> None:
    """Print the greeting."""
    click.echo(f"The reference billing endpoint is listening at {server.url}\n")
    _print_customers(customers)
    if server.pages is not None:
        solusio = "without SolusIO" if server.solusio is None else f"with SolusIO at {server.solusio}"
        click.echo(f"\nBilling pages, {solusio}:\n  {server.pages}")
        if server.remote:
            click.echo("They require no password: anyone who can reach them can log in as any customer.")
    elif server.solusio is not None and server.remote:
        click.echo(
            "\nThe billing pages are off, since other machines can reach this server. --pages turns them on."
        )
    user_ids = [customer.id for customer in customers]
    ask = ["curl", "-X", "POST", server.url, "-H", "'Accept: application/json'"]
    check = ["mock-solusio", "check", server.url]
    if server.token is not None:
        ask += ["--data-urlencode", f"token={server.token}"]
        check = [f"MOCK_SOLUSIO_TOKEN={server.token}", *check]
    ask += ["-d", "action=GetTokenPricing", "-d", f"userid={user_ids[0] if user_ids else 1}"]
    click.echo(f"\nAsk for a price as SolusIO does:\n  {' '.join(ask)}")
    if user_ids:
        for user_id in user_ids[:2]:
            check += ["--user-id", str(user_id)]
        unknown = UNKNOWN_USER_ID if UNKNOWN_USER_ID not in user_ids else max(user_ids) + 1
        check += ["--unknown-user-id", str(unknown)]
        click.echo(f"\nCheck it against the contract:\n  {' '.join(check)}")
    click.echo("\nPress Ctrl-C to stop.")


def _print_customers(customers: list[Customer]) -> None:
    if not customers:
        click.echo("  There are no customers: the response to every userid is 404.")
        return
    rows = []
    for customer in customers:
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
    header = ("userid", "customer", "currency", "base cost", "user cost")
    print_table(rows, "<<<<<", header=header, indent="  ", limit=CUSTOMERS_SHOWN)
