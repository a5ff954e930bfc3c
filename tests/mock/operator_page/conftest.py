"""The operator's page over HTTP, as a browser without scripts asks for it and sends its forms."""

import html
import re
from collections.abc import Iterator
from urllib.parse import urlencode, urljoin

import httpx
import pytest

from mock_solusio.clock import Clock
from mock_solusio.options import Options
from mock_solusio.testing import Solusio, started
from support.calls import START


class Operator:
    """Opens the pages of a mock and sends the forms on them."""

    def __init__(self, client: httpx.Client) -> None:
        self.client = client

    def open(self, path: str = "/_mock/", **headers: str) -> httpx.Response:
        """Open a page."""
        sent = {name.replace("_", "-"): value for name, value in headers.items()}
        return self.client.get(path, headers={"accept": "text/html", **sent})

    def text(self, path: str = "/_mock/") -> str:
        """Return what a page says, without its markup."""
        page = self.open(path)
        assert page.status_code == 200, page
        return readable(page)

    def send(
        self, path: str, action: str, fields: dict[str, str | list[str]] | None = None
    ) -> httpx.Response:
        """Send a form that is on a page, with its hidden fields, and follow the redirect."""
        page = self.open(path)
        forms = re.findall(rf'<form[^>]* action="{re.escape(action)}".*?</form>', page.text, re.DOTALL)
        assert forms, f"{path} has no form for {action}"
        hidden = dict(re.findall(r'<input type="hidden" name="(\w+)" value="([^"]*)">', forms[0]))
        sent = {**{name: html.unescape(value) for name, value in hidden.items()}, **(fields or {})}
        headers = {
            "origin": str(self.client.base_url).rstrip("/"),
            "content-type": "application/x-www-form-urlencoded",
        }
        answer = self.client.post(action, content=urlencode(sent, doseq=True), headers=headers)
        if answer.is_redirect:
            return self.open(urljoin(action, answer.headers["location"]))
        return answer


def readable(page: httpx.Response) -> str:
    """Return the text of a page."""
    return " ".join(html.unescape(re.sub(r"<[^>]*>", " ", page.text)).split())


@pytest.fixture
def solusio() -> Iterator[Solusio]:
    """A mock on a port, its clock frozen at 2026-03-01T00:00:00Z."""
    with started(Options(clock=Clock(START, speed=0), seed="operator's page")) as mock:
        yield mock


@pytest.fixture
def operator(solusio: Solusio) -> Iterator[Operator]:
    """Somebody who uses the operator's page."""
    with httpx.Client(base_url=solusio.url) as client:
        yield Operator(client)
