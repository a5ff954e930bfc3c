"""Who is logged in: the session behind a request, and what happens when it is no longer valid."""

from starlette.requests import Request
from starlette.responses import Response

from mock_solusio.domain import allowed_ips, sessions, settings
from mock_solusio.domain.allowed_ips import AddressNotAllowed
from mock_solusio.domain.permissions import Permission
from mock_solusio.domain.records.user import User
from mock_solusio.domain.role_permissions import permissions_of
from mock_solusio.domain.world import World
from mock_solusio.ui import responses
from mock_solusio.ui.forms import FIELD, FormError, is_cross_site, proof, proven, read_form
from mock_solusio.ui.messages import banner
from mock_solusio.ui.models import Frame, MockNote, Neighbours


class NotLoggedIn(Exception):  # noqa: N818 - not an error: the visitor has to log in first
    """The page is for users, and nobody is logged in."""


def session_of(request: Request) -> str:
    """Return the secret in the session cookie, empty without one."""
    return request.cookies.get(responses.SESSION_COOKIE, "")


def current_user(world: World, request: Request) -> User:
    """Return the user who is logged in.

    Raises:
        NotLoggedIn: there is no valid session.
        AddressNotAllowed: the user may not use it from this address.
    """
    secret = session_of(request)
    user = sessions.user_of(world, secret) if secret else None
    if user is None:
        raise NotLoggedIn
    allowed_ips.check(user, address_of(request))
    return user


def visitor(world: World, request: Request) -> User | None:
    """Return the user who is logged in; None for a guest."""
    try:
        return current_user(world, request)
    except (NotLoggedIn, AddressNotAllowed):
        return None


def address_of(request: Request) -> str:
    """Return the address of the browser, empty if it is unknown."""
    return request.client.host if request.client else ""


def frame(
    world: World,
    request: Request,
    user: User | None,
    guest: str = "",
    *,
    mock_note: MockNote | None = None,
) -> Frame:
    """Return what surrounds a page; `guest` is the secret behind the forms of a visitor without a session."""
    secret = session_of(request) if user else guest
    tree = settings.read(world).tree
    neighbours: Neighbours = request.app.state.neighbours
    return Frame(
        brand=tree["theme"]["brand_name"] or "SolusIO",
        email=user.email if user else None,
        proof=proof(secret) if secret else "",
        banner=banner(user) if user else "",
        registration=settings.registration_allowed(world),
        docs=not tree["features"]["hide_api_documentation_link"],
        settings=user is not None and Permission.VIEW_SETTINGS in permissions_of(world, user),
        mock_note=mock_note,
        portal=_portal_page(neighbours.portal, user),
        tour=neighbours.tour,
    )


def _portal_page(portal: str, user: User | None) -> str:
    if not portal or user is None or user.billing_user_id is None:
        return portal
    return f"{portal}/customers/{user.billing_user_id}"


async def form_of(request: Request, cookie: str) -> dict[str, str]:
    """Return the fields of a form that was made for the holder of this cookie.

    Raises:
        FormError: it was made for somebody else (403), or the body is not a form.
    """
    form = await read_form(request)
    if is_cross_site(request) or not proven(request.cookies.get(cookie, ""), form.get(FIELD, "")):
        raise FormError(403, "This form is out of date, or was not sent from this site.")
    return form


def log_in(world: World, request: Request, user: User) -> Response:
    """Start a session and redirect to the user area.

    The session is always new, so that nobody can have planted it, and the old one ends.
    """
    if old := session_of(request):
        sessions.close(world, old)
    response = responses.see_other("/")
    responses.set_cookie(response, request, responses.SESSION_COOKIE, sessions.open_session(world, user))
    responses.delete_cookie(response, request, responses.GUEST_COOKIE)
    return response
