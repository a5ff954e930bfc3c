"""The pages of the reference billing system, and requests as a browser sends them."""

import re
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager

import httpx

from solusio_reference.app import create_app
from solusio_reference.billing_run import bill
from solusio_reference.period import Period
from solusio_reference.serving import running
from solusio_reference.solusio.client import SolusioClient
from solusio_reference.storage.customers import CustomerStore
from solusio_reference.web.pages import create_pages
from solusio_reference.web.services import BillingService

MARCH = Period(2026, 3)
FORM = {"Content-Type": "application/x-www-form-urlencoded"}


class Billing:
    """A billing system with its pages, and requests as a browser sends them."""

    def __init__(self, service: BillingService, url: str) -> None:
        self.service = service
        self.url = url
        self.client = httpx.Client(base_url=url, timeout=30)

    def get(self, path: str, **headers: str) -> httpx.Response:
        return self.client.get(path, headers=headers)

    def post(self, path: str, body: str = "", **headers: str) -> httpx.Response:
        sent = {"Origin": self.url, "Sec-Fetch-Site": "same-origin", **FORM}
        sent.update({name.replace("_", "-"): value for name, value in headers.items()})
        return self.client.post(path, content=body, headers={n: v for n, v in sent.items() if v})

    def text(self, path: str) -> str:
        """Return the visible text: without tags, and with single spaces."""
        answer = self.get(path)
        assert answer.status_code == 200, answer.text
        return " ".join(re.sub(r"<[^>]*>", " ", answer.text).split())

    def bill(self, solusio: SolusioClient) -> None:
        bill(MARCH, solusio, self.service.store, self.service.ledger)

    def wait(self) -> None:
        """Wait for the end of the billing run."""
        run = self.service.last_run(MARCH)
        assert run is not None
        run.exception(timeout=30)


@contextmanager
def billing_system(
    solusio_url: str | None = None,
    access_token: str = "secret",  # noqa: S107 - opens nothing
    *,
    allow_remote: bool = False,
    tour_url: str | None = None,
) -> Iterator[Billing]:
    """Serve a billing system, by default without a SolusIO."""
    with ExitStack() as stack:
        store = stack.enter_context(CustomerStore.in_memory())
        solusio = None
        if solusio_url is not None:
            # One attempt: failures in these tests are permanent.
            solusio = stack.enter_context(SolusioClient(solusio_url, access_token, attempts=1))
        service = BillingService(store, solusio=solusio)
        mounts = {"/billing": create_pages(service, allow_remote=allow_remote, tour_url=tour_url)}
        url = stack.enter_context(running(create_app(store, token=None, mounts=mounts), ""))
        made = Billing(service, url)
        stack.callback(made.client.close)
        yield made
