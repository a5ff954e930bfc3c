"""A browser without a window: HTTP with cookies, straight into a mock of the test's own."""

import asyncio
import re
from collections.abc import Callable, Iterator

import httpx
import pytest

from mock_solusio.app import Mock
from mock_solusio.server.messages import Request
from support.calls import respond


class IntoMock(httpx.BaseTransport):
    """Hands requests to a mock, without a socket."""

    def __init__(self, mock: Mock, runner: asyncio.Runner) -> None:
        self.mock = mock
        self.runner = runner
        self.address = "127.0.0.1"

    def handle_request(self, request: httpx.Request) -> httpx.Response:
        headers = [(name.lower(), value) for name, value in request.headers.raw]
        url = request.url
        sent = Request(request.method, url.path, url.query, headers, request.read(), url.scheme, self.address)
        answer = self.runner.run(respond(self.mock, sent, url.raw_path.partition(b"?")[0]))
        return httpx.Response(answer.status, headers=list(answer.headers), content=answer.body)


class Browser:
    """Opens pages and sends the forms that are on them."""

    def __init__(self, client: httpx.Client) -> None:
        self.client = client

    def open(self, path: str, *, follow: bool = True, **headers: str) -> httpx.Response:
        """Open a page; redirects are followed."""
        sent = {name.replace("_", "-"): value for name, value in headers.items()}
        return self.client.get(path, follow_redirects=follow, headers=sent)

    def send(
        self, page: httpx.Response | str, action: str, fields: dict[str, str] | None = None, **headers: str
    ) -> httpx.Response:
        """Send a form of a page as a browser would, with the proof in it; redirects are not followed."""
        shown = self.open(page) if isinstance(page, str) else page
        found = re.search(
            rf'action="{re.escape(action)}"[^>]*>\s*<input type="hidden" name="_token" value="([0-9a-f]+)">',
            shown.text,
        )
        assert found, f"no form for {action} on the page"
        sent = {name.replace("_", "-"): value for name, value in headers.items()}
        return self.client.post(action, data={"_token": found[1], **(fields or {})}, headers=sent)

    def log_in(self, email: str, password: str) -> httpx.Response:
        """Log in by password; return the answer to the form."""
        return self.send("/login", "/login", {"email": email, "password": password})

    @property
    def session(self) -> str | None:
        """What is in the session cookie."""
        return self.client.cookies.get("solusio_session")


@pytest.fixture
def browsers(mock: Mock) -> Iterator[Callable[..., Browser]]:
    """Make browsers, each with cookies of its own."""
    clients: list[httpx.Client] = []
    with asyncio.Runner() as runner:

        def browser(base_url: str = "http://mock.test", into: Mock = mock) -> Browser:
            client = httpx.Client(base_url=base_url, transport=IntoMock(into, runner))
            clients.append(client)
            return Browser(client)

        yield browser
        for client in clients:
            client.close()


@pytest.fixture
def browser(browsers: Callable[..., Browser]) -> Browser:
    """A browser that nobody has used yet."""
    return browsers()
