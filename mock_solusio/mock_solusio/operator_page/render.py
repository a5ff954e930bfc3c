"""The pages as HTML, and as responses with the headers that protect browsers."""

from typing import Final

from starlette.responses import HTMLResponse, RedirectResponse

from mock_solusio.operator_page.models import EntryRow, ExchangePage, Frame, Page
from mock_solusio.operator_page.paths import BASE
from mock_solusio.server.site import Site
from mock_solusio.ui.responses import SAFE

SITE: Final = Site("mock_solusio.operator_page", f"{BASE}/static")

POLICY: Final = "; ".join(
    (
        "default-src 'none'",
        "style-src 'self'",
        "script-src 'self'",
        "connect-src 'self'",
        "img-src 'self'",
        "form-action 'self'",
        "base-uri 'none'",
        "frame-ancestors 'none'",
    )
)
HEADERS: Final = {**SAFE, "content-security-policy": POLICY, "cross-origin-opener-policy": "same-origin"}


def page(shown: Page, frame: Frame | None, status: int = 200) -> HTMLResponse:
    """Render a page; without a frame it says nothing about the mock."""
    text = SITE.environment.get_template(shown.template).render(page=shown, frame=frame)
    return HTMLResponse(text, status, HEADERS)


def rows(shown: tuple[EntryRow, ...]) -> str:
    """Render items of the list of exchanges."""
    return SITE.environment.get_template("rows.html.j2").render(rows=shown)


def exchange(shown: ExchangePage) -> HTMLResponse:
    """Render an exchange for the pane beside the list."""
    return HTMLResponse(SITE.environment.get_template("pane.html.j2").render(page=shown), 200, HEADERS)


def see_other(path: str) -> RedirectResponse:
    """Redirect the browser to another page, with GET."""
    return RedirectResponse(path, 303, HEADERS)
