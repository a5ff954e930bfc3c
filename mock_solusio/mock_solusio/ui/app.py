"""The user area as an ASGI application: the pages by their paths."""

from collections.abc import Awaitable, Callable, Sequence

from starlette.applications import Starlette
from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from mock_solusio.domain.allowed_ips import AddressNotAllowed
from mock_solusio.domain.errors import DomainError
from mock_solusio.runtime import Runtime
from mock_solusio.ui import docs, messages, responses
from mock_solusio.ui.account import AccountPages
from mock_solusio.ui.auth import AuthPages
from mock_solusio.ui.event_handlers import EventHandlerPages
from mock_solusio.ui.forms import FormError
from mock_solusio.ui.models import MessagePage, Neighbours
from mock_solusio.ui.render import SITE
from mock_solusio.ui.sessions import NotLoggedIn, frame, session_of, visitor

Handler = Callable[[Request], Awaitable[Response]]


def create_ui(
    mock: Runtime, *, neighbours: Neighbours | None = None, routes: Sequence[Route] = ()
) -> Starlette:
    """Return the user area of a mock. Jinja is not imported before the first page is requested.

    `neighbours`: sites that its pages link to. `routes`: more pages of the same site.
    """
    account, auth, handlers = AccountPages(mock), AuthPages(mock), EventHandlerPages(mock)

    def message(request: Request, page: MessagePage) -> Response:
        with mock.transaction() as world:
            return responses.message(page, frame(world, request, visitor(world, request)))

    async def api_root(request: Request) -> Response:
        if "text/html" not in request.headers.get("accept", ""):
            raise HTTPException(404)
        page, note = messages.api_root(
            f"{request.scope['scheme']}://{request.headers.get('host', 'localhost')}"
        )
        with mock.transaction() as world:
            return responses.page(page, frame(world, request, visitor(world, request), mock_note=note))

    # All handlers are coroutines: Starlette runs others in threads, and the state is for one thread alone.

    async def to_login(request: Request, _error: Exception) -> Response:
        response = responses.see_other("/login")
        if session_of(request):  # of a session that has ended
            responses.delete_cookie(response, request, responses.SESSION_COOKIE)
        return response

    async def wrong_address(request: Request, error: Exception) -> Response:
        assert isinstance(error, AddressNotAllowed)  # noqa: S101 - registered for this class
        return message(request, messages.wrong_address(error.message))

    async def refused(request: Request, error: Exception) -> Response:
        assert isinstance(error, FormError | DomainError)  # noqa: S101 - registered for these classes
        return message(request, messages.refused(error.status, error.message))

    async def http_error(request: Request, error: Exception) -> Response:
        assert isinstance(error, HTTPException)  # noqa: S101 - registered for this class
        response = message(request, messages.refused(error.status_code, f"{error.detail}."))
        response.headers.update(error.headers or {})
        return response

    app = Starlette(
        routes=[
            *routes,
            Route("/", account.show),
            Route("/api/v1", api_root),
            Route("/api/v1/", api_root),
            Route("/servers", account.create, methods=["POST"]),
            Route("/servers/new", account.show_new),
            Route("/servers/{server_id}", account.show_server),
            _form("/servers/{server_id}/delete", account.show_delete, account.delete),
            _form("/login", auth.show_login, auth.login),
            _form("/register", auth.show_registration, auth.register),
            Route("/event-handlers", handlers.show),
            Route("/logout", auth.logout, methods=["POST"]),
            Route("/auth/by_token/{access_token}", auth.by_token),
            Route("/openapi.{form}", docs.download),
            Route("/docs", docs.index),
            Route("/docs/{document}.{form}", docs.download),
            Route("/docs/{document}", docs.document_page),
            Route("/static/{name}", SITE.static),
        ],
        exception_handlers={
            NotLoggedIn: to_login,
            AddressNotAllowed: wrong_address,
            FormError: refused,
            DomainError: refused,
            HTTPException: http_error,
        },
    )
    app.state.neighbours = neighbours or Neighbours()
    return app


def _form(path: str, show: Handler, submit: Handler) -> Route:
    """Return the route of a page that shows a form (GET) and processes it (POST)."""

    async def page(request: Request) -> Response:
        return await (submit if request.method == "POST" else show)(request)

    return Route(path, page, methods=["GET", "POST"])
