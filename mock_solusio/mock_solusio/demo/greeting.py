"""What the demo says: where to look, and what to try."""

from dataclasses import dataclass

from mock_solusio.clock import Clock, pace
from mock_solusio.demo.bootstrap import Billed, Met, Stage
from mock_solusio.moment import rfc3339, utc


@dataclass(frozen=True, slots=True)
class About:
    """What is said of the hoster."""

    customers: int
    servers: int
    shown: str
    """Who the customer is whose pages are shown."""
    administrator: str
    """How he logs in."""


def first(about: About, stage: Stage, met: Met) -> str:
    """Return what to print as soon as there is something to see: the months are still being billed."""
    pages = f"{met.billing_url}/billing"
    head = f"A hoster with {about.customers:,} customers and {about.servers:,} servers\n"
    return "\n".join(
        [
            head,
            *_rows(
                ("User area", met.login_link),
                ("", f"logs {about.shown} in, once; for another link press the button on this page:"),
                ("Customer", f"{pages}/customers/{stage.billing_user_id}"),
                ("Customers", pages),
            ),
        ]
    )


def rest(about: About, clock: Clock, stage: Stage, met: Met, billed: Billed) -> str:
    """Return what to print once all is there."""
    url, now = stage.solusio_url, clock.now()
    pages = f"{met.billing_url}/billing"
    words = {"frozen": "standing still", "real": "in real time", "speed": f"{clock.speed:g} times as fast"}
    months = f"{billed.invoices:,} from {stage.periods[0]} to {stage.periods[-1]}"
    bearer = f"-H 'Authorization: Bearer {stage.access_token}'"
    customer, month = stage.billing_user_id, utc(now).strftime("%Y-%m")
    judged = f"mock-solusio check {met.endpoint} --user-id {customer}"
    return "\n".join(
        [
            *_rows(
                ("Invoices", f"{pages}/invoices ({months})"),
                (
                    "Invoice",
                    f"{pages}/invoices/{billed.invoice}" if billed.invoice else "none of this customer",
                ),
                ("API", f"{url}/api/v1"),
                ("API reference", f"{url}/docs"),
                ("Control", f"{url}/_mock"),
                ("Administrator", about.administrator),
                ("Access token", stage.access_token),
                ("Endpoint", f"{met.endpoint} (answers GetTokenPricing)"),
                ("Its token", f"{stage.authorization_token} (authorization token)"),
                ("Clock", f"{rfc3339(now)}, {words[pace(clock.speed)]}"),
                ("State", "in memory, gone at the end"),
            ),
            "\nTry it:",
            f"  curl {bearer} '{url}/api/v1/usage?filter%5Bbilling_user_id%5D={customer}'",
            f"  MOCK_SOLUSIO_TOKEN={stage.authorization_token} {judged}",
            "\nLet a month pass, then press 'Run billing now':",
            f'  curl --json \'{{"advance": "P1M"}}\' {url}/_mock/clock',
            f"  {pages}/invoices?period={month}",
            "\nPress Ctrl-C to stop.",
        ]
    )


def _rows(*rows: tuple[str, str]) -> list[str]:
    return [f"  {name:<14} {value}" for name, value in rows]
