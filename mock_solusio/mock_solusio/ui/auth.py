"""Login by password or by a link with an access token (step 9), registration, logout."""

import itertools

from starlette.requests import Request
from starlette.responses import Response

from mock_solusio.domain import access_tokens, activity, login, sessions, settings, users
from mock_solusio.domain.errors import DomainError, Invalid, TooMany, Unauthenticated
from mock_solusio.domain.world import World
from mock_solusio.runtime import Runtime
from mock_solusio.ui import messages, responses
from mock_solusio.ui.messages import problems_of
from mock_solusio.ui.models import LoginPage, RegisterPage
from mock_solusio.ui.sessions import address_of, form_of, frame, log_in, session_of, visitor

SHORTEST_PASSWORD = 8
LONGEST = 255
"""Characters of an email address or a password; the same as in the API's document."""

FIELDS = ("email", "password")


class AuthPages:
    """The pages for visitors who are not logged in."""

    def __init__(self, mock: Runtime) -> None:
        self.mock = mock
        self._guests = itertools.count(1)

    async def show_login(self, request: Request) -> Response:
        """Show the login form, or redirect a user who is logged in."""
        with self.mock.transaction() as world:
            if visitor(world, request):
                return responses.see_other("/")
            notice = "You are logged out." if request.query_params.get("done") == "logout" else ""
            return self._form(world, request, LoginPage(notice=notice))

    async def login(self, request: Request) -> Response:
        """Check email and password, and start a session. A user who logged in in another tab keeps theirs."""
        with self.mock.transaction() as world:
            if visitor(world, request):
                return responses.see_other("/")
        form = await form_of(request, responses.GUEST_COOKIE)
        email, password = form.get("email", "").strip(), form.get("password", "")
        try:
            with self.mock.transaction() as world:
                user = login.login(world, self.mock.throttle, email, password, address_of(request))
                return log_in(world, request, user)
        except DomainError as error:
            with self.mock.transaction() as world:
                page = LoginPage(email=email, problems=problems_of(error, FIELDS))
                response = self._form(world, request, page, error.status)
            if isinstance(error, TooMany):
                response.headers["retry-after"] = str(error.seconds)
            return response

    async def by_token(self, request: Request) -> Response:
        """Log in by a link from the billing system.

        Only a GET uses up the link. A HEAD (a link scanner, a preview) learns nothing, and a browser that
        prefetches the link gets a 503 until somebody follows it.
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
            with self.mock.transaction() as world:
                address = address_of(request)
                token, user = access_tokens.authenticate(world, request.path_params["access_token"], address)
                data = {"ip": address, "access_token_id": token.id}
                activity.record(world, activity.USER_LOGIN, user=user, data=data)
                return log_in(world, request, user)
        except Unauthenticated:
            with self.mock.transaction() as world:
                inside = visitor(world, request)
                page = messages.used_link(logged_in=inside is not None)
                return responses.message(page, frame(world, request, inside))

    async def show_registration(self, request: Request) -> Response:
        """Show the registration form if registration is allowed (step 4)."""
        elsewhere = self._unless_registering(request)
        if elsewhere is not None:
            return elsewhere
        with self.mock.transaction() as world:
            return self._form(world, request, RegisterPage())

    async def register(self, request: Request) -> Response:
        """Create a user and log them in."""
        elsewhere = self._unless_registering(request)
        if elsewhere is not None:
            return elsewhere
        form = await form_of(request, responses.GUEST_COOKIE)
        email, password = form.get("email", "").strip(), form.get("password", "")
        try:
            _check_registration(email, password)
            with self.mock.transaction() as world:
                user = users.register(world, email=email, password=password)
                return log_in(world, request, user)
        except DomainError as error:
            with self.mock.transaction() as world:
                page = RegisterPage(email=email, problems=problems_of(error, FIELDS))
                return self._form(world, request, page, error.status)

    def _unless_registering(self, request: Request) -> Response | None:
        """Return the answer to a visitor who cannot register, or need not; None for all others."""
        with self.mock.transaction() as world:
            if not settings.registration_allowed(world):
                return responses.message(messages.missing(), frame(world, request, visitor(world, request)))
            return responses.see_other("/") if visitor(world, request) else None

    async def logout(self, request: Request) -> Response:
        """End the session, and lead to the login form also if it has ended already."""
        with self.mock.transaction() as world:
            if not visitor(world, request):
                return responses.see_other("/login")
        await form_of(request, responses.SESSION_COOKIE)
        with self.mock.transaction() as world:
            sessions.close(world, session_of(request))
        response = responses.see_other("/login?done=logout")
        responses.delete_cookie(response, request, responses.SESSION_COOKIE)
        return response

    def _form(
        self, world: World, request: Request, page: LoginPage | RegisterPage, status: int = 200
    ) -> Response:
        """Show a form to a guest, tied to a cookie of their own."""
        known = request.cookies.get(responses.GUEST_COOKIE, "")
        guest = known or world.secret(f"guest at {world.now}", next(self._guests))
        note = messages.at_login() if isinstance(page, LoginPage) else None
        response = responses.page(page, frame(world, request, None, guest, mock_note=note), status)
        if not known:
            responses.set_cookie(response, request, responses.GUEST_COOKIE, guest)
        return response


def _check_registration(email: str, password: str) -> None:
    """Raise Invalid if email or password are too long or too short (the API's document checks its own)."""
    errors: dict[str, list[str]] = {}
    if len(email) > LONGEST:
        errors["email"] = [f"The email may have at most {LONGEST} characters."]
    if not SHORTEST_PASSWORD <= len(password) <= LONGEST:
        errors["password"] = [f"The password must have {SHORTEST_PASSWORD} to {LONGEST} characters."]
    if errors:
        raise Invalid(errors)
