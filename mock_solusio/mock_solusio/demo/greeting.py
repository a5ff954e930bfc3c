"""What the demo prints: where to look, and what to try."""

from dataclasses import dataclass

from mock_solusio.clock import Clock
from mock_solusio.demo.bootstrap import Billed, Connected, Setup
from mock_solusio.demo.story import PATH
from mock_solusio.moment import utc


@dataclass(frozen=True, slots=True)
class About:
    """What to say about the hosting provider."""

    customers: int
    servers: int
    shown: str
    """The customer whose pages are shown."""
    administrator: str
    """How the administrator logs in."""


def first(about: About, setup: Setup, connected: Connected) -> str:
    """Return what to print as soon as there is something to see, while the months are still being billed."""
    pages = f"{connected.billing_url}/billing"
    head = f"A hosting provider with {about.customers:,} customers and {about.servers:,} servers\n"
    return "\n".join(
        [
            head,
            *_rows(
                ("Start here", f"{setup.solusio_url}{PATH} (a tour of both sites)"),
                ("User area", connected.login_link),
                ("", f"logs {about.shown} in, once; for another link press the button on this page:"),
                ("Customer", f"{pages}/customers/{setup.billing_user_id}"),
                ("Customers", pages),
            ),
        ]
    )


def rest(about: About, clock: Clock, setup: Setup, connected: Connected, billed: Billed, price: str) -> str:
    """Return what to print once everything is ready; `price` says what the billing endpoint answered."""
    url, pages = setup.solusio_url, f"{connected.billing_url}/billing"
    months = f"{billed.invoices:,} from {setup.periods[0]} to {setup.periods[-1]}"
    bearer = f"-H 'Authorization: Bearer {setup.access_token}'"
    customer, month = setup.billing_user_id, utc(clock.now()).strftime("%Y-%m")
    check = f"mock-solusio check {connected.endpoint} --user-id {customer}"
    return "\n".join(
        [
            *_rows(
                ("Invoices", f"{pages}/invoices ({months})"),
                (
                    "Invoice",
                    f"{pages}/invoices/{billed.invoice}" if billed.invoice else "none for this customer",
                ),
                ("API", f"{url}/api/v1"),
                ("API reference", f"{url}/docs"),
                ("Operator", f"{url}/_mock/"),
                ("Administrator", about.administrator),
                ("Access token", setup.access_token),
                ("Endpoint", f"{connected.endpoint} (answers GetTokenPricing)"),
                ("", price),
                ("Its token", f"{setup.authorization_token} (authorization token)"),
                ("Clock", clock.described()),
                ("State", "in memory"),
            ),
            "\nTry it:",
            f"  curl {bearer} '{url}/api/v1/usage?filter%5Bbilling_user_id%5D={customer}'",
            f"  MOCK_SOLUSIO_TOKEN={setup.authorization_token} {check}",
            f"\nAdvance a month, then run billing for {month}, on the pages or by:",
            f'  curl --json \'{{"advance": "P1M"}}\' {url}/_mock/clock',
            f"  {pages}/invoices?period={month}",
            "\nPress Ctrl-C to stop.",
        ]
    )


def _rows(*rows: tuple[str, str]) -> list[str]:
    return [f"  {name:<14} {value}" for name, value in rows]
