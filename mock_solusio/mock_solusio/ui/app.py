"""The user area as an ASGI application: which page answers which path."""

from collections.abc import Awaitable, Callable

from starlette.applications import Starlette
from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from mock_solusio.domain.errors import DomainError
from mock_solusio.ui import docs, messages, responses
from mock_solusio.ui.account import Area
from mock_solusio.ui.auth import Entry
from mock_solusio.ui.forms import FormError
from mock_solusio.ui.models import MessagePage
from mock_solusio.ui.render import MEDIA_TYPES, asset_bytes, assets
from mock_solusio.ui.sessions import Barred, Guest, Host, frame, session_of

Page = Callable[[Request], Awaitable[Response]]


def create_ui(mock: Host) -> Starlette:
    """Return the user area of a mock. Nothing of Jinja is loaded before the first page is asked for."""
    area, entry = Area(mock), Entry(mock)

    def told(request: Request, shown: MessagePage) -> Response:
        with mock.transaction() as world:
            return responses.message(shown, frame(world, request, None))

    # All handlers are coroutines: others would run in a thread, and the world is not for threads.

    async def to_login(request: Request, _wrong: Exception) -> Response:
        response = responses.see_other("/login")
        if session_of(request):  # of a session that has ended
            responses.forget(response, request, responses.SESSION_COOKIE)
        return response

    async def barred(request: Request, wrong: Exception) -> Response:
        """Tell a user who was locked or suspended. His session has ended; now the browser forgets it, too."""
        assert isinstance(wrong, Barred)  # noqa: S101 - registered for this class
        response = told(request, messages.barred(f"This account is {wrong.status}."))
        responses.forget(response, request, responses.SESSION_COOKIE)
        return response

    async def refused(request: Request, wrong: Exception) -> Response:
        assert isinstance(wrong, FormError | DomainError)  # noqa: S101 - registered for these classes
        return told(request, messages.refused(wrong.status, wrong.message))

    async def http_error(request: Request, wrong: Exception) -> Response:
        assert isinstance(wrong, HTTPException)  # noqa: S101 - registered for this class
        response = told(request, messages.refused(wrong.status_code, f"{wrong.detail}."))
        response.headers.update(wrong.headers or {})
        return response

    return Starlette(
        routes=[
            Route("/", area.show),
            Route("/servers", area.create, methods=["POST"]),
            Route("/servers/new", area.show_new),
            _form("/servers/{server_id}/delete", area.show_delete, area.delete),
            _form("/login", entry.show_login, entry.login),
            _form("/register", entry.show_registration, entry.register),
            Route("/logout", entry.logout, methods=["POST"]),
            Route("/auth/by_token/{access_token}", entry.by_token),
            Route("/openapi.{form}", docs.download),
            Route("/docs", docs.index),
            Route("/docs/contract", docs.contract),
            Route("/docs/{document}.{form}", docs.download),
            Route("/docs/{document}", docs.document_page),
            Route("/docs/{document}/{operation}", docs.operation_page),
            Route("/static/{name}", _static),
        ],
        exception_handlers={
            Guest: to_login,
            Barred: barred,
            FormError: refused,
            DomainError: refused,
            HTTPException: http_error,
        },
    )


def _form(path: str, show: Page, take: Page) -> Route:
    """Return the route of a page that shows a form and takes it."""

    async def page(request: Request) -> Response:
        return await (take if request.method == "POST" else show)(request)

    return Route(path, page, methods=["GET", "POST"])


async def _static(request: Request) -> Response:
    name = assets().get(request.scope["path"])
    if name is None:
        raise HTTPException(404)
    headers = {"cache-control": "public, max-age=31536000, immutable", "x-content-type-options": "nosniff"}
    return Response(asset_bytes(name), headers=headers, media_type=MEDIA_TYPES[name.rpartition(".")[2]])
