"""Ways in and out: login by password, by a link with an access token (step 9), registration, logout."""

import itertools
from typing import TYPE_CHECKING

from starlette.requests import Request
from starlette.responses import Response

from mock_solusio.domain import access_tokens, activity, login, sessions, settings, users
from mock_solusio.domain.errors import DomainError, Forbidden, Invalid, TooMany, Unauthenticated
from mock_solusio.ui import messages, responses
from mock_solusio.ui.models import LoginPage, RegisterPage
from mock_solusio.ui.problems import problems_of
from mock_solusio.ui.sessions import Barred, Guest, Host, form_of, frame, log_in, session_of, visitor

if TYPE_CHECKING:
    from mock_solusio.domain.world import World


SHORTEST_PASSWORD = 8
LONGEST = 255
"""Characters of an e-mail address or a password; the same as in the API's document."""


class Entry:
    """The pages for those who are not logged in yet."""

    def __init__(self, host: Host) -> None:
        self.host = host
        self._guests = itertools.count(1)

    async def show_login(self, request: Request) -> Response:
        """Show the login form, or the user area to one who is logged in."""
        with self.host.transaction() as world:
            if self._inside(world, request):
                return responses.see_other("/")
            notice = "You are logged out." if request.query_params.get("done") == "logout" else ""
            return self._form(world, request, LoginPage(notice=notice))

    async def login(self, request: Request) -> Response:
        """Check email and password, and open a session. One who is inside already, in another tab, stays."""
        with self.host.transaction() as world:
            if self._inside(world, request):
                return responses.see_other("/")
        form = await form_of(request, responses.GUEST_COOKIE)
        email, password = form.get("email", "").strip(), form.get("password", "")
        try:
            with self.host.transaction() as world:
                user = login.login(world, self.host.throttle, email, password, _address(request))
                return log_in(world, request, user)
        except Forbidden as wrong:
            return self._barred(request, wrong)
        except DomainError as wrong:
            with self.host.transaction() as world:
                shown = LoginPage(email=email, problems=problems_of(wrong, ("email", "password")))
                response = self._form(world, request, shown, wrong.status)
            if isinstance(wrong, TooMany):
                response.headers["retry-after"] = str(wrong.seconds)
            return response

    async def by_token(self, request: Request) -> Response:
        """Log in by a link of the billing system.

        Only a GET uses the link up. HEAD (a scanner, a preview) learns nothing, and a browser that fetches
        the link ahead of time is told to wait until somebody follows it.
        """
        if request.method == "HEAD":
            return Response(headers={**responses.SAFE, "referrer-policy": "no-referrer"})
        if "prefetch" in request.headers.get("sec-purpose", request.headers.get("purpose", "")):
            return Response(status_code=503, headers={**responses.SAFE, "referrer-policy": "no-referrer"})
        response = self._by_token(request)
        response.headers["referrer-policy"] = "no-referrer"
        return response

    def _by_token(self, request: Request) -> Response:
        try:
            with self.host.transaction() as world:
                token, user = access_tokens.authenticate(world, request.path_params["access_token"])
                data = {"ip": _address(request), "access_token_id": token.id}
                activity.record(world, activity.USER_LOGIN, user=user, data=data)
                return log_in(world, request, user)
        except Unauthenticated:
            with self.host.transaction() as world:
                inside = self._inside(world, request)
                return responses.message(messages.used_link(inside=inside), frame(world, request, None))
        except Forbidden as wrong:
            return self._barred(request, wrong)

    def _barred(self, request: Request, wrong: Forbidden) -> Response:
        with self.host.transaction() as world:
            return responses.message(messages.barred(wrong.message), frame(world, request, None))

    async def show_registration(self, request: Request) -> Response:
        """Show the form to register, where that is allowed (step 4)."""
        with self.host.transaction() as world:
            if not settings.registration_allowed(world):
                return responses.message(messages.missing(), frame(world, request, None))
            if self._inside(world, request):
                return responses.see_other("/")
            return self._form(world, request, RegisterPage())

    async def register(self, request: Request) -> Response:
        """Create a user and log him in."""
        with self.host.transaction() as world:
            if not settings.registration_allowed(world):
                return responses.message(messages.missing(), frame(world, request, None))
            if self._inside(world, request):
                return responses.see_other("/")
        form = await form_of(request, responses.GUEST_COOKIE)
        email, password = form.get("email", "").strip(), form.get("password", "")
        try:
            _check_registration(email, password)
            with self.host.transaction() as world:
                user = users.register(world, email=email, password=password)
                return log_in(world, request, user)
        except DomainError as wrong:
            with self.host.transaction() as world:
                shown = RegisterPage(email=email, problems=problems_of(wrong, ("email", "password")))
                return self._form(world, request, shown, wrong.status)

    async def logout(self, request: Request) -> Response:
        """End the session; one that has ended already needs no more than the way to the login form."""
        with self.host.transaction() as world:
            if not self._inside(world, request):
                return responses.see_other("/login")
        await form_of(request, responses.SESSION_COOKIE)
        with self.host.transaction() as world:
            sessions.close(world, session_of(request))
        response = responses.see_other("/login?done=logout")
        responses.forget(response, request, responses.SESSION_COOKIE)
        return response

    def _inside(self, world: "World", request: Request) -> bool:
        try:
            visitor(world, request)
        except (Guest, Barred):
            return False
        return True

    def _form(
        self, world: "World", request: Request, shown: LoginPage | RegisterPage, status: int = 200
    ) -> Response:
        """Show a form to a guest, tied to a cookie that is his alone."""
        known = request.cookies.get(responses.GUEST_COOKIE, "")
        guest = known or world.secret(f"guest at {world.now}", next(self._guests))
        response = responses.page(shown, frame(world, request, None, guest), status)
        if not known:
            responses.keep(response, request, responses.GUEST_COOKIE, guest)
        return response


def _address(request: Request) -> str:
    return request.client.host if request.client else ""


def _check_registration(email: str, password: str) -> None:
    """Raise Invalid for what is too long (the API's document says so there), or easily guessed."""
    errors: dict[str, list[str]] = {}
    if len(email) > LONGEST:
        errors["email"] = [f"The email may have at most {LONGEST} characters."]
    if not SHORTEST_PASSWORD <= len(password) <= LONGEST:
        errors["password"] = [f"The password must have {SHORTEST_PASSWORD} to {LONGEST} characters."]
    if errors:
        raise Invalid(errors)
