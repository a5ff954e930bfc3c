"""Who may use the billing pages and the adapter, which require no password.

Anyone who can open the pages can log in as any customer. So by default they serve this machine only. But a
browser on this machine also opens pages of strangers, which can make it send requests to us. We can
recognise those requests: the browser says which site they come from.
"""

from collections.abc import Awaitable, Callable
from ipaddress import ip_address
from urllib.parse import urlsplit

from starlette.requests import Request
from starlette.responses import Response
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from solusio_reference.errors import Refusal
from solusio_reference.loopback import is_loopback

ErrorHandler = Callable[[Request, Exception], Awaitable[Response]]


class GuardMiddleware:
    """Refuses requests of strangers, and adds ``headers`` to every response.

    ``allow_remote``: other machines may call, by an address of this one. ``on_refusal`` builds the response
    to a refused request.
    """

    def __init__(
        self, app: ASGIApp, *, allow_remote: bool, headers: dict[str, str], on_refusal: ErrorHandler
    ) -> None:
        self._app = app
        self._allow_remote = allow_remote
        self._headers = [(name.lower().encode(), value.encode()) for name, value in headers.items()]
        self._on_refusal = on_refusal

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Handle one request."""

        async def send_with_headers(message: Message) -> None:
            if message["type"] == "http.response.start":
                present = {name for name, _ in message["headers"]}
                added = [(name, value) for name, value in self._headers if name not in present]
                message = {**message, "headers": [*message["headers"], *added]}
            await send(message)

        request = Request(scope, receive)
        try:
            require_own_host(request, allow_remote=self._allow_remote)
            if request.method not in {"GET", "HEAD"}:
                require_same_origin(request)
        except Refusal as refusal:
            response = await self._on_refusal(request, refusal)
            await response(scope, receive, send_with_headers)
            return
        await self._app(scope, receive, send_with_headers)


def require_own_host(request: Request, *, allow_remote: bool) -> None:
    """Raise Refusal (421) if the ``Host`` may be the name of a stranger.

    A stranger can point a name of theirs at 127.0.0.1, and read our pages under that name in a browser on
    this machine (DNS rebinding). That does not work with an address, nor with a name without dots, such as
    that of a container.
    """
    try:
        [host] = request.headers.getlist("host")
        name = urlsplit(f"//{host}").hostname or ""
    except ValueError:
        name = ""
    if not (is_loopback(name) or (allow_remote and _is_address_or_bare_name(name))):
        raise Refusal(421, "foreign_host", "Use the address of this machine, or localhost, as the host name.")


def _is_address_or_bare_name(name: str) -> bool:
    try:
        ip_address(name)
    except ValueError:
        return name != "" and "." not in name
    return True


def require_same_origin(request: Request) -> None:
    """Raise Refusal (403) for a request from a page of another site.

    Browsers say so in ``Sec-Fetch-Site``, or at least in ``Origin``. Other programs send neither.
    """
    site = request.headers.get("sec-fetch-site")
    origin = request.headers.get("origin")
    own = f"{request.url.scheme}://{request.headers.get('host', '')}"
    foreign = site not in {"same-origin", "none"} if site is not None else origin not in {None, own}
    if foreign:
        raise Refusal(403, "foreign_origin", "A page of another site sent this request.")
