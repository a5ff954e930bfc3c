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
    handle_refusal,
    handle_unexpected_error,
    json_response,
    routing_error_handler,
)

ACTION = "GetTokenPricing"
USER_ID = re.compile(r"[1-9][0-9]{0,17}")  # [0-9] and not \d, which matches digits of all scripts
URL_PATH = re.compile(r"/[A-Za-z0-9._~/-]*")


def create_app(
    store: CustomerStore,
    *,
    token: str | None,
    path: str = "/",
    mounts: Mapping[str, ASGIApp] | None = None,
) -> ASGIApp:
    """Build the application that returns the prices of the customers in ``store``, at exactly ``path``.

    ``token`` is the authorization token that callers must send; None leaves the endpoint open. ``mounts``
    are other applications by their path (see ``web.pages`` and ``web.adapter``). Raises ValueError for an
    empty token (any caller could send it), for a token that is not valid Unicode, for a path with anything
    but ``/``, letters, digits and ``._~-``, and for a path under a mount.
    """
    expected_token = None if token is None else token_bytes(token)
    if not URL_PATH.fullmatch(path):
        raise ValueError("the path must start with / and have only letters, digits and ._~-")
    mounted = dict(mounts or {})
    if _mount_of(path, mounted):
        raise ValueError(f"the path must not be under {' or '.join(mounted)}, which other pages use")

    async def get_token_pricing(request: Request) -> Response:
        form = await read_form(request)
        # Authorize first: a stranger must not learn which users and actions exist.
        authorize(form, expected_token)
        require_action(form)
        customer = store.get(user_id(form))
        if customer is None:
            raise Refusal(404, "unknown_user", "There is no user with this userid.")
        return json_response(200, to_json(price(customer)))

    endpoint = Starlette(
        routes=[Route(path, get_token_pricing, methods=["POST"])],
        exception_handlers={
            Refusal: handle_refusal,
            HTTPException: routing_error_handler("The billing endpoint is not at this path."),
            Exception: handle_unexpected_error,
        },
    )
    # A redirect to the path with a slash would turn POST into GET.
    endpoint.router.redirect_slashes = False
    if not mounted:
        return endpoint

    async def dispatch(scope: Scope, receive: Receive, send: Send) -> None:
        await mounted.get(_mount_of(scope["path"], mounted), endpoint)(scope, receive, send)

    return dispatch


def _mount_of(path: str, mounts: Mapping[str, ASGIApp]) -> str:
    """Return the mount at or above ``path``, or an empty string."""
    return next((mount for mount in mounts if path == mount or path.startswith(f"{mount}/")), "")


def token_bytes(token: str) -> bytes:
    """Encode an authorization token. Raises ValueError, whose message never shows the token."""
    if not token:
        raise ValueError("the authorization token must not be empty")
    try:
        return token.encode()
    except UnicodeEncodeError:
        raise ValueError("the authorization token must be valid text") from None


def authorize(form: Form, expected_token: bytes | None) -> None:
    """Check the authorization token; ignore it if none is configured.

    Raises Refusal: 401 for a wrong or missing token (the response does not say which), 400 for a duplicate.
    """
    sent = optional(form, "token")
    if expected_token is None:
        return
    # compare_digest takes the same time however many characters match, so timing helps nobody to guess the
    # token. It compares bytes, since it does not accept non-ASCII text.
    if sent is None or not hmac.compare_digest(sent.encode(), expected_token):
        raise Refusal(
            401,
            "unauthorized",
            "The authorization token is missing or wrong.",
            # HTTP requires a challenge with 401, and has no standard name for a form field.
            headers={"WWW-Authenticate": 'FormToken realm="GetTokenPricing"'},
        )


def require_action(form: Form) -> None:
    """Raise Refusal (400) for any action but GetTokenPricing; the vendor may add more."""
    if required(form, "action") != ACTION:
        raise Refusal(400, "unknown_action", f"The only action known here is {ACTION}.")


def user_id(form: Form) -> int:
    """Return the user id. Raises Refusal (400) for anything but a positive integer.

    Strict on purpose: a lenient conversion reads "1abc", "1.0" and "1 OR 1=1" as 1, and returns the prices
    of another user.
    """
    text = required(form, "userid")
    if not USER_ID.fullmatch(text):
        raise Refusal(400, "malformed_userid", "The userid must be a positive integer of at most 18 digits.")
    return int(text)
