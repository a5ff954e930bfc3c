"""What happens when the demo begins: SolusIO and billing system meet, and the past months are billed.

All of it goes over HTTP, as between the programs of two vendors: the numbers are the steps of the vendor's
page.
"""

from dataclasses import dataclass
from typing import Any, Self
from urllib.parse import urlsplit

import httpx

from mock_solusio.demo.billing_system import PATIENCE, BillingSystem, BillingSystemError


@dataclass(frozen=True, slots=True)
class Stage:
    """Where everything is, and who may enter."""

    solusio_url: str
    """Without a slash at its end."""
    access_token: str
    authorization_token: str
    periods: tuple[str, ...]
    """Months to bill, oldest first, such as `2026-03`."""
    billing_user_id: int
    """Customer to show."""


@dataclass(frozen=True, slots=True)
class Met:
    """What there is to see once the two know each other."""

    endpoint: str
    """URL of the billing endpoint."""
    billing_url: str
    """Where the pages of the billing system are, without a slash at its end."""
    login_link: str
    """Logs the customer in, once."""
    second_link: str
    """As well, for a browser that is opened."""


@dataclass(frozen=True, slots=True)
class Billed:
    """What came of billing the months."""

    invoice: int | None
    """Number of the customer's latest invoice, if he has one."""
    invoices: int
    """How many there are."""


class Show:
    """Makes everything ready once SolusIO answers. Used within a `with`.

    What it does raises BillingSystemError if the billing system has ended, or one of the two refuses.
    """

    def __init__(self, stage: Stage, billing: BillingSystem) -> None:
        self._stage = stage
        self._billing = billing
        self._client = httpx.Client(timeout=PATIENCE, trust_env=False)
        self._root = ""

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *exc_info: object) -> None:
        self._client.close()

    def meet(self, customers: bytes) -> Met:
        """Let SolusIO and the billing system know each other; `customers` is the customers document."""
        # The first page takes longest: it is made while the billing system is still starting.
        self._call("GET", f"{self._stage.solusio_url}/login")
        endpoint = self._billing.url()
        parts = urlsplit(endpoint)
        self._root = f"{parts.scheme}://{parts.netloc}"
        self._integrate(endpoint)
        self._introduce(customers)
        return Met(endpoint, self._root, self._login_link(), self._login_link())

    def bill(self) -> Billed:
        """Step 10: let the billing system make the invoices of all months."""
        latest, count = None, 0
        for period in self._stage.periods:
            # Where SolusIO is, and with what access token, it was told when it was started.
            self._call("POST", f"{self._root}/adapter/bill", json={"period": period})
            made = self._call("GET", f"{self._root}/adapter/invoices", params={"period": period})
            for invoice in made.json()["invoices"]:
                count += 1
                if invoice["billing_user_id"] == self._stage.billing_user_id:
                    latest = int(invoice["number"])
        return Billed(latest, count)

    def _integrate(self, endpoint: str) -> None:
        """Steps 4 and 7: nobody registers in the user area; whom to ask for prices."""
        custom = {"url": endpoint, "token": self._stage.authorization_token}
        body = {
            "features": {"allow_registration": False},
            "billing_integration": {"type": "custom", "drivers": {"custom": custom}},
        }
        bearer = {"Authorization": f"Bearer {self._stage.access_token}"}
        self._call("PATCH", f"{self._stage.solusio_url}/api/v1/settings", json=body, headers=bearer)

    def _introduce(self, customers: bytes) -> None:
        """Tell the billing system about its customers, which steps 6 and 8 are about."""
        headers = {"Content-Type": "application/json"}
        self._call("POST", f"{self._root}/adapter/customers", content=customers, headers=headers)

    def _login_link(self) -> str:
        """Step 9: do what the button on the customer's page does, and return the link it leads to."""
        page = f"{self._root}/billing/customers/{self._stage.billing_user_id}/login"
        return self._call("POST", page).headers["Location"]

    def _call(self, method: str, url: str, **more: Any) -> httpx.Response:
        try:
            answer = self._client.request(method, url, **more)
        except httpx.HTTPError as error:
            if self._billing.ended.wait(1.0):
                raise self._billing.why_it_ended() from error
            raise BillingSystemError(f"The demo cannot be prepared: {error}.") from error
        if answer.is_error:
            said = f"{method} {url} was answered {answer.status_code}: {answer.text[:500]}"
            raise BillingSystemError(f"The demo cannot be prepared: {said}")
        return answer
