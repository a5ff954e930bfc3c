"""Responses of the user area: pages, redirects and cookies, each with the headers that protect browsers."""

from starlette.requests import Request
from starlette.responses import HTMLResponse, RedirectResponse, Response

from mock_solusio.ui.models import Frame, MessagePage, Page
from mock_solusio.ui.render import render

SESSION_COOKIE = "solusio_session"
GUEST_COOKIE = "solusio_guest"
"""Ties the forms for guests (login, registration) to the browser that requested them."""

POLICY = "; ".join(
    (
        "default-src 'none'",
        "style-src 'self'{style}",
        "img-src 'self'",
        "form-action 'self'",
        "base-uri 'none'",
        "frame-ancestors 'none'",
    )
)

SAFE = {
    "x-content-type-options": "nosniff",
    "x-frame-options": "DENY",
    # Not `no-referrer`: browsers would then send `Origin: null` with our own forms.
    "referrer-policy": "same-origin",
    "cache-control": "no-store",
}


def html(text: str, status: int = 200, *, style_hash: str = "", cache: str = "no-store") -> HTMLResponse:
    """Return a rendered page. Its policy allows no script, and only our styles or the one with this hash."""
    policy = POLICY.format(style=f" '{style_hash}'" if style_hash else "")
    return HTMLResponse(text, status, {**SAFE, "content-security-policy": policy, "cache-control": cache})


def page(shown: Page, frame: Frame, status: int = 200) -> HTMLResponse:
    """Render a page."""
    return html(render(shown, frame), status)


def message(shown: MessagePage, frame: Frame) -> HTMLResponse:
    """Render a message with its status."""
    return page(shown, frame, shown.status)


def see_other(path: str) -> RedirectResponse:
    """Redirect the browser to another page of ours, with GET."""
    return RedirectResponse(path, 303, SAFE)


def set_cookie(response: Response, request: Request, name: str, secret: str) -> None:
    """Set a session cookie that no script can read and no other site's form can send."""
    response.set_cookie(name, secret, path="/", httponly=True, samesite="lax", secure=is_secure(request))


def delete_cookie(response: Response, request: Request, name: str) -> None:
    """Remove a cookie."""
    response.delete_cookie(name, path="/", httponly=True, samesite="lax", secure=is_secure(request))


def is_secure(request: Request) -> bool:
    """Return whether a request came over TLS; `request.url` would fail on a malformed Host header."""
    return bool(request.scope["scheme"] == "https")
