"""Who may use the billing pages and the adapter, which ask for no password: programs and people here.

Whoever can open the pages can log in as any customer. So they are for this machine, unless the operator
says otherwise. A browser on this machine also opens pages of strangers, who could make it send requests to
us: what it says of where a request comes from tells those apart.
"""

from collections.abc import Awaitable, Callable
from ipaddress import ip_address
from urllib.parse import urlsplit

from starlette.requests import Request
from starlette.responses import Response
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from solusio_reference.errors import Refusal

ErrorResponder = Callable[[Request, Exception], Awaitable[Response]]


class GuardMiddleware:
    """An application that refuses strangers, and puts ``headers`` on every answer.

    ``anywhere``: other machines are let in, and call this one by an address. ``refused`` words a refusal.
    """

    def __init__(
        self, app: ASGIApp, *, allow_remote: bool, headers: dict[str, str], refused: ErrorResponder
    ) -> None:
        self._app = app
        self._anywhere = allow_remote
        self._headers = [(name.lower().encode(), value.encode()) for name, value in headers.items()]
        self._refused = refused

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer one request."""

        async def send_with_headers(message: Message) -> None:
            if message["type"] == "http.response.start":
                own = {name for name, _ in message["headers"]}
                added = [(name, value) for name, value in self._headers if name not in own]
                message = {**message, "headers": [*message["headers"], *added]}
            await send(message)

        request = Request(scope, receive)
        try:
            require_own_name(request, allow_remote=self._anywhere)
            if request.method not in {"GET", "HEAD"}:
                require_same_origin(request)
        except Refusal as refusal:
            answer = await self._refused(request, refusal)
            await answer(scope, receive, send_with_headers)
            return
        await self._app(scope, receive, send_with_headers)


def is_loopback(host: str) -> bool:
    """Say whether a host is this machine: ``localhost``, ``127.0.0.1``, ``::1``."""
    try:
        return host == "localhost" or ip_address(host).is_loopback
    except ValueError:
        return False


def require_own_name(request: Request, *, allow_remote: bool) -> None:
    """Refuse a request whose ``Host`` may be the name of somebody else. Raises Refusal (421).

    A stranger can let a name of his own point to 127.0.0.1, and read our pages under that name in the
    browser of somebody here (DNS rebinding). Nobody can do so with an address, nor with a name without
    dots, such as that of a container.
    """
    try:
        [host] = request.headers.getlist("host")
        name = urlsplit(f"//{host}").hostname or ""
    except ValueError:
        name = ""
    if not (is_loopback(name) or (allow_remote and _is_address_or_bare(name))):
        raise Refusal(421, "foreign_host", "Use the address of this machine, or localhost, as the host name.")


def _is_address_or_bare(name: str) -> bool:
    try:
        ip_address(name)
    except ValueError:
        return name != "" and "." not in name
    return True


def require_same_origin(request: Request) -> None:
    """Refuse what a page of somebody else sends. Raises Refusal (403).

    Browsers say it in ``Sec-Fetch-Site``, or at least in ``Origin``. Other programs send neither.
    """
    site = request.headers.get("sec-fetch-site")
    origin = request.headers.get("origin")
    own = f"{request.url.scheme}://{request.headers.get('host', '')}"
    foreign = site not in {"same-origin", "none"} if site is not None else origin not in {None, own}
    if foreign:
        raise Refusal(403, "foreign_origin", "This was sent by a page of another site.")
