"""Who visits: the session behind a request, and what becomes of one that is no longer good."""

from contextlib import AbstractContextManager
from typing import Protocol

from starlette.requests import Request
from starlette.responses import Response

from mock_solusio.domain import sessions, settings
from mock_solusio.domain.login import LoginThrottle
from mock_solusio.domain.prices import Pricing
from mock_solusio.domain.records.user import User
from mock_solusio.domain.world import World
from mock_solusio.ui import responses
from mock_solusio.ui.forms import FIELD, FormError, from_elsewhere, proof, proven, read_form
from mock_solusio.ui.models import Frame


class Host(Protocol):
    """What the pages need of the mock."""

    @property
    def throttle(self) -> LoginThrottle:
        """Counts failed logins."""

    def transaction(self) -> AbstractContextManager[World]:
        """Give the world as it is now for one piece of work, all or nothing."""

    async def price(self, billing_user_id: int | None) -> Pricing | None:
        """Return what the billing endpoint says a token costs this user, or None."""


class Guest(Exception):  # noqa: N818 - no error: somebody who has to log in first
    """The page is for users, and nobody is logged in."""


class Barred(Exception):  # noqa: N818 - says what the user is
    """The user is locked or suspended (`status`)."""

    def __init__(self, status: str) -> None:
        super().__init__(status)
        self.status = status


def session_of(request: Request) -> str:
    """Return the secret in the session cookie, empty without one."""
    return request.cookies.get(responses.SESSION_COOKIE, "")


def visitor(world: World, request: Request) -> User:
    """Return who is logged in.

    Raises:
        Guest: nobody.
        Barred: somebody who was locked or suspended since.
    """
    secret = session_of(request)
    if not secret:
        raise Guest
    user = sessions.user_of(world, secret)
    if user is None:
        refused = sessions.refused_user_of(world, secret)
        raise Guest if refused is None else Barred(refused.status)
    return user


def frame(world: World, request: Request, user: User | None, guest: str = "") -> Frame:
    """Return what surrounds a page; `guest` is the secret that ties the forms of one who has no session."""
    secret = session_of(request) if user else guest
    tree = settings.read(world).tree
    return Frame(
        brand=tree["theme"]["brand_name"] or "SolusIO",
        email=user.email if user else None,
        proof=proof(secret) if secret else "",
        registration=settings.registration_allowed(world),
        docs=not tree["features"]["hide_api_documentation_link"],
    )


async def form_of(request: Request, cookie: str) -> dict[str, str]:
    """Return a form that was made for the holder of this cookie.

    Raises:
        FormError: it was not (403), or is no form.
    """
    form = await read_form(request)
    if from_elsewhere(request) or not proven(request.cookies.get(cookie, ""), form.get(FIELD, "")):
        raise FormError(403, "This form is out of date, or was not sent from this site.")
    return form


def log_in(world: World, request: Request, user: User) -> Response:
    """Begin a session and lead to the user area.

    The session is always a new one, so that nobody can have prepared it, and an old one ends.
    """
    if old := session_of(request):
        sessions.close(world, old)
    response = responses.see_other("/")
    responses.keep(response, request, responses.SESSION_COOKIE, sessions.open_session(world, user))
    responses.forget(response, request, responses.GUEST_COOKIE)
    return response
