"""Pages that say why there is no other page to show."""

from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import HTMLResponse, Response

from solusio_reference.errors import Refusal, StoreError
from solusio_reference.web import render

TITLES = {
    400: "Invalid request",
    403: "Request from another site",
    404: "Not found",
    405: "Method not allowed",
    409: "Not possible now",
    421: "Wrong host name",
    503: "The database cannot be used",
}


def error_page(request: Request, status: int, text: str, headers: dict[str, str] | None = None) -> Response:
    """Return a page with the error in one sentence, and links to the same sites as on other pages."""
    # A request that the guard refuses has not reached the application.
    sites = request.app.state.sites if "app" in request.scope else {"solusio_url": None, "tour_url": None}
    title = TITLES.get(status, "Something went wrong")
    values = {"section": "", "title": title, "text": text, "back": "/billing", **sites}
    return HTMLResponse(render.html("message.html.j2", values), status, headers=headers)


async def handle_refusal(request: Request, refusal: Exception) -> Response:
    """Show why a request was refused."""
    assert isinstance(refusal, Refusal)  # noqa: S101 - Starlette's signature says Exception
    return error_page(request, refusal.status, refusal.message, refusal.headers)


async def handle_routing_error(request: Request, error: Exception) -> Response:
    """Show that there is no such page, or that it has no such method."""
    assert isinstance(error, HTTPException)  # noqa: S101 - Starlette's signature says Exception
    text = "There is no page at this address." if error.status_code == 404 else f"{error.detail}."
    return error_page(request, error.status_code, text, dict(error.headers or {}))


async def handle_failure(request: Request, error: Exception) -> Response:
    """Show an error of the database, whose message is for people, or a bug of ours, whose message is not."""
    if isinstance(error, StoreError):
        return error_page(request, 503, f"{error}.")
    return error_page(request, 500, "This is a bug in the billing system. Its log has the details.")
