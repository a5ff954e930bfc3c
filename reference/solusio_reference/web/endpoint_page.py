"""What a browser shows at the address of the billing endpoint. SolusIO never sees it: it sends POST."""

from collections.abc import Sequence

from starlette.datastructures import Headers
from starlette.responses import HTMLResponse
from starlette.types import ASGIApp, Receive, Scope, Send

from solusio_reference.pricing import Customer
from solusio_reference.web import render

POLICY = "default-src 'none'; style-src 'unsafe-inline'; base-uri 'none'; frame-ancestors 'none'"


def with_page(
    app: ASGIApp, path: str, *, url: str, customers: Sequence[Customer], token: str | None, pages: bool
) -> ASGIApp:
    """Return the application with a page for browsers at ``path``; every other request reaches it as before.

    ``url`` is that of the endpoint, ``token`` the authorization token as a shell reads it; one of the
    ``customers`` is in the commands to try. ``pages``: the billing pages are there to link to.
    """
    user_id = customers[0].id if customers else 1

    async def answer(scope: Scope, receive: Receive, send: Send) -> None:
        is_get = scope["type"] == "http" and scope["method"] == "GET" and scope["path"] == path
        if not is_get or "text/html" not in Headers(scope=scope).get("accept", ""):
            await app(scope, receive, send)
            return
        values = {"url": url, "user_id": user_id, "token": token, "pages": pages}
        headers = {"cache-control": "no-store", "content-security-policy": POLICY}
        page = HTMLResponse(render.html("endpoint.html.j2", values), headers=headers)
        await page(scope, receive, send)

    return answer
