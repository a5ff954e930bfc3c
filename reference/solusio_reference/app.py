"""The billing endpoint: one POST route that answers GetTokenPricing (vendor page, step 6)."""

import hmac
import re
from collections.abc import Mapping

from starlette.applications import Starlette
from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route
from starlette.types import ASGIApp, Receive, Scope, Send

from solusio_reference.errors import Refusal
from solusio_reference.form import Form, optional, read_form, required
from solusio_reference.pricing import price, to_json
from solusio_reference.storage.customers import CustomerStore
from solusio_reference.web.json_responses import (
    error_response,
    handle_refusal,
    handle_unexpected_error,
    json_response,
    routing_refusal,
)

ACTION = "GetTokenPricing"
USER_ID = re.compile(r"[1-9][0-9]{0,17}")  # [0-9] and not \d, which matches digits of any script
URL_PATH = re.compile(r"/[A-Za-z0-9._~/-]*")


def create_app(
    store: CustomerStore, *, token: str | None, path: str = "/", mounts: Mapping[str, ASGIApp] | None = None
) -> ASGIApp:
    """Build the application that answers for the customers in ``store`` at exactly ``path``.

    ``token`` is the authorization token that callers must send, None for an open endpoint. ``beside``
    has other applications, by the path under which they are served; see ``pages`` and ``adapter``.
    Raises ValueError for an empty token (every caller could send that one), for one that is no
    valid Unicode text, and for a path of anything but ``/``, letters, digits and ``._~-``, or that of
    another application.
    """
    expected_token = None if token is None else token_bytes(token)
    if not URL_PATH.fullmatch(path):
        raise ValueError("the path must start with / and have only letters, digits and ._~-")
    others = dict(mounts or {})
    if _among(others, path):
        raise ValueError(f"the path must not be under {' or '.join(others)}, where something else is")

    async def get_token_pricing(request: Request) -> Response:
        form = await read_form(request)
        # Authorize first: a stranger must not learn which users and actions exist.
        authorize(form, expected_token)
        require_action(form)
        customer = store.get(user_id(form))
        if customer is None:
            raise Refusal(404, "unknown_user", "There is no user with this userid.")
        return json_response(200, to_json(price(customer)))

    app = Starlette(
        routes=[Route(path, get_token_pricing, methods=["POST"])],
        exception_handlers={
            Refusal: handle_refusal,
            HTTPException: handle_http_error,
            Exception: handle_unexpected_error,
        },
    )
    # A redirect to the path with a slash would turn the POST into a GET.
    app.router.redirect_slashes = False
    if not others:
        return app

    async def dispatch(scope: Scope, receive: Receive, send: Send) -> None:
        await others.get(_among(others, scope["path"]), app)(scope, receive, send)

    return dispatch


def _among(others: Mapping[str, ASGIApp], path: str) -> str:
    """Return which of the paths ``path`` is or is below; nothing if it is none of them."""
    found = (other for other in others if path == other or path.startswith(f"{other}/"))
    return next(found, "")


def token_bytes(token: str) -> bytes:
    """Encode an authorization token. Raises ValueError, which never shows the token."""
    if not token:
        raise ValueError("the authorization token must not be empty")
    try:
        return token.encode()
    except UnicodeEncodeError:
        raise ValueError("the authorization token must be valid text") from None


def authorize(form: Form, expected_token: bytes | None) -> None:
    """Let the request pass only with the right token; one that nobody asked for is ignored.

    Raises Refusal: 401 for a wrong or missing token (the answer does not say which), 400 for two.
    """
    sent = optional(form, "token")
    if expected_token is None:
        return
    # compare_digest takes the same time however many characters are right, so that the time of
    # the answer helps nobody to guess. It compares bytes because it takes no non-ASCII text.
    if sent is None or not hmac.compare_digest(sent.encode(), expected_token):
        raise Refusal(
            401,
            "unauthorized",
            "The authorization token is missing or wrong.",
            # HTTP requires a challenge with 401, and has no standard name for a form field.
            headers={"WWW-Authenticate": 'FormToken realm="GetTokenPricing"'},
        )


def require_action(form: Form) -> None:
    """Raise Refusal (400) unless GetTokenPricing is asked for; the vendor may add more actions."""
    if required(form, "action") != ACTION:
        raise Refusal(400, "unknown_action", f"The only action known here is {ACTION}.")


def user_id(form: Form) -> int:
    """Return the user id. Raises Refusal (400) for anything but a positive integer.

    Strict on purpose: "1abc", "1.0" and "1 OR 1=1" would all pass a lenient conversion as 1, and
    show somebody else's prices.
    """
    text = required(form, "userid")
    if not USER_ID.fullmatch(text):
        raise Refusal(400, "malformed_userid", "The userid must be a positive integer of at most 18 digits.")
    return int(text)


async def handle_http_error(_request: Request, error: Exception) -> Response:
    """Answer what never reached the endpoint: another path, or another method than POST."""
    return error_response(routing_refusal(error, "The billing endpoint is not at this path."))
