"""The user area as an ASGI application: which page answers which path."""

from starlette.applications import Starlette
from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from mock_solusio.domain import sessions
from mock_solusio.domain.errors import DomainError
from mock_solusio.ui import answers, docs, messages
from mock_solusio.ui.area import Area
from mock_solusio.ui.entry import Entry
from mock_solusio.ui.forms import FormError
from mock_solusio.ui.models import Frame, MessagePage
from mock_solusio.ui.render import MEDIA_TYPES, asset_bytes, assets
from mock_solusio.ui.visits import Barred, Guest, Host, session_of


def create_ui(mock: Host) -> Starlette:
    """Return the user area of a mock. Nothing of Jinja is loaded before the first page is asked for."""
    area, entry = Area(mock), Entry(mock)

    # All handlers are coroutines: others would run in a thread, and the world is not for threads.

    async def barred(request: Request, wrong: Exception) -> Response:
        """End the session of a user who was locked or suspended."""
        assert isinstance(wrong, Barred)  # noqa: S101 - registered for this class
        with mock.transaction() as world:
            sessions.close(world, session_of(request))
        response = answers.message(messages.barred(f"This account is {wrong.status}."), Frame())
        answers.forget(response, request, answers.SESSION_COOKIE)
        return response

    return Starlette(
        routes=[
            Route("/", area.show, name="area"),
            Route("/servers/new", area.show_new),
            Route("/servers", area.create, methods=["POST"]),
            Route("/servers/{server_id}/delete", area.show_delete, methods=["GET"]),
            Route("/servers/{server_id}/delete", area.delete, methods=["POST"]),
            Route("/login", entry.show_login, methods=["GET"]),
            Route("/login", entry.login, methods=["POST"]),
            Route("/logout", entry.logout, methods=["POST"]),
            Route("/register", entry.show_registration, methods=["GET"]),
            Route("/register", entry.register, methods=["POST"]),
            Route("/auth/by_token/{access_token}", entry.by_token),
            Route("/docs", docs.index),
            Route("/docs/contract", docs.contract),
            Route("/openapi.{form}", docs.download),
            Route("/docs/{document}.{form:str}", docs.download),
            Route("/docs/{document}", docs.document_page),
            Route("/docs/{document}/{operation}", docs.operation_page),
            Route("/static/{name}", _static),
        ],
        exception_handlers={
            Guest: _to_login,
            Barred: barred,
            FormError: _refused,
            DomainError: _refused,
            HTTPException: _http_error,
        },
    )


async def _static(request: Request) -> Response:
    name = assets().get(request.scope["path"])
    if name is None:
        return answers.message(messages.missing(), Frame())
    headers = {"cache-control": "public, max-age=31536000, immutable", "x-content-type-options": "nosniff"}
    return Response(asset_bytes(name), headers=headers, media_type=MEDIA_TYPES[name.rpartition(".")[2]])


async def _to_login(request: Request, _wrong: Exception) -> Response:
    response = answers.see_other("/login")
    if session_of(request):  # of a session that has ended
        answers.forget(response, request, answers.SESSION_COOKIE)
    return response


async def _refused(_request: Request, wrong: Exception) -> Response:
    assert isinstance(wrong, FormError | DomainError)  # noqa: S101 - registered for these classes
    if wrong.status == 404:
        return answers.message(messages.missing(), Frame())
    return answers.message(messages.refused(wrong.status, wrong.message), Frame())


async def _http_error(_request: Request, wrong: Exception) -> Response:
    assert isinstance(wrong, HTTPException)  # noqa: S101 - registered for this class
    shown: MessagePage = (
        messages.missing() if wrong.status_code == 404 else messages.refused(wrong.status_code, wrong.detail)
    )
    response = answers.message(shown, Frame())
    response.headers.update(wrong.headers or {})
    return response
