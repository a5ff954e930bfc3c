"""What a reader of the pages is told when there is no page to show."""

from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import HTMLResponse, Response

from solusio_reference.errors import Refusal, StoreError
from solusio_reference.web import render

TITLES = {
    400: "That cannot be read",
    403: "Not from there",
    404: "Nothing here",
    405: "Not like that",
    409: "Not now",
    421: "Not under this name",
    503: "The database cannot be used",
}


def message(status: int, text: str, headers: dict[str, str] | None = None) -> Response:
    """Answer with a page that says what is wrong, in a sentence."""
    title = TITLES.get(status, "Something went wrong")
    values = {"section": "", "title": title, "text": text, "back": "/billing"}
    return HTMLResponse(render.html("message.html.j2", values), status, headers=headers)


async def handle_refusal(_request: Request, refusal: Exception) -> Response:
    """Answer a request that was refused on purpose."""
    assert isinstance(refusal, Refusal)  # noqa: S101 - Starlette's signature says Exception
    return message(refusal.status, refusal.message, refusal.headers)


async def handle_http_error(_request: Request, error: Exception) -> Response:
    """Answer another path, or another method."""
    assert isinstance(error, HTTPException)  # noqa: S101 - Starlette's signature says Exception
    text = "There is no page at this address." if error.status_code == 404 else f"{error.detail}."
    return message(error.status_code, text, dict(error.headers or {}))


async def handle_failure(_request: Request, error: Exception) -> Response:
    """Answer trouble with the database, which has a text for people, or a defect of ours, which has none."""
    if isinstance(error, StoreError):
        return message(503, f"{error}.")
    return message(500, "This is a mistake of the program; its log says more.")
