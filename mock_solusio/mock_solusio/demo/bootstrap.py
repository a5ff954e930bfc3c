"""The start of the demo: SolusIO and the billing system are connected, and the past months are billed.

All of it goes over HTTP, as between two vendors' programs. Step numbers are those of the vendor's page.
"""

from dataclasses import dataclass
from typing import Any, Self
from urllib.parse import urlsplit

import httpx

from mock_solusio.demo.billing_system import PATIENCE, BillingSystem, BillingSystemError
from solusio_contracts.http.client import client


@dataclass(frozen=True, slots=True)
class Setup:
    """Where SolusIO is, the secrets of both sides, and what to bill and show."""

    solusio_url: str
    """Without a trailing slash."""
    access_token: str
    authorization_token: str
    periods: tuple[str, ...]
    """Months to bill, oldest first, such as `2026-03`."""
    billing_user_id: int
    """Customer to show."""
    restricted: tuple[tuple[int, str, str], ...] = ()
    """Customers who do not pay: billing user id, e-mail address, `locked` or `suspended`."""


@dataclass(frozen=True, slots=True)
class Connected:
    """What there is to see once the two are connected."""

    endpoint: str
    """URL of the billing endpoint."""
    billing_url: str
    """Where the pages of the billing system are, without a trailing slash."""
    login_link: str
    """Logs the customer in, once."""


@dataclass(frozen=True, slots=True)
class Billed:
    """The result of billing the months."""

    invoice: int | None
    """Number of the customer's latest invoice, if there is one."""
    invoices: int
    """How many there are."""


class Bootstrap:
    """Prepares the demo once SolusIO answers. Use it in a `with` statement.

    Its methods raise BillingSystemError if the billing system has ended, or one of the two refuses.
    """

    def __init__(self, setup: Setup, billing: BillingSystem) -> None:
        self._setup = setup
        self._billing = billing
        self._client = client(timeout=PATIENCE)
        self._root = ""

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *exc_info: object) -> None:
        self._client.close()

    def connect(self, customers: bytes) -> Connected:
        """Connect SolusIO and the billing system; `customers` is the customers document."""
        # The first page takes longest: it is rendered while the billing system is still starting.
        self._call("GET", f"{self._setup.solusio_url}/login")
        endpoint = self._billing.url()
        parts = urlsplit(endpoint)
        self._root = f"{parts.scheme}://{parts.netloc}"
        self._integrate(endpoint)
        self._add_customers(customers)
        self._restrict_customers()
        return Connected(endpoint, self._root, self._login_link())

    def bill(self) -> Billed:
        """Step 10: have the billing system create the invoices of all months."""
        latest, count = None, 0
        for period in self._setup.periods:
            # It received the URL of SolusIO and the access token when it was started.
            self._call("POST", f"{self._root}/adapter/bill", json={"period": period})
            made = self._call("GET", f"{self._root}/adapter/invoices", params={"period": period})
            for invoice in made.json()["invoices"]:
                count += 1
                if invoice["billing_user_id"] == self._setup.billing_user_id:
                    latest = int(invoice["number"])
        return Billed(latest, count)

    def _integrate(self, endpoint: str) -> None:
        """Steps 4 and 7: disable registration in the user area, enable billing integration."""
        custom = {"url": endpoint, "token": self._setup.authorization_token}
        body = {
            "features": {"allow_registration": False},
            "billing_integration": {"type": "custom", "drivers": {"custom": custom}},
        }
        bearer = {"Authorization": f"Bearer {self._setup.access_token}"}
        self._call("PATCH", f"{self._setup.solusio_url}/api/v1/settings", json=body, headers=bearer)

    def _add_customers(self, customers: bytes) -> None:
        """Give the billing system its customers, the subject of steps 6 and 8."""
        headers = {"Content-Type": "application/json"}
        self._call("POST", f"{self._root}/adapter/customers", content=customers, headers=headers)

    def _restrict_customers(self) -> None:
        """Step 8: have the billing system lock and suspend those who do not pay, as they are in SolusIO."""
        for number, email, status in self._setup.restricted:
            event = {"locked": "lock", "suspended": "suspend"}[status]
            body = {"event": event, "customer": {"billing_user_id": number, "email": email}}
            self._call("POST", f"{self._root}/adapter/users", json=body)

    def _login_link(self) -> str:
        """Step 9: press the button on the customer's page, and return the link it leads to."""
        page = f"{self._root}/billing/customers/{self._setup.billing_user_id}/login"
        return self._call("POST", page).headers["Location"]

    def _call(self, method: str, url: str, **more: Any) -> httpx.Response:
        try:
            answer = self._client.request(method, url, **more)
        except httpx.HTTPError as error:
            if self._billing.ended.wait(1.0):
                raise self._billing.why_it_ended() from error
            raise BillingSystemError(f"Cannot prepare the demo: {error}.") from error
        if answer.is_error:
            problem = f"{method} {url} returned {answer.status_code}: {answer.text[:500]}"
            raise BillingSystemError(f"Cannot prepare the demo: {problem}")
        return answer
